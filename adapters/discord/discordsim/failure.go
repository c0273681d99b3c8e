package discordsim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// failure is an error as the API answers it: https://docs.discord.com/developers/reference#error-messages
type failure struct {
	status, code int
	message      string
	errors       node // of 50035: where, and what
}

// known is the HTTP status and the text of each code:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
var known = map[int]struct {
	status  int
	message string
}{
	10003:  {404, "Unknown Channel"},
	10004:  {404, "Unknown Guild"},
	10007:  {404, "Unknown Member"},
	10008:  {404, "Unknown Message"},
	10013:  {404, "Unknown User"},
	10015:  {404, "Unknown Webhook"},
	10062:  {404, "Unknown interaction"},
	10063:  {404, "Unknown application command"},
	20028:  {429, "The write action you are performing on the channel has hit the write rate limit"},
	30034:  {400, "Max number of daily application command creates has been reached (200)"},
	30046:  {429, "Maximum number of edits to messages older than 1 hour reached. Try again later"},
	40001:  {401, "Unauthorized"},
	40005:  {413, "Request entity too large"},
	40058:  {400, "Cannot send messages in a forum channel"},
	40060:  {400, "Interaction has already been acknowledged."},
	40094:  {400, "This interaction has hit the maximum number of follow up messages."},
	40333:  {403, "internal network error"},
	50001:  {403, "Missing Access"},
	50003:  {403, "Cannot execute action on a DM channel"},
	50005:  {403, "Cannot edit a message authored by another user"},
	50006:  {400, "Cannot send an empty message"},
	50007:  {403, "Cannot send messages to this user"},
	50008:  {400, "Cannot send messages in a non-text channel"},
	50013:  {403, "Missing Permissions"},
	50021:  {403, "Cannot execute action on a system message"},
	50024:  {400, "Cannot execute action on this channel type"},
	50027:  {401, "Invalid Webhook Token"},
	50035:  {400, "Invalid Form Body"},
	50041:  {400, "Invalid API version provided"},
	50045:  {413, "File uploaded exceeds the maximum size"},
	50083:  {400, "Thread is archived"},
	50109:  {400, "The request body contains invalid JSON."},
	130000: {503, "API resource is currently overloaded. Try again a little later"},
	160002: {400, "Cannot reply without permission to read message history"},
	160004: {400, "A thread has already been created for this message"},
	160005: {400, "Thread is locked"},
	160006: {400, "Maximum number of active threads reached"},
}

// fail is the documented answer with this code.
func fail(code int) *failure {
	k, found := known[code]
	if !found {
		return &failure{status: 400, code: code, message: "Error " + strconv.Itoa(code)}
	}
	return &failure{status: k.status, code: code, message: k.message}
}

func unauthorized() *failure { return &failure{status: 401, message: "401: Unauthorized"} }

func notFound() *failure { return &failure{status: 404, message: "404: Not Found"} }

func encode(f *failure) (int, http.Header, []byte, bool) {
	body := node{"message": f.message, "code": f.code}
	if f.errors != nil {
		body["errors"] = f.errors
	}
	return f.status, http.Header{"Content-Type": {"application/json"}}, rawJSON(body), false
}

// page is what stands before Discord answers when Discord does not.
func page(status int) (int, http.Header, []byte, bool) {
	html := fmt.Sprintf("<!DOCTYPE html><html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
	return status, http.Header{"Content-Type": {"text/html"}}, []byte(html), false
}

// checker collects what is wrong with a body, each at its path.
type checker struct{ errors node }

// say adds one problem: at is "embeds.0.title".
func (c *checker) say(at, code, format string, a ...any) {
	if c.errors == nil {
		c.errors = node{}
	}
	where := c.errors
	for step := range strings.SplitSeq(at, ".") {
		inner, _ := where[step].(node)
		if inner == nil {
			inner = node{}
			where[step] = inner
		}
		where = inner
	}
	list, _ := where["_errors"].([]node)
	where["_errors"] = append(list, node{"code": code, "message": fmt.Sprintf(format, a...)})
}

// failure returns 50035 if anything was wrong.
func (c *checker) failure() *failure {
	if c.errors == nil {
		return nil
	}
	f := fail(50035)
	f.errors = c.errors
	return f
}

// wrong is 50035 with one problem.
func wrong(at, code, format string, a ...any) *failure {
	c := &checker{}
	c.say(at, code, format, a...)
	return c.failure()
}
