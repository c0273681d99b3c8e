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

// The purge log answers in whole seconds of Beijing time and, in its two areas, by two sets of status numbers; see
// https://cloud.tencent.com/doc/api/231/3948 and https://cloud.tencent.com/doc/api/445/6710.
const (
	logTime = "2006-01-02 15:04:05"
	logDay  = "20060102"

	// slack is how far ahead of ours the vendor's clock may be: a row must not be missed for that.
	slack = 5 * time.Minute
)

// Status reads the purge log. A row counts if it names a target exactly, is of the batch's kind where it says one, and is
// not older than q.Since, by the second. Where several rows count the worst holds: nothing is called done that may not be.
// The log says neither who purged nor in which mode, so where another call has sent the same text a row proves nothing by itself;
// see judge.
func (v *V2) Status(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	if len(q.Batch.Targets) == 0 {
		return nil, nil
	}
	var all []logRow
	for _, c := range v.logCalls(q) {
		a, err := v.do(ctx, c)
		if err != nil && byTask(q) && purge.AsError(err).Kind == purge.NotFound { // a task that was just given out is in the log a little later
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
	var beside []purge.Sent
	if !byTask(q) {
		var err error
		if beside, err = sentBeside(ctx, q); err != nil {
			return nil, err
		}
	}
	return inOrder(v.judgeAll(all, beside, q), q.Batch.Targets), nil
}

// byTask is where the log can be asked for one task alone: of mainland URLs, the only calls that are told its id.
func byTask(q purge.StatusQuery) bool {
	return q.Receipt.TaskID != "" && q.Batch.Area == purge.Mainland
}

// sentBeside asks who else may have made a row of the log.
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

// logCalls asks for the task where there is one, which only mainland URLs have. Overseas is asked by day, and a purge just before
// midnight may be logged just after.
func (v *V2) logCalls(q purge.StatusQuery) []call {
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
	c := call{action: "GetCdnRefreshLog"}
	if byTask(q) {
		c.params = []param{{name: "taskId", value: q.Receipt.TaskID}}
	} else {
		end := v.now().In(v.zone).Add(slack)
		if answered(q) { // what others sent just before is counted too
			since = since.Add(-purge.Overlap)
		}
		c.params = []param{{name: "endDate", value: end.Format(logTime)}, host, {name: "startDate", value: since.Format(logTime)}}
	}
	return []call{c}
}

// cannotTell reduces an error to what Status may answer. Reading twice harms nobody, so that an answer that is lost, or that nobody can
// read, means "not now".
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

// logRow is one entry: mainland has type and url_list, overseas has url.
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

// answered is true of a call that was accepted: it is in the log, sooner or later. Any other may not be.
func answered(q purge.StatusQuery) bool { return !q.Receipt.At.IsZero() }

// evidence is what the rows about one target say.
type evidence struct {
	rows    int // that others may have made as well as this call
	untyped bool
	since   []purge.TargetStatus // of those that are not older than the call
}

// judgeAll sorts the rows by target, and judges each.
func (v *V2) judgeAll(rows []logRow, beside []purge.Sent, q purge.StatusQuery) map[string]purge.TargetStatus {
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

// others counts the calls that may have made a row with this text.
func others(u string, beside []purge.Sent, q purge.StatusQuery, anyKind bool) (n int) {
	for _, s := range beside {
		if s.Area == q.Batch.Area && s.Target.String() == u && (anyKind || s.Kind == q.Batch.Kind) {
			n++
		}
	}
	return n
}

// judge says what the rows prove of this call. Nothing, where another may have made them and this one may never have arrived. Of one
// that was accepted, what they all say, once there are as many as calls: then its own is among them. While they are not, and it is
// not long ago, it runs as far as anybody knows: the log may still lack a row.
func (l *evidence) judge(others int, answered, lately bool) (purge.TargetStatus, bool) {
	if len(l.since) == 0 || others > 0 && !answered {
		return purge.TargetStatus{}, false
	}
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

// outcome reads a status number by the meaning that it has in this area: 1 is done in one and running in the other.
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

// isOf keeps the URL https://a/b/ and the directory https://a/b/ apart, where the log does; overseas it does not.
func (r logRow) isOf(k purge.Kind) bool {
	n, ok := number(r.Type)
	return !ok || n == 0 && k == purge.URL || n == 1 && k == purge.Directory
}

// olderThan is true for a row without a readable time as well.
func (r logRow) olderThan(since time.Time, zone *time.Location) bool {
	at, err := time.ParseInLocation(logTime, strings.TrimSpace(text(r.Datetime)), zone)
	return err != nil || at.Before(since.Truncate(time.Second))
}
