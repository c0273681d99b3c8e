package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

// schemaTable is the version table of this package. The durable engine has its own.
const schemaTable = "pb_schema"

// migrations returns the embedded files, oldest first. A released migration never changes.
func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the path is a constant
	}
	return sub
}

// boundVersion and sentVersion are the migrations that run Go code instead of a file.
const boundVersion = 10

func migrate(ctx context.Context, db *sql.DB) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations(), goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(boundVersion, &goose.GoFunc{RunTx: bindOld}, nil),
			goose.NewGoMigration(sentVersion, &goose.GoFunc{RunTx: noteSent}, nil)))
	if err != nil {
		return fmt.Errorf("prepare the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// latest returns the schema version of this program.
func latest() (version int64) {
	version = max(boundVersion, sentVersion)
	files, err := fs.Glob(migrations(), "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, file := range files {
		n, err := goose.NumericComponent(file)
		if err != nil {
			panic(err) // the names are embedded
		}
		version = max(version, n)
	}
	return version
}

// inspect checks an existing database before the first write.
func inspect(ctx context.Context, path string) error {
	db, err := connect(path, reading)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := check(ctx, db); err != nil {
		return err
	}
	_, err = versionOf(ctx, db)
	return err
}

// checkTime limits the check, which reads the whole file, so that a start does not become slower with age. Half of this
// time suffices for 100,000 purges. Damage beyond the checked part is reported when it is met.
const checkTime = 2 * time.Second

func check(ctx context.Context, db *sql.DB) error {
	bounded, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var verdict string
	err := db.QueryRowContext(bounded, `PRAGMA quick_check(1)`).Scan(&verdict)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return nil
	}
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", errDamaged, verdict)
	}
	return err
}

// tables lists the tables of the latest schema.
var tables = []string{"pb_audit", "pb_audit_head", "pb_budget", "pb_button", "pb_call", "pb_card", "pb_charge", "pb_decision", "pb_event",
	"pb_feed", "pb_host", "pb_notice", "pb_pulse", "pb_purge", "pb_rule", "pb_rule_version", "pb_sent", "pb_spent", "pb_spent_by", "pb_tally", "pb_target"}

// versionOf returns the schema version of a database, or 0 for an empty one. A newer, foreign or incomplete database is
// an error.
func versionOf(ctx context.Context, db *sql.DB) (version int64, err error) {
	// A database with other tables is not purgebot's.
	there, err := rows(ctx, db, text, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	switch {
	case err != nil || len(there) == 0:
		return 0, err
	case !slices.Contains(there, schemaTable):
		return 0, errForeign
	}
	// An older schema is migrated later, and a newer one is refused.
	err = db.QueryRowContext(ctx, `SELECT COALESCE(max(version_id), 0) FROM pb_schema`).Scan(&version)
	switch {
	case err != nil:
		return 0, err
	case version > latest():
		return version, fmt.Errorf("%w: %d, and this program knows %d", errNewer, version, latest())
	case version < latest():
		return version, nil
	}
	// The current schema must be complete.
	for _, table := range tables {
		if !slices.Contains(there, table) {
			return version, fmt.Errorf("%w: table %s is missing", errDamaged, table)
		}
	}
	return version, nil
}
