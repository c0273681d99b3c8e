package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"time"

	"purgebot/purge"
	"purgebot/purge/tencent/cdnsim"
)

//go:embed page.html page.css page.js
var assets embed.FS

// maxDeed bounds the page's requests; a megabyte of pasted URLs fits.
const maxDeed = 2 << 20

// servePage serves the world as a web page until ctx ends. If the address listen is in use, another free
// loopback port is taken.
func (w *world) servePage(ctx context.Context, listen string, out io.Writer) error {
	if err := w.stock(); err != nil {
		return err
	}
	l, err := listenLocally(listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Open http://%s/ in a browser\nAll of it is simulated: no account, no network. Ctrl-C stops it.\n", l.Addr())
	s := &http.Server{
		Handler: newPage(w), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// listenLocally listens on an address of this machine. Others are refused, because every visitor of the page
// may use all of it.
func listenLocally(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !purge.Loopback(host) {
		return nil, fmt.Errorf("-listen %s: the page is for this machine only; give it 127.0.0.1 and a port", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	return l, nil
}

// The initial content of the edges. A changed URL has a new version at the origin, so that a flush has work to
// do and leaves other URLs alone.
var stocked = []struct {
	url     string
	changed bool
}{
	{"https://www.test.com/1.jpg", true},
	{"https://www.test.com/test/", true},
	{"https://www.test.com/test/app.js", true},
	{"https://www.test.com/test/logo.svg", false},
	{"https://www.abc.com/", true},
	{"https://www.abc.com/img/banner.png", false},
}

func (w *world) stock() error {
	for _, s := range stocked {
		if err := w.cdn.Fill(s.url); err != nil {
			return err
		}
		if !s.changed {
			continue
		}
		if err := w.cdn.Change(s.url); err != nil {
			return err
		}
	}
	return nil
}

// page is the world as a web page: a stream of states to the browser, and deeds of one person back.
type page struct {
	*world
	switches switches
}

// deed is an action on the page. Each path uses the fields it needs.
type deed struct {
	Chat             string            // slack or discord
	As               string            // alice, bob or mallory
	Text, Thread     string            // the typed text, and the root of its thread
	Channel, Message string            // the place of the pressed button
	Label            string            // the label of that button
	Values           map[string]string // the values of a form, by block
	URL              string
	Area             cdnsim.Area // "" means both
	Side, Fault      string
	OnlyNext         bool
}

func newPage(w *world) http.Handler {
	p := &page{world: w}
	mux := http.NewServeMux()
	for _, name := range []string{"page.html", "page.css", "page.js"} {
		mux.HandleFunc("GET /"+name, asset(name))
	}
	mux.HandleFunc("GET /{$}", asset("page.html"))
	mux.HandleFunc("GET /live", p.live)
	mux.HandleFunc("POST /type", p.does(func(c chat, user string, d deed) error { return c.say(user, d.Thread, d.Text) }))
	mux.HandleFunc("POST /press", p.does(func(c chat, user string, d deed) error { return c.press(user, d.Channel, d.Message, d.Label) }))
	mux.HandleFunc("POST /submit", p.does(func(c chat, user string, d deed) error { return c.submit(user, d.Values) }))
	mux.HandleFunc("POST /close", p.does(func(c chat, user string, _ deed) error { return c.dismiss(user) }))
	mux.HandleFunc("POST /visit", p.does(func(_ chat, _ string, d deed) error { return p.visit(d) }))
	mux.HandleFunc("POST /deploy", p.does(func(_ chat, _ string, d deed) error { return p.cdn.Change(d.URL) }))
	mux.HandleFunc("POST /fault", p.does(func(_ chat, _ string, d deed) error { return p.turn(d.Side, d.Fault, d.OnlyNext) }))
	return onlyFromHere(mux)
}

// onlyFromHere excludes other sites: foreign names that resolve to loopback, requests from other pages, and
// foreign content in the page.
func onlyFromHere(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !purge.Loopback(host) {
			http.Error(w, "This page is served under 127.0.0.1 and localhost only.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		sameOrigin.ServeHTTP(w, r)
	})
}

// The table is explicit, because Windows reads these types from its registry, where programs change them.
var contentTypes = map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

func asset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentTypes[path.Ext(name)]+"; charset=utf-8")
		http.ServeFileFS(w, r, assets, name)
	}
}

// does performs a deed and answers 204, or 422 with the error as text.
func (p *page) does(do func(c chat, user string, d deed) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d deed
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDeed)).Decode(&d); err != nil {
			http.Error(w, "The sandbox cannot read the request of the page. Perhaps the text has more than 2 MB.", http.StatusBadRequest)
			return
		}
		c, user, err := p.person(d.Chat, d.As)
		if err == nil {
			err = do(c, user, d)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// person returns a user by name, and the chat; "" means Slack.
func (p *page) person(in, name string) (c chat, user string, err error) {
	if c, err = p.chat(cmp.Or(in, "slack")); err != nil {
		return nil, "", err
	}
	user, err = find(c, name)
	return c, user, err
}

func (p *page) visit(d deed) error {
	areas := []cdnsim.Area{d.Area}
	if d.Area == "" {
		areas = nil
	}
	if p.cdn.Fill(d.URL, areas...) != nil {
		return fmt.Errorf("only URLs of %s and %s are cached here, written with https://", hosts[0], hosts[1])
	}
	return nil
}

// live streams the whole state from the view of one person at every change:
// https://html.spec.whatwg.org/#server-sent-events
func (p *page) live(w http.ResponseWriter, r *http.Request) {
	c, user, err := p.person(r.URL.Query().Get("chat"), r.URL.Query().Get("as"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	// Send the state after each change.
	w.Header().Set("Content-Type", "text/event-stream")
	var last []byte
	for r.Context().Err() == nil {
		said, cdn, due := c.changed(), p.cdn.Watch(), p.cdn.Due() // taken before the state, so that no change is missed
		now, err := json.Marshal(p.state(c, user))
		if err != nil {
			return
		}
		if !bytes.Equal(now, last) {
			fmt.Fprintf(w, "data: %s\n\n", now)
			last = now
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		await(r.Context(), said, cdn, due)
	}
}

// await returns after a change, or when a purge is due, which the CDN does not announce.
func await(ctx context.Context, said, cdn <-chan struct{}, due time.Time) {
	if !due.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, due)
		defer cancel()
	}
	select {
	case <-ctx.Done():
	case <-said:
	case <-cdn:
	}
}
