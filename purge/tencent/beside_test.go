package tencent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// A log row that another call could have made proves nothing about a call without an answer. For an accepted
// call the rows prove something only if there are as many rows as calls and all agree.
func TestRowsThatAnotherCallExplains(t *testing.T) {
	t.Parallel()
	const dir, url = "https://www.test.com/x/", "https://www.test.com/x/"
	sent := func(k purge.Kind, m purge.Mode, a purge.Area, text, task string) purge.Sent {
		return purge.Sent{Kind: k, Mode: m, Area: a, Target: targets(t, purge.Directory, text)[0], TaskID: task}
	}
	main := func(typ, status any, at string) string {
		return fmt.Sprintf(`{"type":%v,"status":%v,"url_list":[%q],"datetime":"2026-11-21 %s"}`, typ, status, dir, at)
	}
	over := func(status any, at string) string {
		return fmt.Sprintf(`{"url":%q,"status":%v,"datetime":"2026-11-21 %s"}`, dir, status, at)
	}
	v3 := func(task, mode, status string) string {
		return fmt.Sprintf(`{"TaskId":%q,"Url":%q,"Status":%q,"PurgeType":"path","FlushType":%q,"CreateTime":"2026-11-21 11:59:58"}`, task, dir, status, mode)
	}
	const just, before = "11:59:58", "11:58:00"
	flush := sent(purge.Directory, purge.Flush, purge.Mainland, dir, "")
	for name, tc := range map[string]struct {
		api      int
		area     purge.Area
		answered bool // accepted, without a task id
		beside   []purge.Sent
		rows     string
		want     purge.Outcome // empty for no outcome
	}{
		"nobody else":                      {2, purge.Mainland, false, nil, main(1, 1, just), purge.Done},
		"another mode":                     {2, purge.Mainland, false, []purge.Sent{flush}, main(1, 1, just), ""},
		"the same mode":                    {2, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Mainland, dir, "")}, main(1, 1, just), ""},
		"two rows, two calls":              {2, purge.Mainland, false, []purge.Sent{flush}, main(1, 1, just) + "," + main(1, 1, just), ""},
		"another that runs":                {2, purge.Mainland, false, []purge.Sent{flush}, main(1, 0, just), ""},
		"another that failed":              {2, purge.Mainland, false, []purge.Sent{flush}, main(1, -1, just), ""},
		"a URL of that text, typed row":    {2, purge.Mainland, false, []purge.Sent{sent(purge.URL, "", purge.Mainland, url, "7")}, main(1, 1, just), purge.Done},
		"a URL of that text, untyped row":  {2, purge.Mainland, false, []purge.Sent{sent(purge.URL, "", purge.Mainland, url, "7")}, main("null", 1, just), ""},
		"another text":                     {2, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Flush, purge.Mainland, "https://www.test.com/", "")}, main(1, 1, just), purge.Done},
		"another area":                     {2, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Flush, purge.Overseas, dir, "")}, main(1, 1, just), purge.Done},
		"overseas, nobody else":            {2, purge.Overseas, false, nil, over(2, just), purge.Done},
		"overseas, a directory":            {2, purge.Overseas, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Overseas, dir, "")}, over(2, just), ""},
		"overseas, a URL of that text":     {2, purge.Overseas, false, []purge.Sent{sent(purge.URL, "", purge.Overseas, url, "")}, over(2, just), ""},
		"accepted, one row of two":         {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, just), purge.Accepted},
		"accepted, two rows of two":        {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, just) + "," + main(1, 1, just), purge.Done},
		"accepted, one ran before":         {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, before) + "," + main(1, 1, just), purge.Done},
		"accepted, only the one before":    {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, before), ""},
		"accepted, one of two runs":        {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, just) + "," + main(1, 0, just), purge.Accepted},
		"accepted, one of two failed":      {2, purge.Mainland, true, []purge.Sent{flush}, main(1, 1, just) + "," + main(1, -1, just), purge.Accepted},
		"accepted, two rows of three":      {2, purge.Mainland, true, []purge.Sent{flush, flush}, main(1, 1, just) + "," + main(1, 1, just), purge.Accepted},
		"accepted overseas, two of two":    {2, purge.Overseas, true, []purge.Sent{sent(purge.Directory, purge.Flush, purge.Overseas, dir, "")}, over(2, just) + "," + over(2, just), purge.Done},
		"3.0, nobody else":                 {3, purge.Mainland, false, nil, v3("7", "delete", "done"), purge.Done},
		"3.0, another's task":              {3, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Mainland, dir, "7")}, v3("7", "delete", "done"), ""},
		"3.0, another's and ours":          {3, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Mainland, dir, "7")}, v3("7", "delete", "fail") + "," + v3("8", "delete", "done"), purge.Done},
		"3.0, another without answer":      {3, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Mainland, dir, "")}, v3("7", "delete", "done"), ""},
		"3.0, another mode without answer": {3, purge.Mainland, false, []purge.Sent{flush}, v3("7", "delete", "done"), purge.Done},
		"3.0, another mode, silent row":    {3, purge.Mainland, false, []purge.Sent{flush}, v3("7", "", "done"), ""},
		"3.0, the row names no task":       {3, purge.Mainland, false, []purge.Sent{sent(purge.Directory, purge.Delete, purge.Mainland, dir, "7")}, v3("", "delete", "done"), ""},
		"3.0, a prefetch":                  {3, purge.Mainland, false, []purge.Sent{sent(purge.Prefetch, "", purge.Mainland, url, "")}, v3("7", "", "done"), purge.Done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			q := purge.StatusQuery{Since: since, Beside: func(context.Context) ([]purge.Sent, error) { asked++; return tc.beside, nil },
				Batch: purge.Batch{Kind: purge.Directory, Mode: purge.Delete, Area: tc.area, Targets: targets(t, purge.Directory, dir)}}
			if tc.answered {
				q.Receipt.At = beijing
			}
			cdn := clientOf(t, tc.api, tc.rows, beijing)
			got, err := cdn.Status(t.Context(), q)
			require.NoError(t, err)
			assert.Equal(t, 1, asked)
			if tc.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Equal(t, tc.want, got[0].Outcome)
			if tc.want == purge.Accepted && !strings.Contains(tc.rows, `"status":0`) { // within the delay of the log
				got, err = clientOf(t, tc.api, tc.rows, since.Add(purge.Overlap)).Status(t.Context(), q)
				require.NoError(t, err)
				assert.Empty(t, got)
			}
			q.Beside = func(context.Context) ([]purge.Sent, error) { return nil, errors.New("locked") }
			_, err = cdn.Status(t.Context(), q)
			requireKind(t, purge.Unavailable, err)
		})
	}
}

// clientOf returns a client of an API whose log has the given rows.
func clientOf(t *testing.T, api int, rows string, now time.Time) purge.CDN {
	still := func(c *Config) { c.Now = func() time.Time { return now } }
	if api == 3 {
		return testClient3(t, serve(t, says(inResponse(`"PurgeLogs":[`+rows+`]`))).URL, still)
	}
	return testClient(t, serve(t, says(logged(rows))).URL, still)
}

// A call with a task id asks by that id, so the answer holds only its own rows.
func TestATaskIsItsOwnProof(t *testing.T) {
	t.Parallel()
	never := func(context.Context) ([]purge.Sent, error) { t.Error("asked"); return nil, nil }
	q := purge.StatusQuery{Batch: oneURL(t), Since: since, Receipt: purge.Receipt{TaskID: "7", At: beijing}, Beside: never}
	for api, rows := range map[int]string{
		2: `{"type":0,"status":1,"url_list":["` + q.Batch.Targets[0].String() + `"],"datetime":"2026-11-21 12:00:00"}`,
		3: `{"TaskId":"7","Url":"` + q.Batch.Targets[0].String() + `","Status":"done"}`,
	} {
		got, err := clientOf(t, api, rows, beijing).Status(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, got, 1, api)
		assert.Equal(t, purge.Done, got[0].Outcome)
	}
}
