package tencent

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// beijing is 12:00:00 in Beijing on 21 November 2026. The call left one and a half seconds before.
var (
	beijing = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	since   = beijing.Add(-1500 * time.Millisecond) // 11:59:58.5
)

func logged(rows string) string {
	return `{"code":0,"codeDesc":"Success","data":{"total":9,"logs":[` + rows + `]}}`
}

func TestStatusReadsTheLog(t *testing.T) {
	t.Parallel()
	const a, b = "https://www.test.com/a", "https://www.test.com/b"
	main := func(url string, typ, status, at any) string {
		return fmt.Sprintf(`{"id":1,"host":"www.test.com","type":%v,"status":%v,"url_list":[%q],"datetime":"2026-11-21 %v"},`, typ, status, url, at)
	}
	over := func(url string, status, at any) string {
		return fmt.Sprintf(`{"id":1,"host":"www.test.com","url":%q,"status":%v,"datetime":"2026-11-21 %v"},`, url, status, at)
	}
	const just = "11:59:58" // the second of since
	for name, tc := range map[string]struct {
		area purge.Area
		kind purge.Kind
		rows string
		want map[string]purge.Outcome
	}{
		"mainland running":          {purge.Mainland, purge.URL, main(a, 0, 0, just), map[string]purge.Outcome{a: purge.Accepted}},
		"mainland done":             {purge.Mainland, purge.URL, main(a, 0, 1, just), map[string]purge.Outcome{a: purge.Done}},
		"mainland failed":           {purge.Mainland, purge.URL, main(a, 0, -2, just), map[string]purge.Outcome{a: purge.Failed}},
		"mainland unheard of":       {purge.Mainland, purge.URL, main(a, 0, 2, just), nil},
		"overseas running":          {purge.Overseas, purge.URL, over(a, 1, just), map[string]purge.Outcome{a: purge.Accepted}},
		"overseas done":             {purge.Overseas, purge.URL, over(a, 2, just), map[string]purge.Outcome{a: purge.Done}},
		"overseas failed":           {purge.Overseas, purge.URL, over(a, -1, just), map[string]purge.Outcome{a: purge.Failed}},
		"overseas unheard of":       {purge.Overseas, purge.URL, over(a, 0, just) + over(b, 3, just), nil},
		"status as text":            {purge.Mainland, purge.URL, main(a, `"0"`, `"1"`, just), map[string]purge.Outcome{a: purge.Done}},
		"no status":                 {purge.Mainland, purge.URL, main(a, 0, "null", just), nil},
		"each target by itself":     {purge.Mainland, purge.URL, main(a, 0, 1, just) + main(b, 0, -1, just), map[string]purge.Outcome{a: purge.Done, b: purge.Failed}},
		"another's target":          {purge.Mainland, purge.URL, main(a+"/", 0, 1, just) + main("HTTPS://www.test.com/a", 0, 1, just), nil},
		"older by a second":         {purge.Mainland, purge.URL, main(a, 0, 1, "11:59:57"), nil},
		"a time that is none":       {purge.Mainland, purge.URL, main(a, 0, 1, "noon"), nil},
		"older failed, newer done":  {purge.Mainland, purge.URL, main(a, 0, -1, "11:00:00") + main(a, 0, 1, just), map[string]purge.Outcome{a: purge.Done}},
		"the worst of two":          {purge.Mainland, purge.URL, main(a, 0, 0, just) + main(a, 0, -1, just) + main(a, 0, 1, just), map[string]purge.Outcome{a: purge.Failed}},
		"running is not done":       {purge.Mainland, purge.URL, main(a, 0, 1, just) + main(a, 0, 0, just), map[string]purge.Outcome{a: purge.Accepted}},
		"a directory is no URL":     {purge.Mainland, purge.URL, main(a, 1, 1, just), nil},
		"directory":                 {purge.Mainland, purge.Directory, main(a+"/", 1, 1, just), map[string]purge.Outcome{a + "/": purge.Done}},
		"a URL is no directory":     {purge.Mainland, purge.Directory, main(a+"/", 0, 1, just), nil},
		"type not given":            {purge.Mainland, purge.Directory, main(a+"/", "null", 1, just), map[string]purge.Outcome{a + "/": purge.Done}},
		"a list that is text":       {purge.Mainland, purge.URL, `{"status":1,"url_list":"` + a + `","datetime":"2026-11-21 12:00:00"},`, map[string]purge.Outcome{a: purge.Done}},
		"rows that are none":        {purge.Mainland, purge.URL, `7,null,[],"x",` + main(a, 0, 1, just), map[string]purge.Outcome{a: purge.Done}},
		"an empty log":              {purge.Mainland, purge.URL, "", nil},
		"many targets in one entry": {purge.Mainland, purge.URL, `{"status":1,"url_list":["` + a + `","` + b + `"],"datetime":"2026-11-21 12:00:00"},`, map[string]purge.Outcome{a: purge.Done, b: purge.Done}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := []string{b, a}
			if tc.kind == purge.Directory {
				texts = []string{b + "/", a + "/"}
			}
			rows := tc.rows
			if rows != "" {
				rows = rows[:len(rows)-1]
			}
			v := testClient(t, serve(t, says(logged(rows))).URL, func(c *Config) { c.Now = func() time.Time { return beijing } })
			got, err := v.Status(t.Context(), purge.StatusQuery{Since: since,
				Batch: purge.Batch{Kind: tc.kind, Area: tc.area, Targets: targets(t, tc.kind, texts...)}})
			require.NoError(t, err)
			outcomes := map[string]purge.Outcome{}
			for _, s := range got {
				outcomes[s.Target.String()] = s.Outcome
				assert.Equal(t, s.Outcome == purge.Failed, s.Reason != "", s)
			}
			if tc.want == nil {
				tc.want = map[string]purge.Outcome{}
			}
			assert.Equal(t, tc.want, outcomes)
		})
	}
}

func TestStatusQueries(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 11, 21, 15, 59, 58, 0, time.UTC) // 23:59:58 in Beijing
	for name, tc := range map[string]struct {
		area  purge.Area
		since time.Time
		task  string
		want  []url.Values
	}{
		"by task": {purge.Mainland, since, "1480069888795584532", []url.Values{{"Action": {"GetCdnRefreshLog"}, "taskId": {"1480069888795584532"}}}},
		"by time": {purge.Mainland, since, "", []url.Values{{"Action": {"GetCdnRefreshLog"}, "host": {"www.test.com"},
			"startDate": {"2026-11-21 11:59:58"}, "endDate": {"2026-11-21 12:05:00"}}}},
		"by day":                  {purge.Overseas, since, "", []url.Values{{"Action": {"GetCdnOverseaRefreshLog"}, "host": {"www.test.com"}, "date": {"20261121"}}}},
		"overseas knows no tasks": {purge.Overseas, since, "7", []url.Values{{"Action": {"GetCdnOverseaRefreshLog"}, "host": {"www.test.com"}, "date": {"20261121"}}}},
		"by both days at midnight": {purge.Overseas, midnight, "", []url.Values{
			{"Action": {"GetCdnOverseaRefreshLog"}, "host": {"www.test.com"}, "date": {"20261121"}},
			{"Action": {"GetCdnOverseaRefreshLog"}, "host": {"www.test.com"}, "date": {"20261122"}}}},
	} {
		for method, by := range methods {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				var got []url.Values
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					form, _ := received(r)
					assert.Equal(t, signatureOf(r, form, testKey), form.Get("Signature"))
					for _, common := range []string{"Nonce", "SecretId", "Signature", "SignatureMethod", "Timestamp", "Token"} {
						assert.NotEmpty(t, form.Get(common), common)
						form.Del(common)
					}
					got = append(got, form)
					io.WriteString(w, logged(""))
				})
				v := testClient(t, server.URL, func(c *Config) { by(c); c.Now = func() time.Time { return beijing } })
				b := oneURL(t)
				b.Area = tc.area
				_, err := v.Status(t.Context(), purge.StatusQuery{Batch: b, Since: tc.since, Receipt: purge.Receipt{TaskID: tc.task}})
				require.NoError(t, err)
				assert.Equal(t, tc.want, got)
			})
		}
	}
}

// A refusal means never; an unreachable, unreadable, unknown or rate limited API means not now.
func TestStatusErrors(t *testing.T) {
	t.Parallel()
	status := func(n int) http.HandlerFunc { return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) } }
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		kind   purge.ErrorKind
	}{
		"action not known":  {says(`{"code":6100,"message":"no such action"}`), purge.Denied},
		"bad parameter":     {says(`{"code":4000,"message":"(9003) x","codeDesc":9003}`), purge.Denied},
		"bad dates":         {says(`{"code":4000,"message":"(9150) x","codeDesc":9150}`), purge.Denied},
		"keys":              {says(`{"code":4100,"codeDesc":"AuthFailure"}`), purge.Denied},
		"day quota":         {says(`{"code":4000,"codeDesc":22044}`), purge.Denied},
		"404":               {status(404), purge.Denied},
		"redirect":          {status(302), purge.Denied},
		"a code unheard of": {says(`{"code":-1}`), purge.Unavailable},
		"HTML":              {says("<html>"), purge.Unavailable},
		"huge":              {says(logged(`"` + string(make([]byte, maxAnswer)) + `"`)), purge.Unavailable},
		"no data":           {says(`{"code":0}`), purge.Unavailable},
		"no logs":           {says(`{"code":0,"data":{"count":1}}`), purge.Unavailable},
		"logs are no list":  {says(`{"code":0,"data":{"logs":{}}}`), purge.Unavailable},
		"too often":         {says(`{"code":4000,"codeDesc":"9163"}`), purge.Exhausted},
		"429":               {status(429), purge.Exhausted},
		"vendor's fault":    {says(`{"code":6000}`), purge.Unavailable},
		"500":               {status(500), purge.Unavailable},
		"cut":               {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, purge.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := testClient(t, serve(t, tc.answer).URL, nil)
			_, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
			requireKind(t, tc.kind, err)
		})
	}
	v := testClient(t, "http://127.0.0.1:1", nil)
	_, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t)})
	requireKind(t, purge.Unavailable, err)
	got, err := v.Status(t.Context(), purge.StatusQuery{})
	require.NoError(t, err)
	assert.Empty(t, got)
}

// A task that the log does not know yet counts as missing from the log, not as an error.
func TestATaskThatIsNotLoggedYet(t *testing.T) {
	t.Parallel()
	v := testClient(t, serve(t, says(`{"code":4000,"message":"(21001) x","codeDesc":21001}`)).URL, nil)
	got, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since, Receipt: purge.Receipt{TaskID: "7", At: beijing}})
	require.NoError(t, err)
	assert.Empty(t, got)
	_, err = v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
	requireKind(t, purge.Denied, err)
}
