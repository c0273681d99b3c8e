package slack

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// narrow makes the buffers of connections small, so that what a server does not read its client cannot send.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	return c, err
}

// TestRefusalsReachASenderWhoListensLast: a client that sends all of its body before it reads is told why it is refused.
func TestRefusalsReachASenderWhoListensLast(t *testing.T) {
	t.Parallel()
	f := &fake{}
	server := httptest.NewUnstartedServer(offline(t).Handler(f))
	server.Listener = narrow{server.Listener}
	server.Start()
	t.Cleanup(server.Close)

	big := strings.Repeat("x", 2<<20)
	small := strings.Repeat("x", 900<<10)
	for name, c := range map[string]struct {
		body            string
		signed, chunked bool
		want            int
	}{
		"2 MB":                    {big, true, false, 413},
		"2 MB in chunks":          {big, true, true, 413},
		"2 MB that nobody signed": {big, false, false, 413},
		"less that nobody signed": {small, false, false, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			require.NoError(t, conn.(*net.TCPConn).SetWriteBuffer(64<<10))
			head, body := "", c.body
			if c.signed {
				at := strconv.FormatInt(time.Now().Unix(), 10)
				head = fmt.Sprintf("%s: %s\r\n%s: %s\r\n", timestampHeader, at, signatureHeader, sign(secret, at, c.body))
			}
			if c.chunked {
				head += "Transfer-Encoding: chunked\r\n"
				body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(c.body), c.body)
			} else {
				head += fmt.Sprintf("Content-Length: %d\r\n", len(c.body))
			}
			_, err = fmt.Fprintf(conn, "POST /slack/events HTTP/1.1\r\nHost: x\r\n%s\r\n%s", head, body)
			require.NoError(t, err, "everything could be sent")
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer answer.Body.Close()
			assert.Equal(t, c.want, answer.StatusCode)
			assert.True(t, answer.Close)
			assert.Zero(t, f.asked())
		})
	}
}

// TestWhoAsksBeforeSendingNeedNotSend: a sender that waits for leave is refused without having sent a byte.
func TestWhoAsksBeforeSendingNeedNotSend(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(offline(t).Handler(&fake{}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(4*time.Second)))
	_, err = fmt.Fprintf(conn, "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", 2<<20)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, 413, answer.StatusCode)
}
