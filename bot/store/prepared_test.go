package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prepared opens a database as Open does, and a table to play with.
func prepared(t testing.TB) *sql.DB {
	db, err := connect(filepath.Join(t.TempDir(), "prepared.db"), writing)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	withTable(t, db)
	return db
}

func withTable(t testing.TB, db *sql.DB) {
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT UNIQUE); INSERT INTO t VALUES (1, 'one'), (2, 'two')`)
	require.NoError(t, err)
}

// ready is what the connection keeps just now.
func ready(t testing.TB, db *sql.DB) (kept []string) {
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.NoError(t, c.Raw(func(c any) error {
		for query := range c.(*conn).ready {
			kept = append(kept, query)
		}
		return nil
	}))
	return kept
}

// TestReuse runs the statement that it kept, and never the one that is running.
func TestReuse(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	const query = `SELECT body FROM t WHERE id = $1`
	tx, err := db.Begin()
	require.NoError(t, err)
	first, err := tx.Query(query, 1)
	require.NoError(t, err)
	second, err := tx.Query(query, 2)
	require.NoError(t, err)
	for want, r := range map[string]*sql.Rows{"one": first, "two": second} {
		require.True(t, r.Next())
		got, err := text(r)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, r.Close())
	}
	require.NoError(t, tx.Commit())
	assert.Equal(t, []string{query}, ready(t, db))
}

// TestNotKept leaves to the driver what would act while it is parsed, and what is several statements.
func TestNotKept(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	for _, query := range []string{
		`PRAGMA user_version`, ` PRAGMA user_version = 7`, `CREATE TABLE u (id)`, `DROP TABLE u`, `VACUUM`, `SAVEPOINT s`, `RELEASE s`,
		`INSERT INTO t (body) VALUES ('a'); INSERT INTO t (body) VALUES ('b')`, ``, `;`, `-- nothing`, `SEL`,
	} {
		_, _ = db.Exec(query)
		assert.False(t, keepable(query), query)
	}
	assert.Empty(t, ready(t, db))
	var version, rows int
	require.NoError(t, db.QueryRow(`PRAGMA user_version`).Scan(&version))
	require.NoError(t, db.QueryRow(` select count(*) FROM t;`).Scan(&rows))
	assert.Equal(t, []int{7, 4}, []int{version, rows})
	assert.Len(t, ready(t, db), 1)
}

// TestBound drops what was not used for longest.
func TestBound(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	const used = `SELECT body FROM t`
	for n := range keptStatements + 5 {
		for _, query := range []string{used, fmt.Sprint(`SELECT `, n)} {
			_, err := db.Exec(query)
			require.NoError(t, err)
		}
	}
	kept := ready(t, db)
	assert.Len(t, kept, keptStatements)
	assert.Contains(t, kept, used)
	assert.NotContains(t, kept, `SELECT 0`)
}

// TestInterrupted ends a statement with its context, and runs it again.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	const long = `SELECT count(*) FROM (WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < $1) SELECT i FROM s)`
	count := func(ctx context.Context, n int) (got int, err error) {
		err = db.QueryRowContext(ctx, long, n).Scan(&got)
		return got, err
	}
	for range 3 {
		got, err := count(t.Context(), 3)
		require.NoError(t, err)
		assert.Equal(t, 3, got)
		late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err = count(late, 1<<50)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

// FuzzPrepared plays a script on the driver alone and on ours: both say the same, errors and their codes included.
func FuzzPrepared(f *testing.F) {
	script := []string{
		`SELECT id, body FROM t ORDER BY id`, `SELECT * FROM t WHERE id = $1`, `INSERT INTO t (body) VALUES ($1)`,
		`INSERT INTO t (body) VALUES ($1) RETURNING id, body`, `UPDATE t SET body = body || 'x' WHERE id > $1`, `DELETE FROM t WHERE id = $1`,
		`SELECT nothing FROM t`, `SELECT $1, $2`, `SELECT changes(), last_insert_rowid(), $1`, `INSERT INTO t VALUES (1, $1)`,
		`ALTER TABLE t ADD COLUMN more DEFAULT 5`, `ALTER TABLE t DROP COLUMN more`, `DELETE FROM t; INSERT INTO t VALUES ($1, 'both')`,
		`BEGIN`, `COMMIT`, `ROLLBACK`, `PRAGMA user_version = 3`, `PRAGMA user_version`,
	}
	f.Add([]byte{0, 1, 2, 2, 3, 0, 8, 6, 9, 9, 0, 1, 2, 8})
	f.Add([]byte{1, 10, 1, 1, 11, 1, 0, 12, 0, 1, 17, 16, 17})
	f.Add([]byte{13, 2, 3, 0, 15, 0, 13, 3, 9, 4, 14, 0, 7, 5, 5, 0})
	f.Fuzz(func(t *testing.T, choices []byte) {
		plain, err := sql.Open("sqlite", ":memory:")
		require.NoError(t, err)
		defer func() { _ = plain.Close() }()
		c, err := openPrepared(":memory:")
		require.NoError(t, err)
		ours := sql.OpenDB(c)
		defer func() { _ = ours.Close() }()
		withTable(t, plain)
		withTable(t, ours)
		for i, c := range choices[:min(len(choices), 40)] {
			query, arg := script[int(c)%len(script)], i%4
			assert.Equal(t, said(plain, query, arg), said(ours, query, arg), "%d: %s", i, query)
			assert.Equal(t, done(plain, query, arg), done(ours, query, arg), "%d: %s", i, query)
		}
	})
}

// said is all that a query answers.
func said(db *sql.DB, query string, arg int) (out string) {
	r, err := db.Query(query, arg)
	if err != nil {
		return fmt.Sprint(code(err), err)
	}
	defer func() { _ = r.Close() }()
	columns, _ := r.Columns()
	types, _ := r.ColumnTypes()
	for _, t := range types {
		columns = append(columns, t.DatabaseTypeName())
	}
	for out = fmt.Sprint(columns); r.Next(); {
		row, into := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		out += fmt.Sprint(r.Scan(into...), row)
	}
	return fmt.Sprint(out, code(r.Err()), r.Err())
}

// done is all that a statement answers.
func done(db *sql.DB, query string, arg int) string {
	r, err := db.Exec(query, arg)
	if err != nil {
		return fmt.Sprint(code(err), err)
	}
	id, _ := r.LastInsertId()
	n, _ := r.RowsAffected()
	return fmt.Sprint(id, n)
}
