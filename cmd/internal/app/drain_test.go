package app

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refusing answers like a webhook to which too much is sent.
func refusing(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20))
	}
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

// sends begins a request to it.
func sends(t *testing.T, head string) net.Conn {
	s := httptest.NewServer(drained(http.HandlerFunc(refusing)))
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", head)
	return c
}

func refused(t *testing.T, c net.Conn) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, r.StatusCode)
}

// Somebody who is still sending when a body is refused must be able to read why.
func TestTooLargeIsReadByWhoeverIsStillSending(t *testing.T) {
	t.Parallel()
	piece := bytes.Repeat([]byte("a"), 64<<10)
	for name, test := range map[string]struct{ head, before, after, end string }{
		"announced": {head: fmt.Sprintf("Content-Length: %d\r\n", 64*len(piece))},
		"in chunks": {"Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n", len(piece)), "\r\n", "0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sends(t, test.head)
			for range 64 {
				_, err := fmt.Fprintf(c, "%s%s%s", test.before, piece, test.after)
				require.NoError(t, err)
				time.Sleep(15 * time.Millisecond) // a slow line, on which the server would have hung up by now
			}
			fmt.Fprint(c, test.end)
			refused(t, c)
		})
	}
}

// Somebody who waits for leave is refused without having sent a byte, and not waited for.
func TestWhoAsksBeforeSendingNeedNotSend(t *testing.T) {
	t.Parallel()
	c := sends(t, fmt.Sprintf("Content-Length: %d\r\nExpect: 100-continue\r\n", 2<<20))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(drainFor-500*time.Millisecond)))
	refused(t, c)
	_, err := io.Copy(io.Discard, c)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection stays open")
}

// Somebody who never ends is answered at once, and not listened to for ever.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	c := sends(t, fmt.Sprintf("Content-Length: %d\r\n", 1<<30))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(drainFor-500*time.Millisecond)))
	refused(t, c)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err := io.Copy(io.Discard, c)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection stays open")
}
