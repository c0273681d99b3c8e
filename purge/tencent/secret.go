package tencent

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// quote is the vendor's message as an operator may read it: on one line, cut, without the query of a URL that it may
// name, and withheld if it repeats the request.
func (v *V2) quote(a answer, signature string) string {
	for _, f := range append(fragments(signature), v.fragments...) {
		if strings.Contains(a.message, f) || strings.Contains(a.symbol, f) {
			return "(message withheld: it repeats the request)"
		}
	}
	message, _, _ := strings.Cut(strings.ReplaceAll(a.message, "%3F", "?"), "?")
	return fmt.Sprintf("%.40q %.200q", a.symbol, message)
}

// fragments are the beginnings by which a secret would be recognised, in the forms in which one gets repeated.
func fragments(secrets ...string) []string {
	var found []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))} {
			found = append(found, form[:min(8, len(form))])
		}
	}
	return found
}
