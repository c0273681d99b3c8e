package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"
)

// SQLite parses most statements longer than it runs them, and its driver parses every text anew. The connections in this
// file keep parsed statements, for this package and the durable engine, inside and outside transactions. Errors,
// contexts and transactions are the driver's own.

// openPrepared returns the driver's connector for connections that keep their statements.
func openPrepared(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return preparing{c}, err
}

type preparing struct{ driver.Connector }

// Connect implements driver.Connector.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{plainConn: c.(plainConn), ready: map[string]*stmt{}}, nil
}

// plainConn lists the methods that database/sql uses of the driver's connections.
type plainConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn keeps the statements that are not running. database/sql lets one goroutine at a time use a connection, its
// statements and its rows, so conn needs no lock.
type conn struct {
	plainConn
	ready map[string]*stmt
	uses  uint64
}

// stmt is one parsed statement. A running statement is not in conn.ready.
type stmt struct {
	plainStmt
	query string
	used  uint64 // value of conn.uses at the last use
}

type plainStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keptStatements exceeds the number of purgebot's statements, except those whose text depends on the number of rows.
const keptStatements = 200

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !keepable(query) {
		return c.plainConn.ExecContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, args)
	c.give(s, err)
	return r, err
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !keepable(query) {
		return c.plainConn.QueryContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := s.QueryContext(ctx, args)
	if err != nil {
		c.give(s, err)
		return nil, err
	}
	return &stmtRows{plainRows: r.(plainRows), conn: c, stmt: s}, nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	for _, s := range c.ready {
		_ = s.Close()
	}
	c.ready = nil
	return c.plainConn.Close()
}

// keepable reports whether a query is one statement that reads or writes rows. A statement with effects during parsing,
// such as a PRAGMA, and a list of statements are left to the driver.
func keepable(query string) bool {
	query = strings.Trim(query, " \t\r\n;")
	verb := query[:min(len(query), 6)]
	for _, kept := range []string{"SELECT", "INSERT", "UPDATE", "DELETE"} {
		if strings.EqualFold(verb, kept) {
			return !strings.Contains(query, ";")
		}
	}
	return false
}

// take returns a statement that is not in use.
func (c *conn) take(ctx context.Context, query string) (*stmt, error) {
	if s := c.ready[query]; s != nil {
		delete(c.ready, query)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{plainStmt: s.(plainStmt), query: query}, nil
}

// give takes back a statement after its use. After an error the statement is closed, since its state is unknown.
func (c *conn) give(s *stmt, err error) {
	if err != nil || c.ready == nil || c.ready[s.query] != nil {
		_ = s.Close()
		return
	}
	c.uses++
	s.used = c.uses
	c.ready[s.query] = s
	if len(c.ready) > keptStatements {
		c.drop()
	}
}

// drop closes the statement with the oldest use.
func (c *conn) drop() {
	var oldest *stmt
	for _, s := range c.ready {
		if oldest == nil || s.used < oldest.used {
			oldest = s
		}
	}
	delete(c.ready, oldest.query)
	_ = oldest.Close()
}

// stmtRows gives its statement back when it is closed.
type stmtRows struct {
	plainRows
	conn *conn
	stmt *stmt
}

// plainRows lists the methods that database/sql uses of the driver's rows.
type plainRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// Close implements driver.Rows; database/sql calls it once.
func (r *stmtRows) Close() error {
	err := r.plainRows.Close()
	r.conn.give(r.stmt, err)
	return err
}
