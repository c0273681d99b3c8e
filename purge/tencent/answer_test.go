package tencent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestReceipts(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]purge.Receipt{
		``:                          {},
		`null`:                      {},
		`[]`:                        {},
		`[null]`:                    {},
		`"text"`:                    {},
		`{}`:                        {},
		`{"count":3}`:               {},
		`{"count":"3"}`:             {},
		`{"count":-3}`:              {},
		`{"count":1e99}`:            {},
		`{"count":{}}`:              {},
		`[{"count":3,"task_id":7}]`: {TaskID: "7"},
		`{"task_id":"t-1_2.3"}`:     {TaskID: "t-1_2.3"},
		`{"task_id":null}`:          {},
		`{"task_id":["1"]}`:         {},
		`{"task_id":"a\nb"}`:        {},
		`{"task_id":"<!channel>"}`:  {},
		`{"task_id":"` + strings.Repeat("9", 129) + `"}`:      {},
		`{"task_id":148006988879558453214800698887955845321}`: {TaskID: "148006988879558453214800698887955845321"}, // beyond any number type
	} {
		body := `{"code":"0","codeDesc":"Success","data":` + data + `}`
		if data == "" {
			body = `{"code":0}`
		}
		a, err := decodeAnswer([]byte(body))
		require.NoError(t, err, body)
		assert.Equal(t, want, a.receipt(), body)
	}
}

// Every answer is read without a panic, every receipt is bounded, and every refusal is a complete error whose
// text is one printable line.
func FuzzAnswer(f *testing.F) {
	samples, err := filepath.Glob("testdata/seeds/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, samples)
	for _, name := range samples {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"code":4500,"message":"(4500)重放","codeDesc":"ReplayAttack"}`))
	f.Add([]byte(`{"code":0,"data":{"logs":[{"url":"https://a.test/","status":"2","datetime":"2016-10-27 10:00:00"},{"url_list":["x"],"type":1,"status":-1}]}}`))
	v := testClient(f, "http://127.0.0.1:1", nil)
	batch := oneURL(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := decodeAnswer(body)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		if a.code == 0 {
			r := a.receipt()
			require.LessOrEqual(t, len(r.TaskID), 128)
			rows, _ := logRows(a.data)
			v.judgeAll(rows, nil, purge.StatusQuery{Batch: batch})
			return
		}
		e := v.refused(a.refusal(v.quote("c2lnbmF0dXJl", a.symbol, a.message), purge.Mainland), a.aboutClock(), exchange{})
		require.NotEmpty(t, e.Message)
		require.NotContains(t, e.Message, "%!")
		require.False(t, strings.ContainsAny(e.Error(), "\n\r\x1b\x00\u2028\u202e"), e.Error())
	})
}
