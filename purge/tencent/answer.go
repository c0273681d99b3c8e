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

// answer is what the vendor said in a readable body.
type answer struct {
	code     int
	business int    // 0 where none is given
	symbol   string // a codeDesc that is no number, such as "AuthFailure"
	message  string // vendor text, hostile until escaped
	data     json.RawMessage
}

var errUnreadable = errors.New("not an answer of the CDN API")

// decodeAnswer reads the body of an HTTP 200. It is lenient about types, since the vendor's own pages disagree,
// and strict about the one thing that matters: without a plain code there is no answer.
func decodeAnswer(body []byte) (answer, error) {
	var w struct {
		Code     json.RawMessage `json:"code"`
		CodeDesc json.RawMessage `json:"codeDesc"`
		Message  json.RawMessage `json:"message"`
		Data     json.RawMessage `json:"data"`
		Response json.RawMessage // of API 3.0: what has both is read by two clients in two ways
	}
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

// text is a JSON string's value, a number's digits (which may exceed 2^53), and "" for anything else.
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

// prefix is N of a message "(N) …", where the vendor writes the business code a second time.
func prefix(message string) int {
	rest, ok := strings.CutPrefix(strings.TrimSpace(message), "(")
	digits, _, closed := strings.Cut(rest, ")")
	n, err := strconv.Atoi(digits)
	if !ok || !closed || err != nil {
		return 0
	}
	return n
}

// receipt reads the data of an accepted batch, which may be an object, a list of one, or absent. Time is the caller's.
func (a answer) receipt() purge.Receipt {
	var d struct {
		Count  json.RawMessage `json:"count"`
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
	count, _ := number(d.Count)
	return purge.Receipt{TaskID: taskID(text(d.TaskID)), Count: max(count, 0)}
}

// taskID drops what cannot be a task id: it is stored, logged and sent back.
func taskID(s string) string {
	if len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool { return r >= 128 || !unreserved(byte(r)) }) {
		return ""
	}
	return s
}

// refusal is the error of an answer whose code is not 0; told is the vendor's message as an operator may read it.
func (a answer) refusal(told string) *purge.Error {
	m := a.meaning()
	return &purge.Error{Kind: m.kind, Message: m.say, RetryAfter: m.wait, Err: fmt.Errorf("code %s: %s", a.codes(), told)}
}

// meaning prefers the business code, which is the closer one. But nothing softens "partly done", and the carrier of
// business codes says nothing by itself when its business code is not listed: then nobody knows whether it was done.
func (a answer) meaning() meaning {
	if m, ok := codes[a.business]; ok && a.code != codePartly {
		return m
	}
	if m, ok := codes[a.code]; ok && (a.code != codeCarrier || a.business == 0) {
		return m
	}
	return meaning{kind: purge.Unknown, say: fmt.Sprintf(sayUnheard, a.codes())}
}

// aboutClock is true for a replay and for an expired request: the vendor uses both codes for clocks that differ.
func (a answer) aboutClock() bool {
	for _, n := range []int{a.code, a.business} {
		if n == codeReplay || n == codeExpired {
			return true
		}
	}
	return false
}

// codes is "4000" or "4000/9110".
func (a answer) codes() string {
	if a.business == 0 || a.business == a.code {
		return strconv.Itoa(a.code)
	}
	return fmt.Sprintf("%d/%d", a.code, a.business)
}
