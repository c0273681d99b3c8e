package tencent

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func inResponse(members string) string { return `{"Response":{` + members + `,"RequestId":"r-1"}}` }

func logged3(list, rows string, total any) string {
	return inResponse(fmt.Sprintf(`%q:[%s],"TotalCount":%v`, list, rows, total))
}

func TestStatusReadsTheLog3(t *testing.T) {
	t.Parallel()
	const a, b, dir = "https://www.test.com/a", "https://www.test.com/b", "https://www.test.com/a/"
	row := func(url, kind, flush, status, at string) string {
		return fmt.Sprintf(`{"TaskId":"7","Url":%q,"PurgeType":%q,"FlushType":%q,"Status":%q,"CreateTime":"2026-11-21 %s"}`, url, kind, flush, status, at)
	}
	const just = "11:59:58" // the second of since
	urls := purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: targets(t, purge.URL, b, a)}
	dirs := purge.Batch{Kind: purge.Directory, Mode: purge.Delete, Area: purge.Overseas, Targets: targets(t, purge.Directory, dir)}
	for name, tc := range map[string]struct {
		batch purge.Batch
		task  string
		rows  []string
		want  string // in the order of the targets
	}{
		"running":                 {urls, "", []string{row(a, "url", "", "process", just)}, a + " accepted"},
		"done":                    {urls, "", []string{row(a, "url", "", "done", just)}, a + " done"},
		"failed":                  {urls, "", []string{row(a, "url", "", "fail", just)}, a + " failed"},
		"unheard of":              {urls, "", []string{row(a, "url", "", "paused", just), row(b, "url", "", "", just)}, ""},
		"each by itself":          {urls, "", []string{row(a, "url", "", "done", just), row(b, "url", "", "fail", just)}, b + " failed, " + a + " done"},
		"the worst of two":        {urls, "", []string{row(a, "url", "", "process", just), row(a, "url", "", "fail", just), row(a, "url", "", "done", just)}, a + " failed"},
		"older by a second":       {urls, "", []string{row(a, "url", "", "done", "11:59:57")}, ""},
		"a time that is none":     {urls, "", []string{row(a, "url", "", "done", "noon")}, ""},
		"of the task, any time":   {urls, "7", []string{row(a, "url", "", "done", "11:00:00")}, a + " done"},
		"of another task":         {urls, "8", []string{row(a, "url", "", "done", just)}, ""},
		"another's target":        {urls, "", []string{row(a+"/", "url", "", "done", just)}, ""},
		"a directory is no URL":   {urls, "", []string{row(a, "path", "", "done", just)}, ""},
		"directory":               {dirs, "", []string{row(dir, "path", "delete", "done", just)}, dir + " done"},
		"a flush is no delete":    {dirs, "", []string{row(dir, "path", "flush", "done", just)}, ""},
		"a mode that is not said": {dirs, "", []string{row(dir, "path", "", "done", just)}, dir + " done"},
		"rows that are none":      {urls, "", []string{`7`, `null`, `[]`, `{"Url":5}`, row(a, "url", "", "done", just)}, a + " done"},
		"an empty log":            {urls, "", nil, ""},
		"a task that is a number": {urls, "7", []string{strings.Replace(row(a, "url", "", "done", just), `"7"`, "7", 1)}, a + " done"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := logged3("PurgeLogs", strings.Join(tc.rows, ","), len(tc.rows))
			v := testClient3(t, serve(t, says(body)).URL, func(c *Config) { c.Now = func() time.Time { return beijing } })
			got, err := v.Status(t.Context(), purge.StatusQuery{Batch: tc.batch, Since: since, Receipt: purge.Receipt{TaskID: tc.task}})
			require.NoError(t, err)
			var said []string
			for _, s := range got {
				said = append(said, s.Target.String()+" "+string(s.Outcome))
				assert.Equal(t, s.Outcome == purge.Failed, s.Reason != "", s)
			}
			assert.Equal(t, tc.want, strings.Join(said, ", "))
		})
	}
}

// A prefetch refused by the origin has failed.
func TestStatusOfAPrefetchReadsItsLog(t *testing.T) {
	t.Parallel()
	b := oneURL(t)
	b.Kind = purge.Prefetch
	for row, want := range map[string]purge.Outcome{
		`"Status":"invalid","Area":"mainland"`: purge.Failed, `"Status":"done","Area":"mainland"`: purge.Done, `"Status":"done"`: purge.Done,
		`"Status":"done","Area":"overseas"`: "",
	} {
		body := logged3("PushLogs", `{"Url":"https://www.test.com/1.jpg","CreateTime":"2026-11-21 12:00:00",`+row+`}`, 1)
		v := testClient3(t, serve(t, says(body)).URL, func(c *Config) { c.Now = func() time.Time { return beijing } })
		got, err := v.Status(t.Context(), purge.StatusQuery{Batch: b, Since: since})
		require.NoError(t, err)
		if want == "" {
			assert.Empty(t, got)
			continue
		}
		require.Len(t, got, 1)
		assert.Equal(t, want, got[0].Outcome)
	}
}

func TestStatusQueries3(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		task, want string
	}{
		"by task": {"1480069888795584532", `{"TaskId":"1480069888795584532","PurgeType":"url","Offset":0,"Limit":100}`},
		"by time": {"", `{"StartTime":"2026-11-21 11:59:58","EndTime":"2026-11-21 12:05:00","Keyword":"www.test.com","Area":"mainland","PurgeType":"url","Offset":0,"Limit":100}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				assert.Equal(t, "DescribePurgeTasks", r.Header.Get("X-TC-Action"))
				assert.Equal(t, tc.want, string(body))
				io.WriteString(w, logged3("PurgeLogs", "", 0))
			})
			v := testClient3(t, server.URL, func(c *Config) { c.Now = func() time.Time { return beijing } })
			_, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since, Receipt: purge.Receipt{TaskID: tc.task}})
			require.NoError(t, err)
		})
	}
}

// The client gives up a log whose pages never end, or whose total is nonsense.
func TestPagesEnd(t *testing.T) {
	t.Parallel()
	for total, want := range map[string]int32{`1e9`: 1, `1000000`: maxPages, `null`: 1, `"300"`: 300, `-1`: 1} {
		var asked atomic.Int32
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			says(logged3("PurgeLogs", `{"Url":"x"}`, total))(w, r)
		})
		_, err := testClient3(t, server.URL, nil).Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
		require.NoError(t, err)
		assert.Equal(t, min(want, maxPages), asked.Load(), total)
	}
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		says(logged3("PurgeLogs", "", 5))(w, r)
	})
	_, err := testClient3(t, server.URL, nil).Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
	require.NoError(t, err)
	assert.EqualValues(t, 1, asked.Load(), "a total without rows")
}

// A refusal means never; an unreachable, unreadable, unknown or rate limited API means not now.
func TestStatusErrors3(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		kind   purge.ErrorKind
	}{
		"action not known": {says(refused3("InvalidAction", "x")), purge.Denied},
		"bad parameter":    {says(refused3("InvalidParameter.CdnParamError", "x")), purge.Denied},
		"keys":             {says(refused3("AuthFailure.SignatureFailure", "x")), purge.Denied},
		"no logs":          {says(accepted3), purge.Unavailable},
		"logs are no list": {says(inResponse(`"PurgeLogs":{}`)), purge.Unavailable},
		"unheard of":       {says(refused3("Newer.Family", "x")), purge.Unavailable},
		"HTML":             {says("<html>"), purge.Unavailable},
		"too often":        {says(refused3("RequestLimitExceeded", "x")), purge.Exhausted},
		"vendor's fault":   {says(refused3("InternalError.CdnDbError", "x")), purge.Unavailable},
		"cut":              {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, purge.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testClient3(t, serve(t, tc.answer).URL, nil).Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
			requireKind(t, tc.kind, err)
		})
	}
}

const quotaSample = `"UrlPurge":[{"Area":"mainland","Batch":1000,"Total":10000,"Available":9999},{"Area":"overseas","Batch":900,"Total":10000,"Available":10000}],
	"PathPurge":[{"Area":"mainland","Batch":39,"Total":100,"Available":41},{"Area":"overseas","Batch":20,"Total":100,"Available":0}]`

// Batch sizes follow the vendor's last report, for the smaller area, even after the quota left has expired.
func TestLimitsAreTheVendors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		members          string
		urls, dirs, rows int
	}{
		"its sample":        {quotaSample, 900, 20, 4},
		"larger":            {`"UrlPurge":[{"Area":"mainland","Batch":2000,"Total":1,"Available":1}],"PathPurge":[{"Area":"mainland","Batch":500,"Total":1,"Available":1}]`, 2000, 500, 2},
		"not said":          {`"UrlPurge":[{"Area":"mainland","Total":1,"Available":1}]`, 1000, 20, 1},
		"nonsense":          {`"UrlPurge":[{"Area":"mainland","Batch":-5,"Total":-1,"Available":-1},{"Area":"moon","Batch":0,"Total":1,"Available":1}]`, 1000, 20, 1},
		"half an area":      {`"UrlPurge":[{"Area":"mainland","Batch":7,"Total":5},{"Area":"overseas","Batch":8,"Total":5,"Available":5}]`, 7, 20, 1},
		"one list is null":  {`"UrlPurge":[{"Area":"overseas","Batch":8,"Total":5,"Available":5}],"PathPurge":null`, 8, 20, 1},
		"nothing of use":    {`"UrlPurge":[],"PathPurge":[]`, 1000, 20, -1},
		"of another action": {`"TaskId":"1"`, 1000, 20, -1},
		"of another type":   {`"UrlPurge":{}`, 1000, 20, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := testClient3(t, serve(t, says(inResponse(tc.members))).URL, nil)
			assert.Equal(t, purge.Limits{URLs: 1000, Directories: 20, Prefetch: 20, Bytes: maxBody3 - 1024}, v.Limits())
			q, err := v.Quota(t.Context())
			if tc.rows < 0 {
				requireKind(t, purge.Unavailable, err)
			} else {
				require.NoError(t, err)
				assert.Len(t, q, tc.rows)
			}
			for range 2 {
				assert.Equal(t, []int{tc.urls, tc.dirs}, []int{v.Limits().URLs, v.Limits().Directories})
				v.limits.forget()
			}
		})
	}
}

// One look asks for the quota once; the next question follows after some seconds, or after a call.
func TestQuotaIsKeptBriefly(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-TC-Action") == "DescribePurgeQuota" {
			asked.Add(1)
			says(inResponse(quotaSample))(w, r)
			return
		}
		says(refused3("InternalError", "x"))(w, r) // a failed call may have cost quota, too
	})
	now := beijing
	v := testClient3(t, server.URL, func(c *Config) { c.Now = func() time.Time { return now } })
	look := func() int32 {
		q, err := v.Quota(t.Context())
		require.NoError(t, err)
		require.Equal(t, 41, q[2].Left)
		q[2].Left = 0 // the caller's own
		return asked.Load()
	}
	for range 3 {
		assert.EqualValues(t, 1, look())
	}
	now = now.Add(quotaAge)
	assert.EqualValues(t, 2, look())
	now = now.Add(-time.Hour) // the clock was set back
	assert.EqualValues(t, 3, look())
	v.Submit(t.Context(), oneURL(t), nil)
	assert.EqualValues(t, 4, look())
	fetched := oneURL(t)
	fetched.Kind = purge.Prefetch
	v.Submit(t.Context(), fetched, nil)
	assert.EqualValues(t, 5, look())
}

// An answer under way during a call is not cached.
func TestQuotaOfBefore(t *testing.T) {
	t.Parallel()
	var l limits
	_, mark, _ := l.fresh(beijing)
	l.forget()
	l.keep([]purge.Quota{{Left: 5}}, mark, beijing, 0, 0, 0)
	_, _, ok := l.fresh(beijing)
	assert.False(t, ok)
}

func TestQuotaErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		answer http.HandlerFunc
		kind   purge.ErrorKind
	}{
		{says(refused3("AuthFailure.UnauthorizedOperation", "x")), purge.Denied},
		{says(refused3("RequestLimitExceeded", "x")), purge.Exhausted},
		{says("<html>"), purge.Unavailable},
		{func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, purge.Unavailable},
	} {
		v := testClient3(t, serve(t, tc.answer).URL, nil)
		_, err := v.Quota(t.Context())
		requireKind(t, tc.kind, err)
	}
}

// Purges work without a report on prefetches; only the prefetch quota is missing then.
func TestQuotaOfPrefetches(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   []purge.Quota
		batch  int
	}{
		"told":        {says(inResponse(`"UrlPush":[{"Area":"overseas","Batch":500,"Total":1000,"Available":7}]`)), []purge.Quota{{Kind: purge.Prefetch, Area: purge.Overseas, Total: 1000, Left: 7}}, 500},
		"not allowed": {says(refused3("AuthFailure.UnauthorizedOperation", "x")), nil, 20},
		"unreadable":  {says("<html>"), nil, 20},
		"nonsense":    {says(inResponse(`"UrlPush":7`)), nil, 20},
		"cut":         {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, nil, 20},
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-TC-Action") == "DescribePurgeQuota" {
				says(inResponse(quotaSample))(w, r)
				return
			}
			tc.answer(w, r)
		})
		v := testClient3(t, server.URL, nil)
		assert.Equal(t, 20, v.Limits().Prefetch)
		q, err := v.Quota(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, tc.want, append([]purge.Quota(nil), q[4:]...), name)
		assert.Equal(t, tc.batch, v.Limits().Prefetch, name)
	}
}

func TestDomainsOfAPI2(t *testing.T) {
	t.Parallel()
	body := `{"code":0,"data":{"total":9,"hosts":[
		{"host":"B.test.com","status":"5","disabled":0,"furl_cache":"off"},{"host":"a.test.com","status":3,"furl_cache":"on"},
		{"host":"c.test.com","status":6},{"host":"d.test.com","status":5,"disabled":1},{"host":"e.test.com","status":99},{"host":""},7,{"host":"f.test.com","status":2}]}}`
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 { // the total is wrong
			body := `{"code":0,"data":{"total":9,"hosts":[]}}`
			says(body)(w, r)
			return
		}
		says(body)(w, r)
	})
	got, err := testClient(t, server.URL, nil).Domains(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, asked.Load())
	assert.Equal(t, []purge.Domain{
		{Host: "a.test.com", Online: true, Status: "deploying", Query: purge.QueryMatters},
		{Host: "b.test.com", Online: true, Status: "online", Query: purge.QueryIgnored},
		{Host: "c.test.com", Status: "offline"}, {Host: "d.test.com", Status: "disabled"}, {Host: "e.test.com"}, {Host: "f.test.com", Status: "rejected"},
	}, got)
	_, err = testClient(t, serve(t, says(`{"code":0,"data":{"total":1}}`)).URL, nil).Domains(t.Context())
	requireKind(t, purge.Unavailable, err)
	_, err = testClient(t, serve(t, says(`{"code":4103,"message":"x"}`)).URL, nil).Domains(t.Context())
	requireKind(t, purge.Denied, err)
}

// Another action than the list reports the handling of query strings. Without its answer, or with rules by
// path, the handling is unknown.
func TestDomainsOfAPI3(t *testing.T) {
	t.Parallel()
	list := inResponse(`"TotalNumber":5,"Domains":[
		{"Domain":"b.test.com","Status":"online","Disable":"normal","Area":"global"},{"Domain":"A.test.com","Status":"processing","Area":"mainland"},
		{"Domain":"c.test.com","Status":"offline","Area":"overseas"},{"Domain":"d.test.com","Status":"online","Disable":"overdue","Area":"moon"},7]`)
	configs := inResponse(`"TotalNumber":4,"Domains":[
		{"Domain":"a.test.com","CacheKey":{"FullUrlCache":"off","QueryString":{"Switch":"off"}}},
		{"Domain":"b.test.com","CacheKey":{"FullUrlCache":"on","QueryString":null}},
		{"Domain":"c.test.com","CacheKey":{"FullUrlCache":"off","QueryString":{"Switch":"on"}}},
		{"Domain":"d.test.com","CacheKey":{"FullUrlCache":"off","KeyRules":[{"RulePaths":["jpg"]}]}}]`)
	for name, tc := range map[string]struct {
		configs string
		a, b    purge.Query
	}{
		"told":        {configs, purge.QueryIgnored, purge.QueryMatters},
		"not allowed": {refused3("AuthFailure.UnauthorizedOperation", "x"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				says(map[string]string{"DescribeDomains": list, "DescribeDomainsConfig": tc.configs}[r.Header.Get("X-TC-Action")])(w, r)
			})
			got, err := testClient3(t, server.URL, nil).Domains(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []purge.Domain{
				{Host: "a.test.com", Areas: []purge.Area{purge.Mainland}, Online: true, Status: "processing", Query: tc.a},
				{Host: "b.test.com", Areas: []purge.Area{purge.Mainland, purge.Overseas}, Online: true, Status: "online", Query: tc.b},
				{Host: "c.test.com", Areas: []purge.Area{purge.Overseas}, Status: "offline"},
				{Host: "d.test.com", Status: "overdue"},
			}, got)
		})
	}
	_, err := testClient3(t, serve(t, says(accepted3)).URL, nil).Domains(t.Context())
	requireKind(t, purge.Unavailable, err)
}
