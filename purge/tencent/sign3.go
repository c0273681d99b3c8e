package tencent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// TC3-HMAC-SHA256 signs the named headers and the exact bytes of the body; see
// https://cloud.tencent.com/document/api/228/30977. The date in the scope is in UTC.
const (
	tc3        = "TC3-HMAC-SHA256"
	tc3Service = "cdn"
)

// header is a signed header. Its name is in lower case.
type header struct{ name, value string }

// authorize returns the Authorization header of a POST to / and the signature in it. The headers must be sorted
// by name.
func authorize(id, key, service string, at time.Time, headers []header, body []byte) (authorization, signature string) {
	date := at.UTC().Format(time.DateOnly)
	scope := date + "/" + service + "/tc3_request"
	canonical, names := canonicalRequest(headers, body)
	text := tc3 + "\n" + strconv.FormatInt(at.Unix(), 10) + "\n" + scope + "\n" + hexSum(canonical)
	k := hmacSum([]byte("TC3"+key), date)
	k = hmacSum(hmacSum(k, service), "tc3_request")
	signature = hex.EncodeToString(hmacSum(k, text))
	return tc3 + " Credential=" + id + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + signature, signature
}

// canonicalRequest returns the canonical form of a request and the list of signed headers. The vendor's page
// demands header values in lower case here; the request itself sends them unchanged.
func canonicalRequest(headers []header, body []byte) (canonical []byte, names string) {
	lines := make([]string, len(headers))
	signed := make([]string, len(headers))
	for i, h := range headers {
		lines[i] = h.name + ":" + strings.ToLower(strings.TrimSpace(h.value)) + "\n"
		signed[i] = h.name
	}
	names = strings.Join(signed, ";")
	return []byte(http.MethodPost + "\n/\n\n" + strings.Join(lines, "") + "\n" + names + "\n" + hexSum(body)), names
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hmacSum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
