package runner

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"purgebot/bot/books"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // the engine's SQLite dialect
)

// appVersion names the shape of the recorded workflows. It is a constant because the engine's default, a hash of the binary,
// would strand every open purge at each upgrade; a change of shape goes through dbos.Patch instead.
const appVersion = "purge-1"

// bellTopic is the topic on which a waiting purge receives its wake-up message. The message carries nothing: its reader looks at
// the database row.
const bellTopic = "decided"

// engine runs the purges durably. This file and workflow.go alone know the library.
type engine struct {
	root     dbos.Context
	run      dbos.Workflow[Job, string]
	stopping *atomic.Bool
}

// quiet is a log handler that can be silenced: at every ordinary stop, the engine reports its interrupted steps and polls as
// errors.
type quiet struct {
	slog.Handler
	on *atomic.Bool
}

// Enabled reports whether a level is logged, which none is while the handler is silenced.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return !q.on.Load() && q.Handler.Enabled(ctx, l)
}

// Handle drops the records of steps that a stop has interrupted: those steps run again at the next start.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	cut := false
	r.Attrs(func(a slog.Attr) bool {
		err, is := a.Value.Any().(error)
		cut = is && errors.Is(err, books.ErrStopping)
		return !cut
	})
	if cut {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler with the attributes and the same switch.
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a), q.on} }

// WithGroup returns a handler with the group and the same switch.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name), q.on} }

// NewEngine opens the engine on the store's own database handle, which Shutdown closes. It refuses an environment that overrides
// the engine's settings.
func NewEngine(db *sql.DB, executor string, log *slog.Logger, run dbos.Workflow[Job, string]) (*engine, error) {
	if err := RefuseOverrides(os.Environ()); err != nil {
		return nil, err
	}
	stopping := new(atomic.Bool)
	root, err := dbos.NewContext(context.Background(), dbos.Config{
		AppName:            "purgebot",
		ApplicationVersion: appVersion,
		ExecutorID:         executor,
		SQLiteSystemDB:     db,
		Logger:             slog.New(quiet{log.With("part", "engine").Handler(), stopping}),
	})
	if err != nil {
		return nil, fmt.Errorf("open the durable engine: %w", err)
	}
	// The default limit strands an open purge at the 101st restart.
	dbos.RegisterWorkflow(root, run, dbos.WithMaxRecoveryAttempts(1_000_000), dbos.WithWorkflowName("purge"))
	return &engine{root: root, run: run, stopping: stopping}, nil
}

// RefuseOverrides returns an error for each environment variable of the engine: those variables silently win over purgebot's
// settings and strand open purges.
func RefuseOverrides(environ []string) error {
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "DBOS__") {
			return fmt.Errorf("%s is set and would override purgebot's own settings: unset it", name)
		}
	}
	return nil
}

// Launch resumes every open purge of this executor.
func (e *engine) Launch() error { return dbos.Launch(e.root) }

// start begins a job. It uses the root context, because the end of a request's context would cancel the purge durably.
func (e *engine) start(j Job) error {
	_, err := dbos.RunWorkflow(e.root, e.run, j, dbos.WithWorkflowID(j.ID))
	return err
}

// condition is the state of a job in the engine.
type condition int

const (
	unstarted condition = iota
	running             // under way, or ended without an error of the engine
	broken              // ended by an error of the engine
)

// conditions returns the conditions of many jobs; a job that the engine does not know is absent.
func (e *engine) conditions(ids []string) (map[string]condition, error) {
	of := map[string]condition{}
	for some := range slices.Chunk(ids, 500) {
		rows, err := dbos.ListWorkflows(e.root, dbos.WithFilterWorkflowIDs(some...), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			of[r.ID] = conditionOf(r.Status)
		}
	}
	return of, nil
}

// conditionOf translates the engine's status of a job.
func conditionOf(s dbos.WorkflowStatusType) condition {
	switch s {
	case dbos.WorkflowStatusError, dbos.WorkflowStatusCancelled, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded:
		return broken
	}
	return running
}

// Ring wakes a waiting job. Repetition is harmless.
func (e *engine) Ring(id string) error {
	return dbos.Send(e.root, id, "look", bellTopic)
}

// Forget deletes the engine's rows of jobs that ended before the given time. The bot's own rows stay.
func (e *engine) Forget(before time.Time) error {
	rows, err := dbos.ListWorkflows(e.root, dbos.WithFilterCompletedBefore(before), dbos.WithFilterLimit(1000),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil || len(rows) == 0 {
		return err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return dbos.DeleteWorkflows(e.root, ids)
}

// Shutdown stops all jobs at their present step and closes the database.
func (e *engine) Shutdown(timeout time.Duration) error {
	e.stopping.Store(true)
	return dbos.Shutdown(e.root, timeout)
}

// step runs fn once and records its value. An error means that no value was recorded: the step is repeated until the database is
// back.
func step[R any](b *Runner, ctx dbos.Context, name string, fn func(context.Context) (R, error)) (R, error) {
	watched := func(c context.Context) (R, error) {
		b.At("before " + name)
		defer b.At("after " + name)
		return fn(c)
	}
	return dbos.RunAsStep(ctx, watched, dbos.WithStepName(name),
		dbos.WithStepMaxRetries(1_000_000), dbos.WithStepBaseInterval(100*time.Millisecond), dbos.WithStepMaxInterval(5*time.Second))
}

// awaitBell waits for the wake-up message or the given time. Both return nil: the caller reads the database row in either case.
func awaitBell(ctx dbos.Context, until time.Time) error {
	_, err := dbos.Recv[string](ctx, bellTopic, max(0, time.Until(until)))
	if errors.Is(err, dbos.ErrTimeout) && ctx.Err() == nil {
		return nil
	}
	return err
}

// pause sleeps durably: a restart continues the same sleep.
func pause(ctx dbos.Context, d time.Duration) error {
	_, err := dbos.Sleep(ctx, d)
	return err
}
