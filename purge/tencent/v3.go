package tencent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"purgebot/purge"
)

// The vendor's endpoints of API 3.0. Accounts of the international site use the second one.
const (
	EndpointV3              = "https://cdn.tencentcloudapi.com/"
	EndpointV3International = "https://cdn.intl.tencentcloudapi.com/"
)

// version is the API version of the actions below; see https://cloud.tencent.com/document/api/228/30974.
const version = "2018-06-06"

// The limits of one call, until the vendor reports the account's own. For directories the vendor's pages state
// 500 or 20, and their example 39 and 20; the smallest number works for all accounts. See
// https://cloud.tencent.com/document/api/228/37870 and …/37871; for the size
// https://cloud.tencent.com/document/product/1278/46710.
const (
	defaultURLs        = 1000
	defaultDirectories = 20
	defaultPrefetch    = 20 // …/37872
	maxBody3           = 10_000_000
)

const jsonType = "application/json"

// V3 is a client of API 3.0. It is safe for concurrent use.
type V3 struct {
	line
	language string
	limits   limits
}

var (
	_ purge.CDN     = (*V3)(nil)
	_ purge.Domains = (*V3)(nil)
)

// NewV3 returns a client for a configuration. Its error names every setting to change, without values.
func NewV3(c Config) (*V3, error) {
	c = c.withDefaults(EndpointV3)
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	if endpoint.Path != "/" {
		return nil, fmt.Errorf("PURGEBOT_CDN_ENDPOINT must have no path for API 3.0, like %s", EndpointV3)
	}
	v := &V3{language: c.Language}
	v.connect(c, endpoint)
	return v, nil
}

// Format keeps the keys out of everything that package fmt prints.
func (v *V3) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "API 3.0 at %s", v.endpoint) }

// Submit makes one call; see purge.CDN.
func (v *V3) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (purge.Receipt, error) {
	c, err := submitCall3(b)
	if err != nil {
		return purge.Receipt{}, err
	}
	c.sends, c.leaving, c.area = true, leaving, b.Area
	return v.accept(ctx, c)
}

// accept makes a call that costs quota, and forgets the cached quota. The receipt of a refused call holds its
// RequestID.
func (v *V3) accept(ctx context.Context, c call) (purge.Receipt, error) {
	defer v.limits.forget()
	a, err := v.do(ctx, c)
	if err != nil {
		return purge.Receipt{RequestID: a.requestID}, err
	}
	r := a.receipt()
	r.At = v.now()
	return r, nil
}

// submitCall3 returns the call of a batch, or an error for a batch that no plan should hold. The number of
// targets is not checked, because its limit differs by account; the vendor refuses excess.
func submitCall3(b purge.Batch) (call, error) {
	c := call{action: "PurgeUrlsCache", list: "Urls", targets: b.Targets, params: []param{{name: "Area", value: string(b.Area)}}}
	fits := b.Kind == purge.URL && b.Mode == ""
	switch b.Kind {
	case purge.Prefetch:
		c.action, fits = "PushUrlsCache", b.Mode == ""
	case purge.Directory:
		c.action, c.list = "PurgePathCache", "Paths"
		c.params = append(c.params, param{name: "FlushType", value: string(b.Mode)})
		fits = b.Mode == purge.Flush || b.Mode == purge.Delete
	}
	if !fits || !knownArea(b.Area) || len(b.Targets) == 0 {
		return call{}, badBatch("3.0", "kind %q, mode %q, area %q, %d targets", b.Kind, b.Mode, b.Area, len(b.Targets))
	}
	return c, haveSchemes("3.0", b.Targets)
}

func knownArea(a purge.Area) bool { return a == purge.Mainland || a == purge.Overseas }

// encode returns the body of a call. Targets are ASCII, so no letter needs percent-encoding.
func (c call) encode() []byte {
	size := 256
	for _, t := range c.targets {
		size += len(t.String()) + len(`"",`)
	}
	// Write the list of targets.
	b := append(make([]byte, 0, size), '{')
	if c.list != "" {
		b = append(append(append(b, '"'), c.list...), `":[`...)
		for i, t := range c.targets {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, t.String())
		}
		b = append(b, ']')
	}
	// Write the other parameters.
	for _, p := range c.params {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, p.name), ':')
		if p.number {
			b = append(b, p.value...)
		} else {
			b = appendJSON(b, p.value)
		}
	}
	return append(b, '}')
}

// appendJSON appends a string as JSON. Printable ASCII, like every target, takes a path faster than the
// encoder.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // every string can be marshalled
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// sign returns the signed request of a body, and the signature.
func (v *V3) sign(action string, body []byte, at time.Time) (r *http.Request, signature string) {
	r = v.post(jsonType, body)
	headers := []header{{"content-type", jsonType}, {"host", r.Host}, {"x-tc-action", action}}
	authorization, signature := authorize(v.secretID, v.secret, tc3Service, at, headers, body)
	for name, value := range map[string]string{
		"Authorization": authorization, "X-TC-Action": action, "X-TC-Version": version, "X-TC-Language": v.language,
		"X-TC-Timestamp": strconv.FormatInt(at.Unix(), 10), "X-TC-Token": v.token,
	} {
		if value != "" {
			r.Header[name] = []string{value} // Set would change the spelling of the name
		}
	}
	return r, signature
}

// do makes one call with a fresh stamp and signature, and returns its result, or the translated error.
func (v *V3) do(ctx context.Context, c call) (answer3, error) {
	// Wait for the turn, so that the stamp is fresh.
	if err := v.mayLeave(ctx, c); err != nil {
		return answer3{}, err
	}
	body := c.encode()
	if len(body) > maxBody3 {
		return answer3{}, tooLarge(fmt.Errorf("%s: %d bytes, at most %d", c.action, len(body), maxBody3))
	}
	// Send the request.
	r, signature := v.sign(c.action, body, v.now())
	x := v.send(ctx, r)
	if e := x.failure(); e != nil {
		return v.unread(c.action, signature, x, e)
	}
	// Translate the answer, unless it echoes a part of the request.
	a, err := decodeAnswer3(x.body)
	if err == nil && (v.repeats(signature, a.code) || v.repeats(signature, a.requestID)) {
		err = fmt.Errorf("%w: it repeats the request", errUnreadable)
	}
	switch {
	case err != nil:
		return v.unread(c.action, signature, x, unknown(err))
	case a.code == "":
		v.clock.Store(false)
		return a, nil
	}
	told := fmt.Sprintf("%s: %s (request %s)", c.action, v.quote(signature, a.code, a.message), orNone(a.requestID))
	return answer3{requestID: a.requestID}, v.refused(a.refusal(told, c.area), a.code == codeExpired3, x)
}

// namedRequest finds the request id in an unreadable or truncated answer.
var namedRequest = regexp.MustCompile(`"RequestId"\s*:\s*"([A-Za-z0-9._~-]{1,128})"`)

// unread completes the error of a call without a readable answer. It adds the request id, if there is one, for
// the vendor's support.
func (v *V3) unread(action, signature string, x exchange, e *purge.Error) (answer3, error) {
	e.Err = fmt.Errorf("%s: %w", action, e.Err)
	found := namedRequest.FindSubmatch(x.body)
	if found == nil || v.repeats(signature, string(found[1])) {
		return answer3{}, e
	}
	a := answer3{requestID: string(found[1])}
	e.Err = fmt.Errorf("%w (request %s)", e.Err, a.requestID)
	return a, e
}

func orNone(id string) string {
	if id == "" {
		return "without an id"
	}
	return id
}

// haveSchemes is a last check that every target begins with a known scheme.
func haveSchemes(api string, targets []purge.Target) error {
	for i, t := range targets {
		if s := t.String(); !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			return badBatch(api, "target %d has no scheme", i)
		}
	}
	return nil
}
