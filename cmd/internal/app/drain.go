package app

import (
	"io"
	"net/http"
	"time"
)

// How much of a request is still taken in, and for how long, after its answer.
const (
	drainMost = 16 << 20
	drainFor  = 3 * time.Second
)

// drained answers first where a body is refused before its end, then takes in a bounded rest of it: a connection that is closed
// under somebody who is still sending is reset, and the reset overtakes the answer.
func drained(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &watchedBody{ReadCloser: r.Body}
		watched := r.WithContext(r.Context()) // a copy: the server looks at its own to know how much is left
		watched.Body = body
		h.ServeHTTP(w, watched)
		if body.ended || r.ContentLength == 0 || r.Header.Get("Expect") != "" { // who waits for "100 Continue" sends nothing more
			return
		}
		c := http.NewResponseController(w)
		if c.Flush() == nil && c.SetReadDeadline(time.Now().Add(drainFor)) == nil {
			_, _ = io.CopyN(io.Discard, body, drainMost)
		}
	})
}

// watchedBody knows whether it was read to its end.
type watchedBody struct {
	io.ReadCloser
	ended bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}
