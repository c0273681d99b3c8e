package slack

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		"":                       "",
		"whoami":                 "whoami",
		"<https://www.test.com>": "https://www.test.com",
		"dir <https://www.test.com/a/> --overseas":                     "dir https://www.test.com/a/ --overseas",
		"<https://www.test.com/a|click here>":                          "https://www.test.com/a",
		"<https://evil.example/a|https://www.test.com/a>":              "https://evil.example/a",
		"<http://www.test.com|www.test.com>":                           "www.test.com",
		"<http://www.test.com/|www.test.com>":                          "www.test.com",
		"<http://www.test.com/a?b=1&amp;c|www.test.com/a?b=1&amp;c>":   "www.test.com/a?b=1&c",
		"<https://www.test.com/a|www.test.com/a>":                      "https://www.test.com/a",
		"<http://www.test.com/a|http://www.test.com/a>":                "http://www.test.com/a",
		"<http://www.test.com|test.com>":                               "http://www.test.com",
		"<mailto:a@test.com|a@test.com>":                               "a@test.com",
		"<https://a.test><https://b.test>":                             "https://a.test https://b.test",
		"<https://a.test>,<https://b.test>":                            "https://a.test, https://b.test",
		"see:<https://a.test>now":                                      "see: https://a.test now",
		"é<https://a.test>é":                                           "é https://a.test é",
		"*<https://a.test/x>*":                                         "*https://a.test/x*",
		"_<https://a.test/x>_ *<https://b.test/y|z>*":                  "_https://a.test/x_ *https://b.test/y *",
		"<https://a.test/>*":                                           "https://a.test/*",
		"<https://a.test/>*.jpg":                                       "https://a.test/*.jpg",
		"<https://a.test/x>。":                                          "<https://a.test/x>。",
		"<https://a.test/x>，<https://b.test/y>。":                       "<https://a.test/x>， <https://b.test/y>。",
		"<https://a.test/x>！谢谢":                                        "<https://a.test/x>！谢谢",
		"(<https://a.test>).":                                          "(https://a.test).",
		"`<https://a.test>`":                                           "`https://a.test`",
		"<https://a.test/x.>":                                          "<https://a.test/x.>",
		"<https://a.test/x_(y)|x>,":                                    "<https://a.test/x_(y)>,",
		"line one\n<https://a.test>\n<https://b.test>":                 "line one\nhttps://a.test\nhttps://b.test",
		"&lt;https://a.test&gt;":                                       "<https://a.test>",
		"https://a.test/?a=1&amp;b=2":                                  "https://a.test/?a=1&b=2",
		"&amp;lt; &amp;amp; &amp;#64;":                                 "&lt; &amp; &#64;",
		"&quot; &#39; &nbsp; &AMP; &amp &lt":                           "&quot; &#39; &nbsp; &AMP; &amp &lt",
		"<@U0BOB> <@U0BOB|bob> <#C0CDN|cdn> <!channel> <!here|@here>":  "<@U0BOB> <@U0BOB|bob> <#C0CDN|cdn> <!channel> <!here|@here>",
		"<!date^1^{date}^https://evil.example|https://www.test.com/a>": "<!date^1^{date}^https://evil.example|https://www.test.com/a>",
		"a < b > c <":        "a < b > c <",
		"<<https://a.test>":  "<https://a.test",
		"<https://a.test":    "<https://a.test",
		"<https://a.test\n>": "<https://a.test\n>",
		"<>":                 "<>",
		"<U0BOB>":            "<U0BOB>", "<https://a.test/x y>": "<https://a.test/x y>", "<|x>": "<|x>", "<:|x>": "<:|x>", "<@U1|&lt;x&gt;>": "<@U1|&lt;x&gt;>", "<a:b|<c>": "<a:b|<c>",
		"--reason “a – b”": "--reason “a – b”",
	} {
		assert.Equal(t, want, unwrap(wire), wire)
	}
}

// TestOnlyHTTPIsInvented checks that only http, mailto and tel are removed from a label that repeats the
// address without its scheme.
func TestOnlyHTTPIsInvented(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"www.test.com", "www.test.com/", "www.test.com/a?b=1&amp;c=2", "www.test.com:8443/a", "測試.test/a"} {
		plain := strings.ReplaceAll(rest, "&amp;", "&")
		for _, label := range []string{rest, strings.TrimSuffix(rest, "/"), strings.TrimSuffix(rest, "/") + "/"} {
			for _, scheme := range []string{"https", "HTTPS", "ftp", "s3", "httpss"} {
				address := scheme + "://" + plain
				assert.Equal(t, address, unwrap("<"+scheme+"://"+rest+"|"+label+">"), "%s, labelled %s", address, label)
			}
			assert.Equal(t, strings.ReplaceAll(label, "&amp;", "&"), unwrap("<http://"+rest+"|"+label+">"))
		}
		for _, scheme := range []string{"http", "https"} {
			assert.Equal(t, scheme+"://"+plain, unwrap("<"+scheme+"://"+rest+"|"+scheme+"://"+rest+">"), "the scheme was typed")
			assert.Equal(t, scheme+"://"+plain, unwrap("<"+scheme+"://"+rest+">"))
		}
	}
	assert.Equal(t, "+49301", unwrap("<tel:+49301|+49301>"))
	assert.Equal(t, "a@test.com", unwrap("<mailto:a@test.com|a@test.com>"))
}

// FuzzUnwrap checks for arbitrary text that no markup of a link remains, that text without markup is unchanged,
// and that only spaces and brackets around links are added.
func FuzzUnwrap(f *testing.F) {
	for _, seed := range []string{
		"<https://a.test|b> &amp;lt;", "<<<>>>", "<@U1|x> <http://a|a>", "&amp;amp;&lt;&gt;", "<https://a.test/.>", strings.Repeat("<", 100), "a<\n>b", "<|>", "\xff<\xfe>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wire string) {
		text := unwrap(wire)
		if len(text) > len(wire)+4*strings.Count(wire, "<") {
			t.Fatalf("%q grew to %q", wire, text)
		}
		if utf8.ValidString(wire) && !utf8.ValidString(text) {
			t.Fatalf("%q broke into %q", wire, text)
		}
		if !strings.ContainsAny(wire, "<&") && text != wire {
			t.Fatalf("%q became %q", wire, text)
		}
		if escaped := escaper.Replace(wire); unwrap(escaped) != wire {
			t.Fatalf("%q escaped came back as %q", wire, unwrap(escaped))
		}
	})
}

func manyLinks(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString("<https://www.test.com/assets/some/long/path/to/a/file/name/that/is/typical/of/a/site.jpg?v=1&amp;w=2>\n")
	}
	return b.String()
}

func BenchmarkUnwrap(b *testing.B) {
	text := manyLinks(10_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unwrap(text)
	}
}

// BenchmarkUnwrapFloor copies the same text and searches one byte in it.
func BenchmarkUnwrapFloor(b *testing.B) {
	text := manyLinks(10_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = strings.IndexByte(strings.Clone(text), 0)
	}
}

// BenchmarkUnwrapHostile reads text with opening brackets only.
func BenchmarkUnwrapHostile(b *testing.B) {
	text := strings.Repeat("<a&", 1<<20/3)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unwrap(text)
	}
}
