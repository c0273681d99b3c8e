package cdnsim

import (
	"fmt"
	"strings"
	"time"
)

// kinds3 are the actions that cost quota.
var kinds3 = map[string]Kind{"PurgeUrlsCache": URL, "PurgePathCache": Directory, "PushUrlsCache": Push}

// perform3 does what an action asks, or says why not. Its result is a map.
func (s *Sim) perform3(req *Request, f Fault, now time.Time) (any, *refusal) {
	switch req.Action {
	case "PurgeUrlsCache":
		return s.purgeURLs3(req, f, now)
	case "PurgePathCache":
		return s.purgePaths3(req, f, now)
	case "PushUrlsCache":
		return s.push3(req, f, now)
	case "DescribePurgeTasks":
		return s.purgeTasks3(req, now)
	case "DescribePushTasks":
		return s.pushTasks3(req, now)
	case "DescribePurgeQuota":
		return map[string]any{"UrlPurge": s.quota3(URL, now), "PathPurge": s.quota3(Directory, now)}, nil
	case "DescribePushQuota":
		return map[string]any{"UrlPush": s.quota3(Push, now)}, nil
	case "DescribeDomains":
		return s.domains3(req, false)
	case "DescribeDomainsConfig":
		return s.domains3(req, true)
	}
	return nil, refuse(0, "InvalidAction", "The request action="+req.Action+" is invalid or not found.")
}

// submission3 is what the three have in common. Area may be left out: a purge then goes where each domain is accelerated.
type submission3 struct {
	Area      string
	URLEncode bool
}

// https://cloud.tencent.com/document/api/228/37870
func (s *Sim) purgeURLs3(req *Request, f Fault, now time.Time) (any, *refusal) {
	var args struct {
		submission3
		Urls []string
	}
	if no := req.into(&args); no != nil {
		return nil, no
	}
	return s.submit3(&task{kind: URL}, args.submission3, "Urls", args.Urls, f, now)
}

// https://cloud.tencent.com/document/api/228/37871
func (s *Sim) purgePaths3(req *Request, f Fault, now time.Time) (any, *refusal) {
	var args struct {
		submission3
		Paths     []string
		FlushType string
	}
	if no := req.into(&args); no != nil {
		return nil, no
	}
	switch args.FlushType {
	case "":
		return nil, missing3("FlushType")
	case "flush", "delete":
	default:
		return nil, refuse(9003, "", "FlushType must be flush or delete.")
	}
	return s.submit3(&task{kind: Directory, delete: args.FlushType == "delete"}, args.submission3, "Paths", args.Paths, f, now)
}

// https://cloud.tencent.com/document/api/228/37872; what does not change which objects are fetched is read and ignored.
func (s *Sim) push3(req *Request, f Fault, now time.Time) (any, *refusal) {
	var args struct {
		submission3
		Urls                    []string
		UserAgent, Layer        string
		ParseM3U8, DisableRange bool
		Headers                 []any
	}
	if no := req.into(&args); no != nil {
		return nil, no
	}
	if args.Area == "" {
		args.Area = string(Mainland)
	}
	return s.submit3(&task{kind: Push}, args.submission3, "Urls", args.Urls, f, now)
}

func missing3(name string) *refusal {
	return refuse(0, "MissingParameter", "The request is missing a required parameter `"+name+"`.")
}

// submit3 takes a whole submission or none of it.
func (s *Sim) submit3(t *task, args submission3, list string, targets []string, f Fault, now time.Time) (any, *refusal) {
	t.accepted, t.due = now, now.Add(s.Delay)
	if len(targets) == 0 {
		return nil, missing3(list)
	}
	if most := s.batch(t.kind); len(targets) > most {
		return nil, refuse(0, batchLimits[t.kind], fmt.Sprintf("At most %d in one request.", most))
	}
	named, no := t.areas3(args.Area)
	if no != nil {
		return nil, no
	}
	for _, raw := range targets {
		if no := s.target3(t, named, raw, args.URLEncode, f); no != nil {
			return nil, no
		}
	}
	return s.charge3(t, now)
}

// areas3 reads Area; nil is wherever the domains are.
func (t *task) areas3(area string) ([]Area, *refusal) {
	switch {
	case area == "":
		return nil, nil
	case area == string(Mainland) || area == string(Overseas):
		return []Area{Area(area)}, nil
	case area == "global" && t.kind == Push:
		return []Area{Mainland, Overseas}, nil
	}
	return nil, refuse(9003, "", "Area must be mainland or overseas.")
}

// target3 judges one target in each area that was named, and adds it to the task.
func (s *Sim) target3(t *task, named []Area, raw string, encode bool, f Fault) *refusal {
	sent := raw
	if encode {
		raw = encodeLetters(raw)
	}
	if encodeLetters(raw) != raw {
		return refuse(9003, "", "Letters outside ASCII need UrlEncode.")
	}
	if strings.Contains(raw, "://*.") {
		return refuse(0, "InvalidParameter.CdnPurgeWildcardNotAllowed", "Wildcard domains cannot be purged.")
	}
	kind := t.kind
	if kind == Push {
		kind = URL
	}
	name, no := hostOf(raw, kind)
	if no != nil {
		return no
	}
	host, _ := s.host(name)
	areas := named
	for _, a := range []Area{Mainland, Overseas} {
		if named == nil && host.in(a) {
			areas = append(areas, a)
		}
	}
	for _, a := range areas {
		host, no = s.target(raw, a, kind)
		if no != nil && no.code == 9112 && t.kind == Push {
			return refuse(0, "ResourceUnavailable.CdnHostIsNotOnline", no.text)
		}
		if no != nil {
			return no
		}
	}
	t.areas = areas
	t.targets = append(t.targets, target{host.Name, sent, cacheKey(raw, host), f.fails(sent)})
	return nil
}

var (
	batchLimits = map[Kind]string{URL: "LimitExceeded.CdnPurgeUrlExceedBatchLimit", Directory: "LimitExceeded.CdnPurgePathExceedBatchLimit", Push: "LimitExceeded.CdnPushExceedBatchLimit"}
	dayLimits   = map[Kind]string{URL: "LimitExceeded.CdnPurgeUrlExceedDayLimit", Directory: "LimitExceeded.CdnPurgePathExceedDayLimit", Push: "LimitExceeded.CdnPushExceedDayLimit"}
)

// charge3 takes the task on if every area has quota for it.
func (s *Sim) charge3(t *task, now time.Time) (any, *refusal) {
	for _, a := range t.areas {
		if s.spentToday(now)[bucket{a, t.kind}]+len(t.targets) > s.daily(t.kind) {
			return nil, refuse(0, dayLimits[t.kind], "The quota of today is used up.")
		}
	}
	for _, a := range t.areas {
		s.spend(a, t.kind, len(t.targets), now)
	}
	s.tasks.add(t, now)
	s.tasks.settle(now, &s.cache)
	return map[string]any{"TaskId": t.id}, nil
}

func (s *Sim) batch(k Kind) int {
	sizes := map[Kind][2]int{URL: {s.BatchURLs, 1000}, Directory: {s.BatchDirectories, 500}, Push: {s.BatchPushes, 500}}[k]
	if sizes[0] != 0 {
		return sizes[0]
	}
	return sizes[1]
}

// quota3 is one kind's quota in each area: https://cloud.tencent.com/document/api/228/41956
func (s *Sim) quota3(k Kind, now time.Time) []map[string]any {
	var rows []map[string]any
	for _, a := range []Area{Mainland, Overseas} {
		total := s.daily(k)
		rows = append(rows, map[string]any{"Area": a, "Batch": s.batch(k), "Total": total, "Available": total - s.spentToday(now)[bucket{a, k}]})
	}
	return rows
}
