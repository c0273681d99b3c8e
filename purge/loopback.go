package purge

import (
	"net"
	"strings"
)

// Loopback reports whether a host, a name or an address without a port, is this machine and cannot be another one. Only
// there may a signed request, a token or the sandbox's page travel without TLS.
func Loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
