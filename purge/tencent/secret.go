package tencent

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// quote is what the vendor says (a word, and a message) as an operator may read it: on one line, cut, without the query of
// a URL that it may name, and withheld if it repeats the request.
func (l *line) quote(signature, word, message string) string {
	if l.repeats(signature, word) || l.repeats(signature, message) {
		return "(message withheld: it repeats the request)"
	}
	message, _, _ = strings.Cut(strings.ReplaceAll(message, "%3F", "?"), "?")
	return fmt.Sprintf("%.100q %.200q", word, message)
}

// repeats reports whether a text holds a part of a secret.
func (l *line) repeats(signature, text string) bool {
	for _, f := range append(fragments(signature), l.fragments...) {
		if strings.Contains(text, f) {
			return true
		}
	}
	return false
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
