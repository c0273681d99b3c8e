package app

import (
	"io"
	"net/http"
	"time"
)

// Limits on the rest of a request body that is read after the answer.
const (
	drainMost = 16 << 20
	drainFor  = 3 * time.Second
)

// drained reads a bounded rest of the request body after h has answered early. If the server closed the connection while
// the client was still sending, the client would get a reset instead of the answer.
func drained(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &watchedBody{ReadCloser: r.Body}
		watched := r.WithContext(r.Context()) // a copy, since the server tracks the body of its own request
		watched.Body = body
		h.ServeHTTP(w, watched)
		if body.ended || r.ContentLength == 0 || r.Header.Get("Expect") != "" { // a client that waits for "100 Continue" sends nothing more
			return
		}
		c := http.NewResponseController(w)
		if c.Flush() == nil && c.SetReadDeadline(time.Now().Add(drainFor)) == nil {
			_, _ = io.CopyN(io.Discard, body, drainMost)
		}
	})
}

// watchedBody is a request body that records its end.
type watchedBody struct {
	io.ReadCloser
	ended bool
}

// Read implements io.Reader.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}
