package purge

import (
	"net"
	"strings"
)

// Loopback reports whether a host (a name or an address, without a port) is always this machine. Signed
// requests, tokens and the sandbox's page may travel without TLS only to such hosts.
func Loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
