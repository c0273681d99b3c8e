package tencent

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// quote returns the vendor's word and message in a form that operators may read: on one line, cut, without the
// query of a URL in it, and withheld if it repeats a part of the request.
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

// fragments returns the beginnings of the secrets in every encoding in which a text could repeat them.
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
