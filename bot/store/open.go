package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"purgebot/purge"
)

// Store is the open database. Its single connection is shared with the durable engine.
type Store struct {
	db     *sql.DB
	file   *hold // nil for a read-only database
	writer writer
	checks checks
}

// Open opens or creates the database named by a DATABASE_URL such as "sqlite:purgebot.db", for the one process that runs
// workflows. Open refuses a database that another process has open under any name, that is damaged, read-only or
// foreign, or that a newer purgebot wrote. The error is a *purge.Error with advice, and the file stays unchanged.
func Open(ctx context.Context, databaseURL string) (*Store, error) {
	path, err := pathOf(databaseURL)
	if err != nil {
		return nil, err
	}
	file, err := take(path)
	if err != nil {
		return nil, refused(path, err)
	}
	db, err := openLocked(ctx, path)
	if err != nil {
		file.release()
		return nil, refused(path, err)
	}
	return &Store{db: db, file: file}, nil
}

func openLocked(ctx context.Context, path string) (*sql.DB, error) {
	if err := inspect(ctx, path); err != nil {
		return nil, err
	}
	db, err := connect(path, writing)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// OpenReadOnly opens a database to read its history, also while a process works on it. OpenReadOnly takes no lock,
// migrates nothing and cannot write.
func OpenReadOnly(ctx context.Context, databaseURL string) (*Store, error) {
	path, err := pathOf(databaseURL)
	if err != nil {
		return nil, err
	}
	db, err := connect(path, reading)
	if err != nil {
		return nil, refused(path, err)
	}
	version, err := versionOf(ctx, db)
	if err == nil && version < latest() {
		err = errOlder
	}
	if err != nil {
		_ = db.Close()
		return nil, refused(path, err)
	}
	return &Store{db: db}, nil
}

// DB returns the connection for the durable engine alone, whose Shutdown closes it.
func (s *Store) DB() *sql.DB { return s.db }

// closesWithin limits the wait for a busy connection when the database is closed.
const closesWithin = 5 * time.Second

// Close closes the database and then releases the lock. Close waits until the file is no longer in use, since
// database/sql leaves a busy connection open. Close may be called twice, and after the engine's Shutdown.
func (s *Store) Close() error {
	err := s.db.Close()
	for until := time.Now().Add(closesWithin); s.db.Stats().OpenConnections > 0 && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	if s.file != nil {
		s.file.release()
	}
	return fail("close the database", err)
}

// Ping returns nil if the database can be read now.
func (s *Store) Ping(ctx context.Context) error {
	var id int
	return fail("ping the database", s.db.QueryRowContext(ctx, `SELECT id FROM pb_audit_head`).Scan(&id))
}

// pathOf returns the one true path of a database, so that two names of a file share a lock. Its errors never repeat the
// URL, which may hold a password.
func pathOf(databaseURL string) (string, error) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	if !ok || path == "" || strings.HasPrefix(path, ":") {
		return "", &purge.Error{Kind: purge.Invalid, Message: `DATABASE_URL is not "sqlite:" and the path of a file; set it to sqlite:purgebot.db.`}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil { // the file itself may not exist yet
		return filepath.Join(folder, filepath.Base(path)), nil
	}
	return path, nil
}

// The parameters of a connection. busy_timeout, in milliseconds, limits the wait for a locked file.
const (
	writing = "_txlock=immediate&_busy_timeout=2000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1"
	reading = "mode=ro&_busy_timeout=2000&_query_only=1"
)

// connect opens path with one connection. More connections would wait for one another's locks and slow a burst down
// fivefold.
func connect(path, parameters string) (*sql.DB, error) {
	c, err := openPrepared((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: parameters}).String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	return db, nil
}

// The reasons for not opening a database.
var (
	errLocked  = errors.New("the lock is taken")
	errNewer   = errors.New("its schema is newer")
	errOlder   = errors.New("its schema is older")
	errForeign = errors.New("it holds other tables")
	errDamaged = errors.New("its check failed")
	errLinked  = errors.New("it has a second name")
	errGone    = errors.New("the file is gone")
	errFull    = errors.New("the disk is full")
)

// refused returns the error for a database that cannot be opened, with advice.
func refused(path string, err error) error {
	// Each reason has its own advice.
	kind, message := purge.Internal, "The database %s cannot be opened. Check its path, its owner and the disk, then start again."
	switch c := code(err); {
	case errors.Is(err, errLocked):
		kind, message = purge.Conflict, "Another purgebot works on %s. Stop it first, or give this one another DATABASE_URL."
	case errors.Is(err, errNewer):
		message = "The database %s was written by a newer purgebot. Run that version, or restore a backup from before."
	case errors.Is(err, errOlder):
		message = "The database %s was written by an older purgebot. Start purgebot serve once, which brings it up to date."
	case errors.Is(err, errForeign):
		message = "The database %s is not purgebot's. Give DATABASE_URL a path of its own."
	case errors.Is(err, errLinked):
		kind, message = purge.Conflict, "The database %s has a second name, a hard link, under which commits may be missing. Remove the link, keep the name that it was last started by, then start again."
	case errors.Is(err, errDamaged), c == codeCorrupt, c == codeNotADB:
		message = "The database %s is damaged and was left as it is. Move it away with its -wal and -shm files and restore a backup."
	case c == codeBusy:
		kind, message = purge.Unavailable, "The database %s is locked by another program. Stop it, then start again."
	case errors.Is(err, os.ErrPermission), c == codeReadOnly:
		message = "The database %s cannot be written. Check its owner and its folder's, then start again."
	}
	return &purge.Error{Kind: kind, Message: fmt.Sprintf(message, path), Err: fmt.Errorf("open %s: %w", path, err)}
}
