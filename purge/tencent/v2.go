package tencent

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"purgebot/purge"
)

// The limits of one call; see https://cloud.tencent.com/document/product/228/3946 and …/3947. The vendor says 1 MB and
// 32 KB without saying which thousand; beyond them it answers HTTP 501.
const (
	maxURLs        = 1000
	maxDirectories = 20
	maxBody        = 1_000_000
	maxGetURL      = 32_000
)

// V2 is a client of API 2.0. It is safe for concurrent use.
type V2 struct {
	endpoint                *url.URL
	path                    string // as it is sent and signed
	method, signature       string
	secretID, secret, token string
	fragments               []string // of the keys, in every form a text could repeat them
	zone                    *time.Location
	now                     func() time.Time
	nonce                   func() uint64
	timeout                 time.Duration
	transport               *http.Transport
	overhead                int         // bytes of a request without its targets, at most
	clock                   atomic.Bool // the last answer was about the clock
}

var _ purge.CDN = (*V2)(nil)

// NewV2 checks the configuration; its error names every setting to change, and shows the value of none.
func NewV2(c Config) (*V2, error) {
	c = c.withDefaults()
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	v := &V2{
		endpoint: endpoint, path: endpoint.EscapedPath(), method: c.Method, signature: c.Signature,
		secretID: c.SecretID, secret: c.SecretKey, token: c.Token,
		zone: c.Zone, now: c.Now, nonce: c.Nonce, timeout: c.Timeout,
		transport: oneShot(c.Transport, endpoint.Scheme == "https"),
	}
	v.fragments = fragments(c.SecretID, c.SecretKey, c.Token)
	v.overhead = v.sizeWithoutTargets()
	if v.Limits().Bytes < 1024 {
		return nil, fmt.Errorf("TENCENTCLOUD_TOKEN leaves no room for a target with PURGEBOT_CDN_METHOD=%s: use POST", c.Method)
	}
	return v, nil
}

// Format keeps the keys out of everything that package fmt prints.
func (v *V2) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "API 2.0 at %s", v.endpoint) }

// sizeWithoutTargets counts the longest action, every parameter, and room for the longest numbers and signature.
func (v *V2) sizeWithoutTargets() int {
	wire, _ := v.encode(call{action: "RefreshCdnOverSeaDir", params: deleteMode}, time.Unix(math.MaxInt64, 0), math.MaxUint64)
	return v.size(wire) + len("%2F")*base64.StdEncoding.EncodedLen(sha256.Size)
}

// size is what the vendor's limit counts: the whole URL of a GET, the body of a POST.
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

// Limits leaves room for everything in a request that is not a target with its name and separators.
func (v *V2) Limits() purge.Limits {
	return purge.Limits{URLs: maxURLs, Directories: maxDirectories, Bytes: v.maxSize() - v.overhead}
}

// Quota is a Conflict: nothing says any more what API 2.0's GetFlushQuota answers.
func (v *V2) Quota(context.Context) ([]purge.Quota, error) {
	return nil, &purge.Error{Kind: purge.Conflict, Message: "Tencent's API 2.0 cannot tell what is left of today's quota; look it up in Tencent's console."}
}

// Submit makes one call.
func (v *V2) Submit(ctx context.Context, b purge.Batch) (purge.Receipt, error) {
	c, err := submitCall(b)
	if err != nil {
		return purge.Receipt{}, err
	}
	a, err := v.do(ctx, c)
	if err != nil {
		return purge.Receipt{}, err
	}
	r := a.receipt()
	r.At = v.now()
	return r, nil
}

// call is one action with its own parameters: a list of targets, and params, whose names sort after the list's and among themselves.
type call struct {
	action  string
	list    string // "urls" or "dirs"
	targets []purge.Target
	params  []param
}

type param struct{ name, value string }

// deleteMode is left out for a flush, which is the default: the oldest pages know no type. Later ones document it for
// RefreshCdnDir only. It is sent overseas too, where a server that does not know it would flush: without it, it surely would.
var deleteMode = []param{{"type", "2"}}

var actions = map[purge.Area]map[purge.Kind]string{
	purge.Mainland: {purge.URL: "RefreshCdnUrl", purge.Directory: "RefreshCdnDir"},
	purge.Overseas: {purge.URL: "RefreshCdnOverSeaUrl", purge.Directory: "RefreshCdnOverSeaDir"},
}

// submitCall refuses what no plan should hold. A target that begins with "@" would be left out of the signature by
// some implementations; the scheme is checked so that none does.
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
		return call{}, badBatch("kind %q, mode %q, area %q, %d targets", b.Kind, b.Mode, b.Area, len(b.Targets))
	}
	for i, t := range b.Targets {
		if s := t.String(); !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			return call{}, badBatch("target %d has no scheme", i)
		}
	}
	return c, nil
}

func badBatch(format string, args ...any) error {
	return &purge.Error{Kind: purge.Internal, Message: "Something went wrong on our side, and nothing was purged; ask whoever runs purgebot to look at the log.",
		Err: fmt.Errorf("batch that API 2.0 cannot carry: "+format, args...)}
}

// encode writes and signs a call.
func (v *V2) encode(c call, at time.Time, nonce uint64) (wire []byte, signature string) {
	size := v.overhead + 16*len(c.targets)
	for _, t := range c.targets {
		size += len(t.String()) * 3 / 2
	}
	s := newSigning(v.signature, v.secret, v.method, v.endpoint.Host, v.path, size)
	s.param("Action", c.action)
	s.param("Nonce", strconv.FormatUint(nonce, 10))
	s.param("SecretId", v.secretID)
	if v.signature == HmacSHA256 {
		s.param("SignatureMethod", HmacSHA256) // its absence is HmacSHA1
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

// do makes one call, stamped and signed anew, and returns the answer to it, whose code is 0.
func (v *V2) do(ctx context.Context, c call) (answer, error) {
	wire, signature := v.encode(c, v.now(), v.nonce())
	if n := v.size(wire); n > v.maxSize() {
		return answer{}, tooLarge(fmt.Errorf("%s: %d bytes, at most %d", c.action, n, v.maxSize()))
	}
	x := v.send(ctx, wire)
	if e := x.failure(); e != nil {
		e.Err = fmt.Errorf("%s: %w", c.action, e.Err)
		return answer{}, e
	}
	a, err := decodeAnswer(x.body)
	if err != nil {
		return answer{}, unknown(fmt.Errorf("%s: %w", c.action, err))
	}
	if a.code == 0 {
		v.clock.Store(false)
		return a, nil
	}
	return answer{}, v.refused(a, x, fmt.Sprintf("%s: %s", c.action, v.quote(a, signature)))
}

// refused is the error of a refusal. One about the clock may be a nonce used twice, which another try mends; if the
// clocks do differ, or the next answer says the same, it is a matter for whoever runs this machine.
func (v *V2) refused(a answer, x exchange, told string) *purge.Error {
	e := a.refusal(told)
	if !a.aboutClock() {
		v.clock.Store(false)
		return e
	}
	again := v.clock.Swap(true)
	if ahead := v.ahead(x.date); ahead.Abs() > time.Minute {
		e.Err = fmt.Errorf("%w; this machine's clock minus the Date header: %v", e.Err, ahead)
		e.Kind, e.Message = purge.Internal, fmt.Sprintf("The clock of purgebot's machine is %s Tencent's, so nothing was purged; ask whoever runs purgebot to set it right.", apart(ahead))
	} else if again {
		e.Kind, e.Message = purge.Internal, "Tencent refuses purgebot's requests as repeated or outdated, so nothing was purged; ask whoever runs purgebot to check the clock of its machine."
	}
	return e
}

func (v *V2) ahead(date time.Time) time.Duration {
	if date.IsZero() {
		return 0
	}
	return v.now().Sub(date).Round(time.Second)
}

func apart(ahead time.Duration) string {
	if ahead < 0 {
		return ahead.Abs().String() + " behind"
	}
	return ahead.String() + " ahead of"
}
