package tencent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"purgebot/purge"
)

// The purge log states times in whole seconds of Beijing time, and its two areas use two sets of status
// numbers; see https://cloud.tencent.com/doc/api/231/3948 and https://cloud.tencent.com/doc/api/445/6710.
const (
	logTime = "2006-01-02 15:04:05"
	logDay  = "20060102"

	// slack is the tolerated lead of the vendor's clock over ours, within which no row may be missed.
	slack = 5 * time.Minute
)

// Status reads the purge log. A row counts if it names a target exactly, does not belong to another kind, and
// is not older than q.Since, by the second. The worst of several rows holds, so no target is reported done too
// early. The log names neither the call nor the mode, so a row proves nothing by itself if another call has
// sent the same text; see judge.
func (v *V2) Status(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	if len(q.Batch.Targets) == 0 {
		return nil, nil
	}
	// Read the log.
	var all []logRow
	for _, c := range v.logCalls(q) {
		a, err := v.do(ctx, c)
		if err != nil && byTask(q) && purge.AsError(err).Kind == purge.NotFound { // the log lists a new task with a delay
			continue
		}
		if err != nil {
			return nil, cannotTell(purge.AsError(err))
		}
		rows, err := logRows(a.data)
		if err != nil {
			return nil, cannotTell(unknown(fmt.Errorf("%s: %w", c.action, err)))
		}
		all = append(all, rows...)
	}
	// Without a task id, find the other calls that may have made the same rows.
	var beside []purge.Sent
	if !byTask(q) {
		var err error
		if beside, err = sentBeside(ctx, q); err != nil {
			return nil, err
		}
	}
	return inOrder(v.judgeAll(all, beside, q), q.Batch.Targets), nil
}

// byTask reports whether the log can be filtered by task. Only calls for mainland URLs receive a task id.
func byTask(q purge.StatusQuery) bool {
	return q.Receipt.TaskID != "" && q.Batch.Area == purge.Mainland
}

// sentBeside returns the other calls that may have made a row of the log.
func sentBeside(ctx context.Context, q purge.StatusQuery) ([]purge.Sent, error) {
	if q.Beside == nil {
		return nil, nil
	}
	sent, err := q.Beside(ctx)
	if err != nil {
		return nil, &purge.Error{Kind: purge.Unavailable, Message: "The database did not answer, so it cannot be said whose purge Tencent's log shows; ask again in a minute.", Err: err}
	}
	return sent, nil
}

// logCalls returns the calls that read the log: by task if the batch has a task id, otherwise by time. The
// overseas log is read by day, and a purge just before midnight may be logged on the next day.
func (v *V2) logCalls(q purge.StatusQuery) []call {
	// Ask for one or two days of the overseas log.
	host := param{name: "host", value: q.Batch.Targets[0].Host()}
	since := q.Since.In(v.zone)
	if q.Batch.Area == purge.Overseas {
		days := []string{since.Format(logDay)}
		if next := since.Add(v.timeout + slack).Format(logDay); next != days[0] {
			days = append(days, next)
		}
		var calls []call
		for _, day := range days {
			calls = append(calls, call{action: "GetCdnOverseaRefreshLog", params: []param{{name: "date", value: day}, host}})
		}
		return calls
	}
	// Ask the mainland log for the task, or for a span of time.
	c := call{action: "GetCdnRefreshLog"}
	if byTask(q) {
		c.params = []param{{name: "taskId", value: q.Receipt.TaskID}}
	} else {
		end := v.now().In(v.zone).Add(slack)
		if answered(q) { // rows of other calls just before this one are counted, too
			since = since.Add(-purge.Overlap)
		}
		c.params = []param{{name: "endDate", value: end.Format(logTime)}, host, {name: "startDate", value: since.Format(logTime)}}
	}
	return []call{c}
}

// cannotTell converts an error to one that Status may return. Reading twice is harmless, so a lost or
// unreadable answer means "not now".
func cannotTell(e *purge.Error) *purge.Error {
	switch {
	case e.Kind == purge.Unavailable, e.Kind == purge.Exhausted && e.RetryAfter > 0:
	case e.Kind == purge.Unknown && errors.Is(e, errUnreadable):
		e.Kind, e.Message = purge.Unavailable, "Tencent's purge log could not be read; ask again in a minute."
	case e.Kind == purge.Unknown:
		e.Kind, e.Message = purge.Unavailable, "Tencent's purge log did not answer; ask again in a minute."
	default:
		e.Kind = purge.Denied
	}
	return e
}

// logRow is one entry: the mainland log has type and url_list, the overseas log has url.
type logRow struct {
	Type     json.RawMessage `json:"type"`
	Status   json.RawMessage `json:"status"`
	Datetime json.RawMessage `json:"datetime"`
	URL      json.RawMessage `json:"url"`
	URLList  json.RawMessage `json:"url_list"`
}

func logRows(data json.RawMessage) ([]logRow, error) {
	var d struct {
		Logs *[]json.RawMessage `json:"logs"`
	}
	if decode(data, &d) != nil || d.Logs == nil {
		return nil, fmt.Errorf("%w: no logs", errUnreadable)
	}
	var rows []logRow
	for _, raw := range *d.Logs {
		var r logRow
		if decode(raw, &r) == nil {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (r logRow) urls() []string {
	var list []string
	if json.Unmarshal(r.URLList, &list) != nil && len(r.URLList) > 0 {
		list = []string{text(r.URLList)}
	}
	return append(list, text(r.URL))
}

// answered reports whether the call was accepted. The log lists every accepted call sooner or later, others
// perhaps never.
func answered(q purge.StatusQuery) bool { return !q.Receipt.At.IsZero() }

// evidence is the log's rows about one target.
type evidence struct {
	rows    int // number of rows that this call or another may have made
	untyped bool
	since   []purge.TargetStatus // outcomes of the rows that are not older than the call
}

// judgeAll groups the rows by target and judges each target.
func (v *V2) judgeAll(rows []logRow, beside []purge.Sent, q purge.StatusQuery) map[string]purge.TargetStatus {
	// Collect the rows of each target.
	of := map[string]*evidence{}
	for _, r := range rows {
		s, ok := r.outcome(q.Batch.Area)
		if !ok || !r.isOf(q.Batch.Kind) || r.olderThan(q.Since.Add(-purge.Overlap), v.zone) {
			continue
		}
		for _, u := range r.urls() {
			if of[u] == nil {
				of[u] = &evidence{}
			}
			of[u].add(r, s, r.olderThan(q.Since, v.zone))
		}
	}
	// Judge each target by its rows.
	found := map[string]purge.TargetStatus{}
	for u, l := range of {
		if s, ok := l.judge(others(u, beside, q, l.untyped), answered(q), v.now().Sub(q.Since) < purge.Overlap); ok {
			found[u] = s
		}
	}
	return found
}

func (l *evidence) add(r logRow, s purge.TargetStatus, old bool) {
	_, typed := number(r.Type)
	l.rows, l.untyped = l.rows+1, l.untyped || !typed
	if !old {
		l.since = append(l.since, s)
	}
}

// others returns the number of other calls that may have made a row with this text.
func others(u string, beside []purge.Sent, q purge.StatusQuery, anyKind bool) (n int) {
	for _, s := range beside {
		if s.Area == q.Batch.Area && s.Target.String() == u && (anyKind || s.Kind == q.Batch.Kind) {
			n++
		}
	}
	return n
}

// judge returns the outcome that the rows prove for this call, if any. If other calls sent the same text and
// this one was not accepted, the rows prove nothing, because the call may never have arrived. If this call was
// accepted and there are as many rows as calls, one of the rows is its own, so an outcome shared by all rows
// holds. With fewer rows soon after the call, the outcome is Accepted: the log may still lack a row.
func (l *evidence) judge(others int, answered, lately bool) (purge.TargetStatus, bool) {
	if len(l.since) == 0 || others > 0 && !answered {
		return purge.TargetStatus{}, false
	}
	// Find the worst outcome, and whether all rows agree.
	worst, alike := l.since[0], true
	running := worst.Outcome == purge.Accepted
	for _, s := range l.since[1:] {
		alike = alike && s.Outcome == worst.Outcome
		running = running || s.Outcome == purge.Accepted
		if badness[s.Outcome] > badness[worst.Outcome] {
			worst = s
		}
	}
	switch {
	case others == 0, alike && l.rows > others:
		return worst, true
	case running, lately:
		return purge.TargetStatus{Outcome: purge.Accepted}, true
	}
	return purge.TargetStatus{}, false
}

var badness = map[purge.Outcome]int{purge.Done: 0, purge.Accepted: 1, purge.Failed: 2}

// outcome translates a status number by the area's own table: 1 means done in one area and running in the
// other.
func (r logRow) outcome(area purge.Area) (purge.TargetStatus, bool) {
	n, ok := number(r.Status)
	if !ok {
		return purge.TargetStatus{}, false
	}
	if n < 0 {
		return purge.TargetStatus{Outcome: purge.Failed, Reason: fmt.Sprintf("status %d", n)}, true
	}
	outcomes := []purge.Outcome{0: purge.Accepted, 1: purge.Done}
	if area == purge.Overseas {
		outcomes = []purge.Outcome{0: "", 1: purge.Accepted, 2: purge.Done}
	}
	if n >= len(outcomes) || outcomes[n] == "" {
		return purge.TargetStatus{}, false
	}
	return purge.TargetStatus{Outcome: outcomes[n]}, true
}

// isOf tells the URL https://a/b/ from the directory https://a/b/ by the row's type, which the overseas log
// lacks.
func (r logRow) isOf(k purge.Kind) bool {
	n, ok := number(r.Type)
	return !ok || n == 0 && k == purge.URL || n == 1 && k == purge.Directory
}

// olderThan reports whether the row is from before since, or has no readable time.
func (r logRow) olderThan(since time.Time, zone *time.Location) bool {
	at, err := time.ParseInLocation(logTime, strings.TrimSpace(text(r.Datetime)), zone)
	return err != nil || at.Before(since.Truncate(time.Second))
}
