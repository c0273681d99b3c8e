package main

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"

	"purgebot/purge/tencent/cdnsim"
)

// trouble is one fault of a side, with a hint about its effect.
type trouble struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Hint  string `json:"hint"`

	cdn   cdnsim.Fault
	begin func(*world)      // for a chat; nil means no effect
	over  func(*world) bool // nil means that the fault never ends by itself
}

// fine is the initial state of every side.
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
	{Name: "quota", Label: "Quota used up", Hint: "Tencent refuses: the quota of today is used up.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 22044}},
	{Name: "rate", Label: "Too many calls", Hint: "Tencent refuses each call for coming too fast. purgebot slows down and tries again.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 9163}},
	{Name: "keys", Label: "Wrong key", Hint: "Tencent refuses the key or its signature.", cdn: cdnsim.Fault{Do: cdnsim.Refusal, Code: 4100}},
	{Name: "task-fails", Label: "Task fails", Hint: "The purge is accepted, and fails later.", cdn: cdnsim.Fault{Do: cdnsim.TaskFails}},
}

var slackTroubles = []trouble{
	{Name: fine, Label: "Fine", Hint: "Slack answers as it should."},
	{Name: "rate", Label: "Rate limited (429)", Hint: "Slack takes no message until this ends. Purges that need no press go on meanwhile.",
		begin: func(w *world) { w.slack.Throttle(-1, 2*time.Second, slackMessages...) }},
	{Name: "down", Label: "Down",
		Hint:  "Commands still arrive, but Slack answers nothing: purgebot refuses people whom it has not looked up in the last five minutes, and no message is shown until this ends.",
		begin: func(w *world) { w.slack.Down(true) }},
}

// slackMessages and discordMessages are the calls that show messages. Each chat limits its methods separately,
// so that look-ups keep working: otherwise purgebot could not identify people after a start.
var (
	slackMessages   = []string{"chat.postMessage", "chat.postEphemeral", "chat.update", "response_url"}
	discordMessages = []string{"POST /channels/{channel}/messages", "PATCH /channels/{channel}/messages/{message}", "POST /channels/{channel}/messages/{message}/threads"}
)

var discordTroubles = []trouble{
	{Name: fine, Label: "Fine", Hint: "Discord answers as it should."},
	{Name: "rate", Label: "Rate limited (429)", Hint: "Discord takes no message until this ends. Purges that need no press go on meanwhile.",
		begin: func(w *world) { w.discord.Throttle(-1, 2*time.Second, discordMessages...) }},
	{Name: "down", Label: "Down", Hint: "Nothing arrives, and purgebot tries to come back until this ends, more and more seldom.",
		begin: func(w *world) { w.discord.Down(true) }},
	{Name: "drop", Label: "Gateway drops", Hint: "The connection broke. purgebot is coming back, and is then told what it missed.",
		begin: func(w *world) { w.discord.Drop() }, over: func(w *world) bool { return w.discord.Gateway().Live > 0 }},
}

// sides are the parts with faults, in the order shown.
var sides = []side{{Key: "cdn", Troubles: cdnTroubles}, {Key: "slack", Troubles: slackTroubles}, {Key: "discord", Troubles: discordTroubles}}

// switches holds the current fault of each side.
type switches struct {
	mu       sync.Mutex
	now      map[string]string // by side
	onlyNext bool
}

// turn sets the fault of one side, and ends the previous one.
func (p *page) turn(side, name string, onlyNext bool) error {
	s := &p.switches
	s.mu.Lock()
	defer s.mu.Unlock()
	// Find the fault.
	t, found := findTrouble(side, name)
	if !found {
		return fmt.Errorf("there is no fault %q of %q", name, side)
	}
	if s.now == nil {
		s.now = map[string]string{}
	}
	// Replace the current one.
	s.now[side] = name
	p.heal(side)
	if side == "cdn" {
		p.breakCDN(t, onlyNext)
		s.onlyNext = onlyNext
	} else if t.begin != nil {
		t.begin(p.world)
	}
	return nil
}

func (p *page) heal(side string) {
	switch side {
	case "cdn":
		p.cdn.ClearFaults()
	case "slack":
		p.slack.Heal()
	case "discord":
		p.discord.Heal()
	}
}

func (p *page) breakCDN(t trouble, onlyNext bool) {
	if onlyNext {
		t.cdn.Times = 1
	}
	if t.Name != fine {
		p.cdn.Fault(t.cdn)
	}
}

func findTrouble(name, fault string) (trouble, bool) {
	for _, s := range sides {
		for _, t := range s.Troubles {
			if s.Key == name && t.Name == fault {
				return t, true
			}
		}
	}
	return trouble{}, false
}

// now returns the current fault of each side. Some faults end by themselves: those for one call with that call.
func (p *page) now() broken {
	s := &p.switches
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := broken{OnlyNext: s.onlyNext}
	for _, one := range sides {
		t, _ := findTrouble(one.Key, s.now[one.Key])
		if one.Key == "cdn" && len(p.cdn.Faults()) == 0 || t.over != nil && t.over(p.world) {
			delete(s.now, one.Key)
		}
		one.Now = cmp.Or(s.now[one.Key], fine)
		shown.Sides = append(shown.Sides, one)
	}
	return shown
}
