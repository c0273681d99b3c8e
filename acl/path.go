package acl

import (
	"purgebot/purge"
)

// literal reports whether grants with paths may match a target: no fragment was cut off, and every server reads
// the path alike.
func literal(t purge.Target) bool {
	return t.Changes()&purge.FragmentDropped == 0 && encoded(t.Path()) == ""
}

// fold returns the form in which denials compare paths: decoded twice, in lower case, each run of "/" as one. A
// path that matches after fewer decodings matches after two, because a denied path holds no "%".
func fold(path string) string { return string(appendFolded(nil, path)) }

// isFolded reports whether fold would change nothing.
func isFolded(path string) bool {
	for i := range len(path) {
		if c := path[i]; c == '%' || 'A' <= c && c <= 'Z' || c == '/' && i > 0 && path[i-1] == '/' {
			return false
		}
	}
	return true
}

// appendFolded appends the folded path to b, which is empty.
func appendFolded(b []byte, path string) []byte {
	b = purge.Unescape(purge.Unescape(append(b, path...)))
	n := 0
	for _, c := range b {
		if c == '/' && n > 0 && b[n-1] == '/' {
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		b[n] = c
		n++
	}
	return b[:n]
}
