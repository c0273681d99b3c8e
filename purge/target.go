package purge

import "strings"

// Target is one canonical URL or directory. Only Parse makes one; the zero Target is none, and every part of it is "".
// Two targets are the same if their Strings are: a Target also remembers what was changed, so do not compare with ==.
type Target struct {
	text         string
	path, query  uint16 // where the path begins, and where it ends: maxBytes fits
	scheme, host uint8  // how long the scheme is, and where the host begins
	changes      Changes
}

// String returns the canonical form: what is judged, stored, shown and signed alike. It is ASCII.
func (t Target) String() string { return t.text }

// Scheme returns "http" or "https".
func (t Target) Scheme() string { return t.text[:t.scheme] }

// Host returns the host in lower case, without a port: "www.test.com".
func (t Target) Host() string { return t.text[t.host:t.path] }

// Path returns the path as it was typed, escapes and all. It begins with "/".
func (t Target) Path() string { return t.text[t.path:t.query] }

// Query returns what follows the first "?", as it was typed. An empty query and none are both "";
// they are different targets all the same, since String keeps the "?".
func (t Target) Query() string { return strings.TrimPrefix(t.text[t.query:], "?") }

// Changes returns what Parse changed. It is not stored: a target that was read back has none.
func (t Target) Changes() Changes { return t.changes }

// MarshalText returns the canonical form.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText judges what was stored once more, as a URL (of which a directory is one). Its error is a *Refused.
func (t *Target) UnmarshalText(text []byte) error {
	parsed, err := Parse(URL, string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// Changes is a set of what Parse changed on the way to the canonical form.
type Changes uint8

// The changes. There are no others: path and query bytes are part of the cache key.
const (
	LowerCased      Changes = 1 << iota // scheme or host
	PortDropped                         // the scheme's own
	PathAdded                           // "/"
	FragmentDropped                     // with its "#"
)

// Sentences says the changes to the person who typed, one sentence each.
func (c Changes) Sentences() []string {
	var said []string
	for i, sentence := range []string{
		"Scheme and host are in lower case now.",
		"The port is left out, being the scheme's own.",
		"A / is added as the path.",
		"What follows # is left out: it never reaches a server.",
	} {
		if c&(1<<i) != 0 {
			said = append(said, sentence)
		}
	}
	return said
}
