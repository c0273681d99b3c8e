package acl

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

func TestWhoCan(t *testing.T) {
	t.Parallel()
	p := parse(t, keepers)
	mainland, both := []purge.Area{purge.Mainland}, []purge.Area{purge.Mainland, purge.Overseas}
	bob, one, two := []string{"slack:T0/U2"}, Subject("slack:T0/C1"), Subject("slack:T0/C2")
	crew, ann := []string{"slack:T0/S5", "slack:T0/U2"}, []string{"slack:T0/U1", "terminal:ann"}
	site := func(to string, members []string, areas []purge.Area, denied ...Denied) Access {
		return Access{To: to, Members: members, Rule: "site", Areas: areas, Confirm: SecondPerson, Approvers: []string{"leads"}, Denied: denied}
	}
	notBob, notTwo := Denied{Rule: "not bob", Who: bob, Areas: both[1:]}, Denied{Rule: "no office two", Areas: both, In: two}
	office := Access{To: "crew", Members: crew, Rule: "office", Areas: mainland, Paths: []string{"/a/"}, In: []Subject{one}, Until: noon.Add(time.Hour),
		Denied: []Denied{{Rule: "no office two", Areas: mainland, In: two}}}
	for name, c := range map[string]struct {
		ask  string
		area purge.Area
		at   time.Time
		want []Access
	}{
		"everywhere":     {"https://www.example.com/a/", "", noon, []Access{site("crew", crew, both, notTwo, notBob), site("ann", ann, both), office}},
		"one area":       {"https://www.example.com/a/", purge.Mainland, noon, []Access{site("crew", crew, mainland, Denied{Rule: "no office two", Areas: mainland, In: two}), site("ann", ann, mainland), office}},
		"overseas":       {"https://www.example.com/b/", purge.Overseas, noon, []Access{site("crew", crew, both[1:], notBob), site("ann", ann, both[1:])}},
		"a directory":    {"directory https://www.example.com/b/", purge.Mainland, noon, []Access{site("crew", crew, mainland), site("ann", ann, mainland)}},
		"another scheme": {"http://www.example.com/b/", purge.Mainland, noon, []Access{site("crew", crew, mainland), site("ann", ann, mainland)}},
		"a channel": {"@slack:T0/C1 https://www.example.com/a/", purge.Mainland, noon, []Access{site("crew", crew, mainland), site("ann", ann, mainland),
			{To: "crew", Members: crew, Rule: "office", Areas: mainland, Paths: []string{"/a/"}, In: []Subject{one}, Until: noon.Add(time.Hour)}}},
		"another channel":    {"@slack:T0/C3 https://www.example.com/a/", purge.Mainland, noon, []Access{site("crew", crew, mainland), site("ann", ann, mainland)}},
		"later":              {"https://www.example.com/b/", purge.Mainland, noon.Add(time.Hour), []Access{site("crew", crew, mainland), site("ann", ann, mainland)}},
		"denied altogether":  {"https://a.s.example.com/", purge.Mainland, noon, []Access{site("crew", crew, mainland), site("ann", ann, []purge.Area{}, Denied{Rule: "not ann", Areas: mainland})}},
		"nobody":             {"https://s.example.com/", "", noon, nil},
		"nobody on A-labels": {"https://xn--bcher-kva.s.example.com/", "", noon, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := question(p, c.ask)
			a.Area, a.At = c.area, c.at
			assert.Equal(t, c.want, p.WhoCan(a))
		})
	}
}

// TestWhoCanTellsDenialsApart checks that denials with equal names stay apart.
func TestWhoCanTellsDenialsApart(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
groups: {all: [slack:T0/U1, slack:T0/U2]}
grants: [{to: [all], domains: [a.example.com], areas: [mainland, overseas]}]
denials:
  - {name: d, to: [slack:T0/U1], areas: [mainland]}
  - {name: d, to: [slack:T0/U2], areas: [overseas]}
  - {name: e, in: [slack:T0/C1, slack:T0/C2], areas: [mainland]}
`)
	a := question(p, "https://a.example.com/")
	a.Area = ""
	mainland, overseas := []purge.Area{purge.Mainland}, []purge.Area{purge.Overseas}
	assert.ElementsMatch(t, []Denied{{"d", []string{"slack:T0/U1"}, mainland, ""}, {"d", []string{"slack:T0/U2"}, overseas, ""},
		{"e", nil, mainland, "slack:T0/C1"}, {"e", nil, mainland, "slack:T0/C2"}}, p.WhoCan(a)[0].Denied)
}

// TestWhoCanMissesNobody checks that WhoCan lists every person with access and, apart from denials, no other
// person.
func TestWhoCanMissesNobody(t *testing.T) {
	t.Parallel()
	worlds(func(_ *rand.Rand, w world) {
		p := w.policy(t)
		listed := map[string]map[string]bool{} // names by place; true without a denial
		for i, a := range everything {
			if a.In == "" { // WhoCan would answer for every channel
				continue
			}
			s := a.Who.subject
			a.At = worldTimes[i%len(worldTimes)]
			a.Who = question(p, string(s)+" https://a.example.com/").Who
			place := fmt.Sprint(a.Target, a.Kind, a.Area, a.In, a.At)
			if listed[place] == nil {
				listed[place] = map[string]bool{}
				for _, access := range p.WhoCan(a) {
					listed[place][access.To] = listed[place][access.To] || len(access.Denied) == 0
				}
			}
			d, can := p.decideByFile(a), false
			for name, plainly := range listed[place] {
				if a.Who.named.has(p.names.numbers[name]) {
					can = true
					assert.False(t, plainly && !d.Allowed && !d.Denied, "%s: %+v", place, a.Who)
				}
			}
			assert.True(t, can || !d.Allowed, "%s: %+v", place, a.Who)
		}
	})
}
