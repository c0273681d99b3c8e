package cdnsim

import (
	"slices"
	"strconv"
	"strings"
)

// cdnHosts answers API 2.0's DescribeCdnHosts: https://cloud.tencent.com/document/product/228/3937
func (s *Sim) cdnHosts(req *Request) (any, *refusal) {
	offset, _ := strconv.Atoi(req.Value("offset"))
	limit, err := strconv.Atoi(req.Value("limit"))
	if err != nil {
		limit = len(s.Hosts) // all of them
	}
	if offset < 0 || limit < 0 {
		return nil, &refusal{code: 9003, text: "Parameter error: offset or limit."}
	}
	rows := []map[string]any{}
	for i, h := range s.Hosts {
		if i >= offset && i < offset+limit {
			rows = append(rows, h.row(i))
		}
	}
	return map[string]any{"total": len(s.Hosts), "hosts": rows}, nil
}

func (h Host) row(i int) map[string]any {
	return map[string]any{
		"id": 100 + i, "app_id": appID, "project_id": 0, "host": h.Name, "cname": h.Name + ".cdn.dnsv1.com",
		"service_type": "web", "status": pick(h.Offline, 6, 5), "disabled": 0, "furl_cache": pick(h.IgnoreQuery, "off", "on"),
	}
}

func pick[T any](which bool, yes, no T) T {
	if which {
		return yes
	}
	return no
}

// domains3 answers DescribeDomains, and DescribeDomainsConfig, which also tells how each is configured:
// https://cloud.tencent.com/document/api/228/41118 and …/41117
func (s *Sim) domains3(req *Request, config bool) (any, *refusal) {
	args := struct {
		Offset, Limit int
		Filters       []filter3
	}{Limit: 100}
	if no := req.into(&args); no != nil {
		return nil, no
	}
	if args.Offset < 0 || args.Limit < 1 || args.Limit > 1000 {
		return nil, refuse(9003, "", "Offset or Limit is out of range.")
	}
	var rows []map[string]any
	for i, h := range s.Hosts {
		row := h.row3(i, config)
		if !slices.ContainsFunc(args.Filters, func(f filter3) bool { return !f.takes(row) }) {
			rows = append(rows, row)
		}
	}
	from := min(args.Offset, len(rows))
	return map[string]any{"Domains": append([]map[string]any{}, rows[from:min(from+args.Limit, len(rows))]...), "TotalNumber": len(rows)}, nil
}

// filter3 is understood by domain and status alone; of others it takes nothing.
type filter3 struct {
	Name  string
	Value []string
	Fuzzy bool
}

func (f filter3) takes(row map[string]any) bool {
	field := map[string]string{"domain": "Domain", "status": "Status"}[f.Name]
	is, _ := row[field].(string)
	return slices.ContainsFunc(f.Value, func(v string) bool { return v == is || f.Fuzzy && strings.Contains(is, v) })
}

func (h Host) row3(i int, config bool) map[string]any {
	row := map[string]any{
		"ResourceId": "cdn-" + strconv.Itoa(1000+i), "AppId": appID, "Domain": h.Name, "Cname": h.Name + ".cdn.dnsv1.com",
		"ServiceType": "web", "ProjectId": 0, "Status": pick(h.Offline, "offline", "online"), "Disable": "normal",
		"Readonly": "normal", "Area": h.areaWord(),
	}
	if config {
		row["CacheKey"] = map[string]any{"FullUrlCache": pick(h.IgnoreQuery, "off", "on"), "IgnoreCase": "off",
			"QueryString": map[string]any{"Switch": "off"}, "KeyRules": nil}
	}
	return row
}

func (h Host) areaWord() string {
	if len(h.Areas) == 1 {
		return string(h.Areas[0])
	}
	return "global"
}
