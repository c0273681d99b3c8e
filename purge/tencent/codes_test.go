package tencent

import (
	"fmt"
	"strconv"
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
		{"4400", purge.Exhausted, 0, never, "00:00 Beijing time (UTC+8)"},
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
		{"22044", purge.Exhausted, 0, never, "00:00 Beijing time (UTC+8)"},
		{"22046", purge.Exhausted, 0, never, "00:00 Beijing time (UTC+8)"},
		{"23100", purge.Invalid, 0, never, "smaller portions"},
		{"21002", purge.Invalid, 0, never, "smaller portions"},
		{"23101", purge.Exhausted, 0, never, "00:00 Beijing time (UTC+8)"},
		{"21000", purge.Exhausted, 0, never, "00:00 Beijing time (UTC+8)"},
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
		{"ResourceUnavailable.CdnHostBelongsToOthersInMainland", purge.Conflict, 0, never, "another Tencent account"},
		{"ResourceUnavailable.CdnHostBelongsToOthersInOverseas", purge.Conflict, 0, never, "another Tencent account"},
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
		`{"code":4000,"message":"(-9021) @everyone","codeDesc":-9021}`:                     {purge.Unknown, "(code 4000/-9021)"},
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
		})
	}
}

// A code of API 3.0 outside the table gets the meaning of its family, and the sentence names the code if the
// family says too little.
func TestUnlistedCodes3(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		kind purge.ErrorKind
		wait time.Duration
		says string
	}{
		"AuthFailure":                          {purge.Internal, 0, "keys"},
		"AuthFailure.Newer":                    {purge.Internal, 0, "keys"},
		"RequestLimitExceeded.Newer":           {purge.Exhausted, time.Second, "slow down"},
		"InternalError":                        {purge.Unknown, 0, "may or may not"},
		"InternalError.Newer":                  {purge.Unknown, 0, "may or may not"},
		"FailedOperation.Newer":                {purge.Unknown, 0, "may or may not"},
		"ResourceInsufficient":                 {purge.Unknown, 0, "may or may not"},
		"LimitExceeded.Newer":                  {purge.Exhausted, 0, "(code LimitExceeded.Newer)"},
		"ResourceUnavailable.Newer":            {purge.Conflict, 0, "(code ResourceUnavailable.Newer)"},
		"ResourceInUse":                        {purge.Conflict, 0, "(code ResourceInUse)"},
		"ResourceNotFound.Newer":               {purge.NotFound, 0, "(code ResourceNotFound.Newer)"},
		"UnauthorizedOperation.Newer":          {purge.Denied, 0, "(code UnauthorizedOperation.Newer)"},
		"OperationDenied":                      {purge.Denied, 0, "(code OperationDenied)"},
		"InvalidParameter":                     {purge.Invalid, 0, "(code InvalidParameter)"},
		"InvalidParameterValue.Newer":          {purge.Invalid, 0, "(code InvalidParameterValue.Newer)"},
		"MissingParameter":                     {purge.Invalid, 0, "(code MissingParameter)"},
		"UnknownParameter":                     {purge.Invalid, 0, "(code UnknownParameter)"},
		"Unheard":                              {purge.Unknown, 0, "(code Unheard)"},
		"LimitExceededx.CdnPurgeUrlExceed":     {purge.Unknown, 0, "(code LimitExceededx.CdnPurgeUrlExceed)"},
		"unauthorizedOperation.CdnHostUnauth1": {purge.Unknown, 0, "(code unauthorizedOperation.CdnHostUnauth1)"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			_, err := testClient3(t, serve(t, says(refused3(code, "@everyone"))).URL, nil).Submit(t.Context(), oneURL(t), nil)
			e := requireKind(t, want.kind, err)
			assert.Equal(t, want.wait, e.RetryAfter)
			assert.Contains(t, e.Message, want.says)
			assert.NotContains(t, e.Message, "everyone")
		})
	}
}
