package purge

import (
	"net/url"
	"strings"
	"testing"

	browser "github.com/nlnwa/whatwg-url/url"
	"github.com/stretchr/testify/require"
)

// requireSameInBrowser compares a target with a browser's reading, by the URL standard (https://url.spec.whatwg.org): the text as typed and
// the canonical text must give the same address. Two differences are allowed for: the standard writes ' in a
// query as %27, unlike other clients, and it decodes A-labels by one version of Unicode.
func requireSameInBrowser(t *testing.T, typed string, target Target) {
	t.Helper()
	for _, in := range []string{typed, target.String()} {
		u, err := browser.Parse(in)
		if err != nil {
			if !strings.Contains(err.Error(), "value out of range") { // the oracle takes a long label of digits for a number
				require.Contains(t, target.Host(), "xn--", "%q: %v", in, err)
			}
			continue
		}
		want := target.String()
		if path, query, found := strings.Cut(want, "?"); found {
			want = path + "?" + strings.ReplaceAll(query, "'", "%27")
		}
		require.Equal(t, want, u.Href(true), "%q", in)
		require.Equal(t, target.Host(), u.Hostname())
		require.Equal(t, target.Path(), u.Pathname())
		require.Empty(t, u.Username()+u.Password()+u.Port())
	}
}

// requireSameInGo checks that Go's URL parser reads and rewrites a target unchanged.
func requireSameInGo(t *testing.T, target Target) {
	t.Helper()
	u, err := url.Parse(target.String())
	require.NoError(t, err)
	require.Equal(t, target.String(), u.String())
	require.Equal(t, target.Host(), u.Host)
	require.Equal(t, target.Path(), u.EscapedPath())
	require.Equal(t, target.Query(), u.RawQuery)
}

// Browsers, Go's net/url and every parser of the corpus read an accepted target as it was judged.
func TestBrowsersAgreeOnWhatIsAccepted(t *testing.T) {
	t.Parallel()
	accepted := 0
	agree := func(in string) {
		if target, err := Parse(URL, in); err == nil {
			accepted++
			requireSameInBrowser(t, in, target)
			requireSameInGo(t, target)
		}
	}
	for _, v := range lines[verdict](t, "urls.jsonl") {
		agree(v.Input)
	}
	for _, a := range lines[attack](t, "acl-transplant.jsonl") {
		agree(a.Input)
	}
	require.Greater(t, accepted, 1000)
}

// FuzzBrowser searches for a target that a browser reads differently.
func FuzzBrowser(f *testing.F) {
	for i, v := range lines[verdict](f, "urls.jsonl") {
		if i%20 == 0 {
			f.Add(v.Input)
		}
	}
	for i, a := range lines[attack](f, "acl-transplant.jsonl") {
		if i%20 == 7 {
			f.Add(a.Input)
		}
	}
	for i, l := range attacks(f) {
		if i%5 == 3 {
			f.Add(l.input)
		}
	}
	f.Add("HTTPS://WWW.test.com:443/%7e/a;b=c@d/(e)?a[]='1'&b=%2e%2e/../#é")
	f.Fuzz(func(t *testing.T, in string) {
		target, err := Parse(URL, in)
		if err != nil {
			return
		}
		requireSameInBrowser(t, in, target)
		requireSameInGo(t, target)
	})
}
