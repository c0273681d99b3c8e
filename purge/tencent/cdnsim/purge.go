package cdnsim

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// actions are the four purges.
var actions = map[string]struct {
	area Area
	kind Kind
}{
	"RefreshCdnUrl":        {Mainland, URL},
	"RefreshCdnDir":        {Mainland, Directory},
	"RefreshCdnOverSeaUrl": {Overseas, URL},
	"RefreshCdnOverSeaDir": {Overseas, Directory},
}

// rule is what differs between the kinds: https://cloud.tencent.com/document/product/228/3946 and …/3947
type rule struct {
	list      string
	perCall   int
	tooMany   int // refusal of more in one call
	exhausted int // refusal of more in one day
}

var rules = map[Kind]rule{
	URL:       {"urls", 1000, 22043, 22044},
	Directory: {"dirs", 20, 22045, 22046},
}

// purge takes a whole submission or none of it.
func (s *Sim) purge(req *Request, f Fault, now time.Time) (any, *refusal) {
	rule := rules[req.Kind]
	targets := req.list(rule.list)
	t := &task{areas: []Area{req.Area}, kind: req.Kind, accepted: now, due: now.Add(s.Delay)}
	if no := t.readType(req.Value("type")); no != nil {
		return nil, no
	}
	switch {
	case len(targets) == 0:
		return nil, missing(rule.list + ".0")
	case len(targets) > rule.perCall:
		return nil, &refusal{code: rule.tooMany, text: fmt.Sprintf("At most %d in one request.", rule.perCall)}
	}
	for _, raw := range targets {
		host, no := s.target(raw, req.Area, req.Kind)
		if no != nil {
			return nil, no
		}
		t.targets = append(t.targets, target{host.Name, raw, cacheKey(raw, host), f.fails(raw)})
	}
	if !s.spend(req.Area, req.Kind, len(targets), now) {
		return nil, &refusal{code: rule.exhausted, text: "The quota of today is used up."}
	}
	s.tasks.add(t, now)
	s.tasks.settle(now, &s.cache) // without a delay it is done already
	return t.receipt(), nil
}

// readType reads the directories' mode: 1, the default, leaves unchanged files in place; 2 does not.
func (t *task) readType(value string) *refusal {
	if t.kind != Directory || value == "" {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 2 {
		return &refusal{code: 9003, text: "Parameter error: type."}
	}
	t.delete = n == 2
	return nil
}

// receipt is the success data, which every action words differently: only RefreshCdnUrl gives a task_id,
// and RefreshCdnDir gives nothing at all.
func (t *task) receipt() any {
	switch {
	case t.areas[0] == Overseas:
		return map[string]any{"count": len(t.targets)}
	case t.kind == URL:
		return map[string]any{"count": len(t.targets), "task_id": t.id}
	}
	return nil
}

// target judges one target and finds its domain.
func (s *Sim) target(raw string, area Area, kind Kind) (Host, *refusal) {
	name, no := hostOf(raw, kind)
	if no != nil {
		return Host{}, no
	}
	host, found := s.host(name)
	switch {
	case !found:
		return Host{}, &refusal{code: 9110, text: "Information for this domain does not exist. cdn no such host"}
	case !host.in(area):
		return Host{}, misfit(name, area)
	case host.Offline:
		return Host{}, &refusal{code: 9112, text: "The domain is not running."}
	}
	if strings.HasPrefix(host.Name, "*.") {
		host.Name = strings.ToLower(name) // logs name what was purged
	}
	return host, nil
}

// misfit refuses a purge in an area where the domain is not accelerated. API 2.0 was seen to answer so
// (https://github.com/lxl80/hexo-deployer-cos-cdn/issues/5); what API 3.0 answers is not published, and "传参错误" is what it calls
// InvalidParameter.CdnParamError.
func misfit(name string, area Area) *refusal {
	return &refusal{code: 1012, text: fmt.Sprintf("传参错误 invalid error code[域名 %s 未部署在 %s]", name, area)}
}

// host finds the domain that serves a name: itself, or the longest "*." above it.
func (s *Sim) host(name string) (found Host, is bool) {
	for _, h := range s.Hosts {
		above, wild := strings.CutPrefix(h.Name, "*")
		switch {
		case strings.EqualFold(h.Name, name):
			return h, true
		case wild && len(h.Name) > len(found.Name) && strings.HasSuffix(strings.ToLower(name), strings.ToLower(above)):
			found, is = h, true
		}
	}
	return found, is
}

func (h Host) in(a Area) bool { return h.Areas == nil || slices.Contains(h.Areas, a) }

// hostOf refuses what is no plain URL with scheme and domain.
func hostOf(raw string, kind Kind) (string, *refusal) {
	u, err := url.Parse(raw)
	switch {
	case !strings.HasPrefix(raw, "http://") && !strings.HasPrefix(raw, "https://"):
		return "", &refusal{code: 9003, text: "Parameter error: a URL must start with http:// or https://."}
	case err != nil || u.User != nil || strings.ContainsAny(raw, " \\"):
		return "", &refusal{code: 9003, text: "Parameter error: malformed URL."}
	case kind == Directory && strings.ContainsAny(raw, "?#"):
		return "", &refusal{code: 9003, text: "Parameter error: a directory has no query."}
	case !isDomain(u.Host):
		return "", &refusal{code: 9107, text: "Malformed domain."}
	}
	return u.Host, nil
}

// isDomain takes labels of letters, digits and hyphens, so neither a port nor a wildcard.
func isDomain(host string) bool {
	if strings.Trim(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.") != "" {
		return false
	}
	labels := strings.Split(host, ".")
	return len(labels) > 1 && !slices.Contains(labels, "")
}
