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

// fail says what was being done, and gives those errors a sentence that a person can do something about.
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

// judge goes by code, never by text. "" means that there is nothing to add.
func judge(err error) (purge.ErrorKind, string) {
	if e := (*purge.Error)(nil); errors.As(err, &e) {
		return e.Kind, e.Message
	}
	if errors.Is(err, errGone) {
		return purge.Unavailable, sayGone
	}
	switch code(err) {
	case codeCorrupt, codeNotADB:
		return purge.Internal, "The database is damaged; nothing was taken. Ask whoever runs purgebot to restore it."
	case codeBusy, codeReadOnly, codeIOErr, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL:
		return purge.Unavailable, unavailable
	}
	for _, ended := range []error{context.DeadlineExceeded, context.Canceled, sql.ErrConnDone, driver.ErrBadConn, errClosed} {
		if errors.Is(err, ended) {
			return purge.Unavailable, unavailable
		}
	}
	return purge.Internal, ""
}

const sayGone = "The file of the database was removed or replaced, and what is written now would be lost; nothing was taken. Ask whoever runs purgebot to put it back and start purgebot again."

const unavailable = "The database did not answer; nothing was taken. Try again."

// unsure is for a commit that was begun and not answered. Trying again is harmless, since every method is repeatable by its keys.
func unsure(doing string, err error) error {
	return &purge.Error{
		Kind:    purge.Unknown,
		Message: "The database did not say whether this was taken. Look at /purge history before you ask again.",
		Err:     fmt.Errorf("%s: %w", doing, err),
	}
}

// SQLite's primary result codes that are told apart: https://www.sqlite.org/rescode.html
const (
	codeBusy     = sqlite3.SQLITE_BUSY
	codeReadOnly = sqlite3.SQLITE_READONLY
	codeIOErr    = sqlite3.SQLITE_IOERR
	codeCorrupt  = sqlite3.SQLITE_CORRUPT
	codeNotADB   = sqlite3.SQLITE_NOTADB
)

// code is SQLite's primary result code, 0 if the error is not SQLite's.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// errClosed is what database/sql answers after Close; it exports no name for it.
var errClosed = func() error {
	db := sql.OpenDB(noConnector{})
	_ = db.Close()
	return db.Ping()
}()

type noConnector struct{}

func (noConnector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (noConnector) Driver() driver.Driver                        { return nil }
