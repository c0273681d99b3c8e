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

// The vendor's endpoints of API 3.0; accounts of the international site use the second.
const (
	EndpointV3              = "https://cdn.tencentcloudapi.com/"
	EndpointV3International = "https://cdn.intl.tencentcloudapi.com/"
)

// version is the one that has the actions below, see https://cloud.tencent.com/document/api/228/30974.
const version = "2018-06-06"

// The limits of one call, until the vendor says what they are for this account. Of directories its pages say 500 or 20, and
// its own example 39 and 20: the least works everywhere. See https://cloud.tencent.com/document/api/228/37870 and …/37871;
// for the size https://cloud.tencent.com/document/product/1278/46710.
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

// NewV3 checks the configuration; its error names every setting to change, and shows the value of none.
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

// Submit makes one call.
func (v *V3) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (purge.Receipt, error) {
	c, err := submitCall3(b)
	if err != nil {
		return purge.Receipt{}, err
	}
	c.sends, c.leaving = true, leaving
	return v.accept(ctx, c)
}

// accept makes a call that costs quota, so that what is known of it is no longer true. A refusal's receipt holds its RequestID.
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

// submitCall3 refuses what no plan should hold. How many targets a call may have is the vendor's to say: it differs by account.
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

// encode writes a call's body. The service would percent-encode letters outside ASCII if asked to; no target has any.
func (c call) encode() []byte {
	size := 256
	for _, t := range c.targets {
		size += len(t.String()) + len(`"",`)
	}
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

// appendJSON writes a string. Targets need no escape, which is seen faster than any encoder does.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // strings marshal
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// sign makes the request of a body.
func (v *V3) sign(action string, body []byte, at time.Time) (r *http.Request, signature string) {
	r = v.post(jsonType, body)
	headers := []header{{"content-type", jsonType}, {"host", r.Host}, {"x-tc-action", action}}
	authorization, signature := authorize(v.secretID, v.secret, tc3Service, at, headers, body)
	for name, value := range map[string]string{
		"Authorization": authorization, "X-TC-Action": action, "X-TC-Version": version, "X-TC-Language": v.language,
		"X-TC-Timestamp": strconv.FormatInt(at.Unix(), 10), "X-TC-Token": v.token,
	} {
		if value != "" {
			r.Header[name] = []string{value} // not Set, which would respell it
		}
	}
	return r, signature
}

// do makes one call, stamped and signed anew, and returns the answer to it, which is no error.
func (v *V3) do(ctx context.Context, c call) (answer3, error) {
	if err := v.mayLeave(ctx, c); err != nil {
		return answer3{}, err
	}
	body := c.encode()
	if len(body) > maxBody3 {
		return answer3{}, tooLarge(fmt.Errorf("%s: %d bytes, at most %d", c.action, len(body), maxBody3))
	}
	r, signature := v.sign(c.action, body, v.now())
	x := v.send(ctx, r)
	if e := x.failure(); e != nil {
		return v.unread(c.action, signature, x, e)
	}
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
	return answer3{requestID: a.requestID}, v.refused(a.refusal(told), a.code == codeExpired3, x)
}

// namedRequest finds the id of a request in what is otherwise no answer, also in one that is cut short.
var namedRequest = regexp.MustCompile(`"RequestId"\s*:\s*"([A-Za-z0-9._~-]{1,128})"`)

// unread completes the error of a call without a readable answer. Where it names its request, that is what the vendor's
// support asks for.
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

// haveSchemes is a last look: a target that begins with anything else is none.
func haveSchemes(api string, targets []purge.Target) error {
	for i, t := range targets {
		if s := t.String(); !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			return badBatch(api, "target %d has no scheme", i)
		}
	}
	return nil
}
