package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// InitACL writes a policy file that loads. It never writes over one.
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

// CheckACL is `purgebot acl check`: no database, no network.
type CheckACL struct {
	File, User, Channel, Kind, Area string
	Groups                          []string
}

// Run answers each line of in with one line on out. Warnings about the file go to warn.
func (c CheckACL) Run(in io.Reader, out, warn io.Writer) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	policy, err := acl.Parse(c.File, data)
	if err != nil {
		return err
	}
	for _, w := range policy.Warnings() {
		fmt.Fprintln(warn, w)
	}
	o := acl.CheckOptions{Kind: purge.Kind(c.Kind), Area: purge.Area(c.Area), At: time.Now()}
	if o.User, err = subject("--user", c.User); err != nil {
		return err
	}
	if o.Channel, err = subject("--channel", c.Channel); err != nil {
		return err
	}
	for _, g := range c.Groups {
		s, err := subject("--in", g)
		if err != nil {
			return err
		}
		o.Groups = append(o.Groups, s)
	}
	return policy.Check(in, out, o)
}

// subject reads one flag; an empty one is left to Check.
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
