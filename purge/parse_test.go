package purge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// long returns a text of n bytes.
func long(n int) string { return strings.Repeat("a", n) }

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	host253 := strings.Repeat(long(49)+".", 5) + "abc"
	for _, tt := range []struct {
		name, in, want string
		changes        Changes
	}{
		{"as it stands", "https://www.test.com/1.jpg", "https://www.test.com/1.jpg", 0},
		{"http", "http://www.test.com/1.jpg", "http://www.test.com/1.jpg", 0},
		{"upper-case scheme", "HTTPS://www.test.com/A", "https://www.test.com/A", LowerCased},
		{"upper-case host, case of path and query kept", "http://WWW.Test.com/A?B=%2F", "http://www.test.com/A?B=%2F", LowerCased},
		{"own port of https", "https://www.test.com:443/a", "https://www.test.com/a", PortDropped},
		{"own port of http", "http://www.test.com:80", "http://www.test.com/", PortDropped | PathAdded},
		{"no path", "https://www.test.com", "https://www.test.com/", PathAdded},
		{"no path but a query", "https://www.test.com?a=1", "https://www.test.com/?a=1", PathAdded},
		{"no path but a fragment", "https://www.test.com#a/b?c", "https://www.test.com/", PathAdded | FragmentDropped},
		{"fragment", "https://www.test.com/a?b#c?d#e", "https://www.test.com/a?b", FragmentDropped},
		{"empty fragment", "https://www.test.com/a#", "https://www.test.com/a", FragmentDropped},
		{"fragment in another alphabet", "https://www.test.com/a#第一节", "https://www.test.com/a", FragmentDropped},
		{"fragment of characters that a path may not hold", "https://www.test.com/a#\"<>[]^`{|}", "https://www.test.com/a", FragmentDropped},
		{"everything at once", "HTTPS://WWW.TEST.COM:443?q#f", "https://www.test.com/?q", LowerCased | PortDropped | PathAdded | FragmentDropped},
		{"empty query kept", "https://www.test.com/a?", "https://www.test.com/a?", 0},
		{"escapes kept, neither decoded nor put in capitals", "https://www.test.com/%e4%BD%a0%20%41?%3f", "https://www.test.com/%e4%BD%a0%20%41?%3f", 0},
		{"all of pchar", "https://www.test.com/AZaz09-._~!$&'()*+,;=:@//", "https://www.test.com/AZaz09-._~!$&'()*+,;=:@//", 0},
		{"all of query", "https://www.test.com/?AZaz09-._~!$&'()*+,;=:@/?[]", "https://www.test.com/?AZaz09-._~!$&'()*+,;=:@/?[]", 0},
		{"path rules are not for queries", "https://www.test.com/a?next=https%3A%2F%2Fa%2F..&b=/../", "https://www.test.com/a?next=https%3A%2F%2Fa%2F..&b=/../", 0},
		{"a scheme in the path", "https://www.test.com/http://user:pw@foo:21/", "https://www.test.com/http://user:pw@foo:21/", 0},
		{"at sign in the query", "https://www.test.com?@evil.com/", "https://www.test.com/?@evil.com/", PathAdded},
		{"A-label", "https://xn--fsqu00a.xn--0zwm56d/", "https://xn--fsqu00a.xn--0zwm56d/", 0},
		{"two hyphens inside", "https://r3---sn-a.test.com/", "https://r3---sn-a.test.com/", 0},
		{"digits in front of a domain", "https://1.2.3.test/", "https://1.2.3.test/", 0},
		{"a last label that begins like a number", "https://a.0xg/", "https://a.0xg/", 0},
		{"a last label that ends like one", "https://a.a1/", "https://a.a1/", 0},
		{"label of 63", "https://" + long(63) + ".com/", "https://" + long(63) + ".com/", 0},
		{"host of 253", "https://" + host253 + "/", "https://" + host253 + "/", 0},
		{"8,192 bytes", "https://a.com/" + long(8178), "https://a.com/" + long(8178), 0},
		{"8,192 bytes with the added slash", "https://a.com?" + long(8177), "https://a.com/?" + long(8177), PathAdded},
		{"dots that are no segment", "https://a.com/.a/b./..c/d../...;x=./e.f", "https://a.com/.a/b./..c/d../...;x=./e.f", 0},
		{"an escaped dot that is no segment", "https://a.com/a%2eb/%2e%2e%2e/%252ex", "https://a.com/a%2eb/%2e%2e%2e/%252ex", 0},
		{"a dot escaped three times", "https://a.com/%25252e/", "https://a.com/%25252e/", 0},
		{"an escape that is invalid only when decoded", "https://a.com/%25zz/%252u/%252", "https://a.com/%25zz/%252u/%252", 0},
		{"ends in a slash", "https://a.com/a/", "https://a.com/a/", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(URL, tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.String())
			assert.Equal(t, tt.changes, got.Changes())
			requireCanonical(t, got)
		})
	}
}

// requireCanonical checks the properties of every target.
func requireCanonical(t *testing.T, got Target) {
	t.Helper()
	again, err := Parse(URL, got.String())
	require.NoError(t, err)
	require.Equal(t, got.String(), again.String())
	require.Zero(t, again.Changes(), "a canonical string needs no change")
	requirePrintable(t, got.String())
	mark := ""
	if strings.Contains(got.String(), "?") {
		mark = "?"
	}
	require.Equal(t, got.String(), got.Scheme()+"://"+got.Host()+got.Path()+mark+got.Query())
	require.True(t, strings.HasPrefix(got.Path(), "/"))
	require.LessOrEqual(t, len(got.String()), 8192)
}

func TestTargetParts(t *testing.T) {
	t.Parallel()
	got, err := Parse(URL, "HTTP://WWW.test.com:80/a/b;c?d=e?/#f")
	require.NoError(t, err)
	assert.Equal(t, []string{"http", "www.test.com", "/a/b;c", "d=e?/"}, []string{got.Scheme(), got.Host(), got.Path(), got.Query()})
	var none Target
	assert.Equal(t, []string{"", "", "", "", ""}, []string{none.String(), none.Scheme(), none.Host(), none.Path(), none.Query()})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, reason, suggest string }{
		{"nothing", "", sayNoScheme, ""},
		{"no scheme", "www.test.com/a", sayNoScheme, "https://www.test.com/a"},
		{"no scheme, a URL in the query", "www.test.com/a?u=https://b", sayNoScheme, "https://www.test.com/a?u=https://b"},
		{"no scheme, two slashes", "//www.test.com/a", sayNoScheme, "https://www.test.com/a"},
		{"no scheme, a word", "everything", sayNoScheme, ""},
		{"no scheme, a URL in the path", "www.test.com/http://a.com/", sayNoScheme, "https://www.test.com/http://a.com/"},
		{"one slash", "https:/www.test.com/", sayNoScheme, ""},
		{"no slash", "https:www.test.com/", sayNoScheme, ""},
		{"backslashes", `https:\\www.test.com\`, sayNoScheme, ""},
		{"mail", "mailto:a@test.com", sayNoScheme, ""},
		{"another scheme", "ftp://www.test.com/a", "Only http:// and https:// can be purged, not ftp://.", ""},
		{"a longer scheme", "httpss://www.test.com/a", "Only http:// and https:// can be purged, not httpss://.", ""},
		{"a scheme with all its characters", "x1+a-b.c://www.test.com/a", "Only http:// and https:// can be purged, not x1+a-b.c://.", ""},
		{"a letter that folds to s", "http\u017f://www.test.com/", sayNoScheme, ""},
		{"a host letter that folds to k", "https://www.\u212aey.test/", "Write the host in its ASCII form (xn--...): it holds U+212A.", "https://www.key.test/"},
		{"what is no scheme", "h_p://www.test.com/a", sayNoScheme, ""},
		{"a space in front", " https://www.test.com/", "Remove the space in front of the address or behind it.", "https://www.test.com/"},
		{"spaces behind", "https://www.test.com/a  ", saySpace, "https://www.test.com/a"},
		{"nothing but space", " ", saySpace, ""},

		{"no host", "https:///a", sayNoHost, ""},
		{"no host but a port", "https://:443/a", sayNoHost, ""},
		{"user", "https://me@www.test.com/", sayUserInfo, ""},
		{"user and password", "https://me:pw@www.test.com/", sayUserInfo, ""},
		{"empty user", "https://@www.test.com/", sayUserInfo, ""},
		{"a host for a user", "https://www.test.com:443@evil.com/", sayUserInfo, ""},
		{"another port", "https://www.test.com:8443/", "Remove the port: a cache has only port 443 of https and port 80 of http.", ""},
		{"the port of http on https", "https://www.test.com:80/", sayPort, ""},
		{"the port of https on http", "http://www.test.com:443/", sayPort, ""},
		{"port with a zero in front", "https://www.test.com:0443/", sayPort, ""},
		{"port twice", "https://www.test.com:443:443/", sayPort, ""},
		{"empty port", "https://www.test.com:/a", sayEmptyPort, "https://www.test.com/a"},
		{"empty port on a host that IDNA would refuse", "https://r3---sn.test.com:/a", sayEmptyPort, "https://r3---sn.test.com/a"},
		{"empty port and 8,192 bytes", "https://a.com:/" + long(8177), sayEmptyPort, "https://a.com/" + long(8177)},
		{"IPv6", "https://[::1]/", sayNumber, ""},
		{"user and own port", "https://me@www.test.com:443/", sayUserInfo, ""},
		{"wildcard", "https://*.test.com/", "Remove the * from the host: name each host by itself.", ""},
		{"underscore", "https://a_b.test.com/", "Remove the underscore (U+005F) from the host: it has only letters, digits, hyphens and dots.", ""},
		{"backslash in the host", `https://www.test.com\.evil.com/`, "Remove the backslash (U+005C) from the host: it has only letters, digits, hyphens and dots.", ""},
		{"escape in the host", "https://www%2etest.com/", "Remove the percent sign (U+0025) from the host: it has only letters, digits, hyphens and dots.", ""},
		{"parenthesis in the host", "https://www.test.com(/", "Remove U+0028 from the host: it has only letters, digits, hyphens and dots.", ""},
		{"U-label", "https://www.bücher.example/a", "Write the host in its ASCII form (xn--...): it holds U+00FC.", "https://www.xn--bcher-kva.example/a"},
		{"U-label and escapes", "bücher.example/ü?ü#ü", sayNoScheme, "https://xn--bcher-kva.example/%C3%BC?%C3%BC"},
		{"full-width letters", "https://ｗｗｗ.test.com/", "Write the host in its ASCII form (xn--...): it holds U+FF57.", "https://www.test.com/"},
		{"what turns into a slash", "https://www.test.com℀.evil.com/", "Write the host in its ASCII form (xn--...): it holds U+2100.", ""},
		{"U-label of no host", "https://bücher/", "Write the host in its ASCII form (xn--...): it holds U+00FC.", ""},
		{"U-label too long to convert", "https://" + strings.Repeat(strings.Repeat("ü", 40)+".", 4) + "example/", "Write the host in its ASCII form (xn--...): it holds U+00FC.", ""},
		{"dot at the end", "https://www.test.com./", sayTrailingDot, ""},
		{"dot in front", "https://.test.com/", sayEmptyLabel, ""},
		{"two dots", "https://www..test.com/", sayEmptyLabel, ""},
		{"one label", "https://localhost/", saySingleLabel, ""},
		{"label of 64", "https://" + long(64) + ".com/", "A part of the host is longer than 63 characters: look for a typing mistake.", ""},
		{"host of 254", "https://" + strings.Repeat(long(49)+".", 5) + "abcd/", sayLongHost, ""},
		{"hyphen in front of a label", "https://www.-test.com/", sayHyphen, ""},
		{"hyphen behind a label", "https://www.test-.com/", sayHyphen, ""},
		{"hyphen behind the last label", "https://www.test.com-/", sayHyphen, ""},
		{"empty A-label", "https://xn--.com/", sayHyphen, ""},
		{"IPv4", "https://127.0.0.1/", sayNumber, ""},
		{"IPv4 of two numbers", "https://127.1/", sayNumber, ""},
		{"hexadecimal IPv4", "https://0x7f.0x1/", sayNumber, ""},
		{"hexadecimal IPv4 in capitals", "https://a.0X7F/", sayNumber, ""},
		{"hexadecimal nothing", "https://a.0x/", sayNumber, ""},
		{"a number for a last label", "https://www.test.09/", sayNumber, ""},

		{"space", "https://a.com/a b.jpg", "Write the space (U+0020) as %20: a cache knows an address by its escaped form.", "https://a.com/a%20b.jpg"},
		{"pipe", "https://a.com/a|b.jpg", "Write the vertical bar (U+007C) as %7C: a cache knows an address by its escaped form.", "https://a.com/a%7Cb.jpg"},
		{"the others that are escaped", "https://a.com/\"<>[]^`{}", "Write the double quote (U+0022) as %22: a cache knows an address by its escaped form.", "https://a.com/%22%3C%3E%5B%5D%5E%60%7B%7D"},
		{"in the query", "https://a.com/?a{}=1", "Write the opening brace (U+007B) as %7B: a cache knows an address by its escaped form.", "https://a.com/?a%7B%7D=1"},
		{"brackets in the path", "https://a.com/a[]", "Write the opening bracket (U+005B) as %5B: a cache knows an address by its escaped form.", "https://a.com/a%5B%5D"},
		{"Chinese path", "https://a.com/你/%E5%A5%BD", "Write U+4F60 as %E4%BD%A0: a cache knows an address by its escaped form.", "https://a.com/%E4%BD%A0/%E5%A5%BD"},
		{"Chinese query", "https://a.com/?你", "Write U+4F60 as %E4%BD%A0: a cache knows an address by its escaped form.", "https://a.com/?%E4%BD%A0"},
		{"backslash in the path", `https://a.com/a\b`, "Remove the backslash, or write / if you mean that.", ""},
		{"backslash in the query", `https://a.com/?a\b`, "Remove the backslash, or write / if you mean that.", ""},
		{"backslash in the fragment", `https://a.com/#\`, "Remove the backslash, or write / if you mean that.", "https://a.com/"},
		{"space in the fragment", `https://a.com/#a b`, "Write the space (U+0020) as %20: a cache knows an address by its escaped form.", "https://a.com/"},
		{"half an escape", "https://a.com/100%", "A percent sign is not followed by two hexadecimal digits: write %25 if you mean the sign itself.", ""},
		{"one digit of an escape", "https://a.com/a%2", sayEscape, ""},
		{"no escape", "https://a.com/%zz", sayEscape, ""},
		{"half a digit", "https://a.com/%2z", sayEscape, ""},
		{"second escape is none", "https://a.com/%20%2g", sayEscape, ""},
		{"no escape in the query", "https://a.com/?%", sayEscape, ""},
		{"no escape in the fragment", "https://a.com/#%u0041", sayEscape, "https://a.com/"},

		{"one dot", "https://a.com/./b", sayDotSegment, ""},
		{"two dots", "https://a.com/a/../b", sayDotSegment, ""},
		{"two dots at the end", "https://a.com/a/..", sayDotSegment, ""},
		{"a dot escaped", "https://a.com/a/%2e", sayDotSegment, ""},
		{"a dot escaped in capitals", "https://a.com/a/.%2E/", sayDotSegment, ""},
		{"dots escaped", "https://a.com/a/%2e%2e/", sayDotSegment, ""},
		{"dots escaped twice", "https://a.com/a/%252e%252E/", sayDotSegment, ""},
		{"one dot escaped twice", "https://a.com/a/.%252e/", sayDotSegment, ""},
		{"every byte of a dot escaped", "https://a.com/a/%25%32%65/", sayDotSegment, ""},
		{"after an escaped slash", "https://a.com/a%2f../b", sayDotSegment, ""},
		{"before an escaped slash", "https://a.com/a/..%2Fb", sayDotSegment, ""},
		{"between slashes escaped twice", "https://a.com/a%252f..%252fb", sayDotSegment, ""},
		{"before an escaped backslash", "https://a.com/a/..%5cb", sayDotSegment, ""},
		{"between backslashes escaped twice", "https://a.com/a%255c..%255cb", sayDotSegment, ""},
		{"before a semicolon", "https://a.com/a/..;x/b", sayDotSegment, ""},
		{"after a semicolon", "https://a.com/a;../b", sayDotSegment, ""},
		{"before an escaped semicolon", "https://a.com/a/..%3bx/b", sayDotSegment, ""},
		{"after what is no escape", "https://a.com/a%25%252f../", sayDotSegment, ""},

		{"8,193 bytes", "https://a.com/" + long(8179), "The address is longer than 8,192 bytes: shorten it, or purge its directory.", ""},
		{"8,193 bytes with the added slash", "https://a.com?" + long(8179-1), sayLong, ""},
		{"8,193 bytes with what would be dropped", "https://a.com/#" + long(8178), sayLong, ""},
		{"1.2 MB", "https://a.com/\u202e" + long(1_200_000), sayLong, ""},

		{"right-to-left override", "https://a.com/\u202egpj.exe", "Type the address by hand: it holds U+202E, which cannot be seen.", ""},
		{"isolate", "https://a.com/\u2066a", "Type the address by hand: it holds U+2066, which cannot be seen.", ""},
		{"zero-width space in the host", "https://a\u200b.com/", "Type the address by hand: it holds U+200B, which cannot be seen.", ""},
		{"zero-width joiner in the query", "https://a.com/?\u200d", "Type the address by hand: it holds U+200D, which cannot be seen.", ""},
		{"byte order mark in front", "\ufeffhttps://a.com/", "Type the address by hand: it holds U+FEFF, which cannot be seen.", ""},
		{"soft hyphen", "https://a.com/a\u00adb", "Type the address by hand: it holds U+00AD, which cannot be seen.", ""},
		{"no-break space", "https://a.com/a\u00a0b", "Type the address by hand: it holds U+00A0, which cannot be seen.", ""},
		{"Hangul filler", "https://a.com/\u3164", "Type the address by hand: it holds U+3164, which cannot be seen.", ""},
		{"variation selector", "https://a.com/a\ufe0f", "Type the address by hand: it holds U+FE0F, which cannot be seen.", ""},
		{"line separator", "https://a.com/\u2028", "Type the address by hand: it holds U+2028, which cannot be seen.", ""},
		{"new line", "https://a.com/a\n", "Type the address by hand: it holds U+000A, which cannot be seen.", ""},
		{"tab in the scheme", "ht\ttps://a.com/", "Type the address by hand: it holds U+0009, which cannot be seen.", ""},
		{"NUL", "https://a.com/\x00", "Type the address by hand: it holds U+0000, which cannot be seen.", ""},
		{"DEL in the query", "https://a.com/?\x7f", "Type the address by hand: it holds U+007F, which cannot be seen.", ""},
		{"C1 control", "https://a.com/\u0085", "Type the address by hand: it holds U+0085, which cannot be seen.", ""},
		{"not UTF-8", "https://a.com/\xff", "Type the address by hand: it holds byte 0xFF, which cannot be seen.", ""},
		{"control character in the fragment", "https://a.com/#\x01", "Type the address by hand: it holds U+0001, which cannot be seen.", ""},
		{"DEL in the fragment", "https://a.com/#\x7f", "Type the address by hand: it holds U+007F, which cannot be seen.", ""},
		{"right-to-left override in the fragment", "https://a.com/#\u202e", "Type the address by hand: it holds U+202E, which cannot be seen.", ""},
		{"not UTF-8 in the fragment", "https://a.com/#\xff", "Type the address by hand: it holds byte 0xFF, which cannot be seen.", ""},
		{"a visible replacement character", "https://a.com/\ufffd", "Write U+FFFD as %EF%BF%BD: a cache knows an address by its escaped form.", "https://a.com/%EF%BF%BD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := requireRefused(t, URL, tt.in)
			assert.Equal(t, tt.reason, r.Reason)
			assert.Equal(t, tt.suggest, r.Suggest)
			assert.Equal(t, tt.in, r.Input)
		})
	}
}

// requireRefused checks the properties of every refusal, and returns the refusal.
func requireRefused(t *testing.T, kind Kind, in string) *Refused {
	t.Helper()
	got, err := Parse(kind, in)
	require.Error(t, err, "accepted as %s", got)
	require.Zero(t, got)
	r, ok := err.(*Refused)
	require.True(t, ok)
	requirePrintable(t, r.Error())
	require.LessOrEqual(t, len(r.Shown()), 200)
	require.NotEmpty(t, r.Reason)
	if r.Suggest != "" {
		offered, err := Parse(kind, r.Suggest)
		require.NoError(t, err, "the suggestion is no target")
		require.Equal(t, r.Suggest, offered.String())
		require.NotEqual(t, in, r.Suggest)
	}
	return r
}

func requirePrintable(t *testing.T, s string) {
	t.Helper()
	require.Less(t, strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' }), 0, "%q", s)
}

func TestParseDirectory(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://a.com/b/":       "https://a.com/b/",
		"https://a.com/b//":      "https://a.com/b//",
		"HTTPS://A.com:443/b/#c": "https://a.com/b/",
		"https://a.com/":         "https://a.com/",
		"https://a.com":          "https://a.com/",
	} {
		got, err := Parse(Directory, in)
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
	}
	for _, tt := range []struct{ in, reason, suggest string }{
		{"https://a.com/b", sayDirectorySlash, "https://a.com/b/"},
		{"https://a.com/b?c=d/", sayDirectoryQuery, "https://a.com/b/"},
		{"https://a.com/b/?", sayDirectoryQuery, "https://a.com/b/"},
		{"https://a.com?b/", sayDirectoryQuery, "https://a.com/"},
		{"a.com/b", sayNoScheme, "https://a.com/b/"},
		{"https://a.com:/你", sayEmptyPort, "https://a.com/%E4%BD%A0/"},
		{"https://a.com/b/../c/", sayDotSegment, ""},
		{"https://a.com/" + long(8178), sayDirectorySlash, ""},
	} {
		r := requireRefused(t, Directory, tt.in)
		assert.Equal(t, tt.reason, r.Reason)
		assert.Equal(t, tt.suggest, r.Suggest)
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		for _, format := range []string{"a%%%02xb", "a%%%02Xb"} {
			assert.Equal(t, []byte{'a', byte(b), 'b'}, Unescape(fmt.Appendf(nil, format, b)))
		}
	}
}

func TestParseUnknownKind(t *testing.T) {
	t.Parallel()
	assert.Equal(t, sayKind, requireRefused(t, "", "https://a.com/").Reason)
}

func TestShown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                             "",
		"https://a.com/ |`<!channel>":  "https://a.com/ |`<!channel>",
		"a\u202eb\n\xff你\x7f~":         "a{U+202E}b{U+000A}{byte 0xFF}{U+4F60}{U+007F}~",
		long(200):                      long(200),
		long(201):                      long(197) + "...",
		long(196) + "\u202e":           long(196) + "{...",
		long(1_200_000):                long(197) + "...",
		strings.Repeat("\u202e", 1000): strings.Repeat("{U+202E}", 24) + "{U+20...",
	} {
		assert.Equal(t, want, (&Refused{Input: in}).Shown())
	}
	for in, want := range map[string]string{
		"https://a.com/图片/é.jpg": "https://a.com/图片/é.jpg", "a\u202eb\n\xff你\x7f~\u200b": "a{U+202E}b{U+000A}{byte 0xFF}你{U+007F}~{U+200B}",
		"https://a.com/\u05d0\u0628": "https://a.com/{U+05D0}{U+0628}", long(201): long(197) + "...", strings.Repeat("图", 100): strings.Repeat("图", 65) + "...",
		"a\ufe0f\u00ad\u2066": "a{U+FE0F}{U+00AD}{U+2066}",
	} {
		assert.Equal(t, want, (&Refused{Input: in}).Legible())
	}
	r := requireRefused(t, URL, "ftp://a\u202e")
	assert.Equal(t, "ftp://a{U+202E}: Type the address by hand: it holds U+202E, which cannot be seen.", r.Error())
}

func TestChangesSentences(t *testing.T) {
	t.Parallel()
	assert.Empty(t, Changes(0).Sentences())
	assert.Equal(t, []string{"The port is left out, being the scheme's own.", "What follows # is left out: it never reaches a server."},
		(PortDropped | FragmentDropped).Sentences())
	assert.Equal(t, []string{"Scheme and host are in lower case now.", "A / is added as the path."}, (LowerCased | PathAdded).Sentences())
}

func TestTargetInJSON(t *testing.T) {
	t.Parallel()
	type row struct{ Target Target }
	for _, in := range []string{"https://a.com/b?c", "https://a.com/b/", "HTTPS://A.com#x"} {
		target, err := Parse(URL, in)
		require.NoError(t, err)
		text, err := json.Marshal(row{target})
		require.NoError(t, err)
		assert.JSONEq(t, `{"Target":"`+target.String()+`"}`, string(text))
		var back row
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, target.String(), back.Target.String())
		assert.Equal(t, target.Path(), back.Target.Path())
		assert.Zero(t, back.Target.Changes())
	}
	var tampered row
	var refused *Refused
	require.ErrorAs(t, json.Unmarshal([]byte(`{"Target":"https://me@a.com/"}`), &tampered), &refused)
	require.ErrorAs(t, json.Unmarshal([]byte(`{"Target":""}`), &tampered), &refused)
	assert.Zero(t, tampered.Target)
}

// Parsing a canonical input allocates no memory, whatever the number of inputs.
func TestParseAllocatesNothing(t *testing.T) {
	for _, in := range []string{"https://www.test.com/a/b.jpg?c=d", "http://a.com/%2Fa/.b", "https://a.com/" + strings.Repeat("%E4", 60), "https://a.com/b#c"} {
		assert.Zero(t, testing.AllocsPerRun(10, func() { _, _ = Parse(URL, in) }), in)
	}
}
