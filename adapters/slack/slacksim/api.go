package slacksim

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Call is one call of the Web API, or a post to a response_url (Method "response_url").
type Call struct {
	At     time.Time
	Method string
	Args   map[string]string // decoded, the token redacted; structured values as JSON text
	Status int
	Answer string // the body as sent
}

// args are the decoded arguments of a call: strings as they are, anything else as JSON text.
type args map[string]string

// answer is the body of an answer.
type answer map[string]any

func fail(code string) answer { return answer{"ok": false, "error": code} }

// method is one method of the Web API: the scope it needs ("" is none), and what it does under the workspace's lock.
type method struct {
	scope string
	run   func(*Workspace, args) answer
}

// methods is what the simulator offers. Their documents: https://docs.slack.dev/reference/methods/
var methods = map[string]method{
	"api.test":                     {"", func(*Workspace, args) answer { return answer{} }},
	"auth.test":                    {"", (*Workspace).authTest},
	"chat.postMessage":             {"chat:write", (*Workspace).postMessage},
	"chat.postEphemeral":           {"chat:write", (*Workspace).postEphemeral},
	"chat.update":                  {"chat:write", (*Workspace).updateMessage},
	"chat.delete":                  {"chat:write", (*Workspace).deleteMessage},
	"users.info":                   {"users:read", (*Workspace).usersInfo},
	"usergroups.list":              {"usergroups:read", (*Workspace).userGroupsList},
	"usergroups.users.list":        {"usergroups:read", (*Workspace).userGroupMembers},
	"conversations.info":           {"channels:read", (*Workspace).conversationsInfo},
	"conversations.open":           {"im:write", (*Workspace).conversationsOpen},
	"views.open":                   {"", (*Workspace).viewsOpen},
	"files.getUploadURLExternal":   {"files:write", (*Workspace).uploadURL},
	"files.completeUploadExternal": {"files:write", (*Workspace).completeUpload},
}

// maxBody is how much of a request is read; more than any limit of Slack's.
const maxBody = 10 << 20

// ServeHTTP implements http.Handler.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.ready()
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"):
		w.serveAPI(rw, r, strings.TrimPrefix(path, "/api/"))
	case strings.HasPrefix(path, "/commands/"), strings.HasPrefix(path, "/actions/"):
		w.serveHook(rw, r)
	case strings.HasPrefix(path, "/upload/"):
		w.serveUpload(rw, r)
	default:
		http.NotFound(rw, r)
	}
}

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request, name string) {
	a, token, unreadable := decode(r)
	w.serve(rw, name, a, func() (int, answer) {
		if unreadable != "" {
			return http.StatusOK, fail(unreadable)
		}
		return http.StatusOK, w.call(name, token, a)
	})
}

// call answers one call whose transport went well.
func (w *Workspace) call(name, token string, a args) answer {
	m, known := methods[name]
	switch {
	case token == "":
		return fail("not_authed")
	case token != w.Token:
		return fail("invalid_auth")
	case !known:
		return fail("unknown_method")
	}
	if scope := w.scope(name, m, a); scope != "" && !slices.Contains(w.Scopes, scope) {
		return answer{"ok": false, "error": "missing_scope", "needed": scope, "provided": strings.Join(w.Scopes, ",")}
	}
	return m.run(w, a)
}

// scope is the one a call needs: a private channel takes another than a public one.
func (w *Workspace) scope(name string, m method, a args) string {
	if name != "conversations.info" {
		return m.scope
	}
	switch c := w.channels[a["channel"]]; {
	case c.User != "":
		return "" // a bot may always look at its own direct messages here
	case c.Private:
		return "groups:read"
	}
	return m.scope
}

// serve runs one call with the faults that were asked for, and keeps a record of it.
func (w *Workspace) serve(rw http.ResponseWriter, name string, a args, run func() (int, answer)) {
	status, header, body, lost := w.serveLocked(name, a, run)
	if lost {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(rw.Header(), header)
	rw.WriteHeader(status)
	_, _ = rw.Write(body)
}

func (w *Workspace) serveLocked(name string, a args, run func() (int, answer)) (status int, header http.Header, body []byte, lost bool) {
	defer w.lock()()
	status, header, body, ran := w.faulty(name, run)
	if name != hookMethod && !w.down {
		header.Set("X-OAuth-Scopes", strings.Join(w.Scopes, ","))
	}
	w.record(name, a, status, body)
	return status, header, body, ran && w.takeFault(name, faultLose) != nil
}

func (w *Workspace) record(name string, a args, status int, body []byte) {
	kept := maps.Clone(a)
	if kept["token"] != "" {
		kept["token"] = "[redacted]"
	}
	w.calls = append(w.calls, Call{At: w.Now(), Method: name, Args: kept, Status: status, Answer: string(body)})
	w.change()
}

// encode renders an answer as Slack does: HTTP 200 says nothing, "ok" does.
func encode(a answer) (http.Header, []byte) {
	if _, said := a["ok"]; !said {
		a["ok"] = true
	}
	body, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Sprintf("slacksim: an answer that is not JSON: %v", err))
	}
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body
}

// decode reads the arguments of a call, from the query, a form or a JSON object, and its token, from the header or, but for
// JSON, from the arguments, or says why it cannot: https://docs.slack.dev/apis/web-api/#basics
func decode(r *http.Request) (a args, token, unreadable string) {
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		a, err := decodeJSON(r.Body)
		if err != nil {
			return nil, token, "invalid_json"
		}
		return a, token, ""
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		return nil, token, "invalid_form_data"
	}
	a = args{}
	for name, values := range r.Form {
		a[name] = values[0]
	}
	if token == "" {
		token = a["token"]
	}
	return a, token, ""
}

func decodeJSON(body io.Reader) (args, error) {
	raw := map[string]json.RawMessage{}
	if err := json.NewDecoder(body).Decode(&raw); err != nil {
		return nil, err
	}
	a := args{}
	for name, value := range raw {
		var s string
		if json.Unmarshal(value, &s) != nil {
			s = string(value)
		}
		if s != "null" {
			a[name] = s
		}
	}
	return a, nil
}

// yes reads a boolean argument: Slack takes "1" and "true".
func (a args) yes(name string) bool { return a[name] == "true" || a[name] == "1" }

// no reports whether a boolean argument was said to be false, rather than left out.
func (a args) no(name string) bool { return a[name] == "false" || a[name] == "0" }

// Calls returns the calls received, oldest first; methods narrows them.
func (w *Workspace) Calls(methods ...string) []Call {
	defer w.lock()()
	var found []Call
	for _, c := range w.calls {
		if len(methods) == 0 || slices.Contains(methods, c.Method) {
			found = append(found, c)
		}
	}
	return found
}
