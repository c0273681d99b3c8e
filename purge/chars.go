package purge

// class is a bit set of the character sets that a byte belongs to.
type class uint16

const (
	isDigit class = 1 << iota
	isHex
	isLower // letters, digits, hyphen and dot
	isUnreserved
	inScheme
	inHost
	inPath
	inQuery
	inFragment
)

// classes maps each byte to its sets and is never written. Bytes above 0x7f belong to fragments only.
var classes = func() (table [256]class) {
	add := func(chars string, c class) {
		for _, b := range []byte(chars) {
			table[b] |= c
		}
	}
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const letters = lower + upper
	add(digits, isDigit)
	add(digits+lower+"-.", isLower)
	add(digits+"abcdefABCDEF", isHex)
	add(digits+letters+"+-.", inScheme)
	add(digits+letters+"-.", inHost)
	add(digits+letters+"-._~", isUnreserved|inPath|inQuery)
	add("!$&'()*+,;=:@%/", inPath|inQuery)
	add("?[]", inQuery)
	for b := '!'; b < 256; b++ {
		if b != '\\' && b != 0x7f {
			table[b] |= inFragment
		}
	}
	return table
}()

// span returns the length of the longest prefix of s whose bytes are all in the set.
func span(s string, set class) int {
	for i := range len(s) {
		if classes[s[i]]&set == 0 {
			return i
		}
	}
	return len(s)
}

// EncodedLen returns the length of s in a form: A–Z a–z 0–9 - . _ ~ keep one byte, every other byte becomes
// %XX. The client that sends the form must encode by the same rule:
// https://www.rfc-editor.org/rfc/rfc3986#section-2.3
func EncodedLen(s string) int {
	n := len(s)
	for i := range len(s) {
		if classes[s[i]]&isUnreserved == 0 {
			n += len("%XX") - 1
		}
	}
	return n
}
