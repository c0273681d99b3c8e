package cdnsim

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rows decodes the data of a log and checks its total.
func rows[Row any](t *testing.T, got reply) []Row {
	t.Helper()
	var data struct {
		Code int
		Data struct {
			Total int
			Logs  []Row
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &data))
	require.Zero(t, data.Code, got.body)
	require.Equal(t, len(data.Data.Logs), data.Data.Total)
	return data.Data.Logs
}

const noon = "2026-11-20 12:00:00" // when worlds begin, in Shanghai

func TestMainlandLog(t *testing.T) {
	t.Parallel()
	w := newWorld()
	id := w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/1", "urls.1", "https://www.abc.com/2", "urls.2", "https://www.test.com/3").Data["task_id"].(string)
	w.call(t, "RefreshCdnDir", "dirs.0", "https://www.test.com/a/")
	w.call(t, "RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/1")
	test := mainlandRow{1, appID, 0, "www.test.com", 0, 0, []string{"https://www.test.com/1", "https://www.test.com/3"}, noon}
	abc := mainlandRow{2, appID, 0, "www.abc.com", 0, 0, []string{"https://www.abc.com/2"}, noon}
	dir := mainlandRow{4, appID, 0, "www.test.com", 1, 0, []string{"https://www.test.com/a/"}, noon}

	for name, c := range map[string]struct {
		pairs []string
		want  []mainlandRow
	}{
		"task":              {[]string{"taskId", id}, []mainlandRow{test, abc}},
		"task and host":     {[]string{"taskId", id, "host", "www.abc.com"}, []mainlandRow{abc}},
		"task in period":    {[]string{"taskId", id, "startDate", noon, "endDate", noon}, []mainlandRow{test, abc}},
		"period":            {[]string{"startDate", noon, "endDate", noon}, []mainlandRow{test, abc, dir}},
		"period and host":   {[]string{"startDate", noon, "endDate", noon, "host", "www.test.com"}, []mainlandRow{test, dir}},
		"period and URL":    {[]string{"startDate", noon, "endDate", noon, "url", "https://www.test.com/3"}, []mainlandRow{test}},
		"period before":     {[]string{"startDate", "2026-11-20 00:00:00", "endDate", "2026-11-20 11:59:59"}, []mainlandRow{}},
		"period after":      {[]string{"startDate", "2026-11-20 12:00:01", "endDate", "2026-11-21 00:00:00"}, []mainlandRow{}},
		"host of nobody":    {[]string{"startDate", noon, "endDate", noon, "host", "foreign.example"}, []mainlandRow{}},
		"URL of a next one": {[]string{"taskId", id, "url", "https://www.test.com/"}, []mainlandRow{}},
	} {
		assert.Equal(t, c.want, rows[mainlandRow](t, w.call(t, "GetCdnRefreshLog", c.pairs...)), name)
	}
	for _, other := range w.tasks.all[1:] {
		assert.EqualValues(t, 21001, w.call(t, "GetCdnRefreshLog", "taskId", other.id).CodeDesc, "nobody was told this id")
	}
	assert.EqualValues(t, 9150, w.call(t, "GetCdnRefreshLog", "taskId", id, "startDate", "2026-11-19 00:00:00", "endDate", "2026-11-19 23:59:59").CodeDesc)
}

func TestOverseasLog(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.call(t, "RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/1", "urls.1", "https://www.abc.com/2")
	w.call(t, "RefreshCdnOverSeaDir", "dirs.0", "https://www.test.com/a/")
	w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/1")
	test := overseasRow{1, appID, 0, "www.test.com", "https://www.test.com/1", noon, 1}
	abc := overseasRow{2, appID, 0, "www.abc.com", "https://www.abc.com/2", noon, 1}
	dir := overseasRow{3, appID, 0, "www.test.com", "https://www.test.com/a/", noon, 1}

	for name, c := range map[string]struct {
		pairs []string
		want  []overseasRow
	}{
		"day":          {[]string{"date", "20261120"}, []overseasRow{test, abc, dir}},
		"day and host": {[]string{"date", "20261120", "host", "www.test.com"}, []overseasRow{test, dir}},
		"day and URL":  {[]string{"date", "20261120", "url", "https://www.abc.com/2"}, []overseasRow{abc}},
		"other day":    {[]string{"date", "20261119"}, []overseasRow{}},
	} {
		assert.Equal(t, c.want, rows[overseasRow](t, w.call(t, "GetCdnOverseaRefreshLog", c.pairs...)), name)
	}
}

func TestLogDaysAreThoseOfTheZone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.clock.now = time.Date(2026, 11, 20, 15, 59, 59, 999, time.UTC)
	w.call(t, "RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/before")
	w.clock.add(time.Second)
	w.call(t, "RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/after")
	for day, url := range map[string]string{"20261120": "https://www.test.com/before", "20261121": "https://www.test.com/after"} {
		got := rows[overseasRow](t, w.call(t, "GetCdnOverseaRefreshLog", "date", day))
		require.Len(t, got, 1)
		assert.Equal(t, url, got[0].URL)
	}
}

// The two logs number the same progress differently.
func TestLogStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	status := func() [2]int {
		mainland := rows[mainlandRow](t, w.call(t, "GetCdnRefreshLog", "startDate", noon, "endDate", noon))
		overseas := rows[overseasRow](t, w.call(t, "GetCdnOverseaRefreshLog", "date", "20261120"))
		return [2]int{mainland[len(mainland)-1].Status, overseas[len(overseas)-1].Status}
	}
	purge := func() {
		w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/")
		w.call(t, "RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/")
	}
	purge()
	w.Fault(Fault{Do: TaskFails, Times: 2})
	purge()
	w.clock.add(time.Minute - 1)
	assert.Equal(t, [2]int{0, 1}, status(), "running")
	w.clock.add(1)
	assert.Equal(t, [2]int{-1, -1}, status(), "failed")
	w.Adjust(func(s *Sim) { s.tasks.all = s.tasks.all[:2] })
	assert.Equal(t, [2]int{1, 2}, status(), "done")
}

func TestLogIsKeptThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld()
	id := w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Data["task_id"].(string)
	w.clock.add(30 * 24 * time.Hour)
	assert.Len(t, rows[mainlandRow](t, w.call(t, "GetCdnRefreshLog", "taskId", id)), 1)
	w.clock.add(time.Second)
	assert.EqualValues(t, 21001, w.call(t, "GetCdnRefreshLog", "taskId", id).CodeDesc)
	assert.Empty(t, rows[mainlandRow](t, w.call(t, "GetCdnRefreshLog", "startDate", noon, "endDate", noon)))
}

func TestTaskIDsAreUnique(t *testing.T) {
	t.Parallel()
	w := newWorld()
	seen := map[any]bool{}
	for range 50 {
		id := w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Data["task_id"]
		assert.False(t, seen[id])
		assert.Len(t, id, 19)
		seen[id] = true
	}
}
