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
func (v *V2) Status(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	if len(q.Batch.Targets) == 0 {
		return nil, nil
	}
	found := map[string]purge.TargetStatus{}
	for _, c := range v.logCalls(q) {
		a, err := v.do(ctx, c)
		if err != nil {
			return nil, cannotTell(purge.AsError(err))
		}
		rows, err := logRows(a.data)
		if err != nil {
			return nil, cannotTell(unknown(fmt.Errorf("%s: %w", c.action, err)))
		}
		v.collect(found, rows, q)
	}
	return inOrder(found, q.Batch.Targets), nil
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
	if q.Receipt.TaskID != "" {
		c.params = []param{{name: "taskId", value: q.Receipt.TaskID}}
	} else {
		end := v.now().In(v.zone).Add(slack)
		c.params = []param{{name: "endDate", value: end.Format(logTime)}, host, {name: "startDate", value: since.Format(logTime)}}
	}
	return []call{c}
}

// cannotTell reduces an error to what Status may answer. Reading twice harms nobody, so that a lost answer means "not now".
func cannotTell(e *purge.Error) *purge.Error {
	switch {
	case e.Kind == purge.Unavailable, e.Kind == purge.Exhausted && e.RetryAfter > 0:
	case e.Kind == purge.Unknown && errors.Is(e, errUnreadable):
		e.Message = "Tencent's purge log could not be read, so it cannot be said when the purge is done; check the page itself."
	case e.Kind == purge.Unknown:
		e.Kind, e.Message = purge.Unavailable, "Tencent's purge log did not answer; ask again in a minute."
	default:
		e.Kind = purge.Denied
	}
	return e
}

// logRow is one entry: mainland has type and url_list, overseas has url.
type logRow struct {
	Type, Status, Datetime json.RawMessage
	URL                    json.RawMessage
	URLList                json.RawMessage `json:"url_list"`
}

func logRows(data json.RawMessage) ([]logRow, error) {
	var d struct{ Logs *[]json.RawMessage }
	if json.Unmarshal(data, &d) != nil || d.Logs == nil {
		return nil, fmt.Errorf("%w: no logs", errUnreadable)
	}
	var rows []logRow
	for _, raw := range *d.Logs {
		var r logRow
		if json.Unmarshal(raw, &r) == nil {
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

func (v *V2) collect(found map[string]purge.TargetStatus, rows []logRow, q purge.StatusQuery) {
	for _, r := range rows {
		s, ok := r.outcome(q.Batch.Area)
		if !ok || !r.isOf(q.Batch.Kind) || r.olderThan(q.Since, v.zone) {
			continue
		}
		for _, u := range r.urls() {
			if had, ok := found[u]; !ok || badness[s.Outcome] > badness[had.Outcome] {
				found[u] = s
			}
		}
	}
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
