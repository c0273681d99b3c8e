package tencent

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"purgebot/purge"
)

const (
	maxAnswer     = 1 << 20
	maxRetryAfter = time.Hour
)

// line is the connection to the vendor that both clients share: endpoint, keys and clock.
type line struct {
	endpoint                *url.URL
	path                    string // the path in the form that is sent and signed
	secretID, secret, token string
	fragments               []string // beginnings of the keys, in every encoding that a text could repeat
	zone                    *time.Location
	now                     func() time.Time
	turn                    func(context.Context, bool) error
	timeout                 time.Duration
	transport               *http.Transport
	clock                   atomic.Bool // the last answer was about the clock
}

// connect fills the line from a checked configuration.
func (l *line) connect(c Config, endpoint *url.URL) {
	l.endpoint, l.path = endpoint, endpoint.EscapedPath()
	l.secretID, l.secret, l.token = c.SecretID, c.SecretKey, c.Token
	l.fragments = fragments(c.SecretID, c.SecretKey, c.Token)
	l.zone, l.now, l.turn, l.timeout = c.Zone, c.Now, c.Turn, c.Timeout
	l.transport = oneShot(c.Transport, endpoint.Scheme == "https")
}

// exchange is one HTTP round trip: an answer, or the cause of its absence.
type exchange struct {
	status     int
	body       []byte
	date       time.Time     // the server's clock; zero if absent
	retryAfter time.Duration // zero if absent

	left  bool  // a connection was established, so the request may have left
	cause error // never holds a byte of the request
}

// oneShot returns a transport whose connections carry one request each. net/http resends a GET, which it
// considers idempotent, if a kept connection turns out dead; a POST in the same situation would end as
// "unknown". HTTP/2 resends, too.
func oneShot(from *http.Transport, secure bool) *http.Transport {
	t := &http.Transport{Proxy: proxyFromEnvironment}
	if from != nil {
		t = from.Clone()
	}
	if !secure {
		t.Proxy = nil // a proxy would read the signed request
	}
	t.DisableKeepAlives, t.DisableCompression = true, true
	t.MaxResponseHeaderBytes = 64 << 10
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = nil // a transport once used for HTTP/2 would still offer it
	}
	return t
}

// proxyFromEnvironment hides the value of a malformed HTTPS_PROXY, because it may hold a password.
func proxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTPS_PROXY is not a URL")
	}
	return u, nil
}

// mayLeave waits for the call's turn and then runs the caller's leaving function. The wait ends early enough
// that ctx leaves time for the call itself.
func (l *line) mayLeave(ctx context.Context, c call) error {
	waits, cancel := ctx, context.CancelFunc(func() {})
	if end, bounded := ctx.Deadline(); bounded {
		waits, cancel = context.WithDeadline(ctx, end.Add(-min(l.timeout, time.Until(end)/2)))
	}
	defer cancel()
	if err := l.turn(waits, c.sends); err != nil {
		return purge.AsError(err)
	}
	if c.leaving == nil {
		return nil
	}
	return c.leaving(ctx)
}

// send makes one HTTP round trip. It uses the transport without a client, because a client follows redirects
// and quotes URLs in errors.
func (l *line) send(ctx context.Context, r *http.Request) exchange {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var x exchange
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.left = true }})
	resp, err := l.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		x.cause = cause(err, x.left)
		return x
	}
	defer resp.Body.Close()
	x.status, x.date, x.retryAfter = resp.StatusCode, date(resp.Header), retryAfter(resp.Header, l.now())
	x.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		x.cause = fmt.Errorf("answer cut short: %w", cause(err, true))
	} else if len(x.body) > maxAnswer {
		x.cause = fmt.Errorf("%w: over 1 MiB", errUnreadable)
	}
	return x
}

// post returns a request with a body and no context. The caller completes its headers.
func (l *line) post(contentType string, body []byte) *http.Request {
	u := *l.endpoint
	return &http.Request{
		Method: http.MethodPost, URL: &u, Host: u.Host, Header: http.Header{"User-Agent": {"purgebot"}, "Content-Type": {contentType}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// cause returns the part of an error that an operator may read. An error before the request left is harmless. A
// later one may hold an echo of the request (in a status line or a header), so only errors with a fixed text
// pass.
func cause(err error, left bool) error {
	if !left {
		return err
	}
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	return fmt.Errorf("broken answer (%T)", err)
}

// distrust reports whether err is about the server's certificate, which no repetition repairs.
func distrust(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

func date(h http.Header) time.Time {
	t, _ := http.ParseTime(h.Get("Date"))
	return t
}

func retryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return min(max(time.Duration(n)*time.Second, time.Second), maxRetryAfter)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), time.Second), maxRetryAfter)
	}
	return 0
}
