package acl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"purgebot/purge"
)

// Policy is one version of the policy file. It never changes and is safe for concurrent use.
type Policy struct {
	names           *names
	grants, denials []rule // sorted by rank
	index           index
	channels        bool // some rule lists channels
	powers
	areas         map[string]purge.Area // by host; by ".example.com" for "*.example.com"
	contact, hash string
	warnings      []string
}

// powers are the sections of the file about rights besides purging, and about limits.
type powers struct {
	administrators, auditors []principal
	emergency                []principal // people who may purge without approval
	overrides                []principal // people who may purge in spite of a freeze
	each                     budget      // for every person
	shared                   []groupBudget
	reserve                  budget // units for reservists only
	reservists               []principal
	leakWords                []string
}

// Parse reads a policy file. The name appears in errors, and the error is a *FileError. A mistake in the YAML
// syntax hides later problems; otherwise the error lists every problem of the file.
func Parse(name string, data []byte) (*Policy, error) {
	r, p := read(data)
	if p != nil {
		for _, x := range p.expectations(r.tests) {
			if x.failed != "" {
				r.wrong(x.at, "this test fails: %s", x.failed)
			}
		}
	}
	if len(r.problems) > 0 {
		return nil, r.fileError(name, string(data))
	}
	return p, nil
}

// read returns the policy, or nil and the problems in the reader. It does not run the file's tests.
func read(data []byte) (*reader, *Policy) {
	r := &reader{names: newNames(), budgets: map[string]bool{}}
	if top, wrong := readYAML(string(data)); wrong != nil {
		r.problem(wrong.pos, "%s", wrong.message)
	} else {
		r.file(top)
	}
	if len(r.problems) > 0 {
		return r, nil
	}
	p := r.policy()
	p.hash = hash(data)
	return r, p
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FileError is the refusal of a policy file.
type FileError struct {
	Name     string
	Problems []Problem // in the order of the file, at least one
}

// Problem is a mistake at one place of the file, counted from 1 in characters, and a sentence that suggests the
// correction.
type Problem struct {
	Line, Column int
	Message      string
}

const maxShown = 100

// Error returns a line for each problem, "acl.yaml:12:5: sentence", at most 100 lines.
func (e *FileError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i == maxShown {
			fmt.Fprintf(&b, "\n%s: and %d more", e.Name, len(e.Problems)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.Name, p.Line, p.Column, p.Message)
	}
	return b.String()
}

// place converts mistakes, ordered by position, into problems.
func place(src string, mistakes []mistake) (problems []Problem) {
	line, start, at := 1, 0, 0
	for _, m := range mistakes {
		for ; at < m.pos; at++ {
			if src[at] == '\n' {
				line, start = line+1, at+1
			}
		}
		column := 1 + utf8.RuneCountInString(strings.TrimPrefix(src[start:m.pos], "\ufeff"))
		problems = append(problems, Problem{line, column, m.message})
	}
	return problems
}

// Warnings returns a sentence for each valid entry that is probably a mistake.
func (p *Policy) Warnings() []string { return p.warnings }

// Hash returns the SHA-256 of the file in hex, the form in the audit.
func (p *Policy) Hash() string { return p.hash }

// Contact returns the contact that refusals name; "" if the file has none.
func (p *Policy) Contact() string { return p.contact }

// DefaultArea returns the area of a host for commands without an area: the file's entry for the host, else that
// of the longest "*." above it, else "".
func (p *Policy) DefaultArea(host string) purge.Area {
	area, found := p.areas[host]
	for rest := host; !found; rest = rest[1:] {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return ""
		}
		rest = rest[i:]
		area, found = p.areas[rest]
	}
	return area
}
