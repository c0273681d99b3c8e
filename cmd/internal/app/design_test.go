package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOnePurgeNamesFunctionsThatExist: the way of a purge through the code, as bot/DESIGN.md shows it, names no function that is gone.
func TestOnePurgeNamesFunctionsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "bot", "DESIGN.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "## One purge, as data\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	code := regexp.MustCompile("`([^`]+)`")
	steps := 0
	for _, row := range regexp.MustCompile(`(?m)^\| \d+ \|.*$`).FindAllString(table, -1) {
		steps++
		cells := strings.Split(row, "|")
		there := map[string]bool{}
		for _, folder := range code.FindAllStringSubmatch(cells[2], -1) {
			declared(t, folder[1], there)
		}
		for _, name := range code.FindAllStringSubmatch(cells[3], -1) {
			assert.True(t, there[name[1]], "step %d names %s, which is in none of its folders", steps, name[1])
		}
	}
	assert.Greater(t, steps, 12)
}

// TestWhereToChangeWhatNamesFilesThatExist: every file that bot/DESIGN.md names is there.
func TestWhereToChangeWhatNamesFilesThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "bot", "DESIGN.md"))
	require.NoError(t, err)
	files := regexp.MustCompile("`((?:acl|adapters|bot|cmd|purge)/[a-z0-9/_]+\\.go)`").FindAllStringSubmatch(string(text), -1)
	assert.Greater(t, len(files), 20)
	for _, f := range files {
		assert.FileExists(t, filepath.Join(root, f[1]))
	}
}

// declared adds the functions of a folder: "Parse", and methods as "Runner.end".
func declared(t *testing.T, folder string, there map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files, folder)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, is := d.(*ast.FuncDecl)
			if !is {
				continue
			}
			there[receiver(fn)+fn.Name.Name] = true
		}
	}
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	of := fn.Recv.List[0].Type
	if pointer, is := of.(*ast.StarExpr); is {
		of = pointer.X
	}
	if name, is := of.(*ast.Ident); is {
		return name.Name + "."
	}
	return ""
}
