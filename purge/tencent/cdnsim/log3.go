package cdnsim

import (
	"slices"
	"strings"
	"time"
)

// statuses3 are the words of both logs.
var statuses3 = map[progress]string{running: "process", done: "done", failed: "fail"}

// logQuery3 is what both logs are asked by.
type logQuery3 struct {
	TaskID, StartTime, EndTime, Keyword, Status, Area string
	Offset, Limit                                     int
}

// purgeTasks3 answers DescribePurgeTasks, a row for each target: https://cloud.tencent.com/document/api/228/37873
func (s *Sim) purgeTasks3(req *Request, now time.Time) (any, *refusal) {
	var args struct {
		logQuery3
		PurgeType string
	}
	if no := req.into(&args); no != nil {
		return nil, no
	}
	words := map[Kind]string{URL: "url", Directory: "path"}
	var rows []map[string]any
	no := s.eachTask3(args.logQuery3, now, func(t *task, target target, row map[string]any) {
		if t.kind == Push || args.PurgeType != "" && args.PurgeType != words[t.kind] {
			return
		}
		row["PurgeType"], row["FlushType"] = words[t.kind], ""
		if t.kind == Directory {
			row["FlushType"] = map[bool]string{false: "flush", true: "delete"}[t.delete]
		}
		rows = append(rows, row)
	})
	return map[string]any{"PurgeLogs": page3(rows, args.logQuery3), "TotalCount": len(rows)}, no
}

// pushTasks3 answers DescribePushTasks: https://cloud.tencent.com/document/api/228/37876
func (s *Sim) pushTasks3(req *Request, now time.Time) (any, *refusal) {
	var args logQuery3
	if no := req.into(&args); no != nil {
		return nil, no
	}
	var rows []map[string]any
	no := s.eachTask3(args, now, func(t *task, target target, row map[string]any) {
		if t.kind != Push {
			return
		}
		row["Percent"] = map[progress]int{done: 100}[t.progress(target, now)]
		row["Area"], row["UpdateTime"] = t.areaWord(), row["CreateTime"]
		rows = append(rows, row)
	})
	return map[string]any{"PushLogs": page3(rows, args), "TotalCount": len(rows)}, no
}

func (t *task) areaWord() string {
	if len(t.areas) > 1 {
		return "global"
	}
	return string(t.areas[0])
}

// eachTask3 visits what a query is about, newest first.
func (s *Sim) eachTask3(q logQuery3, now time.Time, visit func(*task, target, map[string]any)) *refusal {
	start, end, no := s.period3(q)
	if no != nil {
		return no
	}
	for _, t := range slices.Backward(s.tasks.all) {
		inTime := q.TaskID != "" && t.id == q.TaskID || q.TaskID == "" && t.within(start, end)
		inArea := q.Area == "" || q.Area == "global" || slices.Contains(t.areas, Area(q.Area))
		if !inTime || !inArea || t.gone(now) {
			continue
		}
		for _, target := range t.targets {
			status := statuses3[t.progress(target, now)]
			if wanted3(q, target) && (q.Status == "" || q.Status == status) {
				visit(t, target, map[string]any{"TaskId": t.id, "Url": target.raw, "Status": status,
					"CreateTime": t.accepted.In(s.zone()).Format(time.DateTime)})
			}
		}
	}
	return nil
}

// wanted3 takes a domain, or a whole URL.
func wanted3(q logQuery3, t target) bool {
	return q.Keyword == "" || q.Keyword == t.raw || strings.EqualFold(q.Keyword, t.host)
}

func (s *Sim) period3(q logQuery3) (start, end time.Time, no *refusal) {
	if q.TaskID == "" && q.StartTime == "" {
		return start, end, missing3("TaskId")
	}
	if q.Offset < 0 || q.Limit < 0 || q.Limit > 1000 {
		return start, end, refuse(9003, "", "Offset or Limit is out of range.")
	}
	if q.TaskID != "" {
		return start, end, nil
	}
	start, err := time.ParseInLocation(time.DateTime, q.StartTime, s.zone())
	if err == nil {
		end, err = time.ParseInLocation(time.DateTime, q.EndTime, s.zone())
	}
	if err != nil || end.Before(start) {
		return start, end, refuse(9003, "", "StartTime or EndTime is malformed.")
	}
	return start, end, nil
}

func page3(rows []map[string]any, q logQuery3) []map[string]any {
	limit := q.Limit
	if limit == 0 {
		limit = 20
	}
	from := min(q.Offset, len(rows))
	return append([]map[string]any{}, rows[from:min(from+limit, len(rows))]...)
}
