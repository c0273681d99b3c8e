package tencent

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"math"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// vector is one known answer; the two files name some fields differently.
type vector struct {
	Name, Case            string
	Method                string
	Host, Path            string
	SecretKey             string
	Hash, SignatureMethod string
	Params                map[string]string
	StringToSign          string
	Signature             string
	ExpectedSignature     *string
	ComputedSignature     string
	EncodedGoURLValues    string
}

type vectorFile struct {
	SecretID, SecretKey string
	Vectors             []vector
	V2                  []vector
	Collision           struct {
		ParamsA, ParamsB map[string]string
		Signature        string
	}
}

func readVectors(t *testing.T, name string) (f vectorFile) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &f))
	return f
}

// signParams signs any parameters, sorted as the documents say: underscores first become dots.
func signParams(method, key, httpMethod, host, path string, params map[string]string) (wire []byte, signature string) {
	s := newSigning(method, key, httpMethod, host, path, 0)
	dotted := func(name string) string { return strings.ReplaceAll(name, "_", ".") }
	for _, name := range slices.SortedFunc(maps.Keys(params), func(a, b string) int { return strings.Compare(dotted(a), dotted(b)) }) {
		s.param(name, params[name])
	}
	return s.finish()
}

// decoded returns the parameters that a server reads from a query or a form body.
func decoded(t *testing.T, wire []byte) map[string]string {
	t.Helper()
	form, err := url.ParseQuery(string(wire))
	require.NoError(t, err)
	m := map[string]string{}
	for name, values := range form {
		require.Len(t, values, 1, name)
		m[name] = values[0]
	}
	return m
}

func TestCanonicalVectors(t *testing.T) {
	t.Parallel()
	f := readVectors(t, "v2-canonical.json")
	require.Len(t, f.Vectors, 56)
	for _, v := range f.Vectors {
		t.Run(fmt.Sprintf("%s %s %s", v.Case, v.Method, v.SignatureMethod), func(t *testing.T) {
			wire, signature := signParams(v.SignatureMethod, f.SecretKey, v.Method, "cdn.api.qcloud.com", "/v2/index.php", v.Params)
			assert.Equal(t, v.Signature, signature)
			want, err := url.ParseQuery(v.EncodedGoURLValues)
			require.NoError(t, err)
			got, err := url.ParseQuery(string(wire))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// The vectors that the target grammar admits also pass through the client, with its order of names and its
// choice of actions.
func TestCanonicalVectorsThroughTheClient(t *testing.T) {
	t.Parallel()
	f := readVectors(t, "v2-canonical.json")
	ran := 0
	for _, v := range f.Vectors {
		b, ok := batchOf(v.Params)
		if !ok {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("%s %s %s", v.Case, v.Method, v.SignatureMethod), func(t *testing.T) {
			client, err := NewV2(Config{Method: v.Method, Signature: v.SignatureMethod, SecretID: v.Params["SecretId"], SecretKey: f.SecretKey})
			require.NoError(t, err)
			c, err := submitCall(b)
			require.NoError(t, err)
			wire, signature := client.encode(c, time.Unix(1462521223, 0), 123456789)
			want := maps.Clone(v.Params)
			want["Signature"] = v.Signature
			assert.Equal(t, v.Signature, signature)
			assert.Equal(t, want, decoded(t, wire))
		})
	}
	assert.Equal(t, 10*4, ran) // all but special characters, underscores and "@", which no target has
}

// batchOf converts a vector back into its batch.
func batchOf(params map[string]string) (b purge.Batch, ok bool) {
	for area, kinds := range actions {
		for kind, action := range kinds {
			if action == params["Action"] {
				b.Area, b.Kind = area, kind
			}
		}
	}
	list := "urls"
	if b.Kind == purge.Directory {
		b.Mode, list = purge.Flush, "dirs"
	}
	if params["type"] == "2" {
		b.Mode = purge.Delete
	}
	for i := range len(params) {
		s, given := params[list+"."+strconv.Itoa(i)]
		if !given {
			break
		}
		target, err := purge.Parse(b.Kind, s)
		if err != nil || target.String() != s {
			return b, false
		}
		b.Targets = append(b.Targets, target)
	}
	return b, len(b.Targets) > 0
}

func TestPublishedAnswers(t *testing.T) {
	t.Parallel()
	f := readVectors(t, "docs-known-answers.json")
	require.Len(t, f.V2, 12)
	for _, v := range f.V2 {
		t.Run(v.Name, func(t *testing.T) {
			method := map[string]string{"sha1": HmacSHA1, "sha256": HmacSHA256}[v.Hash]
			_, signature := signParams(method, v.SecretKey, v.Method, v.Host, v.Path, v.Params)
			assert.Equal(t, v.ComputedSignature, signature)
			if v.ExpectedSignature != nil {
				assert.Equal(t, *v.ExpectedSignature, signature)
			}
		})
	}
}

// The page of 2014 sends two ids that its printed signature does not cover. The signature of the request as
// sent is different.
func TestPublishedMistake(t *testing.T) {
	t.Parallel()
	signatures := map[string]string{}
	for _, v := range readVectors(t, "docs-known-answers.json").V2 {
		_, signatures[v.Name] = signParams(HmacSHA1, v.SecretKey, v.Method, v.Host, v.Path, v.Params)
	}
	assert.Equal(t, "HgIYOPcx5lN6gz8JsCFBNAWp2oQ=", signatures["cvm-DescribeInstances-2014-sha1"])
	assert.Equal(t, "66prolcgMqz0pm5B52x1Z5ulz/Q=", signatures["cvm-DescribeInstances-2014-sha1-with-ids"])
}

// Two different requests can have one signature. Only the encoding on the wire tells them apart.
func TestCollision(t *testing.T) {
	t.Parallel()
	f := readVectors(t, "v2-canonical.json")
	wireA, signatureA := signParams(HmacSHA1, f.SecretKey, "POST", "cdn.api.qcloud.com", "/v2/index.php", f.Collision.ParamsA)
	wireB, signatureB := signParams(HmacSHA1, f.SecretKey, "POST", "cdn.api.qcloud.com", "/v2/index.php", f.Collision.ParamsB)
	require.Equal(t, f.Collision.Signature, signatureA)
	require.Equal(t, signatureA, signatureB)
	got := decoded(t, wireA)
	delete(got, "Signature")
	assert.Equal(t, f.Collision.ParamsA, got)
	got = decoded(t, wireB)
	delete(got, "Signature")
	assert.Equal(t, f.Collision.ParamsB, got)
}

func TestNextInTextOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 9, 10, 11, 19, 20, 99, 100, 101, 110, 111, 998, 999, 1000, 1001, 1011} {
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		slices.SortFunc(want, func(a, b int) int { return strings.Compare(strconv.Itoa(a), strconv.Itoa(b)) })
		i := 0
		for _, w := range want {
			require.Equal(t, w, i, "n=%d", n)
			i = nextInTextOrder(i, n)
		}
	}
}

// The decoded request equals the input, and its size is the one that the plan counted.
func TestEscape(t *testing.T) {
	t.Parallel()
	var every []byte
	for c := range 256 {
		every = append(every, byte(c))
	}
	for s, want := range map[string]string{
		"":                             "",
		"Az09-._~":                     "Az09-._~",
		"a b+c%20d":                    "a%20b%2Bc%2520d",
		"https://a.test/?x=1&y=\n\x00": "https%3A%2F%2Fa.test%2F%3Fx%3D1%26y%3D%0A%00",
		"图":                            "%E5%9B%BE",
	} {
		assert.Equal(t, want, string(appendEscaped(nil, s)))
	}
	roundTrip := func(s string) bool {
		escaped := string(appendEscaped(nil, s))
		back, err := url.QueryUnescape(escaped)
		return err == nil && back == s && len(escaped) == purge.EncodedLen(s)
	}
	assert.True(t, roundTrip(string(every)))
	require.NoError(t, quick.Check(roundTrip, nil))
}

var hashes = map[string]func() hash.Hash{HmacSHA1: sha1.New, HmacSHA256: sha256.New}

// benchmarkCall is a call of 1,000 URLs of an ordinary length.
func benchmarkCall(tb testing.TB, method string) (*V2, call) {
	tb.Helper()
	v, err := NewV2(Config{Signature: method, SecretID: "AKIDEXAMPLE", SecretKey: "SECRETKEYEXAMPLE"})
	require.NoError(tb, err)
	b := purge.Batch{Kind: purge.URL, Area: purge.Mainland}
	for i := range maxURLs {
		target, err := purge.Parse(purge.URL, fmt.Sprintf("https://static.example.com/assets/2024/product-%04d/main.jpg?v=%d", i, i))
		require.NoError(tb, err)
		b.Targets = append(b.Targets, target)
	}
	c, err := submitCall(b)
	require.NoError(tb, err)
	return v, c
}

func BenchmarkSign(b *testing.B) {
	for method := range hashes {
		b.Run(method, func(b *testing.B) {
			v, c := benchmarkCall(b, method)
			b.ReportAllocs()
			for b.Loop() {
				v.encode(c, time.Unix(1462521223, 0), math.MaxUint64)
			}
		})
	}
}

// BenchmarkSignFloor computes the bare HMAC of the same string to sign. BenchmarkSign may take four times as
// long.
func BenchmarkSignFloor(b *testing.B) {
	for method, h := range hashes {
		b.Run(method, func(b *testing.B) {
			v, c := benchmarkCall(b, method)
			wire, _ := v.encode(c, time.Unix(1462521223, 0), math.MaxUint64)
			raw, err := url.QueryUnescape(string(wire[:strings.Index(string(wire), "&Signature=")]))
			require.NoError(b, err)
			text := []byte("POSTcdn.api.qcloud.com/v2/index.php?" + raw)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				mac := hmac.New(h, []byte(v.secret))
				mac.Write(text)
				mac.Sum(nil)
			}
		})
	}
}
