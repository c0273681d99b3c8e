package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"purgebot/purge"
)

// How a pulse knows that there is room: it asks SQLite for so much and takes that back, and the disk for what a burst writes.
const (
	pulseRoom = 256 << 10
	diskRoom  = 1 << 20
)

// restOfChecks is how much longer the database is left alone than its last whole check took: a check reads the whole file.
const restOfChecks = 100

// checks says when the next whole check is due.
type checks struct {
	mu   sync.Mutex
	next time.Time
}

// Pulse returns nil if the database takes what is written, has room for more, shows it to whoever opens it anew, and is not damaged.
// Its errors say what the operator can do; a Conflict is only a warning: it works for now. It is asked seldom, and may hang where a
// disk does.
func (s *Store) Pulse(ctx context.Context) error {
	at, err := s.beat(ctx)
	if err == nil {
		err = s.seen(ctx, at)
	}
	if err == nil && s.file != nil {
		err = s.file.alone()
	}
	return ailing(err)
}

// beat writes, with room to spare.
func (s *Store) beat(ctx context.Context) (at int64, err error) {
	if s.file == nil {
		return 0, errors.New("it was opened to be read")
	}
	if free, known := freeBytes(filepath.Dir(s.file.path)); known && free < diskRoom {
		return 0, fmt.Errorf("%w: %d bytes are left", errFull, free)
	}
	return change(ctx, s, "write a pulse", func(t tx) (int64, error) {
		if _, err := t.exec(`SAVEPOINT room`); err != nil {
			return 0, err
		}
		if _, err := t.exec(`INSERT INTO pb_pulse (name, at, ballast) VALUES ('room', 0, zeroblob($1))`, pulseRoom); err != nil {
			return 0, err
		}
		if _, err := t.exec(`ROLLBACK TO room`); err != nil {
			return 0, err
		}
		at := micros()
		_, err := t.exec(`INSERT INTO pb_pulse (name, at) VALUES ('pulse', $1) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, at)
		return at, err
	})
}

// seen reads what was written by a connection of its own, as another process would: it finds no file that was removed or replaced,
// and nothing in a WAL that was. Where it is time it reads all the rest as well.
func (s *Store) seen(ctx context.Context, at int64) error {
	if _, err := os.Stat(s.file.path + "-wal"); errors.Is(err, os.ErrNotExist) { // the beat went into it
		return fmt.Errorf("%w: its WAL is missing", errGone)
	}
	db, err := connect(s.file.path, reading)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var seen int64
	err = db.QueryRowContext(ctx, `SELECT at FROM pb_pulse WHERE name = 'pulse'`).Scan(&seen)
	if errors.Is(err, sql.ErrNoRows) || err == nil && seen < at {
		err = fmt.Errorf("%w: what is written is not seen by that name", errGone)
	}
	if err != nil {
		return err
	}
	return s.checks.run(func() error { return check(ctx, db) })
}

// run does a whole check, if one is due.
func (c *checks) run(check func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := time.Now()
	if begun.Before(c.next) {
		return nil
	}
	err := check()
	if err == nil {
		c.next = time.Now().Add(restOfChecks * time.Since(begun))
	}
	return err
}

// ailing says what an operator can do about a database that does not work as it should.
func ailing(err error) error {
	if err == nil {
		return nil
	}
	kind, message := purge.Unavailable, "it does not take what is written: see the log."
	switch c := code(err); {
	case errors.Is(err, errLinked):
		kind, message = purge.Conflict, "its file has a second name, a hard link, and will not open at the next start: remove the link."
	case errors.Is(err, errGone), errors.Is(err, os.ErrNotExist), c == sqlite3.SQLITE_CANTOPEN:
		message = "its file, or its WAL, was removed or replaced under purgebot: put it back, or stop purgebot and restore a backup."
	case errors.Is(err, errFull), c == sqlite3.SQLITE_FULL:
		message = "it has no room left: make room on its disk, or raise the limit on it."
	case errors.Is(err, errDamaged), c == codeCorrupt, c == codeNotADB:
		kind, message = purge.Internal, "it is damaged: stop purgebot, move the file away with its -wal and -shm files, and restore a backup."
	case c == codeBusy, c == sqlite3.SQLITE_LOCKED:
		message = "another program holds its write lock, a backup that hangs or a shell with an open transaction: end it."
	case c == codeReadOnly, errors.Is(err, os.ErrPermission):
		message = "it cannot be written: check its owner, its folder's, and how the disk is mounted."
	case c == codeIOErr:
		message = "its disk answers with errors: see the log, and the system's."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		message = "it did not answer in time: is its disk overloaded, or gone?"
	}
	return &purge.Error{Kind: kind, Message: message, Err: fmt.Errorf("pulse: %w", err)}
}
