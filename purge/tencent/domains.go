package tencent

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"purgebot/purge"
)

// The number of domains in one answer. API 3.0 returns long configurations, and the client reads answers up to
// 1 MiB.
const (
	hostPage   = 100
	domainPage = 1000
	configPage = 50
)

const sayNoDomains = "Tencent did not list the domains of the account; try again in a minute."

// Domains calls DescribeCdnHosts, which the vendor denies to sub-accounts; see
// https://cloud.tencent.com/document/product/228/3937.
func (v *V2) Domains(ctx context.Context) ([]purge.Domain, error) {
	// Read the pages of the list.
	list, err := pages(hostPage, func(offset, limit int) ([]json.RawMessage, int, error) {
		a, err := v.do(ctx, call{action: "DescribeCdnHosts", params: []param{
			{name: "detail", value: "1"}, {name: "limit", value: strconv.Itoa(limit)}, {name: "offset", value: strconv.Itoa(offset)}}})
		if err != nil {
			return nil, 0, err
		}
		var d struct {
			Hosts *[]json.RawMessage `json:"hosts"`
			Total json.RawMessage    `json:"total"`
		}
		if decode(a.data, &d) != nil || d.Hosts == nil {
			return nil, 0, unknown(fmt.Errorf("DescribeCdnHosts: %w: no hosts", errUnreadable))
		}
		total, _ := number(d.Total)
		return *d.Hosts, total, nil
	})
	if err != nil {
		return nil, notSaid(err, sayNoDomains)
	}
	return domains(list, hostRow.domain), nil
}

// hostRow is a domain in the format of API 2.0.
type hostRow struct {
	Host      string          `json:"host"`
	Status    json.RawMessage `json:"status"`
	Disabled  json.RawMessage `json:"disabled"`
	FURLCache string          `json:"furl_cache"`
}

// hostStates are the names of the numbers in a host's status.
var hostStates = []string{1: "reviewing", 2: "rejected", 3: "deploying", 4: "deploying", 5: "online", 6: "offline"}

func (r hostRow) domain() purge.Domain {
	d := purge.Domain{Host: r.Host, Query: queryRule(r.FURLCache)}
	if n, ok := number(r.Status); ok && n > 0 && n < len(hostStates) {
		d.Status, d.Online = hostStates[n], n >= 3 && n <= 5
	}
	if n, ok := number(r.Disabled); ok && n != 0 {
		d.Status, d.Online = "disabled", false
	}
	return d
}

func queryRule(fullURL string) purge.Query {
	switch fullURL {
	case "on":
		return purge.QueryMatters
	case "off":
		return purge.QueryIgnored
	}
	return purge.QueryUnknown
}

// Domains calls DescribeDomains (https://cloud.tencent.com/document/api/228/41118) for the list, and
// DescribeDomainsConfig (https://cloud.tencent.com/document/api/228/41117) for the cache keys. If the second
// call fails, the handling of query strings stays unknown.
func (v *V3) Domains(ctx context.Context) ([]purge.Domain, error) {
	list, err := v.domainRows(ctx, "DescribeDomains", domainPage)
	if err != nil {
		return nil, notSaid(err, sayNoDomains)
	}
	all := domains(list, domainRow.domain)
	if configs, err := v.domainRows(ctx, "DescribeDomainsConfig", configPage); err == nil {
		rules := map[string]purge.Query{}
		for _, d := range domains(configs, domainRow.domain) {
			rules[d.Host] = d.Query
		}
		for i := range all {
			all[i].Query = cmp.Or(rules[all[i].Host], all[i].Query)
		}
	}
	return all, nil
}

func (v *V3) domainRows(ctx context.Context, action string, size int) ([]json.RawMessage, error) {
	return pages(size, func(offset, limit int) ([]json.RawMessage, int, error) {
		a, err := v.do(ctx, call{action: action, params: []param{
			{name: "Offset", value: strconv.Itoa(offset), number: true}, {name: "Limit", value: strconv.Itoa(limit), number: true}}})
		if err != nil {
			return nil, 0, err
		}
		var d struct {
			Domains     *[]json.RawMessage
			TotalNumber json.RawMessage
		}
		if decode(a.result, &d) != nil || d.Domains == nil {
			return nil, 0, unreadable(action, a)
		}
		total, _ := number(d.TotalNumber)
		return *d.Domains, total, nil
	})
}

// domainRow is a domain in the format of both lists of API 3.0.
type domainRow struct {
	Domain, Status, Disable, Area string
	CacheKey                      *struct {
		FullURLCache string                  `json:"FullUrlCache"`
		QueryString  struct{ Switch string } // with "on", some parameters are part of the key
		KeyRules     []json.RawMessage       // different rules for some paths
	}
}

var areasOf = map[string][]purge.Area{
	"mainland": {purge.Mainland}, "overseas": {purge.Overseas}, "global": {purge.Mainland, purge.Overseas},
}

func (r domainRow) domain() purge.Domain {
	d := purge.Domain{Host: r.Domain, Areas: areasOf[r.Area], Status: r.Status, Online: r.Status == "online" || r.Status == "processing"}
	if r.Disable != "" && r.Disable != "normal" {
		d.Status, d.Online = r.Disable, false
	}
	if k := r.CacheKey; k != nil && len(k.KeyRules) == 0 && k.QueryString.Switch != "on" {
		d.Query = queryRule(k.FullURLCache)
	}
	return d
}

// pages collects a list page by page. An empty page ends the list, whatever its total says.
func pages(size int, read func(offset, limit int) ([]json.RawMessage, int, error)) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for range maxPages {
		rows, total, err := read(len(all), size)
		if err != nil {
			return nil, err
		}
		if all = append(all, rows...); len(rows) == 0 || len(all) >= total {
			break
		}
	}
	return all, nil
}

// domains decodes rows, drops the unreadable ones, and sorts the domains by name. Missing fields stay unknown.
func domains[Row any](list []json.RawMessage, domain func(Row) purge.Domain) []purge.Domain {
	found := []purge.Domain{}
	for _, raw := range list {
		var r Row
		if decode(raw, &r) != nil {
			continue
		}
		d := domain(r)
		if d.Host = strings.ToLower(strings.TrimSpace(d.Host)); d.Host != "" {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b purge.Domain) int { return strings.Compare(a.Host, b.Host) })
	return found
}
