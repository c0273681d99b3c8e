package acl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"purgebot/purge"
)

// This file judges the escapes of a path under a grant with paths. Servers decode once or twice, some drop or
// replace invalid characters, and some take look-alikes for the character itself (Unicode's NFKC). A grant
// covers only paths that all servers read alike. An escape for two decodings begins with an encoded %, which is
// refused itself.

// encoded returns the first escape in path that a grant with paths refuses, or "".
func encoded(path string) string {
	for rest := path; ; {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			return unseenInDots(path)
		}
		r, size := escapedRune(rest[i:])
		if size == 0 || confusing(r) {
			return rest[i:min(len(rest), i+3*max(1, size))]
		}
		rest = rest[i+3*size:]
	}
}

// escapedRune decodes the character at the beginning of s, and returns the number of its escapes. Bytes that
// are not UTF-8, such as overlong forms and parts of a character, give utf8.RuneError.
func escapedRune(s string) (r rune, size int) {
	n := 0
	for n < utf8.UTFMax && len(s) >= 3*(n+1) && s[3*n] == '%' {
		n++
	}
	var b [3 * utf8.UTFMax]byte
	return utf8.DecodeRune(purge.Unescape(append(b[:0], s[:3*n]...)))
}

// confusing reports whether some server takes an escaped character for a separator, a dot, the beginning of an
// escape, or nothing.
func confusing(r rune) bool {
	switch r {
	case '/', '\\', '.', '%', ';', utf8.RuneError:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(lookalikes, r)
}

// lookalikes holds the characters whose NFKC form has a slash, a backslash, a dot, a percent sign or a
// semicolon. A test compares it with the tables of golang.org/x/text.
var lookalikes = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x037e, 0x037e, 1}, // Greek question mark: ;
		{0x2024, 0x2026, 1}, // one to three dots
		{0x2100, 0x2101, 1}, // a/c, a/s
		{0x2105, 0x2106, 1}, // c/o, c/u
		{0x2488, 0x249b, 1}, // 1. to 20.
		{0x33c2, 0x33c2, 1}, // a.m.
		{0x33c7, 0x33c7, 1}, // Co.
		{0x33d8, 0x33d8, 1}, // p.m.
		{0xfe14, 0xfe14, 1}, // vertical ;
		{0xfe19, 0xfe19, 1}, // vertical ...
		{0xfe30, 0xfe30, 1}, // vertical ..
		{0xfe52, 0xfe52, 1}, // small .
		{0xfe54, 0xfe54, 1}, // small ;
		{0xfe68, 0xfe68, 1}, // small backslash
		{0xfe6a, 0xfe6a, 1}, // small %
		{0xff05, 0xff05, 1}, // wide %
		{0xff0e, 0xff0f, 1}, // wide . and /
		{0xff1b, 0xff1b, 1}, // wide ;
		{0xff3c, 0xff3c, 1}, // wide backslash
	},
	R32: []unicode.Range32{{0x1f100, 0x1f100, 1}}, // 0.
}

// unseenInDots returns the first escape of a segment of dots and characters that a server may trim or ignore
// (blanks, zero-width characters), or "": such a server reads "..%20" and ".%e2%80%8b." as the directory above.
func unseenInDots(path string) string {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == ';' }) {
		first := strings.IndexByte(segment, '%')
		if first >= 0 && strings.Contains(segment, ".") && onlyDots(segment) {
			_, size := escapedRune(segment[first:])
			return segment[first : first+3*size]
		}
	}
	return ""
}

// onlyDots reports whether a segment of valid escapes has no visible characters but dots.
func onlyDots(segment string) bool {
	for segment != "" {
		r, size := rune(segment[0]), 1
		if r == '%' {
			r, size = escapedRune(segment)
			size *= 3
		}
		if r != '.' && !unicode.In(r, unicode.Z, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return false
		}
		segment = segment[size:]
	}
	return true
}
