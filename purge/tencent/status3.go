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

// The logs of API 3.0 have a row for each target and are read in pages; see
// https://cloud.tencent.com/document/api/228/37873. The vendor documents no maximum page. A hundred rows of the
// longest targets fit into the part of an answer that is read.
const (
	logPage  = 100
	maxPages = 100 // 10,000 targets, the quota of a day
)

// taskLog is one of the two logs: purges or prefetches.
type taskLog struct {
	action, rows string
	outcomes     map[string]purge.Outcome
}

var (
	purgeLog = taskLog{"DescribePurgeTasks", "PurgeLogs",
		map[string]purge.Outcome{"process": purge.Accepted, "done": purge.Done, "fail": purge.Failed}}
	// The status "invalid" of a prefetch means that the origin answered 4xx or 5xx.
	pushLog = taskLog{"DescribePushTasks", "PushLogs",
		map[string]purge.Outcome{"process": purge.Accepted, "done": purge.Done, "fail": purge.Failed, "invalid": purge.Failed}}
)

// reasons are the explanations of a failed status, the only ones that the logs give.
var reasons = map[string]string{"fail": "no reason given", "invalid": "the origin answered with 4xx or 5xx"}

// Status reads the log of purges or that of prefetches: by task if the batch has a task id, otherwise by time,
// area and host.
func (v *V3) Status(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	if q.Batch.Kind == purge.Prefetch {
		return v.look(ctx, pushLog, q)
	}
	return v.look(ctx, purgeLog, q, purgeType(q.Batch.Kind))
}

// purgeType returns the log's parameter for a kind.
func purgeType(k purge.Kind) param {
	if k == purge.Directory {
		return param{name: "PurgeType", value: "path"}
	}
	return param{name: "PurgeType", value: "url"}
}

// look reads all pages of a log. The worst of several rows for a target holds, so no target is reported done
// too early.
func (v *V3) look(ctx context.Context, l taskLog, q purge.StatusQuery, only ...param) ([]purge.TargetStatus, error) {
	if len(q.Batch.Targets) == 0 {
		return nil, nil
	}
	// Read all pages.
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
	// Without a task id, find the other calls that may have made the same rows.
	var beside []purge.Sent
	if q.Receipt.TaskID == "" {
		var err error
		if beside, err = sentBeside(ctx, q); err != nil {
			return nil, err
		}
	}
	// Take the rows of this call.
	found := map[string]purge.TargetStatus{}
	for _, r := range all {
		if !r.ofAnother(beside, q) {
			v.take(found, l, r, q)
		}
	}
	return inOrder(found, q.Batch.Targets), nil
}

// ofAnother reports whether a row belongs, or may belong, to another call: by the task if both have one,
// otherwise by all other fields.
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

// maybe compares kind and mode, if the row has them.
func (r logRow3) maybe(s purge.Sent) bool {
	return (r.PurgeType == "" || r.PurgeType == purgeType(s.Kind).value) && (r.FlushType == "" || r.FlushType == string(s.Mode))
}

// which returns the parameters that select one task, or the host's rows since the call left.
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
	// Ask for one page.
	count := func(name string, n int) param { return param{name: name, value: strconv.Itoa(n), number: true} }
	c := call{action: l.action, params: append(asked[:len(asked):len(asked)], count("Offset", offset), count("Limit", logPage))}
	a, err := v.do(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	// Decode its rows and the total.
	var d map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(a.result, &d) != nil || json.Unmarshal(d[l.rows], &list) != nil {
		return nil, 0, unreadable(l.action, a)
	}
	for _, raw := range list {
		var r logRow3
		if decode(raw, &r) != nil {
			r = logRow3{} // an unreadable row counts as a row without content
		}
		rows = append(rows, r)
	}
	total = len(rows) // without a total there is one page
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
	Area       purge.Area // set for prefetches; the log of purges is filtered by area
	CreateTime string
}

// take adds a row that belongs to the query to the findings. Missing fields of a row count as matching.
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

// olderThan reports whether the row is from before since, or has no readable time.
func (r logRow3) olderThan(since time.Time, zone *time.Location) bool {
	at, err := time.ParseInLocation(logTime, strings.TrimSpace(r.CreateTime), zone)
	return err != nil || at.Before(since.Truncate(time.Second))
}

// inOrder returns the findings in the order of the targets.
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
