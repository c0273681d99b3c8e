package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"purgebot/purge"
)

// answer3 is the content of a readable response body of API 3.0: a result, or the code and message of an error.
type answer3 struct {
	code      string // empty on success
	message   string // vendor text, hostile until escaped
	requestID string
	result    json.RawMessage
}

// plainCode matches every code of the vendor's tables. Other texts do not count as codes, because codes are
// shown to people.
var plainCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9_]+)*$`)

// decodeAnswer3 reads the body of an HTTP 200. It refuses as unreadable a body without a Response and
// RequestId, and an error without a plain code.
func decodeAnswer3(body []byte) (answer3, error) {
	var w struct {
		Response json.RawMessage
		Code     json.RawMessage `json:"code"` // member of API 2.0: two clients would read a body with both members in two ways
	}
	var r struct {
		RequestID json.RawMessage `json:"RequestId"`
		TaskID    json.RawMessage `json:"TaskId"`
		Error     json.RawMessage
	}
	var no struct{ Code, Message json.RawMessage }
	// Refuse bodies that two clients could read in two ways.
	if err := oneWay(body); err != nil {
		return answer3{}, err
	}
	if decode(body, &w) != nil || decode(w.Response, &r) != nil || w.Code != nil {
		return answer3{}, errUnreadable
	}
	// Return a result, if there is no error.
	a := answer3{requestID: taskID(text(r.RequestID)), result: w.Response}
	if r.Error == nil || string(r.Error) == "null" {
		if a.requestID == "" {
			return answer3{}, fmt.Errorf("%w: no RequestId", errUnreadable)
		}
		return a, nil
	}
	// Read the error, and refuse one without a code or beside a task.
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

// receipt reads the result of an accepted batch. The caller fills in the time.
func (a answer3) receipt() purge.Receipt {
	var d struct {
		TaskID json.RawMessage `json:"TaskId"`
	}
	if decode(a.result, &d) != nil {
		return purge.Receipt{RequestID: a.requestID}
	}
	return purge.Receipt{TaskID: taskID(text(d.TaskID)), RequestID: a.requestID}
}

// refusal returns the error of an answer that is an error. The text told is the vendor's message in a form that
// operators may read, and the area is the one that the call was to purge.
func (a answer3) refusal(told string, area purge.Area) *purge.Error {
	m, listed := meaning3(a.code, fmt.Sprintf("code %s, request %s", a.code, orNone(a.requestID)))
	return m.refusal(errors.New(told), listed, area)
}
