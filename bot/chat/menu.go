package chat

// Verb is one command of the conversation, for a platform that offers commands with options of its own.
type Verb struct {
	Name, Does string // "freeze"; what the verb does, in a few words for a menu
	Options    []Option
}

// Option is one field of a Verb. Name is the field of Fields that the option fills.
type Option struct {
	Name, Says string // "area"; what to fill in, in a few words
	Kind       OptionKind
	Required   bool
	Suggest    string   // the Field of the Suggestion that completes the option; "" if nothing does
	Most       int      // characters; 0 is no limit
	Choices    []string // if any, one of these
}

// OptionKind says what an option holds.
type OptionKind int

// The kinds of options.
const (
	TextOption OptionKind = iota
	YesOption             // true or false
	FileOption            // a text file: the File
)

// Set fills the field that an option names, and reports whether there is one.
func (f *Fields) Set(option, value string) bool {
	into, found := map[string]*string{
		"targets": &f.Targets, "url": &f.Targets, "area": &f.Area, "mode": &f.Mode, "reason": &f.Reason, "id": &f.ID,
		"domain": &f.Domain, "for": &f.For, "subject": &f.Subject, "kind": &f.Kind,
		"since": &f.Since, "until": &f.Until, "by": &f.By, "outcome": &f.Outcome,
	}[option]
	if found {
		*into = value
	}
	return found
}

// SetYes fills the field that an option names, and reports whether there is one.
func (f *Fields) SetYes(option string, yes bool) bool {
	into, found := map[string]*bool{"private": &f.Private, "dry-run": &f.DryRun, "prefetch": &f.Prefetch}[option]
	if found {
		*into = yes
	}
	return found
}
