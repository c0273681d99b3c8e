package purge

import "strings"

// Target is one canonical URL or directory. Only Parse makes one; the zero Target is empty in every part.
// Compare targets by String, not by ==, because a Target also remembers the changes that Parse made.
type Target struct {
	text         string
	path, query  uint16 // offsets where the path begins and ends; maxBytes fits
	scheme, host uint8  // length of the scheme, and offset of the host
	changes      Changes
}

// String returns the canonical form, which is judged, stored, shown and signed unchanged. It is ASCII.
func (t Target) String() string { return t.text }

// Scheme returns "http" or "https".
func (t Target) Scheme() string { return t.text[:t.scheme] }

// Host returns the host in lower case, without a port: "www.test.com".
func (t Target) Host() string { return t.text[t.host:t.path] }

// Path returns the path as it was typed, escapes and all. It begins with "/".
func (t Target) Path() string { return t.text[t.path:t.query] }

// Query returns the text after the first "?", as it was typed. The result is "" for an empty query and for
// none, although their Strings differ by the "?" and they are different targets.
func (t Target) Query() string { return strings.TrimPrefix(t.text[t.query:], "?") }

// Changes returns the changes that Parse made. They are not stored: a Target read back has none.
func (t Target) Changes() Changes { return t.changes }

// MarshalText returns the canonical form.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText parses the stored text again, as a URL (directories are URLs, too). Its error is a *Refused.
func (t *Target) UnmarshalText(text []byte) error {
	parsed, err := Parse(URL, string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// Changes is a set of the changes that Parse made on the way to the canonical form.
type Changes uint8

// The possible changes. Path and query keep their bytes, because they are part of the cache key.
const (
	LowerCased      Changes = 1 << iota // of scheme or host
	PortDropped                         // the scheme's own port
	PathAdded                           // "/" as the path of a bare host
	FragmentDropped                     // the fragment and its "#"
)

// Sentences returns one sentence for each change, for the person who typed the target.
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
