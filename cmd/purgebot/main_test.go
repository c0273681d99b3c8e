package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary act as purgebot if it is called by that name, so that scripts run the real
// command.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"purgebot": main})
}

// TestScripts runs testdata/*.txtar. Besides the usual commands, "exits N COMMAND" is exec with an exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < 2 {
				ts.Fatalf("usage: exits N COMMAND [ARGUMENT …]")
			}
			if code := exitCode(ts.Exec(args[1], args[2:]...)); strconv.Itoa(code) != args[0] {
				ts.Fatalf("%s exited with %d, not %s", strings.Join(args[1:], " "), code, args[0])
			}
		},
	}})
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		return -1
	}
	return 0
}

const policy = `version: 1
grants:
  - {name: all, to: [slack:T0/U1], domains: [www.example.com]}
`

// The server runs until it is told to stop, and then stops without an error.
func TestServeStopsWhenTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acl.yaml"), []byte(policy), 0o600))
	c := exec.CommandContext(t.Context(), "purgebot", "serve")
	c.Dir = dir
	c.Env = []string{
		"PURGEBOT_LISTEN=127.0.0.1:0", "PURGEBOT_OPS_LISTEN=127.0.0.1:0", "PURGEBOT_CDN_API=2.0",
		"TENCENTCLOUD_SECRET_ID=AKID0123456789abcdefABCDEF0123456789", "TENCENTCLOUD_SECRET_KEY=0123456789abcdefABCDEF0123456789",
		"SLACK_BOT_TOKEN=xoxb-simulated", "SLACK_SIGNING_SECRET=simulated-signing-secret",
		"SLACK_API_URL=http://127.0.0.1:1/api/", // nothing answers there
	}
	log, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), `"listening"`) {
	}
	require.Contains(t, lines.Text(), `"listening"`)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	for lines.Scan() { // to the end, as Wait requires
	}
	assert.NoError(t, c.Wait())
}
