package tencent

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

// The table lists every code of both APIs that a purge can meet, with the error for the person and the program.
// The column wait is the program's shortest wait, which a daily quota lacks; retried is the rule for repeating
// the call.
func TestCodes(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, tc := range []struct {
		code    string
		kind    purge.ErrorKind
		wait    time.Duration
		retried purge.Again
		says    string
	}{
		{"4000", purge.Invalid, 0, never, "malformed"},
		{"4100", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"4101", purge.Denied, 0, never, "give the key the right"},
		{"4102", purge.Denied, 0, never, "give the key the right"},
		{"4103", purge.Denied, 0, never, "give the key the right"},
		{"4104", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_ID"},
		{"4105", purge.Internal, 0, never, "TENCENTCLOUD_TOKEN"},
		{"4106", purge.Internal, 0, never, "keys"},
		{"4110", purge.Denied, 0, never, "give the key the right"},
		{"4200", purge.Unavailable, 0, again, "try again"},
		{"4300", purge.Denied, 0, never, "account"},
		{"4400", purge.Exhausted, 0, never, "used up"},
		{"4500", purge.Unavailable, 0, again, "try again"},
		{"4600", purge.Internal, 0, never, "https://"},
		{"5000", purge.NotFound, 0, never, "check the targets"},
		{"5100", purge.Unknown, 0, look, "may or may not"},
		{"5200", purge.Denied, 0, never, "account"},
		{"5300", purge.Denied, 0, never, "account"},
		{"5400", purge.Unknown, 0, look, "check the pages"},
		{"5500", purge.Denied, 0, never, "account"},
		{"6000", purge.Unknown, 0, look, "may or may not"},
		{"6100", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"6200", purge.Unavailable, time.Minute, again, "try again"},

		{"-9021", purge.Unknown, 0, look, "may or may not"},
		{"-9018", purge.Unknown, 0, look, "may or may not"},
		{"-9009", purge.NotFound, 0, never, "check the targets"},
		{"1001", purge.Denied, 0, never, "refuses this account"},
		{"1002", purge.Denied, 0, never, "refuses this account"},
		{"1012", purge.NotFound, 0, never, "in mainland"},
		{"9092", purge.Conflict, 0, never, "another Tencent account"},
		{"9093", purge.Conflict, 0, never, "another Tencent account"},
		{"9138", purge.Conflict, 0, never, "another Tencent account"},
		{"9141", purge.Conflict, 0, never, "another Tencent account"},
		{"9302", purge.Conflict, 0, never, "another Tencent account"},
		{"9162", purge.Invalid, 0, never, "smaller portions"},
		{"9166", purge.Invalid, 0, never, "spelling"},
		{"20004", purge.Conflict, 0, never, "ICP"},
		{"20006", purge.Conflict, 0, never, "restricts this domain"},
		{"20007", purge.Conflict, 0, never, "restricts this domain"},
		{"20008", purge.Conflict, 0, never, "restricts this domain"},
		{"20009", purge.Conflict, 0, never, "risk"},
		{"20010", purge.Conflict, 0, never, "risk"},
		{"25015", purge.Denied, 0, never, "overseas"},
		{"25016", purge.Conflict, 0, never, "locked"},
		{"9000", purge.Unknown, 0, look, "may or may not"},
		{"22800", purge.Unknown, 0, look, "may or may not"},
		{"-9015", purge.Unknown, 0, look, "report it to Tencent"},
		{"-9014", purge.Unknown, 0, look, "report it to Tencent"},
		{"9151", purge.Unknown, 0, look, "report it to Tencent"},
		{"-9011", purge.Unknown, 0, look, "may or may not"},
		{"9003", purge.Invalid, 0, never, "malformed"},
		{"9105", purge.NotFound, 0, never, "not on the Tencent account"},
		{"9110", purge.NotFound, 0, never, "not on the Tencent account"},
		{"9307", purge.NotFound, 0, never, "not on the Tencent account"},
		{"9107", purge.Invalid, 0, never, "spelling"},
		{"9303", purge.Invalid, 0, never, "spelling"},
		{"20005", purge.Invalid, 0, never, "spelling"},
		{"22701", purge.Invalid, 0, never, "spelling"},
		{"22036", purge.Invalid, 0, never, "spelling"},
		{"9111", purge.Denied, 0, never, "not activated"},
		{"22041", purge.Denied, 0, never, "not activated"},
		{"9112", purge.Conflict, 0, never, "switched off"},
		{"9176", purge.Conflict, 0, never, "switched off"},
		{"9313", purge.Conflict, 0, never, "switched off"},
		{"28006", purge.Conflict, 0, never, "switched off"},
		{"28007", purge.Conflict, 0, never, "switched off"},
		{"28008", purge.Conflict, 0, never, "switched off"},
		{"9135", purge.Unavailable, time.Minute, again, "in a few minutes"},
		{"9175", purge.Unavailable, time.Minute, again, "in a few minutes"},
		{"9161", purge.Conflict, 0, never, "locked"},
		{"9163", purge.Exhausted, 10 * time.Second, again, "slow down"},
		{"22063", purge.Exhausted, 10 * time.Second, again, "slow down"},
		{"9169", purge.Denied, 0, never, "account"},
		{"9170", purge.Denied, 0, never, "account"},
		{"22043", purge.Invalid, 0, never, "smaller portions"},
		{"22045", purge.Invalid, 0, never, "smaller portions"},
		{"22044", purge.Exhausted, 0, never, "used up"},
		{"22046", purge.Exhausted, 0, never, "used up"},
		{"23100", purge.Invalid, 0, never, "smaller portions"},
		{"21002", purge.Invalid, 0, never, "smaller portions"},
		{"23101", purge.Exhausted, 0, never, "used up"},
		{"21000", purge.Exhausted, 0, never, "used up"},
		{"23103", purge.Denied, 0, never, "give the key the right"},
		{"25002", purge.Denied, 0, never, "give the key the right"},
		{"25010", purge.Denied, 0, never, "give the key the right"},
		{"21001", purge.NotFound, 0, never, "does not know this purge task"},
		{"9150", purge.Invalid, 0, never, "dates"},

		{"AuthFailure.SignatureFailure", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.InvalidAuthorization", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.InvalidSecretId", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.SecretIdNotFound", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.TokenFailure", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.MFAFailure", purge.Internal, 0, never, "TENCENTCLOUD_SECRET_KEY"},
		{"AuthFailure.UnauthorizedOperation", purge.Denied, 0, never, "give the key the right"},
		{"AuthFailure.SignatureExpire", purge.Unavailable, 0, again, "try again in a minute"},
		{"RequestLimitExceeded", purge.Exhausted, time.Second, again, "slow down"},
		{"RequestLimitExceeded.IPLimitExceeded", purge.Exhausted, time.Second, again, "slow down"},
		{"RequestLimitExceeded.UinLimitExceeded", purge.Exhausted, time.Second, again, "slow down"},
		{"RequestLimitExceeded.GlobalRegionUinLimitExceeded", purge.Exhausted, time.Second, again, "slow down"},
		{"UnauthorizedOperation.OperationTooOften", purge.Exhausted, 10 * time.Second, again, "slow down"},
		{"InternalError.CamSystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.CdnQuerySystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.CdnSystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.Error", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.ProxyServer", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.CdnConfigError", purge.Unknown, 0, look, "report it to Tencent"},
		{"InternalError.CdnDbError", purge.Unknown, 0, look, "report it to Tencent"},
		{"ActionOffline", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"InvalidAction", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"NoSuchVersion", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"UnsupportedOperation", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"NoSuchProduct", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"UnsupportedRegion", purge.Internal, 0, never, "PURGEBOT_CDN_API"},
		{"UnsupportedProtocol", purge.Internal, 0, never, "https://"},
		{"IpInBlacklist", purge.Denied, 0, never, "address of purgebot's machine"},
		{"IpNotInWhitelist", purge.Denied, 0, never, "address of purgebot's machine"},
		{"InvalidRequest", purge.Internal, 0, never, "a fault of purgebot"},
		{"MissingParameter", purge.Internal, 0, never, "a fault of purgebot"},
		{"UnknownParameter", purge.Internal, 0, never, "a fault of purgebot"},
		{"InvalidParameterValue", purge.Invalid, 0, never, "malformed"},
		{"RequestSizeLimitExceeded", purge.Invalid, 0, never, "smaller portions"},
		{"ResponseSizeLimitExceeded", purge.Unknown, 0, look, "fault of its own"},
		{"ServiceUnavailable", purge.Unknown, 0, look, "fault of its own"},
		{"InvalidParameter.CdnParamError", purge.Invalid, 0, never, "malformed"},
		{"InvalidParameter.CdnHostInvalidStatus", purge.Conflict, 0, never, "present state"},
		{"InvalidParameter.CdnPurgeWildcardNotAllowed", purge.Invalid, 0, never, "name each host"},
		{"InvalidParameter.CdnUrlExceedLength", purge.Invalid, 0, never, "directory above"},
		{"LimitExceeded.CdnPurgeUrlExceedBatchLimit", purge.Invalid, 0, never, "smaller portions"},
		{"LimitExceeded.CdnPurgePathExceedBatchLimit", purge.Invalid, 0, never, "smaller portions"},
		{"LimitExceeded.CdnPurgeExceedBatchLimit", purge.Invalid, 0, never, "smaller portions"},
		{"LimitExceeded.CdnPushExceedBatchLimit", purge.Invalid, 0, never, "smaller portions"},
		{"LimitExceeded.CdnPurgeUrlExceedDayLimit", purge.Exhausted, 0, never, "quota of URL purges"},
		{"LimitExceeded.CdnPurgePathExceedDayLimit", purge.Exhausted, 0, never, "quota of directory purges"},
		{"LimitExceeded.CdnPurgeExceedDayLimit", purge.Exhausted, 0, never, "quota of purges"},
		{"LimitExceeded.CdnPushExceedDayLimit", purge.Exhausted, 0, never, "quota of prefetches"},
		{"ResourceNotFound.CdnHostNotExists", purge.NotFound, 0, never, "not on the Tencent account"},
		{"ResourceNotFound.CdnUserNotExists", purge.Denied, 0, never, "not activated"},
		{"ResourceUnavailable.CdnHostIsNotOnline", purge.Conflict, 0, never, "switched off"},
		{"UnauthorizedOperation.CdnHostUnauthorized", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.CdnCamUnauthorized", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.CdnUserAuthFail", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.CdnUserAuthWait", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.CdnUserIsSuspended", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.CdnUserIsIsolated", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.EcdnMigratedCdn", purge.Denied, 0, never, "EdgeOne"},
		{"UnauthorizedOperation.CdnHostIsOwnedByOther", purge.Denied, 0, never, "another Tencent account"},
		{"FailedOperation.CdnConfigError", purge.Unknown, 0, look, "report it to Tencent"},
		{"FailedOperation.DataSystemError", purge.Unknown, 0, look, "report it to Tencent"},
		{"InternalError.CdnQueryParamError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.CostDataSystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.DataSystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.InvalidErrorCode", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.RouteError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.TagSystemError", purge.Unknown, 0, look, "fault of its own"},
		{"InternalError.UnknownError", purge.Unknown, 0, look, "fault of its own"},
		{"InvalidParameter.CDNStatusInvalidDomain", purge.Conflict, 0, never, "present state"},
		{"InvalidParameter.CdnHostExistsInEdgeOne", purge.Conflict, 0, never, "EdgeOne"},
		{"InvalidParameter.CdnPushWildcardNotAllowed", purge.Invalid, 0, never, "name each host"},
		{"LimitExceeded.CdnHostOpTooOften", purge.Exhausted, 10 * time.Second, again, "slow down"},
		{"OperationDenied.CdnHostHasDDosRisk", purge.Denied, 0, never, "risk"},
		{"OperationDenied.ProductUpdating", purge.Denied, 0, never, "EdgeOne"},
		{"OperationDenied.ProductUpgraded", purge.Denied, 0, never, "EdgeOne"},
		{"OperationDenied.UserMigrating", purge.Denied, 0, never, "EdgeOne"},
		{"ResourceInUse.CdnOpInProgress", purge.Unavailable, time.Minute, again, "in a few minutes"},
		{"ResourceNotFound.EcdnDomainNotExists", purge.NotFound, 0, never, "not on the Tencent account"},
		{"ResourceUnavailable.CdnHostBelongsToOthersInMainland", purge.Conflict, 0, never, "In mainland, this domain belongs to another Tencent account"},
		{"ResourceUnavailable.CdnHostBelongsToOthersInOverseas", purge.Conflict, 0, never, "Overseas, this domain belongs to another Tencent account"},
		{"ResourceUnavailable.CdnHostIsLocked", purge.Unavailable, time.Minute, again, "in a few minutes"},
		{"ResourceUnavailable.CdnHostIsMalicious", purge.Conflict, 0, never, "risk"},
		{"ResourceUnavailable.CdnHostNoIcp", purge.Conflict, 0, never, "ICP"},
		{"ResourceUnavailable.CheckUserHighRisk", purge.Denied, 0, never, "risk"},
		{"UnauthorizedOperation.CdnAccountUnauthorized", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.CdnHostInIcpBlacklist", purge.Denied, 0, never, "risk"},
		{"UnauthorizedOperation.CdnHostIsUsedByOther", purge.Denied, 0, never, "another Tencent account"},
		{"UnauthorizedOperation.CdnInvalidUserStatus", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.CdnProjectUnauthorized", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.CdnTagUnauthorized", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.CdnUserInvalidCredential", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.CdnUserNoWhitelist", purge.Denied, 0, never, "refuses this account"},
		{"UnauthorizedOperation.OpNoAuth", purge.Denied, 0, never, "give the key the right"},
		{"UnauthorizedOperation.Unknown", purge.Denied, 0, never, "give the key the right"},
	} {
		for _, body := range bodiesOf(tc.code) {
			t.Run(body, func(t *testing.T) {
				t.Parallel()
				base := serve(t, says(body)).URL
				var cdn purge.CDN = testClient(t, base, nil)
				if isCode3(tc.code) {
					cdn = testClient3(t, base, nil)
				}
				_, err := cdn.Submit(t.Context(), oneURL(t), nil)
				e := requireKind(t, tc.kind, err)
				assert.Equal(t, tc.wait, e.RetryAfter)
				assert.Equal(t, tc.retried, purge.MayTryAgain(e))
				assert.Contains(t, e.Message, tc.says)
				assert.NotContains(t, e.Message, tc.code, "a listed code means nothing to a person")
				assert.NotContains(t, e.Message, "nothing was", "other calls of the same purge may have done much, and this one may be a prefetch")
				assert.ErrorContains(t, e.Err, tc.code)
			})
		}
		listed[tc.code] = true
	}
	for n := range codes {
		assert.True(t, listed[fmt.Sprint(n)], n)
	}
	for code := range codes3 {
		assert.True(t, listed[code], code)
	}
	assert.Len(t, listed, len(codes)+len(codes3))
}

const never, again, look = purge.Never, purge.Later, purge.LookFirst

func isCode3(code string) bool { return code[0] >= 'A' }

// bodiesOf returns bodies with a code in each place where the vendor writes codes, as a number and as text.
func bodiesOf(code string) []string {
	n, err := strconv.Atoi(code)
	switch {
	case err != nil:
		return []string{refused3(code, "x")}
	case n < 4000 || n > 6999:
		return []string{
			fmt.Sprintf(`{"code":4000,"message":"x","codeDesc":%d}`, n),
			fmt.Sprintf(`{"code":4000,"message":"x","codeDesc":"%d"}`, n),
			fmt.Sprintf(`{"code":"4000","message":"(%d) x","codeDesc":"InvalidParameter"}`, n),
			fmt.Sprintf(`{"code":4000,"message":"(%d)没有"}`, n),
		}
	}
	return []string{
		fmt.Sprintf(`{"code":%d,"message":"x","codeDesc":"Symbol"}`, n),
		fmt.Sprintf(`{"code":"%d","message":"x"}`, n),
	}
}

// A code outside the tables appears in the refusal with its number, and the vendor's words stay with the
// operator.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		kind purge.ErrorKind
		says string
	}{
		`{"code":7777,"message":"@everyone"}`:                                              {purge.Unknown, "(code 7777)"},
		`{"code":-1,"message":"@everyone"}`:                                                {purge.Unknown, "(code -1)"},
		`{"code":4000,"message":"(503) Quota run out","codeDesc":"InvalidParameter"}`:      {purge.Unknown, "(code 4000/503)"},
		`{"code":4000,"message":"(-9999) @everyone","codeDesc":-9999}`:                     {purge.Unknown, "(code 4000/-9999)"},
		`{"code":6000,"message":"(12345) @everyone","codeDesc":12345}`:                     {purge.Unknown, "may or may not"},
		`{"code":4100,"message":"(100003) @everyone","codeDesc":"AuthFailure"}`:            {purge.Internal, "keys"},
		`{"code":5400,"message":"(9163) @everyone","codeDesc":9163}`:                       {purge.Unknown, "only a part"},
		`{"code":4000,"message":"(99999999999999999999) @everyone","codeDesc":"Whatever"}`: {purge.Invalid, "malformed"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			v := testClient(t, serve(t, says(body)).URL, nil)
			_, err := v.Submit(t.Context(), oneURL(t), nil)
			e := requireKind(t, want.kind, err)
			assert.Contains(t, e.Message, want.says)
			assert.NotContains(t, e.Message, "everyone")
			if unlisted := !strings.Contains(body, "9163") && !strings.Contains(body, "99999999999999999999"); unlisted {
				assert.ErrorIs(t, err, ErrUnlisted)
				assert.Regexp(t, `\(code [0-9/-]+\).* ask whoever runs purgebot to look|ask whoever runs purgebot to look .*\(code`, e.Message)
			}
		})
	}
}

// A code of API 3.0 outside the table gets the meaning of its family. The sentence names the code and the request,
// and the error is marked so that it can be counted. The sentence of a bare family names the code if it says too
// little.
func TestUnlistedCodes3(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		kind   purge.ErrorKind
		wait   time.Duration
		says   string
		listed bool
	}{
		"AuthFailure":                          {purge.Internal, 0, "keys", true},
		"AuthFailure.Newer":                    {purge.Internal, 0, "keys", false},
		"RequestLimitExceeded.Newer":           {purge.Exhausted, time.Second, "slow down", false},
		"InternalError":                        {purge.Unknown, 0, "may or may not", true},
		"InternalError.Newer":                  {purge.Unknown, 0, "may or may not", false},
		"FailedOperation":                      {purge.Unknown, 0, "may or may not", true},
		"FailedOperation.Newer":                {purge.Unknown, 0, "may or may not", false},
		"ResourceInsufficient":                 {purge.Unknown, 0, "may or may not", true},
		"LimitExceeded":                        {purge.Exhausted, 0, "no closer reason", true},
		"LimitExceeded.Newer":                  {purge.Exhausted, 0, "does not know", false},
		"ResourceUnavailable":                  {purge.Conflict, 0, "no closer reason", true},
		"ResourceUnavailable.Newer":            {purge.Conflict, 0, "does not know", false},
		"ResourceInUse":                        {purge.Conflict, 0, "no closer reason", true},
		"ResourceNotFound.Newer":               {purge.NotFound, 0, "does not know", false},
		"UnauthorizedOperation":                {purge.Denied, 0, "no closer reason", true},
		"UnauthorizedOperation.Newer":          {purge.Denied, 0, "does not know", false},
		"OperationDenied":                      {purge.Denied, 0, "no closer reason", true},
		"InvalidParameter":                     {purge.Invalid, 0, "no closer reason", true},
		"InvalidParameterValue.Newer":          {purge.Invalid, 0, "does not know", false},
		"MissingParameter.Newer":               {purge.Internal, 0, "a fault of purgebot", false},
		"UnknownParameter.Newer":               {purge.Internal, 0, "a fault of purgebot", false},
		"Unheard":                              {purge.Unknown, 0, "may or may not", false},
		"LimitExceededx.CdnPurgeUrlExceed":     {purge.Unknown, 0, "may or may not", false},
		"unauthorizedOperation.CdnHostUnauth1": {purge.Unknown, 0, "may or may not", false},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"Response":{"Error":{"Code":%q,"Message":"@everyone"},"RequestId":"r-4711"}}`, code)
			_, err := testClient3(t, serve(t, says(body)).URL, nil).Submit(t.Context(), oneURL(t), nil)
			e := requireKind(t, want.kind, err)
			assert.Equal(t, want.wait, e.RetryAfter)
			assert.Contains(t, e.Message, want.says)
			assert.NotContains(t, e.Message, "everyone")
			assert.NotContains(t, e.Message, "%")
			assert.Equal(t, !want.listed, errors.Is(err, ErrUnlisted))
			if !want.listed || want.says == "no closer reason" {
				assert.Contains(t, e.Message, "(code "+code+", request r-4711)")
				assert.Contains(t, e.Message, "ask whoever runs purgebot to look")
			}
		})
	}
}

// Each code's sentence names the person with the next move: the person who typed, the operator of purgebot or
// the CDN, or the vendor, for whom people wait.
func TestWhoseMove(t *testing.T) {
	t.Parallel()
	const person, operator, vendor = "person", "operator", "vendor"
	signs := map[string]*regexp.Regexp{
		person:   regexp.MustCompile(`(check|correct) (the|its)|send (the targets|them|the command)|name each host|purge the directory`),
		operator: regexp.MustCompile(`ask whoever runs (purgebot|the CDN)`),
		vendor:   regexp.MustCompile(`try again (in|when)|is used up|check the pages? before`),
	}
	sentences := map[string]string{}
	for n, m := range codes {
		sentences[fmt.Sprint(n)] = m.sentence(purge.Mainland)
	}
	for code, m := range codes3 {
		sentences[code] = m.sentence(purge.Overseas)
	}
	for code, say := range sentences {
		some := false
		for _, sign := range signs {
			some = some || sign.MatchString(say)
		}
		assert.True(t, some, "%s leaves everybody without a move: %s", code, say)
		assert.NotContains(t, say, "%")
		assert.Equal(t, 1, strings.Count(say, "."), "%s: one sentence: %s", code, strings.ReplaceAll(say, "https://.", ""))
	}
	for mover, all := range map[string]string{
		operator: `1001 1002 1012 4100 4101 4102 4103 4104 4105 4106 4110 4300 4400 4600 5200 5300 5500 6100 -9014 -9015 9092 9093 9111 9112 9138 9141 9151
			9161 9169 9170 9176 9302 9313 20004 20006 20007 20008 20009 20010 22041 23103 25002 25010 25015 25016 28006 28007 28008
			OperationDenied.ProductUpgraded OperationDenied.ProductUpdating OperationDenied.UserMigrating InvalidParameter.CdnHostExistsInEdgeOne
			UnauthorizedOperation.EcdnMigratedCdn OperationDenied.CdnHostHasDDosRisk ResourceUnavailable.CdnHostIsMalicious
			UnauthorizedOperation.CdnHostInIcpBlacklist ResourceUnavailable.CheckUserHighRisk ResourceUnavailable.CdnHostIsNotOnline
			InvalidParameter.CdnHostInvalidStatus InvalidParameter.CDNStatusInvalidDomain ResourceUnavailable.CdnHostNoIcp
			ResourceUnavailable.CdnHostBelongsToOthersInMainland ResourceUnavailable.CdnHostBelongsToOthersInOverseas
			ResourceNotFound.CdnHostNotExists ResourceNotFound.EcdnDomainNotExists ResourceNotFound.CdnUserNotExists
			UnauthorizedOperation.CdnCamUnauthorized UnauthorizedOperation.CdnHostUnauthorized UnauthorizedOperation.CdnProjectUnauthorized
			UnauthorizedOperation.CdnTagUnauthorized UnauthorizedOperation.CdnAccountUnauthorized UnauthorizedOperation.OpNoAuth
			UnauthorizedOperation.Unknown UnauthorizedOperation.CdnHostIsOwnedByOther UnauthorizedOperation.CdnHostIsUsedByOther
			UnauthorizedOperation.CdnUserIsSuspended UnauthorizedOperation.CdnUserIsIsolated UnauthorizedOperation.CdnInvalidUserStatus
			UnauthorizedOperation.CdnUserAuthFail UnauthorizedOperation.CdnUserAuthWait UnauthorizedOperation.CdnUserInvalidCredential
			UnauthorizedOperation.CdnUserNoWhitelist MissingParameter UnknownParameter IpInBlacklist`,
		person: `9003 9105 9107 9110 9162 9166 9303 9307 20005 21002 22036 22043 22045 22701 23100 5000
			ResourceNotFound.CdnHostNotExists ResourceNotFound.EcdnDomainNotExists InvalidParameter.CdnPurgeWildcardNotAllowed
			InvalidParameter.CdnPushWildcardNotAllowed InvalidParameter.CdnUrlExceedLength InvalidParameter.CdnParamError InvalidParameterValue
			LimitExceeded.CdnPurgeExceedBatchLimit LimitExceeded.CdnPurgeUrlExceedBatchLimit LimitExceeded.CdnPurgePathExceedBatchLimit
			LimitExceeded.CdnPushExceedBatchLimit`,
		vendor: `4200 4400 4500 5100 5400 6000 6200 -9011 -9018 -9021 9000 9135 9163 9175 21000 22044 22046 22063 22800 23101
			ResourceUnavailable.CdnHostIsLocked ResourceInUse.CdnOpInProgress LimitExceeded.CdnPurgeExceedDayLimit
			LimitExceeded.CdnPurgeUrlExceedDayLimit LimitExceeded.CdnPurgePathExceedDayLimit LimitExceeded.CdnPushExceedDayLimit
			LimitExceeded.CdnHostOpTooOften UnauthorizedOperation.OperationTooOften FailedOperation.CdnConfigError
			FailedOperation.DataSystemError InternalError.CdnQueryParamError InternalError.CostDataSystemError InternalError.DataSystemError
			InternalError.InvalidErrorCode InternalError.RouteError InternalError.TagSystemError InternalError.UnknownError`,
	} {
		for _, code := range strings.Fields(all) {
			assert.Regexp(t, signs[mover], sentences[code], "%s is the move of the %s", code, mover)
		}
	}
}

// A refusal that may be about the area names the one that was asked for; where the code tells no more than that, it is marked.
func TestRefusalsOfTheArea(t *testing.T) {
	t.Parallel()
	const observed = `{"code":4000,"message":"(1012)传参错误 invalid error code[域名 www.test.com 未部署在 mainland]","codeDesc":"InvalidParameter"}`
	for area, where := range map[purge.Area]string{purge.Mainland: "in mainland", purge.Overseas: "overseas"} {
		for body, marked := range map[string]bool{
			observed: true,
			`{"code":4000,"message":"(1012) @everyone","codeDesc":1012}`: true,
			`{"code":4000,"message":"(9110) no","codeDesc":9110}`:        false,
			refused3("ResourceNotFound.CdnHostNotExists", "x"):           false,
			refused3("InvalidParameter.CdnParamError", "x"):              false,
		} {
			t.Run(string(area)+body, func(t *testing.T) {
				t.Parallel()
				b := oneURL(t)
				b.Area = area
				var cdn purge.CDN = testClient(t, serve(t, says(body)).URL, nil)
				if strings.Contains(body, "Response") {
					cdn = testClient3(t, serve(t, says(body)).URL, nil)
				}
				_, err := cdn.Submit(t.Context(), b, nil)
				assert.Contains(t, purge.AsError(err).Message, where)
				assert.Equal(t, marked, errors.Is(err, purge.ErrArea))
				assert.NotContains(t, purge.AsError(err).Message, "未部署")
				assert.Equal(t, purge.Never, purge.MayTryAgain(purge.AsError(err)))
			})
		}
	}
}
