package app_test

import (
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/cmd/internal/app"
)

// The README is tested because it is read: what it names must exist, and what it shows must be what happens.

var update = flag.Bool("update", false, "write the README's table of the configuration and its transcript")

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(root + "/README.md")
	require.NoError(t, err)
	return string(data)
}

// part is what stands under a heading.
func part(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	require.Truef(t, found, "no heading %q", heading)
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

func TestReadmeHasTheConfiguration(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, r := range regexp.MustCompile(`(?m)^  ([A-Z_]+) +(\S+) +(\S.*)$`).FindAllStringSubmatch(app.Table(), -1) {
		def := "`" + r[2] + "`"
		if r[2] == "-" {
			def = ""
		}
		rows = append(rows, "| `"+r[1]+"` | "+def+" | "+r[3]+" |")
	}
	require.NotEmpty(t, rows)
	was := regexp.MustCompile("(?m)^\\| `.*$").FindAllString(part(t, "Configuration"), -1)
	if *update {
		text := strings.Replace(readme(t), strings.Join(was, "\n"), strings.Join(rows, "\n"), 1)
		require.NoError(t, os.WriteFile(root+"/README.md", []byte(text), 0o644))
		return
	}
	assert.Equal(t, rows, was, "-update writes the README's table anew")
}

func TestReadmeNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	links := regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(readme(t), -1)
	require.Greater(t, len(links), 5)
	for _, l := range links {
		if u, err := url.Parse(l[1]); err == nil && u.IsAbs() {
			continue
		}
		assert.FileExists(t, filepath.Join(root, l[1]))
	}
	var tree []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(part(t, "The tree"), -1) {
		assert.DirExists(t, filepath.Join(root, row[1]))
		tree = append(tree, row[1])
	}
	for name := range packages(t) {
		assert.Containsf(t, tree, name, "the README's tree lacks a package")
	}
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(tree))), len(tree))
}

func TestReadmeNamesTheMetrics(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.types("/purge help") // the histogram is there from its first call on
	_, body := s.get("/metrics")
	var are []string
	for _, help := range regexp.MustCompile(`(?m)^# HELP (purgebot_\S+)`).FindAllStringSubmatch(body, -1) {
		are = append(are, help[1])
	}
	assert.ElementsMatch(t, are, regexp.MustCompile(`\bpurgebot_[a-z_]+`).FindAllString(part(t, "Operating"), -1))
}

// sandbox builds the command, and returns a shell line that the README gives for it, to be run.
func sandbox(t *testing.T) func(line string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sandbox")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "./cmd/sandbox")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
	return func(line string) *exec.Cmd {
		args, found := strings.CutPrefix(line, "go run ./cmd/sandbox ")
		require.Truef(t, found, "%q is no line for the sandbox", line)
		return exec.CommandContext(t.Context(), "sh", "-c", file+" "+args)
	}
}

func TestReadmesSandboxDoesWhatItSays(t *testing.T) {
	t.Parallel()
	run := sandbox(t)
	try := part(t, "Try it")
	t.Run("exit codes", func(t *testing.T) {
		t.Parallel()
		rows := regexp.MustCompile("(?m)^\\| `(go run [^`]+)` \\| (\\d):").FindAllStringSubmatch(try, -1)
		require.Len(t, rows, 6)
		for _, r := range rows {
			c := run(r[1])
			out, _ := c.CombinedOutput()
			assert.Equalf(t, r[2], c.ProcessState.String()[len("exit status "):], "%s\n%s", r[1], out)
		}
	})
	t.Run("transcript", func(t *testing.T) {
		t.Parallel()
		line := regexp.MustCompile(`(?m)^go run ./cmd/sandbox -say .*$`).FindString(try)
		out, err := run(line).Output()
		require.NoError(t, err)
		_, shown, _ := strings.Cut(try, "```\nalice:")
		shown, _, _ = strings.Cut("alice:"+shown, "```")
		if short := shorten(t, string(out)); *update {
			require.NoError(t, os.WriteFile(root+"/README.md", []byte(strings.Replace(readme(t), shown, short, 1)), 0o644))
		} else {
			assert.Equal(t, steady(short), steady(shown), "-update writes the README's transcript anew")
		}
	})
}

// shorten leaves what a reader wants to see: the question, the end, and the call that purged.
func shorten(t *testing.T, transcript string) string {
	t.Helper()
	parts := regexp.MustCompile(`(?s)^(.*presses \[Purge\]\n).*(purgebot \(edited\):\n.*?)purgebot \(in the thread.*\n(requests to the CDN\n\nPOST.*?\n)\nPOST`).FindStringSubmatch(transcript)
	require.Lenf(t, parts, 4, "the conversation has another shape:\n%s", transcript)
	return parts[1] + "…\n" + parts[2] + "…\n" + parts[3] + "…\n"
}

// steady takes out of a transcript what differs from run to run.
func steady(text string) string {
	for _, vary := range []string{`p-[0-9a-z]{8}`, `\d\d:\d\d UTC`, `took \S+`, `Nonce=\d+`, `Timestamp=\d+`, `Signature=\S+`} {
		text = regexp.MustCompile(vary).ReplaceAllString(text, vary)
	}
	return text
}
