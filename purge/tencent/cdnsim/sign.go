package cdnsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stringToSign joins what is signed: https://cloud.tencent.com/doc/api/231/1725. Values are raw; in names "_" becomes
// "."; names are then sorted by their bytes; host is the Host header as received.
func stringToSign(method, host, path string, params []Param) string {
	pairs := make([]Param, 0, len(params))
	for _, p := range params {
		if p.Name != "Signature" {
			pairs = append(pairs, Param{strings.ReplaceAll(p.Name, "_", "."), p.Value})
		}
	}
	slices.SortFunc(pairs, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString(method + host + path)
	separator := "?"
	for _, p := range pairs {
		b.WriteString(separator + p.Name + "=" + p.Value)
		separator = "&"
	}
	return b.String()
}

// signature is HMAC-SHA1 unless the method is exactly HmacSHA256.
func signature(key, method, text string) string {
	algorithm := hash.Hash(nil)
	if method == "HmacSHA256" {
		algorithm = hmac.New(sha256.New, []byte(key))
	} else {
		algorithm = hmac.New(sha1.New, []byte(key))
	}
	algorithm.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(algorithm.Sum(nil))
}

// verified says whether a known key signed exactly this request.
func (s *Sim) verified(r *Request) bool {
	if r.API == API3 {
		return s.verified3(r)
	}
	key, known := s.Keys[r.Value("SecretId")]
	if !known || r.malformed != nil {
		return false
	}
	want := signature(key, r.Value("SignatureMethod"), stringToSign(r.Method, r.Host, r.Path, r.Params))
	return hmac.Equal([]byte(want), []byte(r.Value("Signature")))
}

// authenticate checks the common parameters: https://cloud.tencent.com/doc/api/231/4473
func (s *Sim) authenticate(r *Request, now time.Time) *refusal {
	if r.malformed != nil {
		return &refusal{code: 4000, text: "The parameters cannot be read: " + r.malformed.Error() + "."}
	}
	for _, name := range []string{"Action", "SecretId", "Timestamp", "Nonce", "Signature"} {
		if r.Value(name) == "" {
			return missing(name)
		}
	}
	if _, known := s.Keys[r.Value("SecretId")]; !known {
		return &refusal{code: 4104, text: "Authentication failed. The SecretId does not exist."}
	}
	if r.Value("Token") != s.Token {
		return &refusal{code: 4105, text: "Authentication failed. The token is wrong."}
	}
	if !r.Verified {
		return &refusal{code: 4100, text: "Authentication failed. The signature is wrong."}
	}
	return s.once(r, now)
}

// once refuses a request that is stamped wrongly or was seen before.
func (s *Sim) once(r *Request, now time.Time) *refusal {
	stamp, err := strconv.ParseInt(r.Value("Timestamp"), 10, 64)
	if err != nil {
		return &refusal{code: 4000, text: "Timestamp is not a whole number of seconds."}
	}
	if n, err := strconv.ParseUint(r.Value("Nonce"), 10, 64); err != nil || n == 0 {
		return &refusal{code: 4000, text: "Nonce is not a positive integer."}
	}
	skew := s.Skew
	if skew == 0 {
		skew = 5 * time.Minute
	}
	if now.Sub(time.Unix(stamp, 0)).Abs() > skew || !s.nonces.use(r.Value("SecretId")+" "+r.Value("Nonce"), now, 2*skew) {
		return &refusal{code: 4500, text: fmt.Sprintf("请求被拒绝，请求重复, 请注意 Nonce 参数两次请求不能重复, "+
			"Timestamp 与腾讯服务器相差不能超过 %.0f 分钟, 腾讯服务器 Timestamp = %d", skew.Minutes(), now.Unix())}
	}
	return nil
}

// nonces remembers each nonce for at least as long as its request could be stamped well: two generations.
type nonces struct {
	young, old map[string]bool
	born       time.Time
}

func (n *nonces) use(nonce string, now time.Time, life time.Duration) (fresh bool) {
	if n.young == nil || now.Sub(n.born) > life {
		n.young, n.old, n.born = map[string]bool{}, n.young, now
	}
	if n.young[nonce] || n.old[nonce] {
		return false
	}
	n.young[nonce] = true
	return true
}
