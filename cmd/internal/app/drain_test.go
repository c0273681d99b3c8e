package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Somebody who is still sending when a body is refused must be able to read why.
func TestTooLargeIsReadByWhoeverIsStillSending(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, head := range map[string]string{"announced": fmt.Sprintf("Content-Length: %d\r\n", 4<<20), "in chunks": "Transfer-Encoding: chunked\r\n"} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", s.app.Addr())
			require.NoError(t, err)
			defer c.Close()
			stamp := time.Now().Unix()
			fmt.Fprintf(c, "POST /slack/commands HTTP/1.1\r\nHost: x\r\nX-Slack-Request-Timestamp: %d\r\nX-Slack-Signature: v0=%064d\r\n%s\r\n", stamp, 0, head)
			piece := bytes.Repeat([]byte("a"), 64<<10)
			for range 64 { // four megabytes in a second
				if name == "in chunks" {
					fmt.Fprintf(c, "%x\r\n", len(piece))
				}
				_, err := c.Write(piece)
				if name == "in chunks" {
					fmt.Fprint(c, "\r\n")
				}
				require.NoError(t, err)
				time.Sleep(15 * time.Millisecond)
			}
			if name == "in chunks" {
				fmt.Fprint(c, "0\r\n\r\n")
			}
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestEntityTooLarge, r.StatusCode)
		})
	}
}

// Somebody who never ends is not listened to for ever.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	from := time.Now()
	c, err := net.Dial("tcp", s.app.Addr())
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprintf(c, "POST /slack/commands HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 1<<30)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, r.StatusCode)
	require.Less(t, time.Since(from), 3*time.Second, "the answer does not wait for the rest")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = io.Copy(io.Discard, c)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection stays open")
	require.Less(t, time.Since(from), 2*3*time.Second)
}
