package acl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// fixture is the content of testdata/urls/acl-fixture.json.
const fixture = `version: 1
grants:
  - name: alice's hosts
    to: [terminal:alice]
    domains: [www.example.com, "*.static.example.org"]
  - name: prue's path
    to: [terminal:prue]
    domains: [www.example.com]
    schemes: [https]
    paths: [/app/]
`

// answer is a line of Check's output.
type answer struct {
	Allowed   bool
	Canonical string
	Reason    string
	Rule      string
}

type labelled struct {
	ID           string   `json:"id"`
	User         string   `json:"user"`
	Input        string   `json:"input"`
	Expected     string   `json:"expected"`
	CanonicalAny []string `json:"canonical_any"`
	Severity     string   `json:"severity"`
	Reason       string   `json:"reason"`
}

func corpus(t *testing.T) (all []labelled) {
	t.Helper()
	file, err := os.Open("../purge/testdata/urls/acl-transplant.jsonl")
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var l labelled
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		all = append(all, l)
	}
	require.NoError(t, lines.Err())
	return all
}

// TestCorpus judges thousands of labelled targets through Check: every bad target is refused, every good target
// is allowed, and every allowed target has one of the canonical forms that all parsers read alike.
func TestCorpus(t *testing.T) {
	t.Parallel()
	p := parse(t, fixture)
	byUser := map[string][]labelled{}
	for _, l := range corpus(t) {
		byUser[l.User] = append(byUser[l.User], l)
	}
	count := map[string]int{}
	for user, all := range byUser {
		for i, v := range checkAll(t, p, Subject("terminal:"+user), all) {
			l := all[i]
			count[l.Expected]++
			switch l.Expected {
			case "deny":
				assert.False(t, v.Allowed, "%s %q must be refused: %s", l.ID, l.Input, l.Reason)
			case "allow":
				assert.True(t, v.Allowed, "%s %q must be allowed: %s", l.ID, l.Input, v.Reason)
			}
			if v.Allowed {
				count["allowed"]++
				assert.True(t, slices.Contains(l.CanonicalAny, v.Canonical), "%s %q: %q is none of %q", l.ID, l.Input, v.Canonical, l.CanonicalAny)
				assertStable(t, p, Subject("terminal:"+user), v.Canonical)
			}
		}
	}
	t.Log(count)
	require.Greater(t, count["deny"], 1000)
	require.Greater(t, count["allowed"], 100)
}

// An answer depends on its own line alone: not on the order, not on earlier lines, not on a line of 1.2 MB in
// between.
func TestCorpusInAnyOrder(t *testing.T) {
	t.Parallel()
	p := parse(t, fixture)
	all := corpus(t)
	want := checkAll(t, p, "terminal:alice", all)
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	backwards = append(backwards, labelled{Input: "https://www.example.com/" + strings.Repeat("a", 1_200_000)})
	got := checkAll(t, p, "terminal:alice", append(backwards, all...))
	assert.False(t, got[len(all)].Allowed)
	assert.Equal(t, want, got[len(all)+1:])
	slices.Reverse(want)
	assert.Equal(t, want, got[:len(all)])
}

func checkAll(t *testing.T, p *Policy, user Subject, all []labelled) (answers []answer) {
	t.Helper()
	var in, out bytes.Buffer
	for _, l := range all {
		require.NoError(t, json.NewEncoder(&in).Encode(l.Input))
	}
	require.NoError(t, p.Check(&in, &out, CheckOptions{User: user}))
	for d := json.NewDecoder(&out); d.More(); {
		var a answer
		require.NoError(t, d.Decode(&a))
		answers = append(answers, a)
	}
	require.Len(t, answers, len(all))
	return answers
}

// assertStable checks that a canonical form is allowed again, unchanged.
func assertStable(t *testing.T, p *Policy, user Subject, canonical string) {
	t.Helper()
	target, err := purge.Parse(purge.URL, canonical)
	require.NoError(t, err)
	assert.Equal(t, canonical, target.String())
	assert.True(t, p.decideByFile(ask(p, user, canonical)).Allowed, canonical)
}
