package acl

import (
	"purgebot/purge"
)

// literal says whether a grant with paths may match at all: nothing was cut from the target, and every server that decodes the
// path reads the same one.
func literal(t purge.Target) bool {
	return t.Changes()&purge.FragmentDropped == 0 && encoded(t.Path()) == ""
}

// unhex returns the value of a hex digit, or 16 and more.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// fold is how denials compare paths: decoded up to twice, in lower case, a run of "/" as one.
// Nothing that matches when decoded less often is missed: a denied path holds no "%".
func fold(path string) string { return string(appendFolded(nil, path)) }

// isFolded says whether fold would change nothing.
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
	b = unescape(unescape(append(b, path...)))
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

// unescape decodes the escapes of b once, in place.
func unescape(b []byte) []byte {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' && i+2 < len(b) && unhex(b[i+1]) < 16 && unhex(b[i+2]) < 16 {
			c = unhex(b[i+1])<<4 | unhex(b[i+2])
			i += 2
		}
		b[n] = c
		n++
	}
	return b[:n]
}
