package app

import (
	"fmt"
	"maps"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A misspelt setting would silently have no effect. This file therefore refuses unknown names that look like purgebot's.
// Names that Kubernetes and Docker make for services are allowed: a service "purgebot" sets PURGEBOT_PORT.

// ours lists the prefixes of purgebot's settings.
var ours = []string{"PURGEBOT_", "SLACK_", "DISCORD_", "TENCENTCLOUD_"}

// settings returns the names of all known variables.
func settings() (names []string) {
	each(&Config{}, func(f reflect.StructField, _ reflect.Value) {
		names = append(names, envName(f))
		if fromFile(f) {
			names = append(names, envName(f)+"_FILE")
		}
	})
	return names
}

// checkNames returns one error for each unknown variable that is meant for purgebot, with the nearest known name.
func checkNames(env map[string]string) (problems []error) {
	known := settings()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		switch {
		case strings.HasPrefix(name, "DBOS__"):
			problems = append(problems, fmt.Errorf("%s would override purgebot's own settings of its engine: unset it", name))
		case !slices.Contains(known, name) && meant(name, known) && !ofService(name, env):
			problems = append(problems, fmt.Errorf("%s is no setting: %s", name, advice(name, known)))
		}
	}
	return problems
}

// meant reports whether a name is meant for purgebot. Such a name begins with one of the prefixes, in any case, or
// differs by at most two letters from a PURGEBOT_ or TENCENTCLOUD_ setting.
func meant(name string, known []string) bool {
	upper := strings.ToUpper(name)
	if slices.ContainsFunc(ours, func(begin string) bool { return strings.HasPrefix(upper, begin) }) {
		return true
	}
	near, away := nearest(upper, known)
	return away <= 2 && (strings.HasPrefix(near, ours[0]) || strings.HasPrefix(near, ours[3]))
}

// advice suggests the nearest setting if one is near enough.
func advice(name string, known []string) string {
	near, away := nearest(strings.ToUpper(name), known)
	if away > len(name)/3+1 {
		return "unset it (purgebot serve --help lists them all)"
	}
	return fmt.Sprintf("did you mean %s? Else unset it", near)
}

// nearest returns the setting with the smallest distance to name, and the distance.
func nearest(name string, known []string) (near string, away int) {
	away = len(name) + 1
	for _, k := range known {
		if d := distance(name, k); d < away {
			near, away = k, d
		}
	}
	return near, away
}

// distance returns the number of letters to insert, delete or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// The names that Kubernetes (https://kubernetes.io/docs/tutorials/services/connect-applications-service/) and Docker's
// links (https://docs.docker.com/engine/network/links/) derive from the name of a service.
var (
	serviceHost = regexp.MustCompile(`^.+_SERVICE_HOST$`)
	servicePort = regexp.MustCompile(`^.+_SERVICE_PORT(_[A-Z0-9_]+)?$`)
	linkPort    = regexp.MustCompile(`^.+_PORT(_[0-9]+_(TCP|UDP|SCTP))?$`)
	linkPart    = regexp.MustCompile(`^.+_PORT_[0-9]+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$`)
	linkName    = regexp.MustCompile(`^(.+)_(NAME|ENV_.+)$`)
	linkAddress = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// ofService reports whether Kubernetes or Docker made a variable. The value tells a service's variable from a person's
// mistake such as PURGEBOT_PORT=8080.
func ofService(name string, env map[string]string) bool {
	value := env[name]
	if m := linkName.FindStringSubmatch(name); m != nil {
		return strings.HasPrefix(env[m[1]+"_NAME"], "/")
	}
	switch {
	case serviceHost.MatchString(name):
		return net.ParseIP(value) != nil
	case servicePort.MatchString(name), linkPart.MatchString(name):
		return true
	}
	return linkPort.MatchString(name) && linkAddress.MatchString(value)
}
