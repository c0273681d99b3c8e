package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"purgebot/purge"
)

// fail adds the failed action to err, and a message with advice to known errors.
func fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	kind, message := judge(err)
	err = fmt.Errorf("%s: %w", doing, err)
	if message == "" {
		return err
	}
	return &purge.Error{Kind: kind, Message: message, Err: err}
}

// judge returns the kind of an error and a message for people, by error code and never by text. The message is "" for
// errors without advice.
func judge(err error) (purge.ErrorKind, string) {
	// Known errors keep their message.
	if e := (*purge.Error)(nil); errors.As(err, &e) {
		return e.Kind, e.Message
	}
	if errors.Is(err, errGone) {
		return purge.Unavailable, sayGone
	}
	// SQLite's codes come next.
	switch code(err) {
	case codeCorrupt, codeNotADB:
		return purge.Internal, "The database is damaged; nothing was taken. Ask whoever runs purgebot to restore it."
	case codeBusy, codeReadOnly, codeIOErr, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL:
		return purge.Unavailable, unavailable
	}
	// An ended context or connection asks for another try.
	for _, ended := range []error{context.DeadlineExceeded, context.Canceled, sql.ErrConnDone, driver.ErrBadConn, errClosed} {
		if errors.Is(err, ended) {
			return purge.Unavailable, unavailable
		}
	}
	return purge.Internal, ""
}

const sayGone = "The file of the database was removed or replaced, and what is written now would be lost; nothing was taken. Ask whoever runs purgebot to put it back and start purgebot again."

const unavailable = "The database did not answer; nothing was taken. Try again."

// unsure is the error of a commit without an answer. Another try is harmless, since every method recognizes a
// repetition.
func unsure(doing string, err error) error {
	return &purge.Error{
		Kind:    purge.Unknown,
		Message: "The database did not say whether this was taken. Look at /purge history before you ask again.",
		Err:     fmt.Errorf("%s: %w", doing, err),
	}
}

// The primary result codes of SQLite that judge tells apart: https://www.sqlite.org/rescode.html
const (
	codeBusy     = sqlite3.SQLITE_BUSY
	codeReadOnly = sqlite3.SQLITE_READONLY
	codeIOErr    = sqlite3.SQLITE_IOERR
	codeCorrupt  = sqlite3.SQLITE_CORRUPT
	codeNotADB   = sqlite3.SQLITE_NOTADB
)

// code returns SQLite's primary result code, or 0 for other errors.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// errClosed is the error of database/sql after Close, which has no exported name.
var errClosed = func() error {
	db := sql.OpenDB(noConnector{})
	_ = db.Close()
	return db.Ping()
}()

type noConnector struct{}

// Connect implements driver.Connector.
func (noConnector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }

// Driver implements driver.Connector.
func (noConnector) Driver() driver.Driver { return nil }
