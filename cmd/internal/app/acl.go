package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// InitACL writes an example policy file that loads. An existing file is never overwritten.
func InitACL(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: name another file, or remove it first", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(acl.Init())
	return errors.Join(err, f.Close())
}

// readACL reads a policy file and prints its warnings to warn.
func readACL(file string, warn io.Writer) (*acl.Policy, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	policy, err := acl.Parse(file, data)
	if err != nil {
		return nil, err
	}
	for _, w := range policy.Warnings() {
		fmt.Fprintln(warn, w)
	}
	return policy, nil
}

// AskACL holds the flags of the `purgebot acl` commands: the policy file, the person asking and the kind of request. Its
// methods need neither a database nor a network.
type AskACL struct {
	File, User, Channel, Kind, Area string
	Groups                          []string
	JSON                            bool
}

// Check answers each line of in with one line on out. Warnings about the file go to warn.
func (c AskACL) Check(in io.Reader, out, warn io.Writer) error {
	policy, err := readACL(c.File, warn)
	if err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	return policy.Check(in, out, o)
}

func (c AskACL) options() (o acl.CheckOptions, err error) {
	o = acl.CheckOptions{Kind: purge.Kind(c.Kind), Area: purge.Area(c.Area), At: time.Now()}
	if o.User, err = subject("--user", c.User); err != nil {
		return o, err
	}
	if o.Channel, err = subject("--channel", c.Channel); err != nil {
		return o, err
	}
	for _, g := range c.Groups {
		s, err := subject("--in", g)
		if err != nil {
			return o, err
		}
		o.Groups = append(o.Groups, s)
	}
	return o, nil
}

// subject parses the subject in a flag. An empty flag gives the empty subject.
func subject(flag, s string) (acl.Subject, error) {
	if s == "" {
		return "", nil
	}
	subject, err := acl.ParseSubject(s)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return subject, nil
}

// Why writes the decision on each target in each requested area, with the reasons for the decision.
func (c AskACL) Why(targets []string, out, warn io.Writer) error {
	policy, err := readACL(c.File, warn)
	if err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	areas, err := o.Areas()
	if err != nil {
		return err
	}
	// The question differs only in target and area from one answer to the next.
	a := acl.Ask{Who: policy.Who(o.User, o.Groups), In: o.Channel, Kind: o.Kind, At: o.At}
	return eachTarget(targets, o.Kind, func(t purge.Target) error {
		a.Target = t
		for _, a.Area = range areas {
			if err := write(out, c.JSON, policy.Why(a), sayWhy); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachTarget parses all targets before it calls do for the first of them.
func eachTarget(targets []string, kind purge.Kind, do func(purge.Target) error) error {
	var parsed []purge.Target
	for _, s := range targets {
		t, err := purge.Parse(kind, s)
		if err != nil {
			return err
		}
		parsed = append(parsed, t)
	}
	for _, t := range parsed {
		if err := do(t); err != nil {
			return err
		}
	}
	return nil
}

// WhoCan writes the people and groups that may purge each target.
func (c AskACL) WhoCan(targets []string, out, warn io.Writer) error {
	policy, err := readACL(c.File, warn)
	if err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	if o.Kind != purge.URL && o.Kind != purge.Directory {
		return fmt.Errorf("unknown kind %q: write url or directory", c.Kind)
	}
	if o.Area != "" && o.Area != purge.Mainland && o.Area != purge.Overseas {
		return fmt.Errorf("unknown area %q: write mainland or overseas, or leave it out for both", c.Area)
	}
	return eachTarget(targets, o.Kind, func(t purge.Target) error {
		a := acl.Ask{In: o.Channel, Kind: o.Kind, Area: o.Area, Target: t, At: o.At}
		return write(out, c.JSON, whoCan{t.String(), o.Kind, append([]acl.Access{}, policy.WhoCan(a)...)}, sayWhoCan)
	})
}

// whoCan is one line of the answer of `acl who-can`.
type whoCan struct {
	Target string       `json:"target"`
	Kind   purge.Kind   `json:"kind"`
	Who    []acl.Access `json:"who"`
}

// TestACL runs the tests inside a policy file and writes each result. The error counts the failed tests.
func TestACL(file string, asJSON bool, out io.Writer) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	results, err := acl.RunTests(file, data)
	if err != nil {
		return err
	}
	// Every result is written, also after a failure.
	failed := 0
	for _, r := range results {
		if r.Failed != "" {
			failed++
		}
		if err := write(out, asJSON, r, func(w io.Writer, r acl.TestResult) { sayTest(w, file, r) }); err != nil {
			return err
		}
	}
	// A summary line is for human readers only: JSON output holds results alone.
	if failed > 0 {
		return fmt.Errorf("%d of the %d tests in %s fail", failed, len(results), file)
	}
	if !asJSON {
		sayTested(out, file, len(results))
	}
	return nil
}

// DiffACL writes the changes in access when one policy file replaces another. At most `most` changes are written; 0
// means all. The result same is true if nothing changes.
func DiffACL(before, after string, most int, asJSON bool, out, warn io.Writer) (same bool, err error) {
	was, err := readACL(before, warn)
	if err != nil {
		return false, err
	}
	is, err := readACL(after, warn)
	if err != nil {
		return false, err
	}
	d := acl.Diff(was, is, max(0, most))
	return d.Same, write(out, asJSON, d, sayDiff)
}

// write writes v as one line of JSON, or through say as text.
func write[T any](out io.Writer, asJSON bool, v T, say func(io.Writer, T)) error {
	var b bytes.Buffer
	if asJSON {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return err
		}
	} else {
		say(&b, v)
	}
	_, err := out.Write(b.Bytes())
	return err
}
