package purge

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parseAll parses targets and fails the test if one is refused.
func parseAll(t testing.TB, kind Kind, in ...string) []Target {
	t.Helper()
	var ts []Target
	for _, s := range in {
		target, err := Parse(kind, s)
		require.NoError(t, err)
		ts = append(ts, target)
	}
	return ts
}

func texts(ts []Target) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.String())
	}
	return out
}

func TestDedupe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		kind              Kind
		in, kept, dropped []string
	}{
		{"nothing", URL, nil, nil, nil},
		{"different URLs stay", URL, []string{"https://a.com/b", "https://a.com/a", "https://a.com/a?", "http://a.com/a"},
			[]string{"https://a.com/b", "https://a.com/a", "https://a.com/a?", "http://a.com/a"}, nil},
		{"the same URL again, in other spellings too", URL, []string{"https://a.com/a", "https://b.com/", "HTTPS://a.com:443/a", "https://b.com", "https://a.com/a#x"},
			[]string{"https://a.com/a", "https://b.com/"}, []string{"https://a.com/a", "https://b.com/", "https://a.com/a"}},
		{"a URL below another is another object", URL, []string{"https://a.com/a/", "https://a.com/a/b"},
			[]string{"https://a.com/a/", "https://a.com/a/b"}, nil},
		{"different directories stay", Directory, []string{"https://a.com/b/", "https://a.com/a/", "https://b.com/a/", "http://a.com/a/", "https://a.com/ab/"},
			[]string{"https://a.com/b/", "https://a.com/a/", "https://b.com/a/", "http://a.com/a/", "https://a.com/ab/"}, nil},
		{"the same directory again", Directory, []string{"https://a.com/a/", "https://b.com/", "https://a.com/a/", "https://a.com/a/"},
			[]string{"https://a.com/a/", "https://b.com/"}, []string{"https://a.com/a/", "https://a.com/a/"}},
		{"a directory inside one before", Directory, []string{"https://a.com/a/", "https://a.com/a/b/c/"},
			[]string{"https://a.com/a/"}, []string{"https://a.com/a/b/c/"}},
		{"a directory inside one after", Directory, []string{"https://a.com/a/b/", "https://a.com/c/", "https://a.com/a/c/d/", "https://a.com/a/"},
			[]string{"https://a.com/c/", "https://a.com/a/"}, []string{"https://a.com/a/b/", "https://a.com/a/c/d/"}},
		{"with others sorted in between", Directory, []string{"https://a.com/a/", "https://a.com/a!/", "https://a.com/a/b/", "https://a.com/a0/", "https://a.com/a/c/"},
			[]string{"https://a.com/a/", "https://a.com/a!/", "https://a.com/a0/"}, []string{"https://a.com/a/b/", "https://a.com/a/c/"}},
		{"a whole site", Directory, []string{"https://a.com/a/", "https://a.com.b/", "https://a.com"},
			[]string{"https://a.com.b/", "https://a.com/"}, []string{"https://a.com/a/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := parseAll(t, tt.kind, tt.in...)
			kept, dropped := Dedupe(tt.kind, in)
			assert.Equal(t, tt.kept, texts(kept))
			assert.Equal(t, tt.dropped, texts(dropped))
			again, none := Dedupe(tt.kind, kept)
			assert.Equal(t, texts(kept), texts(again))
			assert.Empty(t, none)
		})
	}
}

// The card reports the changes of the first spelling of a repeated target.
func TestDedupeKeepsTheFirst(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{URL, Directory} {
		kept, dropped := Dedupe(kind, parseAll(t, kind, "https://A.com/", "https://a.com/", "https://a.com:443/"))
		assert.Equal(t, LowerCased, kept[0].Changes())
		assert.Equal(t, []Changes{0, PortDropped}, []Changes{dropped[0].Changes(), dropped[1].Changes()})
	}
}

func request(t testing.TB) Request {
	return Request{Kind: Directory, Mode: Delete, Parts: []Part{
		{Overseas, parseAll(t, Directory, "https://b.com/x/", "https://a.com/")},
		{Mainland, parseAll(t, Directory, "https://c.com/", "https://a.com/", "https://b.com/x/")},
	}}
}

func TestRequestSums(t *testing.T) {
	t.Parallel()
	r := request(t)
	assert.Equal(t, 5, r.Len())
	assert.Equal(t, []Area{Mainland, Overseas}, r.Areas())
	assert.Equal(t, []string{"b.com", "a.com", "c.com"}, r.Hosts())

	empty := Request{Kind: URL, Parts: []Part{{Area: Mainland}}}
	assert.Zero(t, empty.Len())
	assert.Empty(t, empty.Areas())
	assert.Empty(t, empty.Hosts())
}

func TestDigestIsBlindToOrder(t *testing.T) {
	t.Parallel()
	want := request(t).Digest()
	assert.Regexp(t, "^[0-9a-f]{64}$", want)
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		r := request(t)
		random.Shuffle(len(r.Parts), func(i, j int) { r.Parts[i], r.Parts[j] = r.Parts[j], r.Parts[i] })
		for _, p := range r.Parts {
			random.Shuffle(len(p.Targets), func(i, j int) { p.Targets[i], p.Targets[j] = p.Targets[j], p.Targets[i] })
		}
		require.Equal(t, want, r.Digest())
	}
	r := request(t)
	r.Parts[0].Targets[1] = parseAll(t, Directory, "https://A.com:443#x")[0]
	assert.Equal(t, want, r.Digest(), "another spelling of the same target")
}

func TestDigestSeesEveryDifference(t *testing.T) {
	t.Parallel()
	seen := map[string]string{request(t).Digest(): "unchanged"}
	for name, change := range map[string]func(*Request){
		"kind":            func(r *Request) { r.Kind = URL },
		"mode":            func(r *Request) { r.Mode = Flush },
		"no mode":         func(r *Request) { r.Mode = "" },
		"area":            func(r *Request) { r.Parts[0].Area = "elsewhere" },
		"areas exchanged": func(r *Request) { r.Parts[0].Area, r.Parts[1].Area = Mainland, Overseas },
		"one target less": func(r *Request) { r.Parts[0].Targets = r.Parts[0].Targets[1:] },
		"another target":  func(r *Request) { r.Parts[0].Targets[0] = parseAll(t, URL, "https://b.com/y/")[0] },
		"one target more": func(r *Request) {
			r.Parts[0].Targets = append(r.Parts[0].Targets, parseAll(t, URL, "https://d.com/")...)
		},
		"a target in another area": func(r *Request) {
			r.Parts[0].Targets[1], r.Parts[1].Targets[0] = r.Parts[1].Targets[0], r.Parts[0].Targets[1]
		},
		"one part less":              func(r *Request) { r.Parts = r.Parts[1:] },
		"kind and mode run together": func(r *Request) { r.Kind, r.Mode = "directoryd", "elete" },
	} {
		r := request(t)
		change(&r)
		digest := r.Digest()
		assert.Empty(t, seen[digest], "%s looks like %s", name, seen[digest])
		seen[digest] = name
	}
}

// Stored confirmations hold digests, so an upgrade must not change them.
func TestDigestStays(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "aa4861806c87869176df4d26a06c2b53f0fb03f10de8367ce85f6e60216cc46a", request(t).Digest())
}

func TestEncodedLen(t *testing.T) {
	t.Parallel()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, s := range []string{"", "https://a.com/?b=c", string(every)} {
		// QueryEscape differs in the space alone, which it writes as "+".
		assert.Equal(t, len(url.QueryEscape(s))+2*strings.Count(s, " "), EncodedLen(s))
	}
}

func TestNewPlan(t *testing.T) {
	t.Parallel()
	type batch struct {
		area    Area
		targets []string
	}
	u := func(s ...string) []Target { return parseAll(t, URL, s...) }
	one := len("&urls.0=") + EncodedLen("https://a.com/1")
	for _, tt := range []struct {
		name   string
		parts  []Part
		limits Limits
		want   []batch
	}{
		{"nothing", nil, Limits{1, 1, 0, 1}, nil},
		{"one call", []Part{{Mainland, u("https://a.com/1", "https://a.com/2")}}, Limits{2, 1, 0, 2 * one},
			[]batch{{Mainland, []string{"https://a.com/1", "https://a.com/2"}}}},
		{"too many for one", []Part{{Mainland, u("https://a.com/1", "https://a.com/2", "https://a.com/3")}}, Limits{2, 1, 0, 1000},
			[]batch{{Mainland, []string{"https://a.com/1", "https://a.com/2"}}, {Mainland, []string{"https://a.com/3"}}}},
		{"one byte too many", []Part{{Mainland, u("https://a.com/1", "https://a.com/2")}}, Limits{2, 1, 0, 2*one - 1},
			[]batch{{Mainland, []string{"https://a.com/1"}}, {Mainland, []string{"https://a.com/2"}}}},
		{"hosts apart, in order of appearance", []Part{{Mainland, u("https://b.com/1", "https://a.com/1", "http://b.com/2", "https://a.com/2")}}, Limits{9, 9, 0, 1000},
			[]batch{{Mainland, []string{"https://b.com/1", "http://b.com/2"}}, {Mainland, []string{"https://a.com/1", "https://a.com/2"}}}},
		{"areas apart, mainland first", []Part{{Overseas, u("https://a.com/1")}, {Mainland, u("https://b.com/1", "https://a.com/1")}}, Limits{9, 9, 0, 1000},
			[]batch{{Mainland, []string{"https://b.com/1"}}, {Mainland, []string{"https://a.com/1"}}, {Overseas, []string{"https://a.com/1"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := NewPlan(Request{Kind: URL, Parts: tt.parts}, tt.limits)
			require.NoError(t, err)
			var got []batch
			for i, b := range plan {
				assert.Equal(t, i, b.N)
				assert.Equal(t, URL, b.Kind)
				got = append(got, batch{b.Area, texts(b.Targets)})
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNewPlanOfDirectories(t *testing.T) {
	t.Parallel()
	plan, err := NewPlan(request(t), Limits{URLs: 1000, Directories: 1, Bytes: 1000})
	require.NoError(t, err)
	assert.Len(t, plan, 5)
	for _, b := range plan {
		assert.Equal(t, Directory, b.Kind)
		assert.Equal(t, Delete, b.Mode)
	}
	many := Request{Kind: Directory, Parts: []Part{{Mainland, parseAll(t, Directory, "https://a.com/1/", "https://a.com/2/", "https://a.com/3/")}}}
	plan, err = NewPlan(many, Limits{URLs: 1, Directories: 2, Bytes: 1000})
	require.NoError(t, err)
	assert.Len(t, plan, 2)
}

// From the tenth target on, the parameter's name is one byte longer.
func TestNewPlanCountsParameterNames(t *testing.T) {
	t.Parallel()
	var ts []Target
	bytes := 0
	for i := range 11 {
		ts = append(ts, parseAll(t, URL, fmt.Sprintf("https://a.com/%d", i))...)
		bytes += len(fmt.Sprintf("&urls.%d=", i)) + EncodedLen(ts[i].String())
	}
	r := Request{Kind: URL, Parts: []Part{{Mainland, ts}}}
	plan, err := NewPlan(r, Limits{URLs: 1000, Bytes: bytes})
	require.NoError(t, err)
	assert.Len(t, plan, 1)
	plan, err = NewPlan(r, Limits{URLs: 1000, Bytes: bytes - 1})
	require.NoError(t, err)
	assert.Len(t, plan, 2)
}

func TestNewPlanRefuses(t *testing.T) {
	t.Parallel()
	text := "https://a.com/" + strings.Repeat("%20", 200)
	r := Request{Kind: URL, Parts: []Part{{Mainland, parseAll(t, URL, "https://a.com/", text)}}}
	plan, err := NewPlan(r, Limits{URLs: 10, Bytes: 500})
	assert.Nil(t, plan)
	var wrong *Error
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, Invalid, wrong.Kind)
	assert.Equal(t, "Shorten "+text[:197]+"... or purge the directory above it: it is too long for one call.", wrong.Message)

	for _, l := range []Limits{{Bytes: 500, Directories: 1}, {URLs: -1, Bytes: 500}} {
		_, err = NewPlan(r, l)
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, Internal, wrong.Kind)
	}
}

// Appending to one batch must not write into the next.
func TestBatchesShareNothing(t *testing.T) {
	t.Parallel()
	r := Request{Kind: URL, Parts: []Part{{Mainland, parseAll(t, URL, "https://a.com/1", "https://a.com/2")}}}
	plan, err := NewPlan(r, Limits{URLs: 1, Bytes: 1000})
	require.NoError(t, err)
	_ = append(plan[0].Targets, parseAll(t, URL, "https://evil.com/")...)
	assert.Equal(t, []string{"https://a.com/2"}, texts(plan[1].Targets))
}

// FuzzDedupeAndPlan builds a request from lines of text and checks the properties of its plan.
func FuzzDedupeAndPlan(f *testing.F) {
	f.Add("https://a.com/\nhttps://a.com/b/\nhttps://b.com/c\nhttps://a.com/", true, 1, 100)
	f.Add("https://a.com/\nhttps://a.com/b/\nhttps://b.com/c/\nhttps://a.com/!/", false, 2, 60)
	f.Fuzz(func(t *testing.T, text string, urls bool, most, bytes int) {
		kind := Directory
		if urls {
			kind = URL
		}
		var ts []Target
		for line := range strings.Lines(text) {
			if target, err := Parse(kind, strings.TrimSpace(line)); err == nil {
				ts = append(ts, target)
			}
		}
		kept, dropped := Dedupe(kind, ts)
		requireDeduped(t, kind, ts, kept, dropped)

		r := Request{Kind: kind, Parts: []Part{{Overseas, kept}, {Mainland, kept[:len(kept)/2]}}}
		limits := Limits{URLs: most, Directories: most, Bytes: bytes}
		plan, err := NewPlan(r, limits)
		if err != nil {
			require.Nil(t, plan)
			return
		}
		requirePlanned(t, r, limits, plan)
		again, err := NewPlan(r, limits)
		require.NoError(t, err)
		require.Equal(t, plan, again)
	})
}

// requireDeduped compares the result with that of the simplest algorithm.
func requireDeduped(t *testing.T, kind Kind, ts, kept, dropped []Target) {
	t.Helper()
	var wantKept, wantDropped []Target
	for i, a := range ts {
		covered := slices.ContainsFunc(ts[:i], func(b Target) bool { return a.String() == b.String() })
		for _, b := range ts {
			if kind == Directory && a.String() != b.String() && strings.HasPrefix(a.String(), b.String()) {
				covered = true
			}
		}
		if covered {
			wantDropped = append(wantDropped, a)
		} else {
			wantKept = append(wantKept, a)
		}
	}
	require.Equal(t, texts(wantKept), texts(kept))
	require.Equal(t, texts(wantDropped), texts(dropped))
}

// requirePlanned checks that the batches are a partition of the request, each within the limits, of one area and one host.
func requirePlanned(t *testing.T, r Request, l Limits, plan []Batch) {
	t.Helper()
	var planned []pair
	for i, b := range plan {
		require.Equal(t, i, b.N)
		require.NotEmpty(t, b.Targets)
		require.LessOrEqual(t, len(b.Targets), l.URLs)
		size := 0
		for j, target := range b.Targets {
			require.Equal(t, b.Targets[0].Host(), target.Host())
			size += len(fmt.Sprintf("&urls.%d=", j)) + EncodedLen(target.String())
			planned = append(planned, pair{b.Area, target})
		}
		require.LessOrEqual(t, size, l.Bytes)
	}
	require.True(t, slices.IsSortedFunc(plan, func(a, b Batch) int { return strings.Compare(string(a.Area), string(b.Area)) }))
	var wanted []pair
	for _, p := range r.Parts {
		for _, target := range p.Targets {
			wanted = append(wanted, pair{p.Area, target})
		}
	}
	require.ElementsMatch(t, wanted, planned)
	require.Equal(t, len(wanted), r.Len())
}

func BenchmarkDedupe(b *testing.B) {
	ts := parseAll(b, URL, benchURLs(10_000)...)
	b.ReportAllocs()
	for b.Loop() {
		Dedupe(URL, ts)
	}
}

func BenchmarkDedupeFloor(b *testing.B) {
	urls := benchURLs(10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, u := range urls {
			_, _ = url.Parse(u)
		}
	}
}

func BenchmarkDedupeDirectories(b *testing.B) {
	var in []string
	for i := range 10_000 {
		in = append(in, fmt.Sprintf("https://img%02d.example.com/products/2026/%04d/%02d/", i%20, i*7919%10_000, i%3))
	}
	ts := parseAll(b, Directory, in...)
	for b.Loop() {
		Dedupe(Directory, ts)
	}
}
