package bot

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/grammar"
)

// The grammar's table, the functions and the README's table name the same verbs.
func TestEveryVerbHasItsFunction(t *testing.T) {
	t.Parallel()
	functions := verbsOf(&desk{})
	named := map[grammar.Verb]bool{grammar.VerbForm: true}
	for _, v := range grammar.Words() {
		named[v] = true
	}
	for v := range named {
		assert.NotNil(t, functions[v], v)
	}
	assert.Len(t, functions, len(named), "and no function is of a verb that the grammar lacks")
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `/purge.*$").FindAllString(string(readme), -1)
	require.NotEmpty(t, rows)
	first, _ := regexp.Compile("`(?:/purge )?([a-z]+)")
	typed := map[string]bool{}
	for _, row := range rows {
		for _, m := range first.FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			typed[m[1]] = true
		}
	}
	for _, v := range grammar.Menu() {
		if v.Name != "url" && v.Name != "form" { // which are typed without a word
			assert.True(t, typed[v.Name], "the README's table of commands lacks %s", v.Name)
		}
	}
}
