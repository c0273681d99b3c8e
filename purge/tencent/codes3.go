package tencent

import (
	"fmt"
	"strings"
	"time"

	"purgebot/purge"
)

// Sentences for codes of API 3.0 only. Each sentence names the person who has to act.
const (
	sayHostState  = "Tencent does not take this for the domain in its present state (off, blocked, or just being changed); ask whoever runs the CDN to look at it."
	sayWildcard   = "Tencent does not purge a domain with a *; name each host by itself and send the command again."
	sayLongURL    = "A URL is longer than Tencent takes; purge the directory above it."
	sayPurgeQuota = "Today's quota of purges on the Tencent account is used up."
	sayEdgeOne    = "This domain, or the whole account, has moved to Tencent EdgeOne, which purgebot does not speak; ask whoever runs the CDN to purge it there."
	sayMoving     = "Tencent is just moving this domain or account to EdgeOne, so this was not done; ask whoever runs the CDN, and try again when that is over."
	sayBadInput3  = "Tencent refused the request as malformed, or because a domain is not served %s; check the targets and where the domain is served, and if they are right ask whoever runs purgebot to look at the log."
	sayOurs       = "Tencent misses something in purgebot's request, or finds something in it that it does not know: that is a fault of purgebot and not of what you typed, and this was not done; ask whoever runs purgebot to look at the log."
	sayAddress    = "Tencent takes no calls from the address of purgebot's machine, so this was not done; ask whoever runs purgebot to have it let in."
	sayMigrated   = "Tencent has moved this domain from one product of its own to another (ECDN, CDN or EdgeOne), where this call does not reach it; ask whoever runs the CDN to purge it there."
	sayOtherIn    = "%s, this domain belongs to another Tencent account than the one that purgebot uses; ask whoever runs the CDN which account it is on."
	sayBusy       = "Tencent has locked this domain, or is just changing it, so this was not done; try again in a few minutes."
)

// pause is the wait after a call too many: the vendor counts calls by the second.
const pause = time.Second

const codeExpired3 = "AuthFailure.SignatureExpire"

// codes3 holds the codes of API 3.0 that purges, prefetches and status questions can meet; see
// https://cloud.tencent.com/document/api/228/30988.
var codes3 = map[string]meaning{
	"AuthFailure.InvalidAuthorization":  {purge.Internal, sayKeys, 0},
	"AuthFailure.InvalidSecretId":       {purge.Internal, sayKeys, 0},
	"AuthFailure.MFAFailure":            {purge.Internal, sayKeys, 0},
	"AuthFailure.SecretIdNotFound":      {purge.Internal, sayKeys, 0},
	codeExpired3:                        {purge.Unavailable, sayClock, 0}, // the first time only; see refused
	"AuthFailure.SignatureFailure":      {purge.Internal, sayKeys, 0},
	"AuthFailure.TokenFailure":          {purge.Internal, sayKeys, 0},
	"AuthFailure.UnauthorizedOperation": {purge.Denied, sayRights, 0},

	"RequestLimitExceeded":                              {purge.Exhausted, sayTooFast, pause},
	"RequestLimitExceeded.GlobalRegionUinLimitExceeded": {purge.Exhausted, sayTooFast, pause},
	"RequestLimitExceeded.IPLimitExceeded":              {purge.Exhausted, sayTooFast, pause},
	"RequestLimitExceeded.UinLimitExceeded":             {purge.Exhausted, sayTooFast, pause},
	"UnauthorizedOperation.OperationTooOften":           {purge.Exhausted, sayTooFast, 10 * time.Second},

	"FailedOperation.CdnConfigError":  {purge.Unknown, sayVendorLong, 0},
	"FailedOperation.DataSystemError": {purge.Unknown, sayVendorLong, 0},

	"InternalError.CamSystemError":      {purge.Unknown, sayVendor, 0},
	"InternalError.CdnConfigError":      {purge.Unknown, sayVendorLong, 0},
	"InternalError.CdnDbError":          {purge.Unknown, sayVendorLong, 0},
	"InternalError.CdnQuerySystemError": {purge.Unknown, sayVendor, 0},
	"InternalError.CdnSystemError":      {purge.Unknown, sayVendor, 0},
	"InternalError.CdnQueryParamError":  {purge.Unknown, sayVendor, 0},
	"InternalError.CostDataSystemError": {purge.Unknown, sayVendor, 0},
	"InternalError.DataSystemError":     {purge.Unknown, sayVendor, 0},
	"InternalError.InvalidErrorCode":    {purge.Unknown, sayVendorLong, 0},
	"InternalError.RouteError":          {purge.Unknown, sayVendor, 0},
	"InternalError.TagSystemError":      {purge.Unknown, sayVendor, 0},
	"InternalError.UnknownError":        {purge.Unknown, sayVendor, 0},
	"InternalError.Error":               {purge.Unknown, sayVendor, 0},
	"InternalError.ProxyServer":         {purge.Unknown, sayVendor, 0},

	"ActionOffline":        {purge.Internal, sayAction, 0},
	"InvalidAction":        {purge.Internal, sayAction, 0},
	"NoSuchVersion":        {purge.Internal, sayAction, 0},
	"UnsupportedOperation": {purge.Internal, sayAction, 0},

	"NoSuchProduct":             {purge.Internal, sayAction, 0},
	"UnsupportedRegion":         {purge.Internal, sayAction, 0},
	"UnsupportedProtocol":       {purge.Internal, sayHTTPS, 0},
	"IpInBlacklist":             {purge.Denied, sayAddress, 0},
	"IpNotInWhitelist":          {purge.Denied, sayAddress, 0},
	"InvalidRequest":            {purge.Internal, sayOurs, 0},
	"MissingParameter":          {purge.Internal, sayOurs, 0},
	"UnknownParameter":          {purge.Internal, sayOurs, 0},
	"InvalidParameterValue":     {purge.Invalid, sayBadInput, 0},
	"RequestSizeLimitExceeded":  {purge.Invalid, sayTooMany, 0},
	"ResponseSizeLimitExceeded": {purge.Unknown, sayVendor, 0},
	"ServiceUnavailable":        {purge.Unknown, sayVendor, 0},

	"InvalidParameter.CdnHostInvalidStatus":       {purge.Conflict, sayHostState, 0},
	"InvalidParameter.CDNStatusInvalidDomain":     {purge.Conflict, sayHostState, 0},
	"InvalidParameter.CdnHostExistsInEdgeOne":     {purge.Conflict, sayEdgeOne, 0},
	"InvalidParameter.CdnPushWildcardNotAllowed":  {purge.Invalid, sayWildcard, 0},
	"InvalidParameter.CdnParamError":              {purge.Invalid, sayBadInput3, 0},
	"InvalidParameter.CdnPurgeWildcardNotAllowed": {purge.Invalid, sayWildcard, 0},
	"InvalidParameter.CdnUrlExceedLength":         {purge.Invalid, sayLongURL, 0},

	"LimitExceeded.CdnPurgeExceedBatchLimit":     {purge.Invalid, sayTooMany, 0},
	"LimitExceeded.CdnPurgeExceedDayLimit":       {purge.Exhausted, sayPurgeQuota, 0},
	"LimitExceeded.CdnPurgePathExceedBatchLimit": {purge.Invalid, sayTooMany, 0},
	"LimitExceeded.CdnPurgePathExceedDayLimit":   {purge.Exhausted, sayDirQuota, 0},
	"LimitExceeded.CdnPurgeUrlExceedBatchLimit":  {purge.Invalid, sayTooMany, 0},
	"LimitExceeded.CdnPurgeUrlExceedDayLimit":    {purge.Exhausted, sayURLQuota, 0},
	"LimitExceeded.CdnPushExceedBatchLimit":      {purge.Invalid, sayTooMany, 0},
	"LimitExceeded.CdnPushExceedDayLimit":        {purge.Exhausted, sayPushQuota, 0},

	"LimitExceeded.CdnHostOpTooOften": {purge.Exhausted, sayTooFast, 10 * time.Second},

	"OperationDenied.CdnHostHasDDosRisk": {purge.Denied, sayRisk, 0},
	"OperationDenied.ProductUpdating":    {purge.Denied, sayMoving, 0},
	"OperationDenied.ProductUpgraded":    {purge.Denied, sayEdgeOne, 0},
	"OperationDenied.UserMigrating":      {purge.Denied, sayMoving, 0},

	"ResourceInUse.CdnOpInProgress":                        {purge.Unavailable, sayBusy, time.Minute},
	"ResourceNotFound.EcdnDomainNotExists":                 {purge.NotFound, sayNoDomain, 0},
	"ResourceUnavailable.CdnHostBelongsToOthersInMainland": {purge.Conflict, fmt.Sprintf(sayOtherIn, "In mainland"), 0},
	"ResourceUnavailable.CdnHostBelongsToOthersInOverseas": {purge.Conflict, fmt.Sprintf(sayOtherIn, "Overseas"), 0},
	"ResourceUnavailable.CdnHostIsLocked":                  {purge.Unavailable, sayBusy, time.Minute},
	"ResourceUnavailable.CdnHostIsMalicious":               {purge.Conflict, sayRisk, 0},
	"ResourceUnavailable.CdnHostNoIcp":                     {purge.Conflict, sayICP, 0},
	"ResourceUnavailable.CheckUserHighRisk":                {purge.Denied, sayRisk, 0},
	"ResourceNotFound.CdnHostNotExists":                    {purge.NotFound, sayNoDomain, 0},
	"ResourceNotFound.CdnUserNotExists":                    {purge.Denied, sayNoCDN, 0},
	"ResourceUnavailable.CdnHostIsNotOnline":               {purge.Conflict, sayOffline, 0},

	"UnauthorizedOperation.CdnAccountUnauthorized":   {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnHostInIcpBlacklist":    {purge.Denied, sayRisk, 0},
	"UnauthorizedOperation.CdnHostIsUsedByOther":     {purge.Denied, sayOthers, 0},
	"UnauthorizedOperation.CdnInvalidUserStatus":     {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.CdnProjectUnauthorized":   {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnTagUnauthorized":       {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnUserInvalidCredential": {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.CdnUserNoWhitelist":       {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.OpNoAuth":                 {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.Unknown":                  {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnCamUnauthorized":       {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnHostIsOwnedByOther":    {purge.Denied, sayOthers, 0},
	"UnauthorizedOperation.CdnHostUnauthorized":      {purge.Denied, sayRights, 0},
	"UnauthorizedOperation.CdnUserAuthFail":          {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.CdnUserAuthWait":          {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.CdnUserIsIsolated":        {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.CdnUserIsSuspended":       {purge.Denied, sayAccount, 0},
	"UnauthorizedOperation.EcdnMigratedCdn":          {purge.Denied, sayMigrated, 0},
}

// families maps the first word of a code to a meaning for codes that codes3 does not list, and for codes that are
// that word alone.
var families = map[string]meaning{
	"AuthFailure":           {purge.Internal, sayKeys, 0},
	"FailedOperation":       {purge.Unknown, sayVendorLong, 0},
	"InternalError":         {purge.Unknown, sayVendorLong, 0},
	"InvalidParameter":      {purge.Invalid, sayUnlisted, 0},
	"InvalidParameterValue": {purge.Invalid, sayUnlisted, 0},
	"LimitExceeded":         {purge.Exhausted, sayUnlisted, 0},
	"MissingParameter":      {purge.Internal, sayOurs, 0},
	"OperationDenied":       {purge.Denied, sayUnlisted, 0},
	"RequestLimitExceeded":  {purge.Exhausted, sayTooFast, pause},
	"ResourceInUse":         {purge.Conflict, sayUnlisted, 0},
	"ResourceInsufficient":  {purge.Unknown, sayVendorLong, 0},
	"ResourceNotFound":      {purge.NotFound, sayUnlisted, 0},
	"ResourceUnavailable":   {purge.Conflict, sayUnlisted, 0},
	"UnauthorizedOperation": {purge.Denied, sayUnlisted, 0},
	"UnknownParameter":      {purge.Internal, sayOurs, 0},
}

// meaning3 returns the meaning of a code: its own, else its family's, else that of an unknown code. A sentence of
// the latter two holds the text named, which is the code and the request. A family's own name counts as listed.
func meaning3(code, named string) (m meaning, listed bool) {
	if m, listed = codes3[code]; listed {
		return m, true
	}
	word, _, more := strings.Cut(code, ".")
	m, ok := families[word]
	switch {
	case !ok:
		return meaning{kind: purge.Unknown, say: fmt.Sprintf(sayUnheard, named)}, false
	case m.say == sayUnlisted && !more:
		m.say = fmt.Sprintf(sayNamed, named)
	case m.say == sayUnlisted:
		m.say = fmt.Sprintf(sayUnlisted, named)
	case more:
		m.say += fmt.Sprintf(sayNew, named)
	}
	return m, !more
}
