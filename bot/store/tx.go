package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// change runs do in one transaction, together with other waiting jobs, and commits it whole or not at all. Three rules
// apply to do. It uses tx only, since a second query would wait for the single connection for ever. It may run again
// after the failure of another job. It returns its findings instead of storing them in the caller's variables, since it
// may still run after the caller got an answer: when ctx ends, the caller is answered at once, because neither a locked
// file nor a hanging disk can be interrupted.
func change[T any](ctx context.Context, s *Store, doing string, do func(tx) (T, error)) (T, error) {
	var value, none T
	// The job is queued, and its answer awaited.
	j := newJob(ctx, func(t tx) (err error) {
		value, err = do(t)
		return err
	})
	s.submit(j)
	select {
	case err := <-j.done:
		return value, fail(doing, err)
	case <-ctx.Done():
	}
	select { // a known answer counts more than the end of ctx
	case err := <-j.done:
		return value, fail(doing, err)
	default:
	}
	// A commit that has begun leaves the outcome unknown.
	if !j.giveUp() {
		return none, unsure(doing, ctx.Err())
	}
	s.writer.drop(j)
	return none, fail(doing, ctx.Err())
}

// discardIfDirty closes a connection after a failed read or write of its file, so that the next connection sees the disk
// as it is.
func discardIfDirty(conn *sql.Conn, err error) {
	if code(err) == codeIOErr {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// tx is one open transaction with the changes made so far.
type tx struct {
	*sql.Tx
	making *making
}

func begin(t *sql.Tx) tx { return tx{t, &making{changes: map[string]*changes{}}} }

// exec returns the number of changed rows.
func (t tx) exec(query string, args ...any) (int64, error) {
	r, err := t.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// one is QueryRowContext without a deadline.
func (t tx) one(query string, args ...any) *sql.Row {
	return t.QueryRowContext(context.Background(), query, args...)
}

// rowsPerInsert limits the parameters of a statement: SQLite finds each parameter by a search through the names before
// it.
const rowsPerInsert = 20

// insert adds rows, several per statement. head is "INSERT INTO t (a, b) VALUES".
func (t tx) insert(head string, rows [][]any) error {
	for some := range slices.Chunk(rows, rowsPerInsert) {
		if _, err := t.exec(head+" "+tuples(len(some), len(some[0])), slices.Concat(some...)...); err != nil {
			return err
		}
	}
	return nil
}

// tuples writes "($1, $2), ($3, $4)".
func tuples(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}

// rows reads all rows of a query and closes the query before it returns.
func rows[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (found []T, err error) {
	r, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		one, err := scan(r)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, r.Err()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type row interface{ Scan(dest ...any) error }

// text scans a query of one TEXT column.
func text(r row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// some turns the error "no such row" into false.
func some[T any](doing string, value T, err error) (T, bool, error) {
	var none T
	if errors.Is(err, sql.ErrNoRows) {
		return none, false, nil
	}
	if err != nil {
		return none, false, fail(doing, err)
	}
	return value, true, nil
}

// millis returns the stored form of a time; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant returns the time of a stored form, in UTC.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// encode is json.Marshal for values that cannot fail: strings, numbers, and slices of them.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// now is the clock for keys that expire and for the store's own audit rows; every other time comes from the caller.
func now() int64 { return time.Now().UnixMilli() }

// bit returns the stored form of a truth value.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// list writes "($5, $6)" for n parameters from first. An empty list matches nothing.
func list(first, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	for i := range n {
		b.WriteString(", $" + strconv.Itoa(first+i))
	}
	return "(" + strings.TrimPrefix(b.String(), ", ") + ")"
}

// anys converts values to arguments.
func anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}
