package chat

// Verb is one command of the conversation, for a platform that offers commands with options of its own.
type Verb struct {
	Name, Does string // "freeze"; the menu's few words about the verb
	Options    []Option
}

// Option is one field of a Verb. Name is the field of Fields that the option fills.
type Option struct {
	Name, Says string // "area"; a few words about the expected value
	Kind       OptionKind
	Required   bool
	Suggest    string   // the Field of the Suggestion that completes the option; "" without completion
	Most       int      // the greatest length in characters; 0 is no limit
	Choices    []string // the allowed values; none allows any text
}

// OptionKind is the type of an option's value.
type OptionKind int

// These are the kinds of options.
const (
	TextOption OptionKind = iota
	YesOption             // a value of true or false
	FileOption            // a text file, for Fields.File
)

// Set fills the text field that an option names, and reports whether the field exists.
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

// SetYes fills the true-or-false field that an option names, and reports whether the field exists.
func (f *Fields) SetYes(option string, yes bool) bool {
	into, found := map[string]*bool{"private": &f.Private, "dry-run": &f.DryRun, "prefetch": &f.Prefetch}[option]
	if found {
		*into = yes
	}
	return found
}
