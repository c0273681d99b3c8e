package tencent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"purgebot/purge"
)

// answer is the content of a readable response body of API 2.0.
type answer struct {
	code     int
	business int    // 0 if the answer has none
	symbol   string // a codeDesc that is a word instead of a number, such as "AuthFailure"
	message  string // vendor text, hostile until escaped
	data     json.RawMessage
}

var errUnreadable = errors.New("not an answer of the CDN API")

// decodeAnswer reads the body of an HTTP 200. It tolerates different JSON types, because the vendor's own pages
// disagree about them, but refuses a body without a plain code as unreadable.
func decodeAnswer(body []byte) (answer, error) {
	var w struct {
		Code     json.RawMessage `json:"code"`
		CodeDesc json.RawMessage `json:"codeDesc"`
		Message  json.RawMessage `json:"message"`
		Data     json.RawMessage `json:"data"`
		Response json.RawMessage // member of API 3.0: two clients would read a body with both members in two ways
	}
	// Refuse bodies that two clients could read in two ways.
	if err := oneWay(body); err != nil {
		return answer{}, err
	}
	if err := decode(body, &w); err != nil || w.Response != nil {
		return answer{}, errUnreadable
	}
	code, ok := number(w.Code)
	if !ok {
		return answer{}, errUnreadable
	}
	// Read the business code: from codeDesc, or else from the beginning of the message.
	a := answer{code: code, message: text(w.Message), data: w.Data}
	desc, isNumber := number(w.CodeDesc)
	if isNumber {
		a.business = desc
	} else {
		a.symbol = text(w.CodeDesc)
	}
	if a.business == 0 {
		a.business = prefix(a.message)
	}
	// Refuse an answer that is a success by one member and a failure by another.
	if a.code == 0 && (a.business != 0 || a.symbol != "" && !strings.EqualFold(a.symbol, "Success")) {
		return answer{}, fmt.Errorf("%w: code 0 and its codeDesc or message contradict each other", errUnreadable)
	}
	return a, nil
}

// number reads 9110 and "9110" alike.
func number(raw json.RawMessage) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text(raw)))
	return n, err == nil
}

// text returns the value of a JSON string, the digits of a JSON number (which may exceed 2^53), or "" for other
// values.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// prefix returns N of a message "(N) …", a form in which the vendor repeats the business code; 0 for other
// messages.
func prefix(message string) int {
	rest, ok := strings.CutPrefix(strings.TrimSpace(message), "(")
	digits, _, closed := strings.Cut(rest, ")")
	n, err := strconv.Atoi(digits)
	if !ok || !closed || err != nil {
		return 0
	}
	return n
}

// receipt reads the data of an accepted batch: an object, a list of one object, or nothing. The caller fills in
// the time.
func (a answer) receipt() purge.Receipt {
	var d struct {
		TaskID json.RawMessage `json:"task_id"`
	}
	data := bytes.TrimSpace(a.data)
	if bytes.HasPrefix(data, []byte("[")) {
		var list []json.RawMessage
		if json.Unmarshal(data, &list) == nil && len(list) > 0 {
			data = list[0]
		}
	}
	if decode(data, &d) != nil {
		return purge.Receipt{}
	}
	return purge.Receipt{TaskID: taskID(text(d.TaskID))}
}

// taskID returns "" for a text that cannot be a task id, because ids are stored, logged and sent back.
func taskID(s string) string {
	if len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool { return r >= 128 || !unreserved(byte(r)) }) {
		return ""
	}
	return s
}

// refusal returns the error of an answer whose code is not 0. The text told is the vendor's message in a form
// that operators may read, and the area is the one that the call was to purge.
func (a answer) refusal(told string, area purge.Area) *purge.Error {
	m, listed := a.meaning()
	err := fmt.Errorf("code %s: %s", a.codes(), told)
	if a.business == codeArea {
		err = fmt.Errorf("%w: %w", purge.ErrArea, err)
	}
	return m.refusal(err, listed, area)
}

// refusal returns the error of a code with this meaning.
func (m meaning) refusal(err error, listed bool, area purge.Area) *purge.Error {
	if !listed {
		err = fmt.Errorf("%w: %w", ErrUnlisted, err)
	}
	return &purge.Error{Kind: m.kind, Message: m.sentence(area), RetryAfter: m.wait, Err: err}
}

// sentence returns the sentence with the area of the call in it. A question has no area.
func (m meaning) sentence(area purge.Area) string {
	where := "in " + string(area)
	switch area {
	case "":
		where = "in that area"
	case purge.Overseas:
		where = "overseas"
	}
	return strings.ReplaceAll(m.say, "%s", where)
}

// meaning returns the meaning of the business code, if listed, because it is more precise than the common code.
// Two exceptions protect against a wrong "not done": the common code "partly done" always counts, and a carrier
// code with an unlisted business code is Unknown.
func (a answer) meaning() (m meaning, listed bool) {
	if m, listed = codes[a.business]; listed && a.code != codePartly {
		return m, true
	}
	if m, listed = codes[a.code]; listed && (a.code != codeCarrier || a.business == 0) {
		if _, known := codes[a.business]; a.business != 0 && !known {
			m.say += fmt.Sprintf(sayNew, "code "+a.codes())
			return m, false
		}
		return m, true
	}
	return meaning{kind: purge.Unknown, say: fmt.Sprintf(sayUnheard, "code "+a.codes())}, false
}

// aboutClock reports whether the answer is a replay or an expired request. The vendor uses both codes for
// differing clocks.
func (a answer) aboutClock() bool {
	for _, n := range []int{a.code, a.business} {
		if n == codeReplay || n == codeExpired {
			return true
		}
	}
	return false
}

// codes returns the codes as "4000" or "4000/9110".
func (a answer) codes() string {
	if a.business == 0 || a.business == a.code {
		return strconv.Itoa(a.code)
	}
	return fmt.Sprintf("%d/%d", a.code, a.business)
}
