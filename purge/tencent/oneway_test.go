package tencent

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// An answer that other readers could read differently does not count: a purge stays unknown, and a question has
// no answer. The test covers every decoder of both APIs.
func TestAnswersThatReadTwoWays(t *testing.T) {
	t.Parallel()
	const row2 = `{"status":1,"type":0,"url_list":["https://www.test.com/1.jpg"],"datetime":"2026-11-21 12:00:00"}`
	const row3 = `{"TaskId":"1","Url":"https://www.test.com/1.jpg","Status":"done","CreateTime":"2026-11-21 12:00:00"}`
	for body, api3 := range map[string]bool{
		`{"code":4000,"codeDesc":9110,"code":0}`:            false,
		`{"code":0,"code":0}`:                               false,
		`{"code":4000,"Code":0}`:                            false,
		`{"code":0,"CODE":4000}`:                            false,
		`{"CODE":0}`:                                        false,
		`{"Code":0,"data":{"task_id":"7"}}`:                 false,
		`{"c\u006fde":4000,"code":0}`:                       false,
		`{"code":4000,"codeDeſc":"9110","codeDesc":"9003"}`: false,
		`{"code":0,"codedesc":"9110"}`:                      false,
		`{"code":0,"codeDesc":"AuthFailure"}`:               false,
		`{"code":0,"Response":{"Error":{"Code":"InternalError","Message":"x"}}}`:                                false,
		`{"code":0,"data":{"task_id":"7","task_id":"8"}}`:                                                       false,
		`{"code":0,"data":{"logs":[],"logs":[` + row2 + `]}}`:                                                   false,
		`{"code":0,"data":{"logs":[` + strings.Replace(row2, `"status":1`, `"status":-1,"status":1`, 1) + `]}}`: false,

		`{"Response":{"RequestId":"r","TaskId":"1"},"Response":{"RequestId":"r","Error":{"Code":"InternalError","Message":""}}}`:              true,
		`{"Response":{"RequestId":"r","TaskId":"1","TaskId":"2"}}`:                                                                            true,
		`{"Response":{"RequestId":"r","TaskId":"1","taskid":"2"}}`:                                                                            true,
		`{"Response":{"RequestId":"r","TaskId":"1","error":{"Code":"InternalError","Message":""}}}`:                                           true,
		`{"Response":{"RequestId":"r","Error":{"Code":"ActionOffline","code":"InternalError","Message":""}}}`:                                 true,
		`{"response":{"RequestId":"r","TaskId":"1"}}`:                                                                                         true,
		`{"Response":{"RequestId":"r","TaskId":"1"},"code":4100}`:                                                                             true,
		`{"Response":{"RequestId":"r","PurgeLogs":[` + strings.Replace(row3, `"Status":"done"`, `"Status":"fail","status":"done"`, 1) + `]}}`: true,
		`{"Response":{"RequestId":"r","PurgeLogs":[],"purgelogs":[` + row3 + `]}}`:                                                            true,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			base := serve(t, says(body)).URL
			var cdn interface {
				purge.CDN
				purge.Domains
			} = testClient(t, base, nil)
			if api3 {
				cdn = testClient3(t, base, nil)
			}
			_, err := cdn.Submit(t.Context(), oneURL(t), nil)
			e := requireKind(t, purge.Unknown, err)
			assert.Equal(t, purge.LookFirst, purge.MayTryAgain(e))
			_, err = cdn.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Since: since})
			requireKind(t, purge.Unavailable, err)
			_, err = cdn.Domains(t.Context())
			requireKind(t, purge.Unavailable, err)
			if api3 {
				_, err = cdn.Quota(t.Context())
				requireKind(t, purge.Unavailable, err)
			}
		})
	}
}

// Additional members are ignored, even if their names resemble known ones.
func TestAnswersThatReadOneWay(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		accepted,
		`{"code":0,"data":[{"a":1,"A_":2},{"a":1}],"requestId":"x","list":["a","a","A"]}`,
		`{"message":"","code":"0","codeDesc":"success"}`,
		`{"code":0,"codeDesc":0}`,
	} {
		_, err := testClient(t, serve(t, says(body)).URL, nil).Submit(t.Context(), oneURL(t), nil)
		assert.NoError(t, err, body)
	}
	_, err := testClient3(t, serve(t, says(`{"Response":{"TaskId":"1","RequestId":"r","Error":null,"More":{"TaskId":"1"}}}`)).URL, nil).Submit(t.Context(), oneURL(t), nil)
	require.NoError(t, err)
}
