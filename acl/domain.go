package acl

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"purgebot/purge"
)

// hosts reads the `domains` of a rule.
func (r *reader) hosts(n node, denial bool) (domains []string) {
	for _, item := range r.elements(n, "write a list of hosts, as in [www.example.com]") {
		if d := r.domain(item, denial); d != "" {
			domains = append(domains, d)
		}
	}
	return domains
}

// domain reads a host, or "*." and a host; its result is "" after a problem. The flag wide permits "*." before
// a single label.
func (r *reader) domain(n node, wide bool) string {
	text := r.text(n)
	if text == "" {
		return ""
	}
	host := strings.TrimPrefix(text, "*.")
	if why := judgeDomain(host, text, wide); why != "" {
		r.wrong(n, "%q %s", text, why)
		return ""
	}
	return text
}

// judgeDomain returns the problem of a domain, or "". Package purge has the last word, so no rule names an
// impossible host.
func judgeDomain(host, text string, wide bool) string {
	// Name the usual mistakes.
	wild := host != text
	switch {
	case strings.Contains(host, "*"):
		return "has a star; only a leading \"*.\" is read, which means one or more labels in its place"
	case strings.Contains(host, "://"):
		return "has a scheme; write the host alone, and `schemes: [https]` to grant one scheme only"
	case strings.Contains(host, "/"):
		return "has a path; write the host alone, and the path under `paths`"
	case strings.Contains(host, ":"):
		return "has a port; write the host alone: targets have the scheme's own port"
	case strings.HasSuffix(host, "."):
		return "ends in a dot; delete it"
	case strings.ToLower(host) != host:
		return "has capitals; write " + strings.ToLower(text)
	case wild && !strings.Contains(host, "."):
		if !wide {
			return "would grant every host below it, of all owners; name your own domain, as in \"*.example.com\""
		}
		host = "a." + host
	case wild && !wide && sharedSuffix(host):
		return "would grant every host below it, of all owners: " + host + " is a public suffix, below which all people can register names; name your own domain, as in \"*.example." + host + "\""
	}
	// Parse the host as a part of a target.
	t, err := purge.Parse(purge.URL, "https://"+host+"/")
	if err != nil {
		return "is no host that a target can have: " + reason(err)
	}
	if t.Host() != host {
		return "is no host that a target can have; write it as in www.example.com"
	}
	return ""
}

// sharedSuffix reports whether names directly below host belong to unrelated people, by the module's public
// suffix list, or are public suffixes themselves.
func sharedSuffix(host string) bool {
	suffix, _ := publicsuffix.PublicSuffix(host)
	below, _ := publicsuffix.PublicSuffix("no-rule-names-this." + host)
	return suffix == host || len(below) > len(host)
}

// paths reads the `paths` of a rule.
func (r *reader) paths(n node) (paths []string) {
	for _, item := range r.elements(n, "write a list of paths, as in [/assets/]") {
		path := r.text(item)
		if why := judgePath(path); why != "" && path != "" {
			r.wrong(item, "%q %s", path, why)
		}
		paths = append(paths, path)
	}
	return paths
}

// withoutStars suggests a replacement for a path with stars: the path without them. A star after a part of a
// name, as in "/img*", covers more than "/img/", so for that the suggestion names no path.
func withoutStars(path string) string {
	bare := strings.TrimRight(strings.TrimRight(path, "/"), "*")
	below := strings.ReplaceAll("/"+strings.Trim(bare, "/")+"/", "//", "/")
	if bare != "" && !strings.HasSuffix(bare, "/") || judgePath(below) != "" {
		return "a path means everything below it without one, so write the directory that is meant"
	}
	return "write " + below + ", which means everything below it"
}

func judgePath(path string) string {
	switch {
	case strings.Contains(path, "*"):
		return "has a star; " + withoutStars(path)
	case !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/"):
		return "does not begin and end with a slash; write /" + strings.Trim(path, "/") + "/, which means everything below it"
	case strings.Contains(path, "%"):
		return "has an escape, which could be spelled in other ways; name a directory whose name needs none"
	case strings.Contains(path, ".."):
		return "has \"..\"; write the directory that is meant"
	case strings.Contains(path, "//"):
		return "has an empty directory in \"//\"; write one slash"
	case strings.ContainsAny(path, "?#"):
		return "has a query or a fragment; rules look at the path alone"
	}
	if _, err := purge.Parse(purge.Directory, "https://www.example.com"+path); err != nil {
		return "is no path that a target can have: " + reason(err)
	}
	return ""
}

// DomainsMeet reports whether two domains of grants, each a host or "*." and a host, have a host in common.
func DomainsMeet(a, b string) bool {
	within := func(host, wild string) bool {
		above, is := strings.CutPrefix(wild, "*")
		return is && strings.HasSuffix(strings.TrimPrefix(host, "*"), above)
	}
	return a == b || within(a, b) || within(b, a)
}
