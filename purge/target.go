package purge

// Target is one canonical URL or directory. Only Parse makes one; the zero Target is none.
type Target struct {
	text string
}

// String returns the canonical form: what is judged, stored, shown and signed alike.
func (t Target) String() string { return t.text }
