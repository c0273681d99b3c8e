package bot

import (
	"context"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// noAudit makes writes of an audit row fail until the returned function is called; "" stands for every row.
func (w *world) noAudit(what string) (again func()) {
	w.t.Helper()
	when := ""
	if what != "" {
		when = " WHEN NEW.what = '" + what + "'"
	}
	_, err := w.bot.Store.DB().Exec(`CREATE TRIGGER no_audit BEFORE INSERT ON pb_audit` + when + ` BEGIN SELECT RAISE(ABORT, 'the audit is full'); END`)
	require.NoError(w.t, err)
	return func() {
		_, err := w.bot.Store.DB().Exec(`DROP TRIGGER no_audit`)
		require.NoError(w.t, err)
	}
}

// A purge without its audit row is not taken, and the same event is taken once the audit works.
func TestNoPurgeWithoutItsAuditRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1.jpg"}
	again := w.noAudit("")
	_, err := w.bot.desk.Command(context.Background(), c)
	assert.Error(t, err)
	all, err := w.bot.Store.History(context.Background(), store.Filter{Limit: 1})
	require.NoError(t, err)
	assert.Empty(t, all)
	again()
	_, err = w.bot.desk.Command(context.Background(), c)
	require.NoError(t, err)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

// Without the audit row the question stays open, and the same press is taken once the audit works.
func TestNoPressWithoutItsAuditRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	require.Eventually(t, func() bool { return w.onlyPurge().State == store.StateWaiting }, time.Minute, 10*time.Millisecond) // its own row is there
	again := w.noAudit("")
	press := chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")}
	_, err := w.bot.desk.Answer(context.Background(), press)
	assert.Error(t, err)
	_, decided, err := w.bot.Store.Decision(context.Background(), w.onlyPurge().ID)
	require.NoError(t, err)
	assert.False(t, decided)
	again()
	_, err = w.bot.desk.Answer(context.Background(), press)
	require.NoError(t, err)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

// A call leaves only after its audit row is written.
func TestNoCallWithoutItsAuditRow(t *testing.T) {
	t.Parallel()
	told := make(chan struct{}, 100)
	w := newWorld(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(bell(told), nil)) })
	again := w.noAudit("sending")
	w.types(alice, "https://www.test.com/1.jpg")
	for range 2 { // tries
		<-told
	}
	assert.Empty(t, w.cdn.sent())
	again()
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

// bell rings for each log line about a failed write of the audit.
type bell chan<- struct{}

func (b bell) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "the audit is full") {
		b <- struct{}{}
	}
	return len(line), nil
}

// Every audit row takes its kind from the constants of package store.
func TestAuditVocabulary(t *testing.T) {
	t.Parallel()
	places := map[string]int{"entry": 0, "by": 1, "seen": 1, "remark": 0} // of the kind, among the arguments
	for _, pattern := range []string{"*.go", "store/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if s, is := n.Fun.(*ast.SelectorExpr); is {
						if at, makes := places[s.Sel.Name]; makes && at < len(n.Args) {
							assert.False(t, literal(n.Args[at]), "%s: %s", file, s.Sel.Name)
						}
					}
				case *ast.KeyValueExpr:
					if key, is := n.Key.(*ast.Ident); is && key.Name == "What" {
						assert.False(t, literal(n.Value), file)
					}
				}
				return true
			})
		}
	}
}

func literal(e ast.Expr) bool {
	text, is := e.(*ast.BasicLit)
	return is && text.Value != `""`
}
