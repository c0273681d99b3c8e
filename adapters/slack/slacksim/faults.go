package slacksim

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

type faultKind int

const (
	faultThrottle faultKind = iota
	faultFail
	faultLose
)

// fault is one kind of trouble that the next n calls meet; n < 0 is all of them.
type fault struct {
	kind    faultKind
	methods []string // none is every method of the Web API
	n       int
	code    string
	after   time.Duration
}

// hookMethod is what posts to a response_url are called in Calls, Throttle, Fail and Lose.
const hookMethod = "response_url"

// Throttle makes the next n Web API calls answer 429 with Retry-After (whole seconds, rounded up); methods narrows them.
// "response_url" may be named as a method; it is not meant by none. n < 0 is until Heal.
func (w *Workspace) Throttle(n int, after time.Duration, methods ...string) {
	w.addFault(fault{kind: faultThrottle, methods: methods, n: n, after: after})
}

// Fail makes the next n calls of a method ("" is any) answer {"ok":false,"error":code} with HTTP 200 and do nothing; n < 0 is until Heal.
func (w *Workspace) Fail(method, code string, n int) {
	w.addFault(fault{kind: faultFail, methods: only(method), n: n, code: code})
}

// Lose makes the next n calls of a method ("" is any) act, and then cut the connection without an answer; n < 0 is until Heal.
func (w *Workspace) Lose(method string, n int) {
	w.addFault(fault{kind: faultLose, methods: only(method), n: n})
}

func only(method string) []string {
	if method == "" {
		return nil
	}
	return []string{method}
}

func (w *Workspace) addFault(f fault) {
	defer w.lock()()
	w.faults = append(w.faults, &f)
	w.change()
}

// Down makes everything answer HTTP 503 with an HTML page, until Down(false).
func (w *Workspace) Down(down bool) {
	defer w.lock()()
	w.down = down
	w.change()
}

// Heal ends every fault.
func (w *Workspace) Heal() {
	defer w.lock()()
	w.down, w.faults = false, nil
	w.change()
}

// takeFault uses up one fault of this kind that is meant for the method, or returns nil.
func (w *Workspace) takeFault(method string, kind faultKind) *fault {
	for _, f := range w.faults {
		if f.kind != kind || f.n == 0 || !f.meant(method) {
			continue
		}
		if f.n > 0 {
			f.n--
		}
		return f
	}
	return nil
}

func (f *fault) meant(method string) bool {
	if len(f.methods) == 0 {
		return method != hookMethod
	}
	return slices.Contains(f.methods, method)
}

// faulty runs a call unless a fault stands before it, and reports whether it ran.
func (w *Workspace) faulty(method string, run func() (int, answer)) (status int, header http.Header, body []byte, ran bool) {
	if w.down {
		return http.StatusServiceUnavailable, http.Header{"Content-Type": {"text/html"}},
			[]byte("<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>"), false
	}
	if f := w.takeFault(method, faultThrottle); f != nil {
		header, body := encode(fail("ratelimited"))
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.after.Seconds()))))
		return http.StatusTooManyRequests, header, body, false
	}
	if f := w.takeFault(method, faultFail); f != nil {
		header, body := encode(fail(f.code))
		return http.StatusOK, header, body, false
	}
	status, a := run()
	header, body = encode(a)
	return status, header, body, true
}

// rawJSON renders a value whose shape is ours.
func rawJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("slacksim: " + err.Error())
	}
	return raw
}
