package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file holds the house rules that a compiler does not: who may import whom, that each package says what it is,
// and what stands at the top. Rules are data; a package or an arrow that they do not list fails.

const root = "../../.." // the repository, as this package's tests see it

// rule is what one package may import beside the standard library: of ours, and from other modules.
type rule struct {
	ours, theirs []string
	tests        []string // of ours, for its test files beside the above and the package itself
}

const (
	engine  = "github.com/dbos-inc/dbos-transact-golang"
	toASCII = "golang.org/x/net/idna" // suggests an A-label, never judges

	publicSuffixes = "golang.org/x/net/publicsuffix" // refuses grants on them, judges no target
)

var rules = map[string]rule{
	"purge": {theirs: []string{toASCII}},
	"acl":   {ours: []string{"purge"}, theirs: []string{publicSuffixes}},
	"bot":   {ours: []string{"purge", "acl", "bot/chat", "bot/grammar", "bot/card", "bot/store", "bot/books", "bot/rules", "bot/account", "bot/wish", "bot/poster", "bot/runner"}},

	"bot/chat":    {ours: []string{"acl"}},
	"bot/grammar": {ours: []string{"bot/chat", "purge", "acl"}},
	"bot/wish":    {ours: []string{"bot/account", "bot/card", "bot/grammar", "bot/store", "purge", "acl"}},
	"bot/books":   {ours: []string{"bot/chat", "bot/store", "purge", "acl"}},
	"bot/rules":   {ours: []string{"bot/books", "bot/card", "bot/chat", "bot/store", "purge", "acl"}},
	"bot/account": {ours: []string{"bot/books", "bot/rules", "bot/card", "bot/store", "purge", "acl"}},
	"bot/poster":  {ours: []string{"bot/books", "bot/rules", "bot/account", "bot/wish", "bot/card", "bot/chat", "bot/store", "purge", "acl"}},
	"bot/runner":  {ours: []string{"bot/books", "bot/rules", "bot/account", "bot/poster", "bot/card", "bot/chat", "bot/store", "purge", "acl"}, theirs: []string{engine}},
	"bot/card":    {ours: []string{"bot/chat", "bot/grammar", "bot/store", "purge", "acl"}},
	"bot/store": {ours: []string{"purge", "acl"}, theirs: []string{"modernc.org/sqlite", "github.com/pressly/goose/v3"},
		tests: []string{"bot/store/storetest"}},
	"bot/store/storetest": {ours: []string{"bot/store", "purge", "acl"}, theirs: []string{testify}},

	"purge/tencent":        {ours: []string{"purge"}, tests: []string{"purge/tencent/cdnsim"}},
	"purge/tencent/cdnsim": {},

	"adapters/adaptertest":    {ours: []string{"bot/chat", "purge", "acl"}, theirs: []string{testify}},
	"adapters/slack":          {ours: []string{"bot/chat", "purge", "acl"}, theirs: []string{"github.com/slack-go/slack"}, tests: []string{"adapters/adaptertest", "adapters/slack/slacksim"}},
	"adapters/slack/slacksim": {},

	"adapters/discord": {ours: []string{"bot/chat", "purge", "acl"}, theirs: []string{"github.com/bwmarrin/discordgo", "github.com/gorilla/websocket"}, // the latter is the former's dialer

		tests: []string{"adapters/adaptertest", "adapters/discord/discordsim", "bot/grammar"}},
	"adapters/discord/discordsim": {theirs: []string{"github.com/gorilla/websocket"}},

	"cmd/internal/app": {
		ours:   []string{"purge", "purge/tencent", "acl", "bot", "bot/chat", "bot/grammar", "bot/store", "adapters/slack", "adapters/discord"},
		theirs: []string{"github.com/sethvargo/go-envconfig", "github.com/prometheus/client_golang"},
		tests:  []string{"adapters/slack/slacksim", "adapters/discord/discordsim", "purge/tencent/cdnsim"},
	},
	"cmd/purgebot": {ours: []string{"cmd/internal/app"}, theirs: []string{"github.com/spf13/cobra"}},
	"cmd/sandbox":  {ours: []string{"cmd/internal/app", "purge", "adapters/slack/slacksim", "adapters/discord/discordsim", "purge/tencent/cdnsim"}, tests: []string{"bot/grammar"}},
}

const testify = "github.com/stretchr/testify"

// inTests is what test files of any package may import beside: checks, scripts, a browser, other readers of YAML and of URLs, Unicode's tables, another signer.
var inTests = []string{testify, "github.com/rogpeppe/go-internal", "github.com/chromedp", "github.com/goccy/go-yaml",
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common", "github.com/nlnwa/whatwg-url", "golang.org/x/text/unicode/norm"}

func TestImports(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		r, listed := rules[name]
		if !assert.Truef(t, listed, "package %s is not in the table of the house: add it there, and to the README's tree", name) {
			continue
		}
		own, tests := slices.Clone(r.ours), append(slices.Concat(r.ours, r.tests), name)
		for _, f := range p {
			allowed, theirs := own, r.theirs
			if f.test {
				allowed, theirs = tests, slices.Concat(r.theirs, inTests)
			}
			for _, imported := range f.imports {
				ours, isOurs := strings.CutPrefix(imported, "purgebot/")
				switch {
				case isOurs:
					assert.Containsf(t, allowed, ours, "%s imports %s, an arrow that the house does not have", f.path, ours)
				case strings.Contains(strings.Split(imported, "/")[0], "."):
					assert.Truef(t, slices.ContainsFunc(theirs, within(imported)), "%s imports %s, a dependency that the house does not have there", f.path, imported)
				}
			}
		}
	}
}

// within reports whether the package imported is a module's, or below a folder of it.
func within(imported string) func(string) bool {
	return func(module string) bool { return imported == module || strings.HasPrefix(imported, module+"/") }
}

// The engine's library is to be replaceable: two files know it.
func TestTheEngineStaysInTwoFiles(t *testing.T) {
	t.Parallel()
	for _, f := range packages(t)["bot/runner"] {
		if slices.ContainsFunc(f.imports, func(s string) bool { return within(s)(engine) }) {
			assert.Contains(t, []string{"engine.go", "workflow.go"}, path.Base(f.path))
		}
	}
}

// A simulator that could be linked into the real thing would one day be talked to by mistake.
func TestNothingSimulatedIsInPurgebot(t *testing.T) {
	t.Parallel()
	there := packages(t)
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, f := range there[name] {
			for _, imported := range f.imports {
				if ours, isOurs := strings.CutPrefix(imported, "purgebot/"); isOurs && !f.test {
					visit(ours)
				}
			}
		}
	}
	visit("cmd/purgebot")
	require.Contains(t, seen, "purge/tencent", "the walk itself must work")
	for name := range seen {
		assert.NotRegexp(t, `(sim|test)$`, name)
	}
}

// limits is how a package comment says what the package refuses to do.
var limits = regexp.MustCompile(`(?i)\b(no|not|none|nothing|nobody|never|nor|without|refuses?|refused)\b`)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		var docs []string
		for _, f := range p {
			if f.doc != "" && !f.test {
				docs = append(docs, f.doc)
			}
		}
		if assert.Lenf(t, docs, 1, "package %s needs one comment", name) {
			assert.Regexpf(t, `^(Package|Command) `+path.Base(name)+` `, docs[0], "of package %s", name)
			assert.Regexpf(t, limits, docs[0], "the comment of package %s does not say what it refuses to do", name)
		}
	}
}

// What stands at the top is decided once, in the design.
func TestTheTopLevel(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skip("not a git checkout: what belongs to the repository cannot be told from what lies about")
	}
	allowed := []string{"README.md", "go.mod", "go.sum", "LICENSE", "CHANGELOG.md", "cmd", "bot", "adapters", "purge", "acl", "deploy"}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if top, _, _ := strings.Cut(file, "/"); !strings.HasPrefix(top, ".") {
			assert.Contains(t, allowed, top)
		}
	}
}

// source is what the rules look at in one file.
type source struct {
	path    string
	test    bool
	imports []string
	doc     string
}

// packages reads every Go file of the repository, whatever it is built for, by folder.
func packages(t *testing.T) map[string][]source {
	t.Helper()
	found := map[string][]source{}
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && p != root && (name == "testdata" || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(p) != ".go" {
			return nil
		}
		s, err := read(p)
		rel, relErr := filepath.Rel(root, p)
		require.NoError(t, relErr)
		s.path = filepath.ToSlash(rel)
		found[path.Dir(s.path)] = append(found[path.Dir(s.path)], s)
		return err
	}))
	return found
}

func read(file string) (source, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{test: strings.HasSuffix(file, "_test.go"), doc: f.Doc.Text()}
	ast.Inspect(f, func(n ast.Node) bool {
		if i, ok := n.(*ast.ImportSpec); ok {
			s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
		}
		return true
	})
	return s, nil
}
