package discordsim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// File is an attachment. The CDN serves it at URL, which every verb that attaches it fills in unless it is set.
type File struct {
	ID, Name, Type string // Type is the content type that the sender claimed; "" is none
	Content        []byte
	Size           int    // what the wire claims; 0 is len(Content)
	Location       string // where the CDN redirects to instead of serving it
	URL            string // below Sim.CDNHost
}

// store puts a file on the CDN: https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func (s *Sim) store(channel string, f File) File {
	f.ID = s.id()
	path := fmt.Sprintf("/attachments/%s/%s/%s", channel, f.ID, f.Name)
	if f.URL == "" {
		expires := s.Now().Add(24 * time.Hour).Unix()
		f.URL = fmt.Sprintf("%s%s?ex=%x&is=%x&hm=%s", s.CDNHost, path, expires, s.Now().Unix(), s.random(32))
	}
	s.files[path] = &f
	return f
}

func (s *Sim) storeAll(channel string, files []File) []File {
	stored := make([]File, len(files))
	for i, f := range files {
		stored[i] = s.store(channel, f)
	}
	return stored
}

// serveFile is the CDN: it takes no token, and a link that is not as it was handed out, or a day old, is not found.
func (s *Sim) serveFile(w http.ResponseWriter, r *http.Request) {
	to := &route{name: cdnRoute, open: true}
	n := s.begin(&request{Request: r, route: to})
	if !s.held(r.Context(), to.name) {
		panic(http.ErrAbortHandler)
	}
	f, status, lost := s.download(r, n)
	switch {
	case lost:
		if f != nil {
			w.Header().Set("Content-Length", strconv.Itoa(len(f.Content)))
			_, _ = w.Write(f.Content[:len(f.Content)/2])
		}
		panic(http.ErrAbortHandler)
	case f == nil:
		_, header, body, _ := page(status)
		w.Header().Set("Content-Type", header.Get("Content-Type"))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	case f.Location != "":
		http.Redirect(w, r, f.Location, http.StatusFound)
	default:
		w.Header().Set("Content-Type", f.Type)
		_, _ = w.Write(f.Content)
	}
}

// download finds what a link leads to, or the status that it is refused with.
func (s *Sim) download(r *http.Request, n int) (f *File, status int, lost bool) {
	defer s.lock()()
	f, status = s.files[r.URL.Path], http.StatusOK
	switch fault := s.takeFault(cdnRoute, faultFail); {
	case s.down:
		f, status = nil, http.StatusServiceUnavailable
	case fault != nil:
		f, status = nil, fault.code
	case s.takeFault(cdnRoute, faultThrottle) != nil:
		f, status = nil, http.StatusTooManyRequests
	case f == nil || !s.fresh(f, r):
		f, status = nil, http.StatusNotFound
	case f.Location != "":
		status = http.StatusFound
	}
	s.calls[n].Status = status
	s.change()
	return f, status, s.takeFault(cdnRoute, faultLose) != nil
}

// fresh reports whether a link is as it was handed out, and not yet too old.
func (s *Sim) fresh(f *File, r *http.Request) bool {
	_, query, _ := strings.Cut(f.URL, "?")
	expires, err := strconv.ParseInt(r.URL.Query().Get("ex"), 16, 64)
	return r.URL.RawQuery == query && (err != nil || s.Now().Unix() <= expires)
}
