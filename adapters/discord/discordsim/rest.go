package discordsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Call is one call of the REST API or of the CDN.
type Call struct {
	At     time.Time
	Route  string          // as Routes names it; "" if there is no such route
	Path   string          // as called, interaction tokens redacted
	Query  string          //
	Body   json.RawMessage // the JSON part; nil if there was none
	Files  []File          // the file parts
	Authed bool            // it carried the bot's token
	Status int             // 0 while it is under way
	Answer string          // the body as sent
}

// request is one call, read.
type request struct {
	*http.Request
	route   *route
	body    node
	list    []any // the body, if it is a list
	files   []File
	problem *failure // why the body could not be read
	authed  bool
}

func (r *request) arg(name string) string { return r.PathValue(name) }

// answer is what is sent back: body nil is 204.
type answer struct {
	status int
	body   any
}

func ok(body any) (answer, *failure) { return answer{http.StatusOK, body}, nil }

func none() (answer, *failure) { return answer{http.StatusNoContent, nil}, nil }

// route is one route of the API and what it does under the simulator's lock.
type route struct {
	name string
	open bool // needs no token: what it acts on is in the path
	hook bool // an interaction endpoint: outside the global limit
	run  func(*Sim, *request) (answer, *failure)
}

// routes is what the simulator offers: https://docs.discord.com/developers/reference
var routes = []route{
	{"GET /gateway", true, false, (*Sim).getGateway},
	{"GET /gateway/bot", false, false, (*Sim).getGatewayBot},
	{"GET /users/@me", false, false, (*Sim).getMe},
	{"GET /users/{user}", false, false, (*Sim).getUser},
	{"POST /users/@me/channels", false, false, (*Sim).openDM},
	{"GET /oauth2/applications/@me", false, false, (*Sim).getApplication},
	{"GET /applications/@me", false, false, (*Sim).getApplication},
	{"GET /applications/{application}/commands", false, false, (*Sim).getCommands},
	{"PUT /applications/{application}/commands", false, false, (*Sim).putCommands},
	{"DELETE /applications/{application}/commands/{command}", false, false, (*Sim).deleteCommand},
	{"GET /applications/{application}/guilds/{guild}/commands", false, false, (*Sim).getCommands},
	{"PUT /applications/{application}/guilds/{guild}/commands", false, false, (*Sim).putCommands},
	{"GET /guilds/{guild}", false, false, (*Sim).getGuild},
	{"GET /guilds/{guild}/roles", false, false, (*Sim).getRoles},
	{"GET /guilds/{guild}/channels", false, false, (*Sim).getChannels},
	{"GET /guilds/{guild}/members/{user}", false, false, (*Sim).getMember},
	{"GET /channels/{channel}", false, false, (*Sim).getChannel},
	{"PATCH /channels/{channel}", false, false, (*Sim).patchChannel},
	{"POST /channels/{channel}/typing", false, false, (*Sim).typing},
	{"GET /channels/{channel}/messages", false, false, (*Sim).getMessages},
	{"POST /channels/{channel}/messages", false, false, (*Sim).createMessage},
	{"GET /channels/{channel}/messages/{message}", false, false, (*Sim).getMessage},
	{"PATCH /channels/{channel}/messages/{message}", false, false, (*Sim).editMessage},
	{"DELETE /channels/{channel}/messages/{message}", false, false, (*Sim).deleteMessage},
	{"POST /channels/{channel}/messages/{message}/threads", false, false, (*Sim).startThread},
	{"PUT /channels/{channel}/thread-members/@me", false, false, (*Sim).joinThread},
	{"POST /interactions/{interaction}/{token}/callback", true, true, (*Sim).callback},
	{"POST /webhooks/{application}/{token}", true, true, (*Sim).followUp},
	{"GET /webhooks/{application}/{token}/messages/{message}", true, true, (*Sim).getResponse},
	{"PATCH /webhooks/{application}/{token}/messages/{message}", true, true, (*Sim).editResponse},
	{"DELETE /webhooks/{application}/{token}/messages/{message}", true, true, (*Sim).deleteResponse},
}

// cdnRoute is what the CDN's downloads are called in Calls and in faults.
const cdnRoute = "GET /attachments/{channel}/{attachment}/{name}"

// Routes returns every route that the simulator knows.
func Routes() []string {
	names := []string{cdnRoute}
	for _, r := range routes {
		names = append(names, r.name)
	}
	return names
}

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.ready()
	path := r.URL.Path
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	switch {
	case websocket.IsWebSocketUpgrade(r):
		s.serveGateway(w, r)
	case strings.HasPrefix(path, "/attachments/"):
		s.serveFile(w, r)
	case !strings.HasPrefix(path, "/api/"):
		http.NotFound(w, r)
	case version != "v9" && version != "v10":
		s.serve(w, r, &route{run: func(*Sim, *request) (answer, *failure) { return answer{}, fail(50041) }, open: true})
	default:
		inner := new(http.Request)
		*inner = *r
		inner.URL = &url.URL{Path: "/" + rest, RawQuery: r.URL.RawQuery}
		s.mux.ServeHTTP(w, inner)
	}
}

// newMux finds routes; what is none is answered 404 in Discord's way.
func (s *Sim) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, found := range routes {
		mux.HandleFunc(found.name, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, &found) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, &route{open: true, run: func(*Sim, *request) (answer, *failure) { return answer{}, notFound() }})
	})
	return mux
}

// serve runs one call, with the faults that were asked for, and keeps a record of it.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, to *route) {
	req := s.read(w, r, to)
	n := s.begin(req)
	if !s.held(r.Context(), to.name) {
		panic(http.ErrAbortHandler) // the caller gave up
	}
	status, header, body, lost := s.answer(req, n)
	if lost {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (s *Sim) begin(r *request) (n int) {
	defer s.lock()()
	path := r.URL.Path
	if token := r.arg("token"); token != "" {
		path = strings.Replace(path, token, "[redacted]", 1)
	}
	c := Call{At: s.Now(), Route: r.route.name, Path: path, Query: r.URL.RawQuery, Files: r.files, Authed: r.authed}
	if r.list != nil {
		c.Body = rawJSON(r.list)
	} else if r.body != nil {
		c.Body = rawJSON(r.body)
	}
	s.calls = append(s.calls, c)
	s.change()
	return len(s.calls) - 1
}

func (s *Sim) answer(r *request, n int) (status int, header http.Header, body []byte, lost bool) {
	defer s.lock()()
	status, header, body, ran := s.faulty(r)
	s.calls[n].Status, s.calls[n].Answer = status, string(body)
	if status == 401 || status == 403 || status == 429 && header.Get("X-RateLimit-Scope") != string(Shared) {
		s.invalid++
	}
	s.change()
	return status, header, body, ran && s.takeFault(r.route.name, faultLose) != nil
}

// faulty runs a call unless a fault, a limit or a missing token stands before it, and reports whether it ran.
func (s *Sim) faulty(r *request) (status int, header http.Header, body []byte, ran bool) {
	if s.down {
		return page(http.StatusServiceUnavailable)
	}
	if f := s.takeThrottle(r.route); f != nil {
		return s.limited(r, f.scope, f.after)
	}
	if f := s.takeFailure(r); f != nil {
		if f.code < 1000 {
			return page(f.code)
		}
		return encode(fail(f.code))
	}
	if wait := s.overGlobal(r.route); wait > 0 {
		return s.limited(r, Global, wait)
	}
	if wait := s.overBucket(r); wait > 0 {
		return s.limited(r, PerRoute, wait)
	}
	a, problem := s.call(r)
	if problem != nil {
		status, header, body, _ = encode(problem)
	} else {
		status, header, body = a.encode()
	}
	s.bucketHeader(r, header)
	return status, header, body, true
}

// takeFailure uses up one failure that is meant for a call, or returns nil.
func (s *Sim) takeFailure(r *request) *fault {
	if f := s.takeFault(r.route.name, faultFail); f != nil || len(r.files) == 0 {
		return f
	}
	return s.takeFault(r.route.name, faultFailFiles)
}

// call answers one call whose transport went well.
func (s *Sim) call(r *request) (answer, *failure) {
	switch {
	case !strings.HasPrefix(r.UserAgent(), "DiscordBot ("):
		return answer{}, fail(40333) // https://docs.discord.com/developers/reference#user-agent
	case !r.authed && !r.route.open:
		return answer{}, unauthorized()
	case r.problem != nil:
		return answer{}, r.problem
	}
	return r.route.run(s, r)
}

func (a answer) encode() (int, http.Header, []byte) {
	if a.body == nil {
		return a.status, http.Header{}, nil
	}
	return a.status, http.Header{"Content-Type": {"application/json"}}, rawJSON(a.body)
}

// Calls returns the calls received, oldest first; routes narrows them.
func (s *Sim) Calls(routes ...string) []Call {
	defer s.lock()()
	var found []Call
	for _, c := range s.calls {
		if len(routes) == 0 || slices.Contains(routes, c.Route) {
			found = append(found, c)
		}
	}
	return found
}
