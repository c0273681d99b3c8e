package purge

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lines decodes every line of a file in testdata/urls; the README there describes the files.
func lines[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open("testdata/urls/" + name)
	require.NoError(t, err)
	defer f.Close()
	var all []T
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<22)
	for scanner.Scan() {
		var line T
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &line))
		all = append(all, line)
	}
	require.NoError(t, scanner.Err())
	return all
}

// verdict is another parser's reading of an input; nil is a refusal.
type verdict struct {
	Input        string
	WHATWGHost   *string  `json:"whatwg_host"`
	WHATWGScheme *string  `json:"whatwg_scheme"`
	GoHost       *string  `json:"go_host"`
	HostsSeen    []string `json:"distinct_hosts_seen"`
}

// Every parser that accepts an accepted target reads the same host, and no reputable parser refuses it.
// A-labels are an exception: some parsers decode them and judge the result by their version of Unicode.
func TestParsersAgreeOnWhatIsAccepted(t *testing.T) {
	t.Parallel()
	accepted := 0
	for _, v := range lines[verdict](t, "urls.jsonl") {
		got, err := Parse(URL, v.Input)
		if err != nil {
			requireRefused(t, URL, v.Input)
			continue
		}
		accepted++
		requireCanonical(t, got)
		for _, seen := range v.HostsSeen {
			assert.Equal(t, got.Host(), seen, "%q", v.Input)
		}
		if v.GoHost != nil {
			assert.Equal(t, got.Host(), *v.GoHost)
		}
		if v.WHATWGHost == nil {
			assert.Contains(t, got.Host(), "xn--", "%q", v.Input)
			continue
		}
		assert.Equal(t, got.Host(), *v.WHATWGHost)
		assert.Equal(t, got.Scheme(), *v.WHATWGScheme)
	}
	t.Logf("%d accepted", accepted)
	assert.Greater(t, accepted, 100)
}

// attack is an input with the verdict of a whole policy. This package tests the grammar's part; package acl
// tests the rest.
type attack struct {
	ID, User, Input, Expected, Severity, Reason string
	CanonicalAny                                []string `json:"canonical_any"`
}

func TestAttacksKeepTheirHost(t *testing.T) {
	t.Parallel()
	granted := func(a attack, target Target) bool {
		if a.User == "prue" {
			return strings.HasPrefix(target.String(), "https://www.example.com/app/")
		}
		return target.Host() == "www.example.com" || strings.HasSuffix(target.Host(), ".static.example.org")
	}
	accepted := 0
	for _, a := range lines[attack](t, "acl-transplant.jsonl") {
		got, err := Parse(URL, a.Input)
		switch {
		case err != nil:
			assert.NotEqual(t, "allow", a.Expected, "%s %q: %v", a.ID, a.Input, err)
			requireRefused(t, URL, a.Input)
		case a.Expected == "deny" && granted(a, got):
			assert.NotEqual(t, "breach", a.Severity, "%s %q", a.ID, a.Input)
			assert.Contains(t, got.Host(), "xn--", "%s %q: %s", a.ID, a.Input, a.Reason)
		case a.Expected != "deny":
			accepted++
			assert.True(t, slices.Contains(a.CanonicalAny, got.String()), "%s %q: %s", a.ID, a.Input, got)
			requireCanonical(t, got)
		}
	}
	t.Logf("%d accepted", accepted)
	assert.Greater(t, accepted, 100)
}

// FuzzParse checks for arbitrary input that targets are canonical and refusals are safe to show.
func FuzzParse(f *testing.F) {
	for i, v := range lines[verdict](f, "urls.jsonl") {
		if i%20 == 0 {
			f.Add(v.Input)
		}
	}
	for _, s := range []string{"HTTPS://WWW.test.com:443?q#f", "https://a.com/%252e%252e/", "https://bücher.example/ü", "a.com/b", "https://a.com:/[|]\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		target, err := Parse(URL, in)
		if err != nil {
			requireRefused(t, URL, in)
			requireRefused(t, Directory, in)
			return
		}
		requireCanonical(t, target)
		var back Target
		require.NoError(t, back.UnmarshalText([]byte(target.String())))
		require.Equal(t, target.String(), back.String())
		directory, err := Parse(Directory, in)
		if err != nil {
			requireRefused(t, Directory, in)
			return
		}
		require.Equal(t, target, directory)
		require.True(t, strings.HasSuffix(directory.String(), "/"))
	})
}
