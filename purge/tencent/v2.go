package tencent

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"purgebot/purge"
)

// The limits of one call; see https://cloud.tencent.com/document/product/228/3946 and …/3947. The vendor
// documents 1 MB and 32 KB without defining the units, so the smaller ones are used; larger calls are answered
// with HTTP 501.
const (
	maxURLs        = 1000
	maxDirectories = 20
	maxBody        = 1_000_000
	maxGetURL      = 32_000
)

// V2 is a client of API 2.0. It is safe for concurrent use.
type V2 struct {
	line
	method, signature string
	nonce             func() uint64
	overhead          int // maximum size of a request without its targets, in bytes
}

var (
	_ purge.CDN     = (*V2)(nil)
	_ purge.Domains = (*V2)(nil)
)

// NewV2 returns a client for a configuration. Its error names every setting to change, without values.
func NewV2(c Config) (*V2, error) {
	c = c.withDefaults(Endpoint)
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	v := &V2{method: c.Method, signature: c.Signature, nonce: c.Nonce}
	v.connect(c, endpoint)
	v.overhead = v.sizeWithoutTargets()
	if v.Limits().Bytes < 1024 {
		return nil, fmt.Errorf("TENCENTCLOUD_TOKEN leaves no room for a target with PURGEBOT_CDN_METHOD=%s: use POST", c.Method)
	}
	return v, nil
}

// Format keeps the keys out of everything that package fmt prints.
func (v *V2) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "API 2.0 at %s", v.endpoint) }

// sizeWithoutTargets returns the size of a call with the longest action, every parameter, and the longest
// numbers and signature.
func (v *V2) sizeWithoutTargets() int {
	wire, _ := v.encode(call{action: "RefreshCdnOverSeaDir", params: deleteMode}, time.Unix(math.MaxInt64, 0), math.MaxUint64)
	return v.size(wire) + len("%2F")*base64.StdEncoding.EncodedLen(sha256.Size)
}

// size returns the number that the vendor limits: the length of a GET's URL, or of a POST's body.
func (v *V2) size(wire []byte) int {
	if v.method == http.MethodGet {
		return len(v.endpoint.String()) + len("?") + len(wire)
	}
	return len(wire)
}

func (v *V2) maxSize() int {
	if v.method == http.MethodGet {
		return maxGetURL
	}
	return maxBody
}

// Limits returns the limits of one call; Bytes is the room for the targets with their names and separators.
func (v *V2) Limits() purge.Limits {
	return purge.Limits{URLs: maxURLs, Directories: maxDirectories, Bytes: v.maxSize() - v.overhead}
}

// Quota returns a Conflict error, because the vendor no longer documents the answer of API 2.0's GetFlushQuota.
func (v *V2) Quota(context.Context) ([]purge.Quota, error) {
	return nil, &purge.Error{Kind: purge.Conflict, Message: "Tencent's API 2.0 cannot tell what is left of today's quota; look it up in Tencent's console."}
}

// Submit makes one call; see purge.CDN.
func (v *V2) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (purge.Receipt, error) {
	c, err := submitCall(b)
	if err != nil {
		return purge.Receipt{}, err
	}
	c.sends, c.leaving, c.area = true, leaving, b.Area
	a, err := v.do(ctx, c)
	if err != nil {
		return purge.Receipt{}, err
	}
	r := a.receipt()
	r.At = v.now()
	return r, nil
}

// call is one action with its parameters: a list of targets, and params, whose names sort after the list's and
// are sorted themselves.
type call struct {
	action  string
	list    string // "urls" or "dirs"
	targets []purge.Target
	params  []param

	sends   bool                        // the call is a purge or a prefetch
	area    purge.Area                  // where it sends to; none for a question
	leaving func(context.Context) error // see purge.CDN.Submit
}

type param struct {
	name, value string
	number      bool // written without quotes in a body of API 3.0
}

// deleteMode is the parameter of a delete. A flush has none, being the default: the oldest pages know no type.
// Later pages document the type for RefreshCdnDir only. The overseas call carries it, too: a server that does
// not know the type flushes either way.
var deleteMode = []param{{name: "type", value: "2"}}

var actions = map[purge.Area]map[purge.Kind]string{
	purge.Mainland: {purge.URL: "RefreshCdnUrl", purge.Directory: "RefreshCdnDir"},
	purge.Overseas: {purge.URL: "RefreshCdnOverSeaUrl", purge.Directory: "RefreshCdnOverSeaDir"},
}

// submitCall returns the call of a batch, or an error for a batch that no plan should hold. Some
// implementations leave a target that begins with "@" out of the signature; the check of the scheme excludes
// such targets.
func submitCall(b purge.Batch) (call, error) {
	c := call{action: actions[b.Area][b.Kind], list: "urls", targets: b.Targets}
	limit := maxURLs
	if b.Kind == purge.Directory {
		c.list, limit = "dirs", maxDirectories
	}
	if b.Kind == purge.Directory && b.Mode == purge.Delete {
		c.params = deleteMode
	}
	knownMode := b.Mode == "" || b.Kind == purge.Directory && (b.Mode == purge.Flush || b.Mode == purge.Delete)
	if c.action == "" || !knownMode || len(b.Targets) == 0 || len(b.Targets) > limit {
		return call{}, badBatch("2.0", "kind %q, mode %q, area %q, %d targets", b.Kind, b.Mode, b.Area, len(b.Targets))
	}
	return c, haveSchemes("2.0", b.Targets)
}

func badBatch(api, format string, args ...any) error {
	return &purge.Error{Kind: purge.Internal, Message: "Something went wrong on our side, and this was not done; ask whoever runs purgebot to look at the log.",
		Err: fmt.Errorf("batch that API "+api+" cannot carry: "+format, args...)}
}

// encode returns a signed call and its signature.
func (v *V2) encode(c call, at time.Time, nonce uint64) (wire []byte, signature string) {
	// Estimate the size, so that the buffer grows once.
	size := v.overhead + 16*len(c.targets)
	for _, t := range c.targets {
		size += len(t.String()) * 3 / 2
	}
	s := newSigning(v.signature, v.secret, v.method, v.endpoint.Host, v.path, size)
	// Add the parameters in the byte order of their names.
	s.param("Action", c.action)
	s.param("Nonce", strconv.FormatUint(nonce, 10))
	s.param("SecretId", v.secretID)
	if v.signature == HmacSHA256 {
		s.param("SignatureMethod", HmacSHA256) // a request without this parameter means HmacSHA1
	}
	s.param("Timestamp", strconv.FormatInt(at.Unix(), 10))
	if v.token != "" {
		s.param("Token", v.token)
	}
	s.items(c.list, c.targets)
	for _, p := range c.params {
		s.param(p.name, p.value)
	}
	return s.finish()
}

// do makes one call with a fresh stamp and signature, and returns its answer with code 0, or the translated
// error.
func (v *V2) do(ctx context.Context, c call) (answer, error) {
	// Wait for the turn, so that the stamp is fresh.
	if err := v.mayLeave(ctx, c); err != nil {
		return answer{}, err
	}
	wire, signature := v.encode(c, v.now(), v.nonce())
	if n := v.size(wire); n > v.maxSize() {
		return answer{}, tooLarge(fmt.Errorf("%s: %d bytes, at most %d", c.action, n, v.maxSize()))
	}
	// Send the request.
	x := v.send(ctx, v.request(wire))
	if e := x.failure(); e != nil {
		e.Err = fmt.Errorf("%s: %w", c.action, e.Err)
		return answer{}, e
	}
	// Translate the answer.
	a, err := decodeAnswer(x.body)
	if err != nil {
		return answer{}, unknown(fmt.Errorf("%s: %w", c.action, err))
	}
	if a.code == 0 {
		v.clock.Store(false)
		return a, nil
	}
	return answer{}, v.refused(a.refusal(fmt.Sprintf("%s: %s", c.action, v.quote(signature, a.symbol, a.message)), c.area), a.aboutClock(), x)
}

func (v *V2) request(wire []byte) *http.Request {
	r := v.post("application/x-www-form-urlencoded", wire)
	if v.method == http.MethodGet {
		r.Method, r.URL.RawQuery, r.Body, r.ContentLength = http.MethodGet, string(wire), nil, 0
		r.Header.Del("Content-Type")
	}
	return r
}
