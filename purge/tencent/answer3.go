package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"purgebot/purge"
)

// answer3 is what the vendor said in a readable body: a result, or an error's code and message.
type answer3 struct {
	code      string // "" is success
	message   string // vendor text, hostile until escaped
	requestID string
	result    json.RawMessage
}

// plainCode is what every code of the vendor's tables looks like: it is shown to people, so nothing else is taken for one.
var plainCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9_]+)*$`)

// decodeAnswer3 reads the body of an HTTP 200. Without a Response that names its request, or an error without a plain
// code, there is no answer.
func decodeAnswer3(body []byte) (answer3, error) {
	var w struct {
		Response json.RawMessage
		Code     json.RawMessage `json:"code"` // of API 2.0: what has both is read by two clients in two ways
	}
	var r struct {
		RequestID json.RawMessage `json:"RequestId"`
		TaskID    json.RawMessage `json:"TaskId"`
		Error     json.RawMessage
	}
	var no struct{ Code, Message json.RawMessage }
	if err := oneWay(body); err != nil {
		return answer3{}, err
	}
	if decode(body, &w) != nil || decode(w.Response, &r) != nil || w.Code != nil {
		return answer3{}, errUnreadable
	}
	a := answer3{requestID: taskID(text(r.RequestID)), result: w.Response}
	if r.Error == nil || string(r.Error) == "null" {
		if a.requestID == "" {
			return answer3{}, fmt.Errorf("%w: no RequestId", errUnreadable)
		}
		return a, nil
	}
	err := decode(r.Error, &no)
	a.code, a.message = text(no.Code), text(no.Message)
	switch {
	case err != nil:
		return answer3{}, err
	case len(a.code) > 100 || !plainCode.MatchString(a.code):
		return answer3{}, fmt.Errorf("%w: an error without a code", errUnreadable)
	case text(r.TaskID) != "":
		return answer3{}, fmt.Errorf("%w: an error and a task contradict each other", errUnreadable)
	}
	return a, nil
}

// receipt reads the result of an accepted batch; time is the caller's.
func (a answer3) receipt() purge.Receipt {
	var d struct {
		TaskID json.RawMessage `json:"TaskId"`
	}
	if decode(a.result, &d) != nil {
		return purge.Receipt{RequestID: a.requestID}
	}
	return purge.Receipt{TaskID: taskID(text(d.TaskID)), RequestID: a.requestID}
}

// refusal is the error of an answer that is one; told is what the vendor says as an operator may read it.
func (a answer3) refusal(told string) *purge.Error {
	m := meaning3(a.code)
	return &purge.Error{Kind: m.kind, Message: m.say, RetryAfter: m.wait, Err: errors.New(told)}
}
