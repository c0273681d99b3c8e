package acl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func check(t *testing.T, p *Policy, in string, o CheckOptions) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, p.Check(strings.NewReader(in), &out, o))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestCheckAnswersEveryLineInOrder(t *testing.T) {
	t.Parallel()
	denied := func(canonical, reason, rule string) string {
		return fmt.Sprintf(`{"allowed":false,"canonical":%q,"reason":%q,"rule":%q}`, canonical, reason, rule)
	}
	p := parse(t, shop)
	long := strings.Repeat("x", maxLine)
	lines := []struct{ in, want string }{
		{`"https://shop.example.com/img/x?a&b"`, `{"allowed":true,"canonical":"https://shop.example.com/img/x?a&b","reason":"Allowed by the rule \"shop\".","rule":"shop"}`},
		{`"https://shop.example.com/img/é<&>"`, denied("", "", "")},
		{`  "HTTPS:\/\/SHOP.example.com:443\u002fimg/"  ` + "\r", `{"allowed":true,"canonical":"https://shop.example.com/img/","reason":"Allowed by the rule \"shop\".","rule":"shop"}`},
		{`"https://pay.example.com/assets/private/"`, denied("https://pay.example.com/assets/private/", "No rule lets you purge pay.example.com. You are slack:T0/U1. Ask #cdn-help.", "closed")},
		{`"https://a.example.com"`, denied("https://a.example.com/", "No rule lets you purge a.example.com. You are slack:T0/U1. Ask #cdn-help.", "default deny")},
		{``, denied("", "The line is blank.", "default deny")},
		{"  \t\r", denied("", "The line is blank.", "default deny")},
		{`https://shop.example.com/img/x`, denied("", "The line is not a JSON string.", "default deny")},
		{`{"a":1}`, denied("", "The line is not a JSON string.", "default deny")},
		{`null`, denied("", "The line is not a JSON string.", "default deny")},
		{`["https://shop.example.com/img/x"]`, denied("", "The line is not a JSON string.", "default deny")},
		{`"https://shop.example.com/img/x" "b"`, denied("", "The line is not a JSON string.", "default deny")},
		{`"https://shop.example.com/img/x`, denied("", "The line is not a JSON string.", "default deny")},
		{"\"https://shop.example.com/img/\xff\"", denied("", "The line is not a JSON string.", "default deny")},
		{"\"https://shop.example.com/img/\x00\"", denied("", "The line is not a JSON string.", "default deny")},
		{`"` + long[2:] + `"`, denied("", "", "")},
		{`"` + long[1:] + `"`, denied("", "The line is over 2 MiB.", "default deny")},
		{long + long, denied("", "The line is over 2 MiB.", "default deny")},
		{`"https://shop.example.com/assets/x"`, `{"allowed":true,"canonical":"https://shop.example.com/assets/x","reason":"Allowed by the rule \"shop\".","rule":"shop"}`},
	}
	var in []string
	for _, l := range lines {
		in = append(in, l.in)
	}
	for _, end := range []string{"", "\n"} {
		got := check(t, p, strings.Join(in, "\n")+end, CheckOptions{User: "slack:T0/U1"})
		require.Len(t, got, len(lines))
		for i, l := range lines {
			if l.want == denied("", "", "") { // in purge's words
				assert.True(t, strings.HasPrefix(got[i], `{"allowed":false,"canonical":"","reason":"`) && json.Valid([]byte(got[i])), got[i])
				assert.NotContains(t, got[i], "2 MiB")
				continue
			}
			assert.Equal(t, l.want, got[i], "line %d", i+1)
		}
	}
}

func TestCheckOfNothingAnswersNothing(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{""}, check(t, parse(t, shop), "", CheckOptions{User: "slack:T0/U1"}))
}

func TestCheckOptions(t *testing.T) {
	t.Parallel()
	p := parse(t, shop)
	for _, c := range []struct {
		target  string
		options CheckOptions
		allowed bool
	}{
		{"https://shop.example.com/img/", CheckOptions{User: "slack:T0/U2"}, false},
		{"https://shop.example.com/img/", CheckOptions{User: "slack:T0/U2", Groups: []Subject{"slack:T0/S4", "slack:T0/S5"}}, true},
		{"https://news.example.com/", CheckOptions{User: "slack:T0/U1", Kind: "directory"}, false},
		{"https://news.example.com/", CheckOptions{User: "slack:T0/U1", Kind: "directory", Channel: "slack:T0/C2"}, true},
		{"https://a.w.example.com/", CheckOptions{User: "slack:T0/U1", Groups: []Subject{"slack:T0/S5"}, Area: "overseas"}, true},
		{"https://a.w.example.com/", CheckOptions{User: "slack:T0/U1", Groups: []Subject{"slack:T0/S5"}, Area: "mainland"}, false},
		{"https://a.w.example.com/", CheckOptions{User: "slack:T0/U1", Groups: []Subject{"slack:T0/S5"}, Area: "global"}, false},
		{"https://shop.example.com/img/", CheckOptions{User: "slack:T0/U1", Area: "global"}, false},
	} {
		assert.Contains(t, check(t, p, `"`+c.target+`"`, c.options)[0], fmt.Sprintf(`"allowed":%v`, c.allowed), "%+v", c)
	}
	for want, o := range map[string]CheckOptions{
		"no user":      {},
		"unknown kind": {User: "slack:T0/U1", Kind: "dir"},
		"unknown area": {User: "slack:T0/U1", Area: "china"},
	} {
		var out bytes.Buffer
		assert.ErrorContains(t, p.Check(strings.NewReader("\"a\"\n"), &out, o), want)
		assert.Empty(t, out.String())
	}
}

func TestCheckAllowsGlobalIfBothAreasAre(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\ngrants:\n  - {name: m, to: [terminal:a], domains: [a.example.com]}\n  - {name: o, to: [terminal:a], domains: [a.example.com], areas: [overseas]}\n")
	assert.Contains(t, check(t, p, `"https://a.example.com/"`, CheckOptions{User: "terminal:a", Area: "global"})[0], `"allowed":true`)
}

func TestCheckSaysWhenItCouldNotAnswer(t *testing.T) {
	t.Parallel()
	p, o, broken := parse(t, shop), CheckOptions{User: "slack:T0/U1"}, errors.New("broken")
	var out bytes.Buffer
	in := io.MultiReader(strings.NewReader("\"a\"\n\"b"), iotest.ErrReader(broken))
	assert.ErrorIs(t, p.Check(in, &out, o), broken)
	assert.Equal(t, 1, strings.Count(out.String(), "\n"), "what was read whole is answered")
	assert.Error(t, p.Check(strings.NewReader("\"a\"\n"), failingWriter{}, o))
	assert.Error(t, p.Check(strings.NewReader(strings.Repeat("\"a\"\n", 10_000)), failingWriter{}, o))
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestCheckStreams writes line by line, and expects each answer before the next line.
func TestCheckStreams(t *testing.T) {
	t.Parallel()
	p := parse(t, shop)
	questions, ask := io.Pipe()
	answer, answers := io.Pipe()
	go func() { answers.CloseWithError(p.Check(questions, answers, CheckOptions{User: "slack:T0/U1"})) }()
	buffer := make([]byte, 4096)
	for range 3 {
		_, err := io.WriteString(ask, "\"https://shop.example.com/img/\"\n")
		require.NoError(t, err)
		n, err := answer.Read(buffer)
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(buffer[:n], []byte(`{"allowed":true`)))
	}
	require.NoError(t, ask.Close())
	_, err := answer.Read(buffer)
	assert.Equal(t, io.EOF, err)
}

// TestCheckHoldsOneLine checks the heap during an input of 200 MB.
func TestCheckHoldsOneLine(t *testing.T) {
	p := parse(t, shop)
	line := []byte("\"https://shop.example.com/img/" + strings.Repeat("x", 1<<20) + "\"\n")
	w := &heapWatch{}
	require.NoError(t, p.Check(io.LimitReader(&repeat{line: line}, 100<<20), w, CheckOptions{User: "slack:T0/U1"}))
	assert.Less(t, w.most, uint64(64<<20))
}

type repeat struct {
	line []byte
	at   int
}

func (r *repeat) Read(b []byte) (int, error) {
	n := copy(b, r.line[r.at:])
	r.at = (r.at + n) % len(r.line)
	return n, nil
}

type heapWatch struct{ most uint64 }

func (w *heapWatch) Write(b []byte) (int, error) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	w.most = max(w.most, m.HeapAlloc)
	return len(b), nil
}

// TestWhatIsQuotedReadsTheSame compares both ways of quoting, with the special characters of JSON and HTML in
// every place.
func TestWhatIsQuotedReadsTheSame(t *testing.T) {
	t.Parallel()
	for c := range 0x180 {
		for _, s := range []string{string(rune(c)), "plain" + string(rune(c)), "\"\\" + string(rune(c)) + "\"", "\u2028" + string(rune(c)) + "<"} {
			var read string
			quoted := appendJSON([]byte("before"), s)[len("before"):]
			require.NoError(t, json.Unmarshal(quoted, &read), "%q", s)
			assert.Equal(t, s, read)
			assert.NotContains(t, string(quoted), "\n")
		}
	}
	assert.Equal(t, `"<&>\"\\"`, string(appendJSON(nil, `<&>"\`)))
}
