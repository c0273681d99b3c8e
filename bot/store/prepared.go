package store

import (
	"context"
	"database/sql"
	"sync"
)

// prepared keeps our statements parsed, since SQLite parses most of them longer than it runs them. A statement can
// only be prepared while no transaction has the connection, so its first run is unprepared.
type prepared struct {
	db     *sql.DB
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	wanted map[string]bool
}

// prepare keeps the statements of db; early are those worth preparing before they were ever run.
func prepare(db *sql.DB, early ...string) *prepared {
	p := &prepared{db: db, ready: map[string]*sql.Stmt{}, wanted: map[string]bool{}}
	for _, query := range early {
		p.wanted[query] = true
	}
	return p
}

// find returns nil for a statement that is not prepared, and remembers that it is wanted.
func (p *prepared) find(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.ready[query]
	if s == nil {
		p.wanted[query] = true
	}
	return s
}

// catchUp prepares what is wanted; no transaction of the caller may be open. What cannot be prepared now is run
// unprepared, and asked for again.
func (p *prepared) catchUp(ctx context.Context) {
	p.mu.Lock()
	wanted := p.wanted
	p.wanted = map[string]bool{}
	p.mu.Unlock()
	for query := range wanted {
		s, err := p.db.PrepareContext(ctx, query)
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.ready[query] == nil {
			p.ready[query] = s
		} else {
			_ = s.Close() // somebody else was faster
		}
		p.mu.Unlock()
	}
}

// QueryContext runs a query outside any transaction.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.find(query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	p.catchUp(ctx)
	return p.db.QueryContext(ctx, query, args...)
}

// QueryRowContext is QueryContext for one row.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.find(query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	p.catchUp(ctx)
	return p.db.QueryRowContext(ctx, query, args...)
}
