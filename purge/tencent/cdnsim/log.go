package cdnsim

import (
	"slices"
	"time"
)

const appID = 1251007194 // any number will do

// The two logs number the same progress differently.
var (
	mainlandStatus = map[progress]int{running: 0, done: 1, failed: -1}
	overseasStatus = map[progress]int{running: 1, done: 2, failed: -1}
)

// mainlandRow is one host of one submission, or the part of it that failed: https://cloud.tencent.com/document/product/214/3948
type mainlandRow struct {
	ID        int      `json:"id"`
	AppID     int      `json:"app_id"`
	ProjectID int      `json:"project_id"`
	Host      string   `json:"host"`
	Type      int      `json:"type"` // 0 URLs, 1 directories
	Status    int      `json:"status"`
	URLs      []string `json:"url_list"`
	Time      string   `json:"datetime"`
}

// overseasRow is one target: https://cloud.tencent.com/doc/api/445/6710
type overseasRow struct {
	ID        int    `json:"id"`
	AppID     int    `json:"app_id"`
	ProjectID int    `json:"project_id"`
	Host      string `json:"host"`
	URL       string `json:"url"`
	Time      string `json:"datetime"`
	Status    int    `json:"status"`
}

// logs is the data of both.
func logs[Row any](rows []Row) any {
	return map[string]any{"total": len(rows), "logs": append([]Row{}, rows...)}
}

// mainlandLog answers GetCdnRefreshLog: by taskId, or by startDate and endDate, to the second and inclusive.
func (s *Sim) mainlandLog(req *Request, now time.Time) (any, *refusal) {
	found, no := s.mainlandTasks(req, now)
	if no != nil {
		return nil, no
	}
	var rows []mainlandRow
	for _, t := range found {
		for _, row := range t.mainlandRows(now, s.zone()) {
			if wants(req, "host", row.Host) && wants(req, "url", row.URLs...) {
				rows = append(rows, row)
			}
		}
	}
	return logs(rows), nil
}

// wants says whether the filter is absent or equals one of the values.
func wants(req *Request, filter string, values ...string) bool {
	return req.Value(filter) == "" || slices.Contains(values, req.Value(filter))
}

func (s *Sim) mainlandTasks(req *Request, now time.Time) ([]*task, *refusal) {
	id, dated := req.Value("taskId"), req.Value("startDate") != "" || req.Value("endDate") != ""
	start, end, no := s.period(req)
	switch {
	case !dated && id == "":
		return nil, missing("startDate")
	case dated && no != nil:
		return nil, no
	case id == "":
		return s.tasks.in(Mainland, start, end, now), nil
	}
	t := s.tasks.byID(id, now)
	switch {
	case t == nil:
		return nil, &refusal{code: 21001, text: "The task_id does not exist."}
	case dated && !t.within(start, end):
		return nil, &refusal{code: 9150, text: "Invalid date."}
	}
	return []*task{t}, nil
}

func (s *Sim) period(req *Request) (start, end time.Time, no *refusal) {
	start, err := time.ParseInLocation(time.DateTime, req.Value("startDate"), s.zone())
	if err == nil {
		end, err = time.ParseInLocation(time.DateTime, req.Value("endDate"), s.zone())
	}
	if err != nil || end.Before(start) {
		return start, end, &refusal{code: 9150, text: "Invalid date."}
	}
	return start, end, nil
}

// overseasLog answers GetCdnOverseaRefreshLog: the tasks of one day, written 20161027.
func (s *Sim) overseasLog(req *Request, now time.Time) (any, *refusal) {
	if req.Value("date") == "" {
		return nil, missing("date")
	}
	day, err := time.ParseInLocation("20060102", req.Value("date"), s.zone())
	if err != nil {
		return nil, &refusal{code: 9150, text: "Invalid date."}
	}
	var rows []overseasRow
	for _, t := range s.tasks.in(Overseas, day, day.AddDate(0, 0, 1).Add(-time.Second), now) {
		for _, row := range t.overseasRows(now, s.zone()) {
			if wants(req, "host", row.Host) && wants(req, "url", row.URL) {
				rows = append(rows, row)
			}
		}
	}
	return logs(rows), nil
}

func (t *task) mainlandRows(now time.Time, zone *time.Location) []mainlandRow {
	var rows []mainlandRow
	for _, target := range t.targets {
		status := mainlandStatus[t.progress(target, now)]
		i := slices.IndexFunc(rows, func(r mainlandRow) bool { return r.Host == target.host && r.Status == status })
		if i < 0 {
			i = len(rows)
			rows = append(rows, mainlandRow{ID: t.row + i, AppID: appID, Host: target.host,
				Status: status, Time: t.accepted.In(zone).Format(time.DateTime)})
			if t.kind == Directory {
				rows[i].Type = 1
			}
		}
		rows[i].URLs = append(rows[i].URLs, target.raw)
	}
	return rows
}

func (t *task) overseasRows(now time.Time, zone *time.Location) []overseasRow {
	var rows []overseasRow
	for i, target := range t.targets {
		rows = append(rows, overseasRow{ID: t.row + i, AppID: appID, Host: target.host, URL: target.raw,
			Status: overseasStatus[t.progress(target, now)], Time: t.accepted.In(zone).Format(time.DateTime)})
	}
	return rows
}
