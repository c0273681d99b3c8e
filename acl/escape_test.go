package acl

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"purgebot/purge"
)

// separators are the characters that move a path elsewhere, or hide such a move.
const separators = `/\.%;`

// escapes spells each byte of s as an escape, with small or capital digits.
func escapes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, []string{"%%%02x", "%%%02X"}[i%2], s[i])
	}
	return b.String()
}

// TestEscapesOfEveryCharacter compares the judgement of each character of Unicode with NFKC and with its class.
func TestEscapesOfEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if 0xd800 <= r && r <= 0xdfff {
			continue
		}
		want := strings.ContainsAny(norm.NFKC.String(string(r)), separators) || unicode.IsControl(r) || r == utf8.RuneError
		if got := encoded("/app/a"+escapes(string(r))+"b/") != ""; got != want {
			t.Errorf("U+%04X is refused: %t, want %t", r, got, want)
		}
	}
}

// TestEscapesThatAreNoCharacters tries all pairs of bytes and the overlong forms of all ASCII characters.
func TestEscapesThatAreNoCharacters(t *testing.T) {
	t.Parallel()
	for a := range 0x80 {
		for b := range 0x100 {
			s := string([]byte{byte(0x80 + a), byte(b)})
			r, size := utf8.DecodeRuneInString(s)
			fine := utf8.ValidString(s) && size == 2 && !unicode.IsControl(r) && !strings.ContainsAny(norm.NFKC.String(s), separators)
			assert.Equal(t, fine, encoded("/app/"+escapes(s)+"/x") == "", "%x", s)
		}
	}
	for c := byte(0); c < 0x80; c++ {
		for _, overlong := range []string{
			string([]byte{0xc0 | c>>6, 0x80 | c&0x3f}),
			string([]byte{0xe0, 0x80 | c>>6, 0x80 | c&0x3f}),
			string([]byte{0xf0, 0x80, 0x80 | c>>6, 0x80 | c&0x3f}),
			string([]byte{0xf8, 0x80, 0x80, 0x80 | c>>6, 0x80 | c&0x3f}),
		} {
			assert.NotEmpty(t, encoded("/app/x"+escapes(overlong)), "%x", overlong)
		}
	}
}

// FuzzEscapes checks the paths that a grant of /app/ covers: decoded once or twice, with look-alikes folded and
// unseen characters dropped, such a path stays under /app/ and keeps its segments.
func FuzzEscapes(f *testing.F) {
	for _, path := range []string{"..%0d/admin", "%c0%ae%c0%ae/admin", "%ef%bc%8e%ef%bc%8e/admin", "..%20/admin", ".%e2%80%8b./admin", "a%25ef%25bc%258e", "%ef%bc%852e",
		"%e4%bd%a0%e5%a5%bd.html", "a%20b", "%F0%9F%98%80", "%e2%80%a5/admin", ".%c2%a0./x", ".%ef%b8%8f./x"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, below string) { requireStays(t, "/app/"+below) })
}

func requireStays(t *testing.T, path string) {
	t.Helper()
	target, err := purge.Parse(purge.URL, "https://www.example.com"+path)
	if err != nil || target.Path() != path || !literal(target) {
		return
	}
	once := string(purge.Unescape([]byte(path)))
	require.Equal(t, once, string(purge.Unescape([]byte(once))), "%q means another path to a server that decodes twice", path)
	require.True(t, utf8.ValidString(once), "%q", path)
	seen := strings.Map(func(r rune) rune {
		require.False(t, unicode.IsControl(r), "%q", path)
		if unicode.In(r, unicode.Z, unicode.Cf) {
			return -1
		}
		return r
	}, norm.NFKC.String(once))
	for _, c := range separators {
		require.Equal(t, strings.Count(path, string(c))-escapesIn(path, c), strings.Count(seen, string(c)), "%q has another number of %q once it is decoded", path, c)
	}
	if strings.Contains(path, "%") {
		raw := strings.FieldsFunc(path, slashes)
		for i, segment := range strings.FieldsFunc(seen, slashes) {
			require.False(t, strings.Trim(segment, ".") == "" && i < len(raw) && segment != raw[i], "%q holds the dot segment %q", path, segment)
		}
	}
}

func slashes(r rune) bool { return r == '/' || r == ';' }

// escapesIn counts the percent signs of a path, which decoding removes.
func escapesIn(path string, c rune) int {
	if c != '%' {
		return 0
	}
	return strings.Count(path, "%")
}

// TestEscapesMixed mixes raw and escaped characters of all classes at random, and judges them under a grant of
// /app/.
func TestEscapesMixed(t *testing.T) {
	t.Parallel()
	pieces := []string{".", "..", "/", "a", "%20", "%2e", "%252e", "%0d", "%7f", "%c2%85", "%c0%ae", "%e0%80%ae", "%ef%bc%8e", "%EF%BC%8F", "%e2%80%8b", "%c2%ad", "%ef%bc%85",
		"2e", "%e2%80", "%80", "%e4%bd%a0", "%ef%b9%a8", "%cd%be", ";", "%3b", "%f0%9f%84%80", "%ed%a0%80", "%e3%80%80", "%ef%bb%bf", "-"}
	r := rand.New(rand.NewPCG(8, 2026))
	for range 50_000 {
		path := "/app/"
		for range 1 + r.IntN(6) {
			path += pieces[r.IntN(len(pieces))]
		}
		requireStays(t, path)
	}
}

// TestEscapesAreAnsweredWithAWord checks the sentences for people.
func TestEscapesAreAnsweredWithAWord(t *testing.T) {
	t.Parallel()
	p := parse(t, fixture)
	for path, want := range map[string]string{
		"/app/a%2fb":                    "You may purge /app/ on www.example.com, but not with %2f in the path, which can be read in two ways; type the character itself.",
		"/app/..%0d/admin":              "You may purge /app/ on www.example.com, but not with %0d in the path, which can be read in two ways; only a grant of the whole host covers it.",
		"/app/%c0%ae%c0%ae/admin":       "You may purge /app/ on www.example.com, but not with %c0 in the path, which can be read in two ways; only a grant of the whole host covers it.",
		"/app/%ef%bc%8e%ef%bc%8e/admin": "You may purge /app/ on www.example.com, but not with %ef%bc%8e in the path, which can be read in two ways; only a grant of the whole host covers it.",
		"/app/..%20/admin":              "You may purge /app/ on www.example.com, but not with %20 in the path, which can be read in two ways; only a grant of the whole host covers it.",
	} {
		a := Ask{Who: p.Who("terminal:prue", nil), Kind: purge.URL, Area: purge.Mainland, Target: target(purge.URL, "https://www.example.com"+path)}
		d := p.decideByFile(a)
		assert.False(t, d.Allowed, path)
		assert.Equal(t, want+" Ask those who keep the policy file.", p.explain(a, d), path)
	}
	for _, path := range []string{"/app/%e4%bd%a0%e5%a5%bd.html", "/app/a%20b.css", "/app/%F0%9F%98%80/", "/app/%d9%85%db%8c%e2%80%8c%d8%b1%d9%88%d9%85", "/app/%C3%BC.%20x"} {
		a := Ask{Who: p.Who("terminal:prue", nil), Kind: purge.URL, Area: purge.Mainland, Target: target(purge.URL, "https://www.example.com"+path)}
		assert.True(t, p.decideByFile(a).Allowed, path)
	}
}
