// Package tencent purges Tencent Cloud CDN: it signs a batch, sends it once, and translates the vendor's answer
// into the words of package purge. V2 speaks API 2.0, the RefreshCdn… actions; V3 speaks API 3.0, the
// Purge…Cache actions.
//
// The package does not guess. A request that may have left this machine without a readable answer is Unknown,
// never Failed, and is not repeated here. The package never follows a redirect, never reuses a connection
// (net/http would resend a GET over a dead one by itself), and keeps keys, tokens, signatures and signed
// requests out of its errors. It does not retry, wait, count quota, or decide about permissions.
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

// Endpoint is the vendor's endpoint of API 2.0. One of the vendor's pages prints another host by mistake; the
// host is signed.
const Endpoint = "https://cdn.api.qcloud.com/v2/index.php"

// The signature methods of API 2.0, see https://cloud.tencent.com/doc/api/231/1725.
const (
	HmacSHA1   = "HmacSHA1"
	HmacSHA256 = "HmacSHA256"
)

// maxTimeout bounds one call, from the look-up of the host to the answer's last byte.
const maxTimeout = 10 * time.Second

// Config is the configuration of a client. The zero value of a field means its default; the two keys have none.
type Config struct {
	Endpoint  string // default Endpoint or EndpointV3; http:// for loopback hosts only. The signature covers its path and its host, with a port that is not the scheme's own
	Method    string // API 2.0: "GET" or "POST" (default)
	Signature string // API 2.0: HmacSHA1 or HmacSHA256 (default)
	Language  string // API 3.0: language of the vendor's messages to the operator, "zh-CN" or "en-US" (default)

	SecretID, SecretKey string
	Token               string // token of temporary credentials; empty for permanent ones

	Zone *time.Location // time zone of the dates in the purge log; default UTC+8, Beijing

	Now     func() time.Time // default time.Now
	Nonce   func() uint64    // API 2.0: at least 31 random bits, never 0; default 53 bits of crypto/rand
	Timeout time.Duration    // limit of one call; default, and maximum, 10 s

	// Turn waits until one more call may leave; nil does not wait. The flag sends is true for a purge or a
	// prefetch, false for a question. One Status or Domains may take several calls. Turn runs before a call is
	// stamped, so that the stamp is fresh, and within a deadline that leaves enough time for the call itself.
	// Its error is an *purge.Error and stops the call.
	Turn func(ctx context.Context, sends bool) error

	// Transport is copied, and each of its connections is used once. The type is not RoundTripper, because a
	// RoundTripper that traces or retries would spread the signed query. The default takes HTTPS_PROXY from the
	// environment, as a tunnel.
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

// randomNonce returns a number below 2^53, so that no receiver's number type rounds it.
func randomNonce() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])>>11 | 1
}

// check returns an error that names every wrong setting without its value, because the value may be a misplaced
// key.
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

// checkKey detects the usual mistakes of pasting, which the vendor would report as a wrong signature.
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

// signedHost returns the Host header in the form that is sent: with a port only if it is not the scheme's own.
func signedHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	own := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return strings.TrimSuffix(strings.TrimSuffix(host, own), ":")
}
