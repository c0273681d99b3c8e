package tencent

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkhttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"purgebot/purge"
)

// tc3Vector is one of the vendor's printed examples.
type tc3Vector struct {
	Name, SecretID, SecretKey, Service, Date, Payload, CanonicalRequest, ExpectedSignature, SignedHeaders string
	Timestamp                                                                                             json.Number
}

func TestPublishedAnswers3(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/docs-known-answers.json")
	require.NoError(t, err)
	var f struct{ TC3 []tc3Vector }
	require.NoError(t, json.Unmarshal(b, &f))
	require.Len(t, f.TC3, 3)
	for _, v := range f.TC3 {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			var headers []header
			for _, line := range strings.Split(v.CanonicalRequest, "\n")[3:] {
				if name, value, ok := strings.Cut(line, ":"); ok {
					headers = append(headers, header{name, value})
				}
			}
			stamp, err := v.Timestamp.Int64()
			require.NoError(t, err)
			canonical, _ := canonicalRequest(headers, []byte(v.Payload))
			assert.Equal(t, v.CanonicalRequest, string(canonical))
			authorization, signature := authorize(v.SecretID, v.SecretKey, v.Service, time.Unix(stamp, 0), headers, []byte(v.Payload))
			assert.Equal(t, v.ExpectedSignature, signature)
			assert.Equal(t, fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=%s, Signature=%s",
				v.SecretID, v.Date, v.Service, v.SignedHeaders, v.ExpectedSignature), authorization)
		})
	}
}

// The vendor's own SDK and the client give a request the same signature. The client's clock follows the SDK's,
// which cannot be set.
func TestTheVendorsSDKAgrees(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]map[string]any{
		"nothing":     {},
		"URLs":        {"Urls": []string{"https://www.test.com/a?x=1&y=<2>", "http://www.abc.com/%E5%9B%BE"}, "Area": "mainland"},
		"directories": {"Paths": []string{"https://www.test.com/a/"}, "FlushType": "delete", "Area": "overseas"},
		"page":        {"TaskId": "1480069888795584532", "Offset": 100, "Limit": 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				stamp, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
				assert.NoError(t, err)
				headers := []header{{"content-type", r.Header.Get("Content-Type")}, {"host", r.Host}}
				ours, _ := authorize(testID, testKey, tc3Service, time.Unix(stamp, 0), headers, body)
				assert.Equal(t, ours, r.Header.Get("Authorization"))
				assert.Equal(t, version, r.Header.Get("X-TC-Version"))
				io.WriteString(w, accepted3)
			})
			p := profile.NewClientProfile()
			p.HttpProfile.Scheme, p.HttpProfile.Endpoint = "HTTP", strings.TrimPrefix(server.URL, "http://")
			r := sdkhttp.NewCommonRequest("cdn", version, "PurgeUrlsCache")
			require.NoError(t, r.SetActionParameters(args))
			answer := sdkhttp.NewCommonResponse()
			require.NoError(t, common.NewCommonClient(common.NewCredential(testID, testKey), "", p).Send(r, answer))
		})
	}
}

// The date of the scope is in UTC, in every time zone of the clock.
func TestScopeIsInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 7, 59, 59, 0, time.FixedZone("UTC+8", 8*60*60))
	authorization, _ := authorize("id", "key", tc3Service, at, nil, nil)
	assert.Contains(t, authorization, "Credential=id/2026-11-20/cdn/tc3_request,")
}

// benchmarkCall3 is a call of 1,000 URLs of an ordinary length, the same as that of API 2.0.
func benchmarkCall3(tb testing.TB) (*V3, call) {
	tb.Helper()
	_, c := benchmarkCall(tb, HmacSHA256)
	v, err := NewV3(Config{SecretID: "AKIDEXAMPLE", SecretKey: "SECRETKEYEXAMPLE"})
	require.NoError(tb, err)
	c3, err := submitCall3(purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: c.targets})
	require.NoError(tb, err)
	return v, c3
}

func BenchmarkSign3(b *testing.B) {
	v, c := benchmarkCall3(b)
	b.ReportAllocs()
	for b.Loop() {
		v.sign(c.action, c.encode(), time.Unix(1462521223, 0))
	}
}

// BenchmarkSign3Floor hashes the same body alone. BenchmarkSign3 may take twice as long.
func BenchmarkSign3Floor(b *testing.B) {
	_, c := benchmarkCall3(b)
	body := c.encode()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(body)
	}
}
