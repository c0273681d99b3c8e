package purge_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.example.com": false, "127.0.0.1.example.com": false, "0.0.0.0": false, "::": false, "10.0.0.1": false,
		"127.1": false, "2130706433": false, "0177.0.0.1": false, "[::1]": false, "localhost.": false, "127.0.0.1:80": false,
	} {
		assert.Equal(t, want, purge.Loopback(host), host)
	}
}
