// Package tencent purges Tencent Cloud CDN: it signs a batch, sends it once, and translates the vendor's answer
// into the words of package purge. V2 speaks API 2.0, the RefreshCdn… actions; V3 speaks API 3.0, the Purge…Cache actions.
//
// It refuses to guess. A request that may have left this machine without a readable answer is Unknown, never failed
// and never sent again from here. It never follows a redirect, never reuses a connection (net/http would resend a GET
// over a dead one by itself), and never lets a key, a token, a signature or a signed request into an error.
// It does not retry, wait, count quota, or decide who may purge what.
package tencent

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"purgebot/purge"
)

// Endpoint is where the vendor serves API 2.0. One of the vendor's pages prints another host, by mistake; the host is signed.
const Endpoint = "https://cdn.api.qcloud.com/v2/index.php"

// The signature methods of API 2.0, see https://cloud.tencent.com/doc/api/231/1725.
const (
	HmacSHA1   = "HmacSHA1"
	HmacSHA256 = "HmacSHA256"
)

// maxTimeout bounds one call, from the look-up of the host to the answer's last byte.
const maxTimeout = 10 * time.Second

// Config is what a client needs. The zero value of a field is its default, but for the two keys, which have none.
type Config struct {
	Endpoint  string // default Endpoint or EndpointV3; http:// for loopback hosts only. Its host, with a port that is not the scheme's own, and its path are signed
	Method    string // API 2.0: "GET" or "POST" (default)
	Signature string // API 2.0: HmacSHA1 or HmacSHA256 (default)
	Language  string // API 3.0: of what the vendor says to the operator, "zh-CN" or "en-US" (default)

	SecretID, SecretKey string
	Token               string // of temporary credentials; "" for permanent ones

	Zone *time.Location // of the dates in the purge log; default UTC+8, Beijing

	Now     func() time.Time // default time.Now
	Nonce   func() uint64    // API 2.0: at least 31 random bits, never 0; default 53 bits of crypto/rand
	Timeout time.Duration    // of one call; default, and at most, 10 s

	// Turn waits until one more call may leave; nil does not wait. sends tells a purge or a prefetch from a question. One Status or
	// Domains may be several calls. It is asked before a call is stamped, so that no stamp grows old, and is given no more time than
	// leaves enough for the call itself; its error is an *purge.Error, and nothing has left then.
	Turn func(ctx context.Context, sends bool) error

	// Transport is copied; its connections are used once, whatever it says. It is not a RoundTripper, because one that
	// traces or retries would spread the signed query. The default takes HTTPS_PROXY from the environment, as a tunnel.
	Transport *http.Transport
}

// LogValue keeps the keys out of logs.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", c.Endpoint), slog.String("method", c.Method), slog.String("signature", c.Signature))
}

// Format keeps the keys out of everything that package fmt prints.
func (c Config) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "%s %s %s", c.Method, c.Endpoint, c.Signature)
}

func (c Config) withDefaults(endpoint string) Config {
	orString := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	orString(&c.Endpoint, endpoint)
	orString(&c.Method, http.MethodPost)
	orString(&c.Signature, HmacSHA256)
	orString(&c.Language, "en-US")
	if c.Zone == nil {
		c.Zone = time.FixedZone("UTC+8", 8*60*60) // China has no summer time, so no tzdata is needed
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Nonce == nil {
		c.Nonce = randomNonce
	}
	if c.Turn == nil {
		c.Turn = func(context.Context, bool) error { return nil }
	}
	if c.Timeout <= 0 || c.Timeout > maxTimeout {
		c.Timeout = maxTimeout
	}
	return c
}

// randomNonce stays below 2^53, so that no receiver's number type rounds it.
func randomNonce() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])>>11 | 1
}

// check names every setting that is wrong, and never shows its value: it may be a key in the wrong place.
func (c Config) check() (*url.URL, error) {
	endpoint, err := checkEndpoint(c.Endpoint)
	errs := []error{err}
	if c.Method != http.MethodGet && c.Method != http.MethodPost {
		errs = append(errs, errors.New("PURGEBOT_CDN_METHOD must be GET or POST"))
	}
	if c.Signature != HmacSHA1 && c.Signature != HmacSHA256 {
		errs = append(errs, errors.New("PURGEBOT_CDN_SIGNATURE must be HmacSHA1 or HmacSHA256"))
	}
	if c.Language != "zh-CN" && c.Language != "en-US" {
		errs = append(errs, errors.New("the language of API 3.0 must be zh-CN or en-US"))
	}
	errs = append(errs, checkKey("TENCENTCLOUD_SECRET_ID", c.SecretID), checkKey("TENCENTCLOUD_SECRET_KEY", c.SecretKey))
	if c.Token != "" {
		errs = append(errs, checkKey("TENCENTCLOUD_TOKEN", c.Token))
	}
	return endpoint, errors.Join(errs...)
}

// checkKey catches the usual slips of pasting, which the vendor would only call a wrong signature.
func checkKey(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is not set", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("%s holds a space, a line break or a character outside ASCII: paste it again", name)
	}
	return nil
}

func checkEndpoint(s string) (*url.URL, error) {
	const name = "PURGEBOT_CDN_ENDPOINT"
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("%s must be a URL of scheme, host and path only, like %s", name, Endpoint)
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("%s must name its host in ASCII", name)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !purge.Loopback(u.Hostname())) {
		return nil, fmt.Errorf("%s must begin with https:// (http:// is for loopback hosts only)", name)
	}
	u.Host = signedHost(u)
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// signedHost is the Host header as it will be sent: a port only where it is not the scheme's own.
func signedHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	own := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return strings.TrimSuffix(strings.TrimSuffix(host, own), ":")
}
