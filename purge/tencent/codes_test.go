package tencent

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

// Every code of the vendor's tables that a purge can meet, and what a person and a program make of it.
// wait is what the program waits at least; a daily quota has none.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code int
		kind purge.ErrorKind
		wait time.Duration
		says string
	}{
		{4000, purge.Invalid, 0, "malformed"},
		{4100, purge.Internal, 0, "TENCENTCLOUD_SECRET_KEY"},
		{4101, purge.Denied, 0, "give the key the right"},
		{4102, purge.Denied, 0, "give the key the right"},
		{4103, purge.Denied, 0, "give the key the right"},
		{4104, purge.Internal, 0, "TENCENTCLOUD_SECRET_ID"},
		{4105, purge.Internal, 0, "TENCENTCLOUD_TOKEN"},
		{4106, purge.Internal, 0, "keys"},
		{4110, purge.Denied, 0, "give the key the right"},
		{4200, purge.Unavailable, 0, "try again"},
		{4300, purge.Denied, 0, "account"},
		{4400, purge.Exhausted, time.Minute, "slow down"},
		{4500, purge.Unavailable, 0, "try again"},
		{4600, purge.Internal, 0, "https://"},
		{5000, purge.NotFound, 0, "check the targets"},
		{5100, purge.Unavailable, 0, "try again"},
		{5200, purge.Denied, 0, "account"},
		{5300, purge.Denied, 0, "account"},
		{5400, purge.Unknown, 0, "check the pages"},
		{5500, purge.Denied, 0, "account"},
		{6000, purge.Unavailable, 0, "try again"},
		{6100, purge.Internal, 0, "PURGEBOT_CDN_API"},
		{6200, purge.Unavailable, time.Minute, "try again"},

		{9000, purge.Unavailable, 0, "try again"},
		{22800, purge.Unavailable, 0, "try again"},
		{-9015, purge.Unavailable, 0, "report it to Tencent"},
		{-9014, purge.Unavailable, 0, "report it to Tencent"},
		{9151, purge.Unavailable, 0, "report it to Tencent"},
		{-9011, purge.Unavailable, 0, "try again"},
		{9003, purge.Invalid, 0, "malformed"},
		{9105, purge.NotFound, 0, "not on the Tencent account"},
		{9110, purge.NotFound, 0, "not on the Tencent account"},
		{9307, purge.NotFound, 0, "not on the Tencent account"},
		{9107, purge.Invalid, 0, "spelling"},
		{9303, purge.Invalid, 0, "spelling"},
		{20005, purge.Invalid, 0, "spelling"},
		{22701, purge.Invalid, 0, "spelling"},
		{22036, purge.Invalid, 0, "spelling"},
		{9111, purge.Denied, 0, "not activated"},
		{22041, purge.Denied, 0, "not activated"},
		{9112, purge.Conflict, 0, "switched off"},
		{9176, purge.Conflict, 0, "switched off"},
		{9313, purge.Conflict, 0, "switched off"},
		{28006, purge.Conflict, 0, "switched off"},
		{28007, purge.Conflict, 0, "switched off"},
		{28008, purge.Conflict, 0, "switched off"},
		{9135, purge.Unavailable, time.Minute, "in a few minutes"},
		{9175, purge.Unavailable, time.Minute, "in a few minutes"},
		{9161, purge.Conflict, 0, "locked"},
		{9163, purge.Exhausted, 10 * time.Second, "slow down"},
		{22063, purge.Exhausted, 10 * time.Second, "slow down"},
		{9169, purge.Denied, 0, "account"},
		{9170, purge.Denied, 0, "account"},
		{22043, purge.Invalid, 0, "smaller portions"},
		{22045, purge.Invalid, 0, "smaller portions"},
		{22044, purge.Exhausted, 0, "00:00 Beijing time (UTC+8)"},
		{22046, purge.Exhausted, 0, "00:00 Beijing time (UTC+8)"},
		{23100, purge.Invalid, 0, "smaller portions"},
		{21002, purge.Invalid, 0, "smaller portions"},
		{23101, purge.Exhausted, 0, "00:00 Beijing time (UTC+8)"},
		{21000, purge.Exhausted, 0, "00:00 Beijing time (UTC+8)"},
		{23103, purge.Denied, 0, "give the key the right"},
		{25002, purge.Denied, 0, "give the key the right"},
		{25010, purge.Denied, 0, "give the key the right"},
		{21001, purge.NotFound, 0, "does not know this purge task"},
		{9150, purge.Invalid, 0, "dates"},
	} {
		// The vendor writes a code in each of these places, as a number or as text.
		bodies := []string{
			fmt.Sprintf(`{"code":%d,"message":"x","codeDesc":"Symbol"}`, tc.code),
			fmt.Sprintf(`{"code":"%d","message":"x"}`, tc.code),
		}
		if tc.code < 4000 || tc.code > 6999 {
			bodies = []string{
				fmt.Sprintf(`{"code":4000,"message":"x","codeDesc":%d}`, tc.code),
				fmt.Sprintf(`{"code":4000,"message":"x","codeDesc":"%d"}`, tc.code),
				fmt.Sprintf(`{"code":"4000","message":"(%d) x","codeDesc":"InvalidParameter"}`, tc.code),
				fmt.Sprintf(`{"code":4000,"message":"(%d)没有"}`, tc.code),
			}
		}
		for _, body := range bodies {
			t.Run(body, func(t *testing.T) {
				t.Parallel()
				v := testClient(t, serve(t, says(body)).URL, nil)
				_, err := v.Submit(t.Context(), oneURL(t))
				e := requireKind(t, tc.kind, err)
				assert.Equal(t, tc.wait, e.RetryAfter)
				assert.Contains(t, e.Message, tc.says)
				assert.ErrorContains(t, e.Err, fmt.Sprint(tc.code))
			})
		}
	}
	assert.Len(t, codes, 66)
}

// What no table lists is refused with its number, and the vendor's words stay with the operator.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		kind purge.ErrorKind
		says string
	}{
		`{"code":7777,"message":"@everyone"}`:                                              {purge.Internal, "(code 7777)"},
		`{"code":-1,"message":"@everyone"}`:                                                {purge.Internal, "(code -1)"},
		`{"code":4000,"message":"(503) Quota run out","codeDesc":"InvalidParameter"}`:      {purge.Invalid, "(code 4000/503)"},
		`{"code":4000,"message":"(-9021) @everyone","codeDesc":-9021}`:                     {purge.Invalid, "(code 4000/-9021)"},
		`{"code":6000,"message":"(12345) @everyone","codeDesc":12345}`:                     {purge.Unavailable, "try again"},
		`{"code":4100,"message":"(100003) @everyone","codeDesc":"AuthFailure"}`:            {purge.Internal, "keys"},
		`{"code":5400,"message":"(9163) @everyone","codeDesc":9163}`:                       {purge.Unknown, "only a part"},
		`{"code":4000,"message":"(99999999999999999999) @everyone","codeDesc":"Whatever"}`: {purge.Invalid, "malformed"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			v := testClient(t, serve(t, says(body)).URL, nil)
			_, err := v.Submit(t.Context(), oneURL(t))
			e := requireKind(t, want.kind, err)
			assert.Contains(t, e.Message, want.says)
			assert.NotContains(t, e.Message, "everyone")
		})
	}
}
