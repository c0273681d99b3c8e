package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/purge"
)

// History holds the flags of `purgebot history`. The command needs DATABASE_URL only, and may run beside a serving
// process.
type History struct {
	Host, Since, Until, By, Outcome string
	Format, Zone                    string
}

// Run writes the timeline to out: each matching audit row, oldest first.
func (h History) Run(ctx context.Context, environ []string, now time.Time, out io.Writer) error {
	// All flags are checked before the database is opened.
	zone, err := readZone(h.Zone)
	if err != nil {
		return err
	}
	f, err := h.filter(now, zone)
	if err != nil {
		return err
	}
	w, err := newLines(h.Format, out, zone)
	if err != nil {
		return err
	}
	// The rows are written one by one, so that a long history needs little memory.
	return reading(ctx, environ, func(db *store.Store) error {
		for m, err := range db.Timeline(ctx, f) {
			if err == nil {
				err = w.write(lineOf(m, zone))
			}
			if err != nil {
				return err
			}
		}
		return w.end()
	})
}

// VerifyHistory is `purgebot history --verify`. A broken audit is an error that names the first broken row.
func VerifyHistory(ctx context.Context, environ []string, out io.Writer) error {
	return reading(ctx, environ, func(db *store.Store) error {
		v, err := db.Verify(ctx)
		if err != nil {
			return err
		}
		// A broken audit ends the command with an error.
		switch b := v.Broken; {
		case b != nil && b.Seq == 0:
			return fmt.Errorf("the audit is broken: %s. Keep a copy of the database, and compare it with a backup", b.Why)
		case b != nil:
			return fmt.Errorf("row %d of the audit is broken: %s; %d rows before it are whole. Keep a copy of the database, and compare it with a backup",
				b.Seq, b.Why, v.Rows)
		}
		// A whole audit is summed up, with the hash to keep elsewhere.
		fmt.Fprintf(out, "The audit is whole: %d rows, %d older ones were removed by age.\n", v.Rows, v.Pruned)
		if v.BoundFrom > 0 {
			fmt.Fprintf(out, "Row %d was written by the upgrade that bound the tables to the audit: older purges are compared with their state at that time.\n", v.BoundFrom)
		}
		if v.Head != "" {
			fmt.Fprintf(out, "The last row is %d, with the hash %s: keep the hash elsewhere, so that a rewritten audit can be detected.\n", v.Pruned+v.Rows, v.Head)
		}
		return nil
	})
}

// reading opens the database of the environment read-only and without its lock, and runs do on it.
func reading(ctx context.Context, environ []string, do func(*store.Store) error) error {
	url, err := databaseURL(environ)
	if err != nil {
		return err
	}
	db, err := store.OpenReadOnly(ctx, url)
	if err == nil {
		err = errors.Join(do(db), db.Close())
	}
	if e := (*purge.Error)(nil); errors.As(err, &e) && e.Message != "" {
		return errors.New(e.Message)
	}
	return err
}

// databaseURL reads DATABASE_URL by the same rules as Load.
func databaseURL(environ []string) (string, error) {
	var c Config
	f, _ := reflect.TypeFor[Config]().FieldByName("Database")
	err := decode(f, reflect.ValueOf(&c).Elem().FieldByIndex(f.Index), func(name string) (string, bool) {
		for _, v := range environ {
			if value, is := strings.CutPrefix(v, name+"="); is {
				return value, true
			}
		}
		return "", false
	})
	return c.Database, err
}

func readZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("--zone %q is no time zone: write it like Asia/Shanghai or UTC", name)
	}
	return zone, nil
}

func (h History) filter(now time.Time, zone *time.Location) (f store.Filter, err error) {
	if f.Host, err = readHost(h.Host); err != nil {
		return f, err
	}
	if f.Since, err = readMoment("--since", h.Since, now, zone); err != nil {
		return f, err
	}
	if f.Until, err = readMoment("--until", h.Until, now, zone); err != nil {
		return f, err
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, errors.New("--since is not before --until: a day begins at midnight, and --until leaves its own day out")
	}
	if f.By, err = subject("--by", h.By); err != nil {
		return f, err
	}
	f.State, err = readOutcome(h.Outcome)
	return f, err
}

// readHost checks that host could be the host of a target, and returns its normal form.
func readHost(host string) (string, error) {
	if host == "" {
		return "", nil
	}
	t, err := purge.Parse(purge.URL, "https://"+host+"/")
	if err != nil || t.Path() != "/" || !strings.EqualFold(t.Host(), host) {
		return "", fmt.Errorf("%q is no host: write it like www.example.com, without https:// and path", host)
	}
	return t.Host(), nil
}

// readMoment reads a time as a chat does, and tells the operator which flag was wrong.
func readMoment(flag, s string, now time.Time, zone *time.Location) (time.Time, error) {
	at, err := grammar.ParseTime(s, now, zone)
	if err != nil {
		return at, fmt.Errorf(`%s %q is no time: write it like 30d, 12h, %s or "%s"`, flag, s, now.Format(time.DateOnly), now.Format("2006-01-02 15:04"))
	}
	return at, nil
}

// outcomes lists the final states of a purge.
var outcomes = []store.State{store.StateDone, store.StatePartly, store.StateAccepted, store.StateFailed, store.StateUnknown,
	store.StateRefused, store.StateCancelled, store.StateExpired}

func readOutcome(s string) (store.State, error) {
	st := store.State(s)
	if s == "partly" {
		st = store.StatePartly
	}
	if s != "" && !slices.Contains(outcomes, st) {
		return "", fmt.Errorf("--outcome %q is unknown: write one of %s", s, strings.Join(texts(outcomes), ", "))
	}
	return st, nil
}

// texts converts named strings to plain ones; nil stays nil.
func texts[T ~string](named []T) []string {
	if named == nil {
		return nil
	}
	plain := make([]string, len(named))
	for i, n := range named {
		plain[i] = string(n)
	}
	return plain
}
