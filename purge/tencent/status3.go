package tencent

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"purgebot/purge"
)

// The logs of API 3.0 have a row for each target and are read in pages; see https://cloud.tencent.com/document/api/228/37873.
// The pages do not say how large one may be. A hundred rows of the longest targets still fit into what is read of an answer.
const (
	logPage  = 100
	maxPages = 100 // 10,000 targets, which is a day's quota
)

// taskLog is one of the two logs: of purges, and of prefetches.
type taskLog struct {
	action, rows string
	outcomes     map[string]purge.Outcome
}

var (
	purgeLog = taskLog{"DescribePurgeTasks", "PurgeLogs",
		map[string]purge.Outcome{"process": purge.Accepted, "done": purge.Done, "fail": purge.Failed}}
	// A prefetch is "invalid" where the origin answers 4xx or 5xx.
	pushLog = taskLog{"DescribePushTasks", "PushLogs",
		map[string]purge.Outcome{"process": purge.Accepted, "done": purge.Done, "fail": purge.Failed, "invalid": purge.Failed}}
)

// reasons is all that the logs say of why.
var reasons = map[string]string{"fail": "no reason given", "invalid": "the origin answered with 4xx or 5xx"}

// Status reads the log of purges, or that of prefetches: by the task where its receipt was seen, else by time, area and host.
func (v *V3) Status(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	if q.Batch.Kind == purge.Prefetch {
		return v.look(ctx, pushLog, q)
	}
	return v.look(ctx, purgeLog, q, purgeType(q.Batch.Kind))
}

// purgeType is what the log calls a kind.
func purgeType(k purge.Kind) param {
	if k == purge.Directory {
		return param{name: "PurgeType", value: "path"}
	}
	return param{name: "PurgeType", value: "url"}
}

// look reads all pages. Where several rows count the worst holds: nothing is called done that may not be.
func (v *V3) look(ctx context.Context, l taskLog, q purge.StatusQuery, only ...param) ([]purge.TargetStatus, error) {
	if len(q.Batch.Targets) == 0 {
		return nil, nil
	}
	var all []logRow3
	asked := append(v.which(q), only...)
	for page := 0; page < maxPages; page++ {
		rows, total, err := v.page(ctx, l, asked, len(all))
		if err != nil {
			return nil, cannotTell(purge.AsError(err))
		}
		if all = append(all, rows...); len(rows) == 0 || len(all) >= total {
			break
		}
	}
	var beside []purge.Sent
	if q.Receipt.TaskID == "" {
		var err error
		if beside, err = sentBeside(ctx, q); err != nil {
			return nil, err
		}
	}
	found := map[string]purge.TargetStatus{}
	for _, r := range all {
		if !r.ofAnother(beside, q) {
			v.take(found, l, r, q)
		}
	}
	return inOrder(found, q.Batch.Targets), nil
}

// ofAnother reports whether a row is, or may be, about another call: by its task where both say one, else by all that a row says.
func (r logRow3) ofAnother(beside []purge.Sent, q purge.StatusQuery) bool {
	task := text(r.TaskID)
	return slices.ContainsFunc(beside, func(s purge.Sent) bool {
		if s.TaskID != "" && task != "" {
			return s.TaskID == task
		}
		sameLog := (s.Kind == purge.Prefetch) == (q.Batch.Kind == purge.Prefetch)
		return sameLog && s.Area == q.Batch.Area && s.Target.String() == r.URL && r.maybe(s)
	})
}

// maybe compares kind and mode, as far as the row says them.
func (r logRow3) maybe(s purge.Sent) bool {
	return (r.PurgeType == "" || r.PurgeType == purgeType(s.Kind).value) && (r.FlushType == "" || r.FlushType == string(s.Mode))
}

// which asks for one task, or for what this host's purges were since the call left.
func (v *V3) which(q purge.StatusQuery) []param {
	if q.Receipt.TaskID != "" {
		return []param{{name: "TaskId", value: q.Receipt.TaskID}}
	}
	return []param{
		{name: "StartTime", value: q.Since.In(v.zone).Format(logTime)},
		{name: "EndTime", value: v.now().In(v.zone).Add(slack).Format(logTime)},
		{name: "Keyword", value: q.Batch.Targets[0].Host()},
		{name: "Area", value: string(q.Batch.Area)},
	}
}

func (v *V3) page(ctx context.Context, l taskLog, asked []param, offset int) (rows []logRow3, total int, err error) {
	count := func(name string, n int) param { return param{name: name, value: strconv.Itoa(n), number: true} }
	c := call{action: l.action, params: append(asked[:len(asked):len(asked)], count("Offset", offset), count("Limit", logPage))}
	a, err := v.do(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	var d map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(a.result, &d) != nil || json.Unmarshal(d[l.rows], &list) != nil {
		return nil, 0, unreadable(l.action, a)
	}
	for _, raw := range list {
		var r logRow3
		if decode(raw, &r) != nil {
			r = logRow3{} // counts as a row, and tells nothing
		}
		rows = append(rows, r)
	}
	total = len(rows) // where it is not said, there is one page
	if n, ok := number(d["TotalCount"]); ok {
		total = n
	}
	return rows, total, nil
}

// logRow3 is one target of one task.
type logRow3 struct {
	TaskID     json.RawMessage `json:"TaskId"`
	URL        string          `json:"Url"`
	Status     string
	PurgeType  string
	FlushType  string
	Area       purge.Area // of a prefetch; the log of purges is asked for one area
	CreateTime string
}

// take counts a row that is about the query. What a row does not say is not held against it.
func (v *V3) take(found map[string]purge.TargetStatus, l taskLog, r logRow3, q purge.StatusQuery) {
	outcome, ok := l.outcomes[r.Status]
	if !ok || !r.isOf(q, l) || q.Receipt.TaskID == "" && r.olderThan(q.Since, v.zone) {
		return
	}
	s := purge.TargetStatus{Outcome: outcome}
	if outcome == purge.Failed {
		s.Reason = reasons[r.Status]
	}
	if had, ok := found[r.URL]; !ok || badness[outcome] > badness[had.Outcome] {
		found[r.URL] = s
	}
}

func (r logRow3) isOf(q purge.StatusQuery, l taskLog) bool {
	says := func(said, meant string) bool { return said == "" || said == meant }
	task := text(r.TaskID)
	return (q.Receipt.TaskID == "" || says(task, q.Receipt.TaskID)) &&
		(l.action != purgeLog.action || says(r.PurgeType, purgeType(q.Batch.Kind).value)) &&
		(q.Batch.Mode == "" || says(r.FlushType, string(q.Batch.Mode))) &&
		says(string(r.Area), string(q.Batch.Area))
}

// olderThan is true for a row without a readable time as well.
func (r logRow3) olderThan(since time.Time, zone *time.Location) bool {
	at, err := time.ParseInLocation(logTime, strings.TrimSpace(r.CreateTime), zone)
	return err != nil || at.Before(since.Truncate(time.Second))
}

// inOrder is what was found, in the order of the targets.
func inOrder(found map[string]purge.TargetStatus, targets []purge.Target) []purge.TargetStatus {
	var told []purge.TargetStatus
	for _, t := range targets {
		if s, ok := found[t.String()]; ok {
			s.Target = t
			told = append(told, s)
		}
	}
	return told
}
