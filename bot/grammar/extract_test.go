package grammar

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinksAsPeoplePasteThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pasted string
		want   []string
	}{
		// brackets, Markdown, code, quotes
		{"<https://a.com/1>", []string{"https://a.com/1"}},
		{"<https://a.com/1|a.com/1>", []string{"https://a.com/1"}},
		{"<https://a.com/1|https://evil.com/>", []string{"https://a.com/1"}},
		{"<https://a.com/1|click me, please>", []string{"https://a.com/1"}},
		{"<http://a.com/1|http://a.com/1>", []string{"http://a.com/1"}},
		{"<https://a.com/1|https://a.com/1>", []string{"https://a.com/1"}},
		{"<http://a.com/1|one>", []string{"http://a.com/1"}},
		{"[https://evil.com/](https://a.com/1)", []string{"https://a.com/1"}},
		{"[click me](https://a.com/1_(2))", []string{"https://a.com/1_(2)"}},
		{"[click me](<https://a.com/1>)", []string{"https://a.com/1"}},
		{"[](https://a.com/1)", []string{"https://a.com/1"}},
		{"`https://a.com/1`", []string{"https://a.com/1"}},
		{"``https://a.com/1``", []string{"https://a.com/1"}},
		{"`https://a.com/1 https://a.com/2`", []string{"https://a.com/1", "https://a.com/2"}},
		{"```\nhttps://a.com/1\nhttps://a.com/2\n```", []string{"https://a.com/1", "https://a.com/2"}},
		{"```text\nhttps://a.com/1\n```", []string{"https://a.com/1"}},
		{"```https://a.com/1```", []string{"https://a.com/1"}},
		{`"https://a.com/1"`, []string{"https://a.com/1"}},
		{`“https://a.com/1”, 'https://a.com/2'`, []string{"https://a.com/1", "https://a.com/2"}},
		{`"https://a.com/1","https://a.com/2"`, []string{"https://a.com/1", "https://a.com/2"}},

		// lists
		{"https://a.com/1, https://a.com/2,https://a.com/3 , https://a.com/4,", []string{"https://a.com/1", "https://a.com/2", "https://a.com/3", "https://a.com/4"}},
		{"https://a.com/1;https://a.com/2", []string{"https://a.com/1", "https://a.com/2"}},
		{"<https://a.com/1><https://a.com/2>,`https://a.com/3`", []string{"https://a.com/1", "https://a.com/2", "https://a.com/3"}},
		{"https://a.com/1\r\nhttps://a.com/2\n\n\thttps://a.com/3", []string{"https://a.com/1", "https://a.com/2", "https://a.com/3"}},
		{"https://a.com/1,2;3", []string{"https://a.com/1,2;3"}},

		// the end of bare text
		{"https://a.com/1.", []string{"https://a.com/1"}},
		{"https://a.com/1?!", []string{"https://a.com/1"}},
		{"https://a.com/1:", []string{"https://a.com/1"}},
		{"(https://a.com/1)", []string{"https://a.com/1"}},
		{"(https://a.com/1).", []string{"https://a.com/1"}},
		{"(<https://a.com/1>).", []string{"https://a.com/1"}},
		{"[https://a.com/1]", []string{"https://a.com/1"}},
		{"https://a.com/1_(2)", []string{"https://a.com/1_(2)"}},
		{"(https://a.com/1_(2))", []string{"https://a.com/1_(2)"}},
		{"https://a.com/1>", []string{"https://a.com/1"}},
		{`https://a.com/1"`, []string{"https://a.com/1"}},
		{`https://a.com/1”.`, []string{"https://a.com/1"}},
		{"https://a.com/it's", []string{"https://a.com/it's"}},
		{"https://a.com/1。", []string{"https://a.com/1"}},
		{"https://a.com/b/.", []string{"https://a.com/b/"}},

		// East Asia and France
		{"https://a.com/1，https://a.com/2、https://a.com/3；", []string{"https://a.com/1", "https://a.com/2", "https://a.com/3"}},
		{"https://a.com/1 ， https://a.com/2、 https://a.com/3", []string{"https://a.com/1", "https://a.com/2", "https://a.com/3"}},
		{"（https://a.com/1）", []string{"https://a.com/1"}},
		{"「https://a.com/1」 『https://a.com/2』。", []string{"https://a.com/1", "https://a.com/2"}},
		{"【<https://a.com/1>】，《`https://a.com/2`》！", []string{"https://a.com/1", "https://a.com/2"}},
		{"（[x](https://a.com/1)）？", []string{"https://a.com/1"}},
		{"«https://a.com/1» ‹https://a.com/2›", []string{"https://a.com/1", "https://a.com/2"}},
		{"https://a.com/1？！", []string{"https://a.com/1"}},
		{"<https://a.com/1>、<https://a.com/2>", []string{"https://a.com/1", "https://a.com/2"}},
		{"“https://a.com/1”。", []string{"https://a.com/1"}},

		// what people really have in queries
		{"https://a.com/?a[]=1&a[]=2", []string{"https://a.com/?a[]=1&a[]=2"}},
		{"[https://a.com/?a[]=1]", []string{"https://a.com/?a[]=1"}},
		{"(https://a.com/?a[]=1),", []string{"https://a.com/?a[]=1"}},
		{"https://a.com/?a[]", []string{"https://a.com/?a[]"}},
		{"<https://a.com/?a[]=1>", []string{"https://a.com/?a[]=1"}},
		{"[x](https://a.com/?a[]=1)", []string{"https://a.com/?a[]=1"}},

		// and nothing else is cut
		{"<https://a.com/%EF%BC%8C>", []string{"https://a.com/%EF%BC%8C"}},
		{"<https://a.com/1.>", []string{"https://a.com/1."}},
		{"<https://a.com/1...>", []string{"https://a.com/1..."}},
		{"`https://a.com/1)`", []string{"https://a.com/1)"}},
		{`"https://a.com/1,"`, []string{"https://a.com/1,"}},
		{"[x](https://a.com/1!)", []string{"https://a.com/1!"}},
		{"```\nhttps://a.com/1.\n```", []string{"https://a.com/1."}},
		{"https://a.com/1--2?a=--overseas&b='c'", []string{"https://a.com/1--2?a=--overseas&b='c'"}},
		{"https://a.com/?next=https://b.com/x", []string{"https://a.com/?next=https://b.com/x"}},
	} {
		in, err := Parse(c.pasted)
		require.NoError(t, err, c.pasted)
		assert.Empty(t, in.Refused, c.pasted)
		assert.Equal(t, c.want, texts(in.Targets), c.pasted)
	}
}

func TestFortyLinksAtATime(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("dir\n")
	for i := range 40 {
		fmt.Fprintf(&text, "<https://a.com/%d/|%d>,\n", i, i)
	}
	in, err := Parse(text.String() + "--overseas")
	require.NoError(t, err)
	assert.Len(t, in.Targets, 40)
}

func TestHostsAreToldFromWords(t *testing.T) {
	t.Parallel()
	for _, w := range []string{"www.test.com", "www.test.com/a", "test.com:8080", "a-b.test.co?x", "10.0.0.1", "例え.jp", "a0.co", "9z.co", "Az.CO", "é.com", "a.xn--p1ai", "www.test.com,"} {
		assert.True(t, hostlike(w), w)
	}
	for _, w := range []string{"", ".", "..", "word", "e.g.", "a_b.com", "a[b.com", "a@b.com", "a`b.com", "a{b.com", "a/.com", "😀.com", "°.com", "v1.2", ".com", "a..com", "/a/b.jpg", "p-7k3f9x2q", "<a.com>", "1.5h", strings.Repeat("a.", 200) + "com"} {
		assert.False(t, hostlike(w), w)
	}
}

// pastes are one text of 10,000 URLs and 1 MB, in the ways that people paste.
var pastes = []struct{ name, format string }{
	{"bare", "%s "}, {"comma", "%s, "}, {"angle", "<%s> "}, {"labelled", "<%s|link> "}, {"lines", "%s\n"},
}

func pasteURLs() []string {
	urls := make([]string, maxTargets)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://img%d.example.com/assets/2026/11/product-%06d/large-%s.jpg?v=%d", i%10, i, strings.Repeat("x", 20), 1000000+i)
	}
	return urls
}

// Judged against BenchmarkExtractFloor: at most 1.5 times.
func BenchmarkExtract(b *testing.B) {
	for _, paste := range pastes {
		var text strings.Builder
		for _, u := range pasteURLs() {
			fmt.Fprintf(&text, paste.format, u)
		}
		b.Run(paste.name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				in, err := Parse(text.String())
				if err != nil || len(in.Targets) != maxTargets {
					b.Fatal(len(in.Targets), err)
				}
			}
		})
	}
}

func BenchmarkExtractFloor(b *testing.B) {
	urls := pasteURLs()
	b.SetBytes(int64(len(urls[0]) * len(urls)))
	b.ReportAllocs()
	for b.Loop() {
		for _, u := range urls {
			if _, err := url.Parse(u); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Each is 1 MB of something that opens and does not close, or repeats what is looked ahead for. Judged against the bare
// BenchmarkExtract: none takes more than a few times as long.
func BenchmarkHostile(b *testing.B) {
	for _, unit := range []string{
		"[", "[ ", "([", "`", "` ", "`` ` ", "<h ", "\"", "'a ", "“a ", ")", "](", "[a](", "[https://a.com/b ", "https://a.com/',", "a.", "—", "“",
		`--reason="`, "--reason ", "--reason ` ", "--x ", `\"`, "\u00a0", "https://", "<https://a.com/1>", "`https://a.com/1` ", ",", "\xe2", "https://a.com/....... ",
		"• ", "- ", "1. ", "*", "**https://a.com/1** ", "a.jpg ", "https://a.com/a b.jpg ", "https://a.com/{a,b} ", "https://a.com/a,200 ", `"https://a.com/1",`, "|https://a.com/1", "<br>https://a.com/1", "https://a.com/1，",
		"https://a.com/1https://a.com/2 ", "&amp;", "curl ", `\/`, `\n`, `"GET /a HTTP/1.1" `, "x://", "，", "{", "a{b,c}", "\u200b", "everything ", "/a/b ", "not ", "]", "}", "(|)",
	} {
		text := strings.Repeat(unit, maxText/len(unit))
		for _, prefix := range []string{"", "https://a.com/", "leak https://a.com/1 ", `"`, "dir https://a.com/("} {
			b.Run(fmt.Sprintf("%q behind %q", unit, prefix), func(b *testing.B) {
				for b.Loop() {
					_, _ = Parse((prefix + text)[:len(text)])
				}
			})
		}
	}
}
