package acl

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// whole is the sample of the design, with every key of the format.
const whole = `# acl.yaml: deny by default; ids only, never names
version: 1
contact: "#cdn-help"                # shown in refusals
people:                             # one person's accounts
  alice: [slack:T024BE7LD/U2147483697, discord:41771983423143937/80351110224678912, terminal:alice]
groups:
  oncall:  [slack:T024BE7LD/S0614TZR7, discord:41771983423143937/role/41771983423143936]
  release: [alice]
administrators: [release]
auditors: [slack:T024BE7LD/U061F7AUR]
domains:
  static.example.org: {area: overseas}   # default area
defaults: {budget: {url: 2000, directory: 20}}   # per person, vendor day and area
grants:
  - name: on-call purges the shop
    to: [oncall]
    in: [slack:T024BE7LD/C024BE91L]      # optional
    domains: [shop.example.com, "*.static.example.org"]
    paths: [/assets/]
    schemes: [https]
    kinds: [url, directory]
    areas: [mainland, overseas]
    confirm: second-person
denials:
  - name: payments are frozen
    to: ["*"]
    domains: [pay.example.com]
tests:
  - {as: "alice", groups: [oncall], kind: directory, area: overseas, may: ["https://shop.example.com/assets/"], may-not: ["https://pay.example.com/"]}
`

func parse(t testing.TB, file string) *Policy {
	t.Helper()
	p, err := Parse("acl.yaml", []byte(file))
	require.NoError(t, err)
	return p
}

func TestParseReadsEveryKey(t *testing.T) {
	t.Parallel()
	p := parse(t, whole)
	alice := p.Who("discord:41771983423143937/80351110224678912", nil)
	assert.Equal(t, "#cdn-help", p.Contact())
	assert.Equal(t, purge.Overseas, p.DefaultArea("static.example.org"))
	assert.True(t, p.Administrator(alice))
	assert.False(t, p.Auditor(alice))
	assert.True(t, p.Auditor(p.Who("slack:T024BE7LD/U061F7AUR", nil)))
	assert.Len(t, p.Hash(), 64)
	assert.Empty(t, p.Warnings())
}

func TestTheFilesWeShipLoad(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../deploy/acl.example.yaml")
	require.NoError(t, err)
	for name, file := range map[string][]byte{"deploy/acl.example.yaml": example, "acl init": Init(), "README.md": []byte(readmes(t))} {
		p, err := Parse(name, file)
		require.NoError(t, err)
		assert.Empty(t, p.Warnings())
	}
}

// readmes returns the policy file in the README.
func readmes(t *testing.T) string {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(readme), "## The policy file")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	file, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return strings.ReplaceAll(file, "\n   ", "\n")[len("   "):]
}

// TestTheReadmeShowsWhatTheTestsSay checks that the README's example of `acl test` is the result for its
// example of a file.
func TestTheReadmeShowsWhatTheTestsSay(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	results, err := RunTests("acl.yaml", []byte(readmes(t)))
	require.NoError(t, err)
	for _, r := range results {
		line := fmt.Sprintf("ok    acl.yaml:%d  %s may %spurge %s\n", r.Line, r.As, map[bool]string{false: "not "}[r.May], r.Target)
		assert.True(t, strings.Contains(string(readme), line), line)
	}
}

func TestTheReadmeNamesEveryKey(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("../deploy/acl.example.yaml")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(readme), "## The policy file")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, keys := range []keysOf{fileKeys, grantKeys, denialKeys, testKeys, freezeKeys, leakKeys, quotaKeys, defaultKeys} {
		for _, key := range keys.known {
			assert.True(t, strings.Contains(section, "`"+key+"`"), "the README's tables lack %s", key)
			assert.True(t, strings.Contains(string(example), key+":"), "the example lacks %s", key)
		}
	}
}

// Each of the files below has one mistake; "«" marks the reported place.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	grant := func(fields string) string {
		return "version: 1\ngrants:\n  - {name: a, " + fields + "}\n"
	}
	to := "to: [slack:T0/U1], "
	here := to + "domains: [a.example.com], "
	for name, c := range map[string]struct{ file, message string }{
		"an empty file":              {"«", "the file says nothing"},
		"a file of comments":         {"«# nothing\n\n", "the file says nothing"},
		"an empty document":          {"«---\n", "the file says nothing"},
		"no version":                 {"«contact: a\n", "write `version: 1`"},
		"another version":            {"version: «2\n", "write `version: 1`"},
		"a list as the file":         {"«- a\n", "a list stands where a mapping belongs"},
		"an unknown key":             {"version: 1\n«grant: [a]\n", "unknown key `grant`"},
		"an unknown key in a grant":  {grant(here + "«path: [/a/]"), "unknown key `path`"},
		"an unknown key in a denial": {"version: 1\ndenials:\n  - {«confirm: requester}\n", "unknown key `confirm`"},
		"a key that is repeated":     {"version: 1\n«version: 1\n", "stands here twice"},
		"one repeated in braces":     {grant(to + "domains: [a.example.com], «domains: [b.example.com]"), "stands here twice"},
		"a person twice":             {"version: 1\npeople:\n  a: [terminal:a]\n  «a: [terminal:b]\n", "stands here twice"},

		"an anchor":                {grant("to: «&x [slack:T0/U1], domains: [a.example.com]"), "anchors are not read"},
		"an alias":                 {grant("to: «*x, domains: [a.example.com]"), "put it in quotes"},
		"a bare star":              {grant(to + "domains: [«*.example.com]"), "put it in quotes"},
		"a tag":                    {"version: «!!int 1\n", "tags are not read"},
		"a merge key":              {"version: 1\ndomains:\n  a.example.com:\n    «<<: {area: overseas}\n", "merge keys are not read"},
		"a merge key in braces":    {"version: 1\ndefaults: {«<<: {a: b}}\n", "merge keys are not read"},
		"a second document":        {"version: 1\n«---\ngrants: []\n", "a second document"},
		"the end of a document":    {"version: 1\n«...\n", "a second document"},
		"a directive":              {"«%YAML 1.2\n---\nversion: 1\n", "put it in quotes"},
		"a text block":             {"version: 1\ncontact: «|\n  a\n", "text blocks are not read"},
		"text on two lines":        {"version: 1\ncontact: a\n  «b\n", "indented further"},
		"quoted text on two lines": {"version: 1\ncontact: «\"a\n  b\"\n", "does not end on its line"},
		"an escape":                {"version: 1\ncontact: \"a«\\x41\"\n", "of the escapes only"},
		"a tab as indentation":     {"version: 1\ngrants:\n«\t- {name: a}\n", "a tab"},
		"a tab in text":            {"version: 1\ncontact: a«\tb\n", "a tab"},
		"a tab in quotes":          {"version: 1\ncontact: \"a«\tb\"\n", "a tab"},
		"an invisible character":   {"version: 1\ncontact: é«\u200bx\n", "an invisible character"},
		"another line end":         {"version: 1 # a«\rcontact: b\n", "an invisible character"},
		"a bidirectional one":      {"version: 1 # «\u202e\n", "an invisible character"},
		"a byte that is no text":   {"version: 1 # «\xff\n", "not UTF-8"},
		"a comment as a value":     {"version: 1\n«contact: #help\n", "in quotes if it begins with #"},
		"a key without a value":    {"version: 1\n«grants:\n", "has no value"},
		"one in braces":            {"version: 1\ndefaults: {«budget}\n", "has no value"},
		"one in braces, colon":     {"version: 1\ndefaults: {«budget: }\n", "has no value"},
		"a line without a colon":   {"version: 1\n«contact\n", "a key and a colon"},
		"no space after a colon":   {"version: 1\n«\"contact\":a\n", "a key and a colon"},
		"two colons on a line":     {"version: 1\ncontact: a«: b\n", "in quotes"},
		"a list item on the line":  {"version: 1\ngrants: «- {name: a}\n", "a list item begins on a line of its own"},
		"an empty list item":       {"version: 1\ngrants:\n  «-\ncontact: a\n", "an empty list item"},
		"a line that sticks out":   {"version: 1\ngrants:\n    - {name: a}\n  «- {name: b}\n", "indented further"},
		"an open bracket":          {"version: 1\ngrants: «[\n", "never closed"},
		"an open brace":            {"version: 1\ngrants: [«{name: a\n", "never closed"},
		"no comma":                 {grant("to: [slack:T0/U1 «[a]]"), "write a comma or ]"},
		"no value between commas":  {grant("to: [slack:T0/U1, «, a]"), "there is no value before"},
		"a colon in a list":        {grant("to: [a«: b]"), "no colon belongs here"},
		"a list as a key":          {"version: 1\ndefaults: {«[a]: b}\n", "a key is text"},
		"too deep":                 {"version: 1\ngrants: " + strings.Repeat("[", 14) + "[«[", "nested too deeply"},
		"text after a bracket":     {"version: 1\ngrants: [a] «b\n", "does not belong"},
		"a comment without space":  {"version: 1\ngrants: [a,«#b\n]", "cannot begin with #"},

		"a scalar as a list":       {grant("to: «oncall, domains: [a.example.com]"), "write [oncall]"},
		"a mapping as a list":      {grant("to: «{a: b}, domains: [a.example.com]"), "a mapping stands where a list belongs"},
		"a list as text":           {"version: 1\ncontact: «[a]\n", "a list stands where text belongs"},
		"an empty list":            {"version: 1\ngrants: «[]\n", "empty"},
		"an empty list of domains": {grant(to + "domains: «[]"), "empty"},
		"an empty mapping":         {"version: 1\npeople: «{}\n", "empty"},
		"an empty text":            {"version: 1\ncontact: «\"\"\n", "empty text"},
		"no as text":               {"version: 1\ncontact: «no\n", "put it in quotes"},
		"a number as text":         {"version: 1\ncontact: «1e3\n", "put it in quotes"},
		"a hexadecimal number":     {"version: 1\ncontact: «0x1f\n", "put it in quotes"},
		"no number":                {"version: 1\ncontact: «.NaN\n", "put it in quotes"},
		"null as text":             {"version: 1\ncontact: «~\n", "put it in quotes"},
		"a truth value as a key":   {"version: 1\npeople: {«on: [terminal:a]}\n", "put it in quotes"},

		"a grant to everyone":           {grant("to: [«\"*\"], domains: [a.example.com]"), "for denials"},
		"everyone as administrators":    {"version: 1\nadministrators: [«\"*\"]\n", "for denials"},
		"everyone in a group":           {"version: 1\ngroups: {a: [«\"*\"]}\n", "\"*\" is for"},
		"a grant to nobody":             {"version: 1\ngrants:\n  - «{name: a, domains: [a.example.com]}\n", "without `to`"},
		"a grant of nothing":            {"version: 1\ngrants:\n  - «{name: a, to: [slack:T0/U1]}\n", "without `domains`"},
		"from without a zone":           {grant(here + "from: «2026-01-01T10:00:00"), "write a moment with its zone"},
		"until before from":             {grant(here + "from: 2026-01-02T00:00:00Z, until: «2026-01-02T08:00:00+08:00"), "would never hold"},
		"a moment before all others":    {grant(here + "until: «1970-01-01T00:00:00Z"), "before 1970"},
		"a part of a second":            {grant(here + "from: «2026-01-02T00:00:00.5Z"), "whole seconds"},
		"a day that is none":            {grant(here + "from: «2026-02-30T00:00:00Z"), "write a moment"},
		"a budget without a name":       {"version: 1\ngrants:\n  - «{to: [terminal:a], domains: [a.example.com], budget: {url: 1}}\n", "needs a `name`"},
		"two budgets of one name":       {grant(here+"budget: {url: 1}") + "  - «{name: a, to: [terminal:a], domains: [b.example.com], budget: {url: 2}}\n", "another grant"},
		"a denial that never holds":     {"version: 1\ndenials:\n  - {until: 2026-01-02T00:00:00Z, from: «2026-01-03T00:00:00Z}\n", "would never hold"},
		"a test at no moment":           {"version: 1\ntests: [{as: terminal:a, at: «noon, may-not: [\"https://a.example.com/\"]}]\n", "write a moment"},
		"until":                         {grant(here + "until: «2026-01-01"), "write a moment with its zone"},
		"approvers that nobody asks":    {"version: 1\ngrants:\n  - {to: [terminal:a], domains: [a.example.com], approvers: «[terminal:b]}\n", "without `confirm: second-person`"},
		"approvers of a requester":      {grant(here + "confirm: requester, approvers: «[terminal:b]"), "without `confirm: second-person`"},
		"an unknown approver":           {grant(here + "confirm: second-person, approvers: [«leads]"), "no person or group"},
		"half a default budget":         {"version: 1\ndefaults: {budget: «{url: 1}}\n", "write `unlimited`"},
		"a budget of nobody":            {"version: 1\nbudgets: {«oncall: {url: 1}}\n", "no group of this file"},
		"a budget of a person":          {"version: 1\npeople: {a: [terminal:a]}\nbudgets: {«a: {url: 1}}\n", "no group of this file"},
		"a budget below zero":           {grant(here + "budget: {url: «-1}"), "a budget is a number"},
		"an override by everybody":      {"version: 1\nfreezes: {override: [«\"*\"]}\n", "for denials"},
		"another key of freezes":        {"version: 1\nfreezes: {«hosts: [a]}\n", "unknown key"},
		"leak words alone":              {"version: 1\nleaks: {words: «leak}\n", "write [leak]"},
		"a reserve for nobody":          {"version: 1\nquota: «{reserve: {url: 5}}\n", "and `to`"},
		"quota":                         {"version: 1\nquota: «{reserve: {url: 1}}\n", "and `to`"},
		"an unknown confirmation":       {grant(here + "confirm: «none"), "confirm: requester"},
		"an unknown scheme":             {grant(here + "schemes: [«ftp]"), "write http or https"},
		"an unknown kind":               {grant(here + "kinds: [«path]"), "write url or directory"},
		"an unknown area":               {grant(here + "areas: [«china]"), "write mainland or overseas"},
		"a global area":                 {grant(here + "areas: [«global]"), "write [mainland, overseas]"},
		"a global default area":         {"version: 1\ndomains: {a.example.com: {area: «global}}\n", "as a default area one of them"},
		"a domain without its settings": {"version: 1\ndomains: {a.example.com: «overseas}\n", "text stands where a mapping belongs"},
		"a budget of nothing":           {"version: 1\ndefaults: {budget: {url: «0, directory: 1}}\n", "a budget is a number"},
		"a budget that begins with 0":   {"version: 1\ndefaults: {budget: {url: «010, directory: 1}}\n", "010 is another number to another reader of YAML (010 is 10, or 8); write 10"},
		"one in quotes":                 {grant(here + "budget: {url: «'007'}"), "write 7"},
		"a reserve with a sign":         {"version: 1\nquota: {reserve: {url: «+5}, to: [terminal:a]}\n", "write 5"},
		"a budget in hexadecimal":       {grant(here + "budget: {url: «0x10}"), "a budget is a number"},
		"a budget in words":             {"version: 1\ndefaults: {budget: {url: «many, directory: 1}}\n", "a budget is a number"},
		"too many combinations": {"version: 1\ngrants:\n  - «{to: [" + strings.Repeat("terminal:a,", 2001) + "], domains: [" +
			strings.Repeat("a.example.com,", 2000) + "]}\n", "put people in groups"},

		"a star alone":                    {grant(to + "domains: [«\"*\"]"), "has a star"},
		"a star without a dot":            {grant(to + "domains: [«\"*example.com\"]"), "has a star"},
		"a star at the end":               {grant(to + "domains: [«www.example.*]"), "has a star"},
		"two stars":                       {grant(to + "domains: [«\"*.*.example.com\"]"), "has a star"},
		"a star within":                   {grant(to + "domains: [«w*w.example.com]"), "has a star"},
		"a single-letter pattern":         {grant(to + "domains: [«ww?.example.com]"), "no host that a target can have"},
		"a query in a host":               {grant(to + "domains: [«www.example.com?a]"), "no host that a target can have"},
		"a public suffix":                 {grant(to + "domains: [«\"*.co.uk\"]"), "co.uk is a public suffix, below which all people can register names; name your own domain, as in \"*.example.co.uk\""},
		"a top-level domain":              {grant(to + "domains: [«\"*.com\"]"), "every host below it, of all owners"},
		"capitals":                        {grant(to + "domains: [«www.Example.com]"), "write www.example.com"},
		"a scheme":                        {grant(to + "domains: [«https://www.example.com]"), "has a scheme"},
		"a port":                          {grant(to + "domains: [«\"www.example.com:443\"]"), "has a port"},
		"a path in a host":                {grant(to + "domains: [«www.example.com/a/]"), "has a path"},
		"a trailing dot":                  {grant(to + "domains: [«www.example.com.]"), "ends in a dot"},
		"a trailing dot after *.":         {grant(to + "domains: [«\"*.example.com.\"]"), "ends in a dot"},
		"an empty host":                   {grant(to + "domains: [«\"\"]"), "empty text"},
		"a host that is a number":         {grant(to + "domains: [«10.0.0.1]"), "no host that a target can have"},
		"a host of one label":             {grant(to + "domains: [«localhost]"), "no host that a target can have"},
		"a host with a letter of its own": {grant(to + "domains: [«bücher.example]"), "xn--"},
		"a wrong default domain":          {"version: 1\ndomains: {«A.example.com: {area: overseas}}\n", "has capitals"},

		"a path without its slash":  {grant(here + "paths: [«/app]"), "write /app/"},
		"a path without its first":  {grant(here + "paths: [«app/]"), "write /app/"},
		"a path with an escape":     {grant(here + "paths: [«/a%20b/]"), "has an escape"},
		"a path with two dots":      {grant(here + "paths: [«/a/../b/]"), "has \"..\""},
		"a path with one dot":       {grant(here + "paths: [«/./]"), "no path that a target can have"},
		"a path with two slashes":   {grant(here + "paths: [«/a//b/]"), "write one slash"},
		"a path with a star":        {grant(here + "paths: [«\"/a/*/\"]"), "has a star; write /a/, which"},
		"a star for all below":      {grant(here + "paths: [«\"/img/*\"]"), "write /img/, which means everything below it"},
		"two stars for all below":   {grant(here + "paths: [«\"/img/a/**\"]"), "write /img/a/,"},
		"a star without a slash":    {grant(here + "paths: [«\"img/*\"]"), "write /img/,"},
		"a star for the whole host": {grant(here + "paths: [«\"/*\"]"), "write /,"},
		"a star that ends a name":   {grant(here + "paths: [«\"/img*\"]"), "write the directory that is meant"},
		"a star for some files":     {grant(here + "paths: [«\"/img/*.jpg\"]"), "write the directory that is meant"},
		"a star in the middle":      {grant(here + "paths: [«\"/a/*/b/\"]"), "write the directory that is meant"},
		"a path with a query":       {grant(here + "paths: [«/a?b/]"), "has a query"},
		"a path with a space":       {grant(here + "paths: [«\"/a b/\"]"), "no path that a target can have"},
		"a path with a backslash":   {grant(here + "paths: [«'/a\\b/']"), "no path that a target can have"},
		"a path with other letters": {grant(here + "paths: [«/é/]"), "no path that a target can have"},
		"a wrong path in a denial":  {"version: 1\ndenials: [{paths: [«/a]}]\n", "write /a/"},

		"an undefined group":            {grant("to: [«oncall], domains: [a.example.com]"), "no person or group of this file"},
		"an undefined administrator":    {"version: 1\nadministrators: [«release]\n", "no person or group of this file"},
		"an undefined member":           {"version: 1\ngroups: {a: [«b]}\n", "no person or group of this file"},
		"a group in itself":             {"version: 1\ngroups: {a: [«a]}\n", "contain each other"},
		"two groups in each other":      {"version: 1\ngroups: {a: [b], b: [«a]}\n", "contain each other"},
		"three groups in a circle":      {"version: 1\ngroups: {a: [b], b: [c], c: [terminal:x, «a]}\n", "contain each other"},
		"the role that everybody has":   {grant("to: [«discord:42/role/42], domains: [a.example.com]"), "all members of the guild"},
		"a subject in two people":       {"version: 1\npeople: {a: [terminal:a], b: [«terminal:a]}\n", "an account of a already"},
		"a subject twice in one person": {"version: 1\npeople: {a: [terminal:a, «terminal:a]}\n", "an account of a already"},
		"a group as an account":         {"version: 1\npeople: {a: [«slack:T0/S1]}\n", "not one person's account"},
		"a role as an account":          {"version: 1\npeople: {a: [«discord:42/role/43]}\n", "not one person's account"},
		"a name as a Slack id":          {grant("to: [«slack:T0/alice], domains: [a.example.com]"), "Copy member ID"},
		"a workspace's name":            {grant("to: [«slack:acme/U1], domains: [a.example.com]"), "lacks the workspace's id"},
		"a name as a Discord id":        {grant("to: [«discord:42/alice], domains: [a.example.com]"), "Developer Mode"},
		"a mention":                     {grant("to: [«\"@alice\"], domains: [a.example.com]"), "names are not ids"},
		"an unknown platform":           {grant("to: [«teams:T0/U1], domains: [a.example.com]"), "`/purge whoami`"},
		"a channel in to":               {grant("to: [«slack:T0/C1], domains: [a.example.com]"), "channels belong in `in`"},
		"a person in in":                {grant(here + "in: [«slack:T0/U1]"), "is no channel"},
		"a role in in":                  {grant(here + "in: [«discord:42/role/43]"), "is no channel"},
		"a group called like a person":  {"version: 1\npeople: {a: [terminal:a]}\ngroups: {«a: [terminal:b]}\n", "names a person already"},
		"a group called like a subject": {"version: 1\ngroups: {«\"slack:T0/S1\": [terminal:b]}\n", "a name has no colon"},

		"a test of nobody":      {"version: 1\ntests: [«{may: [\"https://a.example.com/\"]}]\n", "tests nobody"},
		"a test of nothing":     {"version: 1\ntests: [«{as: terminal:a}]\n", "tests nothing"},
		"a failing may":         {"version: 1\ntests: [{as: terminal:a, may: [«\"https://a.example.com/\"]}]\n", "terminal:a may not purge it. No rule lets you purge a.example.com."},
		"a may that is none":    {"version: 1\ntests: [{as: terminal:a, may: [«a]}]\n", "this test fails"},
		"a failing may-not":     {grant(here[:len(here)-2]) + "tests: [{as: slack:T0/U1, may-not: [«\"https://a.example.com/\"]}]\n", "slack:T0/U1 may purge it"},
		"a test of both areas":  {grant(here[:len(here)-2]) + "tests: [{as: slack:T0/U1, area: global, may: [«\"https://a.example.com/\"]}]\n", "not overseas"},
		"a test of nobody here": {"version: 1\ntests: [{as: «bob, may: [\"https://a.example.com/\"]}]\n", "no person or group"},
		"a test elsewhere":      {grant(here+"in: [slack:T0/C1]") + "tests: [{as: slack:T0/U1, in: slack:T0/C2, may: [«\"https://a.example.com/\"]}]\n", "this test fails"},
		"a test of no group":    {"version: 1\ntests: [{as: terminal:a, groups: [«nobody], may-not: [\"https://a.example.com/\"]}]\n", "no person or group"},
		"a target that is none": {"version: 1\ntests: [{as: terminal:a, may-not: [«[a]]}]\n", "text"},
		"a test of no kind":     {"version: 1\ntests: [{as: terminal:a, kind: «dir, may: [\"https://a.example.com/\"]}]\n", "write url or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after, marked := strings.Cut(c.file, "«")
			require.True(t, marked)
			_, err := Parse("acl.yaml", []byte(before+after))
			var refused *FileError
			require.ErrorAs(t, err, &refused)
			line := 1 + strings.Count(before, "\n")
			column := 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
			first := refused.Problems[0]
			assert.Equal(t, fmt.Sprintf("%d:%d", line, column), fmt.Sprintf("%d:%d", first.Line, first.Column), first.Message)
			assert.Contains(t, first.Message, c.message)
		})
	}
}

func TestParseListsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := Parse("acl.yaml", []byte("version: 1\nfoo: bar\ngrants:\n  - to: [x]\n    domains: [WWW.example.com]\n    paths: [/a]\n"))
	assert.EqualError(t, err, "acl.yaml:2:1: unknown key `foo`; the file has version, contact, people, groups, administrators, auditors, emergency, freezes, leaks, quota, domains, defaults, budgets, grants, denials, tests\n"+
		"acl.yaml:4:10: `x` is no person or group of this file; define it under `people` or `groups`, or write the subject as `/purge whoami` shows it (names are not ids)\n"+
		"acl.yaml:5:15: \"WWW.example.com\" has capitals; write www.example.com\n"+
		"acl.yaml:6:13: \"/a\" does not begin and end with a slash; write /a/, which means everything below it")
}

func TestParseBoundsItsError(t *testing.T) {
	t.Parallel()
	_, err := Parse("acl.yaml", []byte("version: 1\nadministrators: ["+strings.Repeat("x, ", 150)+"]\n"))
	lines := strings.Split(err.Error(), "\n")
	assert.Len(t, lines, 101)
	assert.Equal(t, "acl.yaml: and 50 more", lines[100])
}

// Each of these files has the same content in another notation of YAML.
func TestParseReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"blocks":      "version: 1\ngrants:\n  - name: a\n    to:\n      - slack:T0/U1\n    domains:\n      - a.example.com\n",
		"aligned":     "version: 1\ngrants:\n- name: a\n  to:\n  - slack:T0/U1\n  domains:\n  - a.example.com\n",
		"wide":        "version:   1\ngrants:\n  -   name: a\n      to: [ slack:T0/U1 ]\n      domains: [ a.example.com ]\n",
		"braces":      "{version: 1, grants: [{name: a, to: [slack:T0/U1], domains: [a.example.com]}]}",
		"JSON":        `{"version":1,"grants":[{"name":"a","to":["slack:T0/U1"],"domains":["a.example.com"]}]}`,
		"many lines":  "version: 1\ngrants: [\n  {name: a, # why\n   to: [\n slack:T0/U1,\n],\n domains: [a.example.com,]}\n]\n",
		"comments":    "# a\n---\n# b\nversion: 1 # c\n\ngrants: # d\n  # e\n  - # f\n    name: a\n    to: # g\n      [slack:T0/U1]\n    domains:\n      - a.example.com # h\n# i",
		"line ends":   "version: 1\r\ngrants:\r\n  - name: a\r\n    to: [slack:T0/U1]\r\n    domains: [a.example.com]\r\n",
		"a BOM":       "\ufeffversion: 1\ngrants:\n  - {name: 'a', to: [\"slack:T0/U1\"], domains: ['a.example.com']}\n",
		"quoted keys": "\"version\": 1\n'grants':\n  - \"name\": a\n    to: [slack:T0/U1]\n    domains: [a.example.com]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, file)
			a := ask(p, "slack:T0/U1", "https://a.example.com/x")
			assert.Equal(t, Decision{Allowed: true, Rule: "a"}, p.decideByFile(a))
		})
	}
}

func TestParseKeepsQuotedTextAsItIs(t *testing.T) {
	t.Parallel()
	for quoted, text := range map[string]string{
		`'it''s'`:            "it's",
		`"say \"hi\" \\ \/"`: `say "hi" \ /`,
		`"#a: b"`:            "#a: b",
		`a#b`:                "a#b",
		`a b  # c`:           "a b",
	} {
		assert.Equal(t, text, parse(t, "version: 1\ncontact: "+quoted+"\n").Contact())
	}
}

func TestNoGrantsIsAWarning(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\nemergency: [terminal:a]\n")
	assert.Equal(t, []string{"no grants: nobody may purge anything"}, p.Warnings())
}

func TestALargeFileLoads(t *testing.T) {
	t.Parallel()
	start := time.Now()
	p := parse(t, largeFile(10_000))
	t.Logf("10,000 grants in %v", time.Since(start))
	assert.True(t, p.decideByFile(ask(p, "slack:T0/U9999", "https://h9999.example.com/a/")).Allowed)
}

func largeFile(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\ngrants:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: g%d\n    to:\n      - slack:T0/U%d\n    domains:\n      - h%d.example.com\n    paths: [/a/]\n    kinds: [url, directory]\n", i, i, i)
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	file := []byte(largeFile(100_000))
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Parse("acl.yaml", file); err != nil {
			b.Fatal(err)
		}
	}
}
