package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"purgebot/adapters/slack/slacksim"
	"purgebot/purge/tencent/cdnsim"
)

// How much of long things the page is sent.
const (
	shownMessages = 300
	shownRequests = 60
	shownParams   = 24   // targets of one request
	shownFile     = 8192 // bytes
)

// state is the world as one person sees it. All of it is text: the page makes no markup of any of it.
type state struct {
	Messages []message `json:"messages"` // oldest first
	Form     *form     `json:"form"`
	Requests []request `json:"requests"` // newest first
	Edges    []edge    `json:"edges"`
	Quota    []quota   `json:"quota"`
	Faults   broken    `json:"faults"`
}

type message struct {
	Key     string   `json:"key"`
	Channel string   `json:"channel"`
	TS      string   `json:"ts"`
	Thread  string   `json:"thread"` // the ts of its root, or ""
	From    string   `json:"from"`
	Who     string   `json:"who"` // person, bot or slack
	OnlyYou bool     `json:"onlyYou"`
	Direct  bool     `json:"direct"` // in a direct message from the bot
	Edited  bool     `json:"edited"`
	Parts   []part   `json:"parts"`
	Buttons []button `json:"buttons"`
	Files   []file   `json:"files"`
}

// part is a piece of a message: title, text, small or code.
type part struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

type button struct {
	Label string `json:"label"`
	Style string `json:"style"`
}

type file struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Cut  bool   `json:"cut"`
}

type form struct {
	Key    string  `json:"key"`
	Title  string  `json:"title"`
	Submit string  `json:"submit"`
	Close  string  `json:"close"`
	Error  string  `json:"error"`
	Fields []field `json:"fields"`
}

type field struct {
	Block    string   `json:"block"`
	Label    string   `json:"label"`
	Hint     string   `json:"hint"`
	Value    string   `json:"value"`
	Options  []string `json:"options"`
	Lines    bool     `json:"lines"`
	Optional bool     `json:"optional"`
	Error    string   `json:"error"`
}

type request struct {
	Key      string         `json:"key"`
	At       int64          `json:"at"` // unix milliseconds
	Line     string         `json:"line"`
	Action   string         `json:"action"`
	Area     cdnsim.Area    `json:"area"`
	Targets  []string       `json:"targets"`
	Verified bool           `json:"verified"`
	Outcome  string         `json:"outcome"`
	Tone     string         `json:"tone"` // good, bad or busy
	Params   []cdnsim.Param `json:"params"`
	More     int            `json:"more"` // targets that are not in Params
}

type edge struct {
	Key      string `json:"key"` // its URL
	Site     string `json:"site"`
	Path     string `json:"path"`
	Mainland cached `json:"mainland"`
	Overseas cached `json:"overseas"`
}

type cached struct {
	State    cdnsim.State `json:"state"` // "" is not cached
	Outdated bool         `json:"outdated"`
}

type quota struct {
	Key   string      `json:"key"`
	Area  cdnsim.Area `json:"area"`
	Kind  cdnsim.Kind `json:"kind"`
	Used  int         `json:"used"`
	Total int         `json:"total"`
}

// broken is which troubles there are to choose from, and which are chosen.
type broken struct {
	CDN      []trouble `json:"cdn"`
	Slack    []trouble `json:"slack"`
	NowCDN   string    `json:"nowCDN"`
	NowSlack string    `json:"nowSlack"`
	OnlyNext bool      `json:"onlyNext"`
}

func (p *page) state(user string) state {
	s := state{Messages: p.messages(user), Form: p.form(user), Requests: p.requests(), Edges: p.edges(),
		Faults: broken{CDN: cdnTroubles, Slack: slackTroubles}}
	for _, q := range p.cdn.Quota() {
		s.Quota = append(s.Quota, quota{string(q.Area) + string(q.Kind), q.Area, q.Kind, q.Used, q.Total})
	}
	s.Faults.NowCDN, s.Faults.NowSlack, s.Faults.OnlyNext = p.now()
	return s
}

// messages is the channel as a person sees it, and what the bot told that person directly.
func (p *page) messages(user string) []message {
	shown := []message{}
	for _, c := range p.slack.Channels() {
		if c.ID != channelID && c.User != user {
			continue
		}
		for _, m := range p.slack.Visible(user, c.ID) {
			shown = append(shown, p.message(m, c.User != ""))
		}
	}
	slices.SortStableFunc(shown, func(a, b message) int { return cmp.Compare(a.TS, b.TS) })
	return shown[max(0, len(shown)-shownMessages):]
}

func (p *page) message(m slacksim.Message, direct bool) message {
	shown := message{
		Key: m.Channel + m.TS, Channel: m.Channel, TS: m.TS, Thread: m.ThreadTS, From: "Slack", Who: "slack",
		OnlyYou: m.To != "", Direct: direct, Edited: len(m.History) > 0, Parts: parts(m), Files: files(m),
	}
	if u, found := p.slack.User(m.User); found {
		shown.From, shown.Who = u.Name, "person"
		if u.Bot {
			shown.Who = "bot"
		}
	}
	for _, b := range m.Buttons() {
		shown.Buttons = append(shown.Buttons, button{b.Text, b.Style})
	}
	return shown
}

// parts takes a message apart by its blocks, so that the page can set a title, a note and a target apart.
func parts(m slacksim.Message) []part {
	m.Files = nil
	var blocks []struct {
		Type     string `json:"type"`
		Elements []struct {
			Type string `json:"type"`
		} `json:"elements"`
	}
	var raw []json.RawMessage
	if json.Unmarshal(m.Blocks, &blocks) != nil || json.Unmarshal(m.Blocks, &raw) != nil {
		return []part{{"text", m.Plain()}}
	}
	var all []part
	for i, b := range blocks {
		one := m
		one.Blocks = append(append(json.RawMessage("["), raw[i]...), ']')
		kind := map[string]string{"header": "title", "context": "small"}[b.Type]
		if b.Type == "rich_text" && len(b.Elements) > 0 && b.Elements[0].Type == "rich_text_preformatted" {
			kind = "code"
		}
		if text := one.Plain(); text != "" {
			all = append(all, part{cmp.Or(kind, "text"), text})
		}
	}
	return all
}

func files(m slacksim.Message) []file {
	var all []file
	for _, f := range m.Files {
		text := f.Content[:min(len(f.Content), shownFile)]
		all = append(all, file{f.Title, strings.ToValidUTF8(string(text), "�"), len(text) < len(f.Content)})
	}
	return all
}

// form is what the person has open, or nil.
func (p *page) form(user string) *form {
	v, open := p.slack.View(user)
	if !open {
		return nil
	}
	f := &form{Key: v.ID, Title: v.Title, Submit: v.Submit, Close: cmp.Or(v.Close, "Cancel"), Error: v.Errors[""]}
	hints := hints(v.Blocks)
	for _, i := range v.Inputs() {
		f.Fields = append(f.Fields, field{i.BlockID, i.Label, hints[i.BlockID], i.Initial, i.Options, i.Multiline, i.Optional, v.Errors[i.BlockID]})
	}
	return f
}

func hints(raw json.RawMessage) map[string]string {
	var blocks []struct {
		Block string `json:"block_id"`
		Hint  struct {
			Text string `json:"text"`
		} `json:"hint"`
	}
	_ = json.Unmarshal(raw, &blocks) // a form without hints is still a form
	hints := map[string]string{}
	for _, b := range blocks {
		hints[b.Block] = b.Hint.Text
	}
	return hints
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
		if strings.HasPrefix(param.Name, "urls.") || strings.HasPrefix(param.Name, "dirs.") {
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

// outcome is what its sender got, and what it could not know.
func outcome(r cdnsim.Request) (words, tone string) {
	switch {
	case r.Status == 0 && r.Fault == cdnsim.Slow:
		return "under way", "busy"
	case r.Status == 0 && r.Acted:
		return "done, but no answer", "bad"
	case r.Status == 0:
		return "no answer", "bad"
	case r.Status != http.StatusOK:
		return fmt.Sprintf("HTTP %d", r.Status), "bad"
	case r.Business != 0:
		return fmt.Sprintf("code %d (%d)", r.Code, r.Business), "bad"
	case r.Code != 0:
		return fmt.Sprintf("code %d", r.Code), "bad"
	case !r.Acted || r.Fault != cdnsim.Slow && r.Fault != cdnsim.TaskFails:
		return "unreadable answer", "bad"
	}
	return "code 0 Success", "good"
}

// edges is one row a URL, the hosts in the order of the account.
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
