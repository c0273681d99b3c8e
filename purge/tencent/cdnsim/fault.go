package cdnsim

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Effect is what goes wrong with a request.
type Effect string

// The effects. All but Slow and TaskFails keep the request from being carried out, unless the fault says Acts.
const (
	Slow       Effect = ""            // nothing but Latency
	HTTPError  Effect = "http-error"  // Status with an HTML page, and Retry-After if set
	Reset      Effect = "reset"       // the connection is reset without an answer
	Silence    Effect = "silence"     // no answer until the client gives up
	Garbage    Effect = "garbage"     // 200 with bytes that are no text
	HTML       Effect = "html"        // 200 with a web page
	Truncated  Effect = "truncated"   // 200, and the connection ends within the JSON
	BrokenJSON Effect = "broken-json" // 200 with a success that lacks a comma, as the sample of the RefreshCdnOverSeaDir page does
	Refusal    Effect = "refusal"     // the vendor's Code, common or the CDN's own
	Redirect   Effect = "redirect"    // 307 to Location, with which a client that obeys sends everything again
	TaskFails  Effect = "task-fails"  // accepted as ever, but the task ends failed and expires nothing
)

// Fault is what goes wrong, how often, and for whom.
type Fault struct {
	Do         Effect
	Acts       bool          // the request is carried out first; its sender cannot know
	Times      int           // for so many requests; 0 is until cleared
	Action     string        // only for this action; "" is any
	Latency    time.Duration // before anything else, in real time
	Status     int           // of HTTPError; 0 is 500
	RetryAfter time.Duration // of HTTPError, in whole seconds
	Code       int           // of Refusal, as API 2.0 numbers it
	Error      string        // of Refusal, as API 3.0 calls it; "" is what it calls Code
	Only       []string      // the targets that fail, as they were sent; nil is all. Of Refusal: only calls with one of them
	Location   string        // of Redirect; "" is another path here, where the request would be seen again
}

// Fault queues a fault: a request meets the first that is for it, and only that.
func (s *Sim) Fault(f Fault) {
	s.lock()
	defer s.changed()
	s.faults = append(s.faults, f)
}

// Faults returns the faults still queued, with the Times that are left.
func (s *Sim) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// ClearFaults forgets all faults, and lets go of the requests that they hold up.
func (s *Sim) ClearFaults() {
	s.lock()
	defer s.changed()
	s.faults = nil
	if s.release != nil {
		close(s.release)
		s.release = nil
	}
}

func (s *Sim) takeFault(req *Request) Fault {
	for i, f := range s.faults {
		if f.Action != "" && f.Action != req.Action || f.Do == Refusal && !req.hasAny(f.Only) {
			continue
		}
		switch f.Times {
		case 0:
		case 1:
			s.faults = slices.Delete(s.faults, i, i+1)
		default:
			s.faults[i].Times--
		}
		return f
	}
	return Fault{}
}

func (f Fault) acts() bool { return f.Acts || f.Do == Slow || f.Do == TaskFails }

// status is the HTTP status to be answered, 0 for none.
func (f Fault) status() int {
	switch f.Do {
	case Reset, Silence:
		return 0
	case Redirect:
		return http.StatusTemporaryRedirect
	case HTTPError:
		if f.Status == 0 {
			return http.StatusInternalServerError
		}
		return f.Status
	}
	return http.StatusOK
}

// stall waits out the latency. A client that leaves meanwhile does not take its request back.
func (f Fault) stall(r *http.Request, release <-chan struct{}) {
	if f.Latency <= 0 {
		return
	}
	timer := time.NewTimer(f.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-release:
	case <-r.Context().Done():
	}
}

func (f Fault) refusal() *refusal { return refuse(f.Code, f.Error, "Simulated refusal.") }

// fails says whether a target's part of the task ends failed.
func (f Fault) fails(raw string) bool {
	return f.Do == TaskFails && (f.Only == nil || slices.Contains(f.Only, raw))
}

// What is cut short, and what is no JSON.
const (
	sample  = `{"code":0,"message":"","codeDesc":"Success","data":{"count":1}}`
	broken  = `{"code":0,"message":"","codeDesc":"Success"` + "\n" + `"data":{"count":1}}`
	sample3 = `{"Response":{"TaskId":"1","RequestId":"4d5a83f8-a61f-445b-8036-5a1894e8fdba"}}`
	broken3 = `{"Response":{"TaskId":"1"` + "\n" + `"RequestId":"4d5a83f8-a61f-445b-8036-5a1894e8fdba"}}`
)

// send answers as the fault has it.
func (f Fault) send(w http.ResponseWriter, r *http.Request, release <-chan struct{}, a answer) {
	sample, broken := sample, broken
	if r.URL.Path == path3 {
		sample, broken = sample3, broken3
	}
	switch f.Do {
	case HTTPError:
		f.sendError(w)
	case Reset:
		reset(w)
	case Silence:
		select {
		case <-r.Context().Done():
		case <-release:
		}
		reset(w)
	case Garbage:
		w.Write([]byte("\x00\xff\xfe\x1b[2J\x80"))
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write(page(http.StatusOK))
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(sample)))
		w.Write([]byte(sample[:len(sample)/2])) // the server ends a connection whose answer stayed short
	case BrokenJSON:
		w.Write([]byte(broken))
	case Redirect:
		f.redirect(w)
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write(a.body())
	}
}

func (f Fault) sendError(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(f.status())
	w.Write(page(f.status()))
}

func (f Fault) redirect(w http.ResponseWriter) {
	location := f.Location
	if location == "" {
		location = "/elsewhere"
	}
	w.Header().Set("Location", location)
	w.WriteHeader(f.status())
}

func page(status int) []byte {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	return []byte("<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")
}

// reset ends the connection without an answer, by RST where it is plain TCP.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http then ends the connection or stream itself
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
