package cdnsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorization is an Authorization header taken apart: https://cloud.tencent.com/document/api/228/30977
type authorization struct{ id, date, service, headers, signature string }

var authorizationForm = regexp.MustCompile(`^TC3-HMAC-SHA256 Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/([a-z0-9]+)/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

func readAuthorization(header string) (a authorization, ok bool) {
	m := authorizationForm.FindStringSubmatch(header)
	if m == nil {
		return a, false
	}
	return authorization{m[1], m[2], m[3], m[4], m[5]}, true
}

// stringToSign3 is what the page says: the request reduced to a canonical text, hashed, below when and for what it was made.
func (a authorization) stringToSign3(r *Request) string {
	var headers strings.Builder
	for _, name := range strings.Split(a.headers, ";") {
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.ToLower(strings.TrimSpace(r.header(name))))
	}
	canonical := fmt.Sprintf("%s\n/\n\n%s\n%s\n%x", r.Method, headers.String(), a.headers, sha256.Sum256([]byte(r.Body)))
	return fmt.Sprintf("TC3-HMAC-SHA256\n%s\n%s/%s/tc3_request\n%x", r.header("X-TC-Timestamp"), a.date, a.service, sha256.Sum256([]byte(canonical)))
}

func (a authorization) sign3(key, text string) string {
	mac := []byte("TC3" + key)
	for _, part := range []string{a.date, a.service, "tc3_request", text} {
		h := hmac.New(sha256.New, mac)
		h.Write([]byte(part))
		mac = h.Sum(nil)
	}
	return fmt.Sprintf("%x", mac)
}

// verified3 says whether a known key signed exactly this request.
func (s *Sim) verified3(r *Request) bool {
	a, ok := readAuthorization(r.header("Authorization"))
	key, known := s.Keys[a.id]
	names := strings.Split(a.headers, ";")
	return ok && known && a.service == "cdn" && slices.Contains(names, "content-type") && slices.Contains(names, "host") &&
		hmac.Equal([]byte(a.sign3(key, a.stringToSign3(r))), []byte(a.signature))
}

// authenticate3 checks the common parameters: https://cloud.tencent.com/document/api/228/30976
func (s *Sim) authenticate3(r *Request, now time.Time) *refusal {
	for _, name := range []string{"X-TC-Action", "X-TC-Version", "X-TC-Timestamp", "Authorization"} {
		if r.header(name) == "" {
			return refuse(0, "MissingParameter", "The request is missing a required parameter `"+name+"`.")
		}
	}
	a, ok := readAuthorization(r.header("Authorization"))
	stamp, err := strconv.ParseInt(r.header("X-TC-Timestamp"), 10, 64)
	if !ok || err != nil {
		return refuse(0, "AuthFailure.InvalidAuthorization", "The Authorization or X-TC-Timestamp header is malformed.")
	}
	if _, known := s.Keys[a.id]; !known {
		return refuse(0, "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct.")
	}
	if r.header("X-TC-Token") != s.Token {
		return refuse(0, "AuthFailure.TokenFailure", "The token is wrong.")
	}
	skew := s.Skew
	if skew == 0 {
		skew = 5 * time.Minute
	}
	at := time.Unix(stamp, 0).UTC()
	if now.Sub(at).Abs() > skew {
		return refuse(0, "AuthFailure.SignatureExpire", fmt.Sprintf("The provided Timestamp %d differs from the server's time %d by more than %.0f minutes.", stamp, now.Unix(), skew.Minutes()))
	}
	if !r.Verified || a.date != at.Format(time.DateOnly) {
		return refuse(0, "AuthFailure.SignatureFailure", "The provided credentials could not be validated. Please check your signature is correct.")
	}
	return s.form3(r)
}

func (s *Sim) form3(r *Request) *refusal {
	switch {
	case r.header("X-TC-Version") != "2018-06-06":
		return refuse(0, "NoSuchVersion", "The api version "+r.header("X-TC-Version")+" does not exist in service cdn.")
	case r.header("X-TC-Language") != "" && r.header("X-TC-Language") != "zh-CN" && r.header("X-TC-Language") != "en-US":
		return refuse(0, "InvalidParameterValue", "The value of X-TC-Language is not supported.")
	case r.malformed != nil:
		return refuse(0, "InvalidParameter", "The body cannot be read: "+r.malformed.Error()+".")
	}
	return nil
}
