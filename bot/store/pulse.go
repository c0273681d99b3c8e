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

// The room that a pulse demands: pulseRoom of SQLite, in an insertion that is undone, and diskRoom of the disk, enough
// for a burst.
const (
	pulseRoom = 256 << 10
	diskRoom  = 1 << 20
)

// restOfChecks is the pause after a whole check, as a multiple of its duration, since a check reads the whole file.
const restOfChecks = 100

// checks holds the time of the next whole check.
type checks struct {
	mu   sync.Mutex
	next time.Time
}

// Pulse returns nil if the database accepts writes, has room, shows the writes to a new connection, and is not damaged.
// Its errors hold advice for the operator; the kind Conflict is a warning only. Pulse may hang as long as the disk does,
// and is called rarely.
func (s *Store) Pulse(ctx context.Context) error {
	at, err := s.beat(ctx)
	if err == nil {
		err = s.readBeside(ctx, at)
	}
	if err == nil && s.file != nil {
		err = s.file.alone()
	}
	return ailing(err)
}

// beat writes a time to the database and makes sure that there is room for more.
func (s *Store) beat(ctx context.Context) (at int64, err error) {
	// A read-only database has no pulse, and a full disk fails early.
	if s.file == nil {
		return 0, errors.New("it was opened to be read")
	}
	if free, known := freeBytes(filepath.Dir(s.file.path)); known && free < diskRoom {
		return 0, fmt.Errorf("%w: %d bytes are left", errFull, free)
	}
	// SQLite must be able to grow; the growth is undone.
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
		// The time of the pulse is the value that seen expects.
		at := micros()
		_, err := t.exec(`INSERT INTO pb_pulse (name, at) VALUES ('pulse', $1) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, at)
		return at, err
	})
}

// readBeside reads the pulse through a new connection, as another process would. A removed or replaced file or WAL does not
// show the pulse. If a whole check is due, seen reads everything else as well.
func (s *Store) readBeside(ctx context.Context, at int64) error {
	if _, err := os.Stat(s.file.path + "-wal"); errors.Is(err, os.ErrNotExist) { // the pulse was written to the WAL
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

// run does a whole check if one is due.
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

// ailing translates an error of the pulse into advice for the operator.
func ailing(err error) error {
	if err == nil {
		return nil
	}
	// Each cause has its own advice.
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
