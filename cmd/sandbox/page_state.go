package main

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"purgebot/purge/tencent/cdnsim"
)

// The limits of long values on the page.
const (
	shownMessages = 300
	shownRequests = 60
	shownParams   = 24   // targets of one request
	shownFile     = 8192 // bytes
)

// state is the world from the view of one person. The page treats all of it as text, never as markup.
type state struct {
	API      string    `json:"api"`      // the CDN's API, "2.0" or "3.0"
	Messages []message `json:"messages"` // oldest first
	Form     *form     `json:"form"`
	Requests []request `json:"requests"` // newest first
	Edges    []edge    `json:"edges"`
	Quota    []quota   `json:"quota"`
	Faults   broken    `json:"faults"`
}

type request struct {
	Key      string         `json:"key"`
	At       int64          `json:"at"` // Unix milliseconds
	Line     string         `json:"line"`
	Action   string         `json:"action"`
	Area     cdnsim.Area    `json:"area"`
	Targets  []string       `json:"targets"`
	Verified bool           `json:"verified"`
	Outcome  string         `json:"outcome"`
	Tone     string         `json:"tone"` // good, bad or busy
	Params   []cdnsim.Param `json:"params"`
	More     int            `json:"more"` // number of targets missing from Params
}

type edge struct {
	Key      string `json:"key"` // the URL
	Site     string `json:"site"`
	Path     string `json:"path"`
	Mainland cached `json:"mainland"`
	Overseas cached `json:"overseas"`
}

type cached struct {
	State    cdnsim.State `json:"state"` // "" means not cached
	Outdated bool         `json:"outdated"`
}

type quota struct {
	Key   string      `json:"key"`
	Area  cdnsim.Area `json:"area"`
	Kind  cdnsim.Kind `json:"kind"`
	Used  int         `json:"used"`
	Total int         `json:"total"`
}

// side is a part with faults.
type side struct {
	Key      string    `json:"key"`
	Troubles []trouble `json:"troubles"`
	Now      string    `json:"now"`
}

// broken lists the available faults and the current ones.
type broken struct {
	Sides    []side `json:"sides"`
	OnlyNext bool   `json:"onlyNext"`
}

func (p *page) state(c chat, user string) state {
	messages := c.messages(user)
	s := state{API: p.api, Messages: append([]message{}, messages[max(0, len(messages)-shownMessages):]...), Form: c.form(user), Requests: p.requests(), Edges: p.edges(), Faults: p.now()}
	for _, q := range p.cdn.Quota() {
		s.Quota = append(s.Quota, quota{string(q.Area) + string(q.Kind), q.Area, q.Kind, q.Used, q.Total})
	}
	return s
}

func (p *page) requests() []request {
	all := p.cdn.Requests()
	shown := []request{}
	for _, r := range slices.Backward(all[max(0, len(all)-shownRequests):]) {
		shown = append(shown, shownRequest(r))
	}
	return shown
}

func shownRequest(r cdnsim.Request) request {
	shown := request{
		Key: fmt.Sprint(r.At.UnixNano(), "/", r.Value("Nonce")), At: r.At.UnixMilli(), Line: r.Method + " " + r.Host + r.Path,
		Action: r.Action, Area: r.Area, Verified: r.Verified,
	}
	shown.Outcome, shown.Tone = outcome(r)
	for _, param := range r.Params {
		if list, _, _ := strings.Cut(param.Name, "."); slices.Contains([]string{"urls", "dirs", "Urls", "Paths"}, list) {
			if len(shown.Targets) == shownParams {
				shown.More++
				continue
			}
			shown.Targets = append(shown.Targets, param.Value)
		}
		shown.Params = append(shown.Params, param)
	}
	return shown
}

// outcome describes a request's result from the view of its sender.
func outcome(r cdnsim.Request) (words, tone string) {
	switch {
	// Requests without a result for the sender.
	case r.Status == 0 && r.Fault == cdnsim.Slow:
		return "under way", "busy"
	case r.Status == 0 && r.Acted:
		return "done, but no answer", "bad"
	case r.Status == 0:
		return "no answer", "bad"
	case r.Status != http.StatusOK:
		return fmt.Sprintf("HTTP %d", r.Status), "bad"
	case r.Error != "":
		return r.Error, "bad"
	case r.Business != 0:
		return fmt.Sprintf("code %d (%d)", r.Code, r.Business), "bad"
	case r.Code != 0:
		return fmt.Sprintf("code %d", r.Code), "bad"
	case !r.Acted || r.Fault != cdnsim.Slow && r.Fault != cdnsim.TaskFails:
		return "unreadable answer", "bad"
	}
	if r.API == cdnsim.API3 {
		return "accepted", "good"
	}
	return "code 0 Success", "good"
}

// edges returns one row for each URL, with the hosts in the order of the account.
func (p *page) edges() []edge {
	var rows []edge
	for _, e := range p.cdn.Edges() {
		if len(rows) == 0 || rows[len(rows)-1].Key != e.URL {
			scheme, rest, _ := strings.Cut(e.URL, "://")
			host, path, _ := strings.Cut(rest, "/")
			rows = append(rows, edge{Key: e.URL, Site: scheme + "://" + host, Path: "/" + path})
		}
		row := &rows[len(rows)-1]
		c := cached{e.State, e.Outdated}
		if e.Area == cdnsim.Mainland {
			row.Mainland = c
		} else {
			row.Overseas = c
		}
	}
	slices.SortStableFunc(rows, func(a, b edge) int { return cmp.Compare(a.host(), b.host()) })
	return rows
}

func (e edge) host() int {
	return slices.IndexFunc(hosts, func(h string) bool { return strings.HasSuffix(e.Site, "://"+h) })
}
