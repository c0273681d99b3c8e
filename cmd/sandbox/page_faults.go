package main

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"

	"purgebot/adapters/slack/slacksim"
	"purgebot/purge/tencent/cdnsim"
)

// trouble is one way in which a side misbehaves, and what to expect of it.
type trouble struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Hint  string `json:"hint"`

	cdn   cdnsim.Fault
	slack func(*slacksim.Workspace)
}

// fine is how both sides begin.
const fine = "fine"

// The codes are the vendor's: https://cloud.tencent.com/document/product/228/5078
var cdnTroubles = []trouble{
	{Name: fine, Label: "Fine", Hint: "The CDN answers as it should."},
	{Name: "slow", Label: "Slow", Hint: "Each call takes four seconds. The chat is answered at once all the same.",
		cdn: cdnsim.Fault{Latency: 4 * time.Second}},
	{Name: "cut-before", Label: "Cut before acting", Hint: "The connection breaks and nothing was purged. purgebot cannot know that, so it looks before it says anything.",
		cdn: cdnsim.Fault{Do: cdnsim.Reset}},
	{Name: "cut-after", Label: "Cut after acting", Hint: "It was purged, but the answer is lost. purgebot must not send it twice.",
		cdn: cdnsim.Fault{Do: cdnsim.Reset, Acts: true}},
	{Name: "garbage", Label: "Garbage", Hint: "HTTP 200 with bytes that mean nothing.", cdn: cdnsim.Fault{Do: cdnsim.Garbage}},
	{Name: "http-502", Label: "HTTP 502", Hint: "A gateway answers in the CDN's place.", cdn: cdnsim.Fault{Do: cdnsim.HTTPError, Status: http.StatusBadGateway}},
	{Name: "quota", Label: "Quota used up", Hint: "Tencent refuses with code 22044.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 22044}},
	{Name: "rate", Label: "Too many calls", Hint: "Tencent refuses with code 4400: slow down.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 4400}},
	{Name: "keys", Label: "Wrong key", Hint: "Tencent refuses with code 4100: the key or its signature.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 4100}},
	{Name: "task-fails", Label: "Task fails", Hint: "The purge is accepted, and fails later.", cdn: cdnsim.Fault{Do: cdnsim.TaskFails}},
}

var slackTroubles = []trouble{
	{Name: fine, Label: "Fine", Hint: "Slack answers as it should.", slack: func(*slacksim.Workspace) {}},
	{Name: "rate", Label: "Rate limited (429)", Hint: "Slack shows nothing until this ends. Purges go on meanwhile.",
		slack: func(s *slacksim.Workspace) { s.Throttle(-1, 2*time.Second) }},
	{Name: "down", Label: "Down", Hint: "Commands still arrive, but Slack takes no answer until this ends.",
		slack: func(s *slacksim.Workspace) { s.Down(true) }},
}

// switches remember which trouble each side is in.
type switches struct {
	mu         sync.Mutex
	cdn, slack string
	onlyNext   bool
}

// turn puts one side into one trouble, in place of any before.
func (p *page) turn(side, name string, onlyNext bool) error {
	s := &p.switches
	s.mu.Lock()
	defer s.mu.Unlock()
	switch t, found := findTrouble(side, name); {
	case !found:
		return fmt.Errorf("there is no fault %q of %q", name, side)
	case side == "cdn":
		s.cdn, s.onlyNext = name, onlyNext
		p.cdn.ClearFaults()
		if onlyNext {
			t.cdn.Times = 1
		}
		if name != fine {
			p.cdn.Fault(t.cdn)
		}
	default:
		s.slack = name
		p.slack.Heal()
		t.slack(p.slack)
	}
	return nil
}

func findTrouble(side, name string) (trouble, bool) {
	for _, t := range map[string][]trouble{"cdn": cdnTroubles, "slack": slackTroubles}[side] {
		if t.Name == name {
			return t, true
		}
	}
	return trouble{}, false
}

// now returns which trouble each side is in. One for the next call only is over with that call.
func (p *page) now() (cdn, slack string, onlyNext bool) {
	s := &p.switches
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p.cdn.Faults()) == 0 {
		s.cdn = fine
	}
	return s.cdn, cmp.Or(s.slack, fine), s.onlyNext
}
