package tencent

import (
	"errors"
	"time"

	"purgebot/purge"
)

// meaning is our translation of a vendor's code: a kind for the program, a sentence for the person who typed,
// and the shortest wait for codes that pass by themselves. A %s in the sentence stands for the area of the call.
type meaning struct {
	kind purge.ErrorKind
	say  string
	wait time.Duration
}

// Sentences that several codes share. Each sentence names the person who has to act.
const (
	sayKeys       = "Tencent did not accept purgebot's keys, so this was not done; ask whoever runs purgebot to check TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN."
	sayRights     = "Tencent does not let purgebot's key do this; ask whoever runs purgebot to give the key the right to it."
	sayAccount    = "Tencent refuses this account for now; ask whoever runs purgebot to settle it with Tencent (blocked, unpaid, on trial, or not qualified)."
	sayNoCDN      = "The CDN service is not activated on this Tencent account; ask whoever runs purgebot to check which account its keys belong to."
	sayClock      = "Tencent took the request for a repeated or outdated one, so this was not done; try again in a minute."
	sayNoDomain   = "This domain is not on the Tencent account that purgebot uses, or not served %s; check its spelling, or ask whoever runs the CDN where it is."
	sayMisfit     = "Tencent does not take this %s, most likely because the domain is not served there; ask whoever runs the CDN where it is served."
	sayBadDomain  = "Tencent cannot read this domain; check its spelling and send the command again."
	sayBadInput   = "Tencent refused the request as malformed; check the targets, and if they are right ask whoever runs purgebot to look at the log."
	sayOffline    = "This domain is switched off at Tencent CDN, so this was not done; ask whoever runs the CDN to start it."
	sayDeploying  = "Tencent is just changing this domain's configuration; try again in a few minutes."
	sayLocked     = "Tencent has locked this domain for a special configuration; ask whoever runs the CDN to talk to Tencent."
	sayTooFast    = "Tencent asks purgebot to slow down; try again in a minute."
	sayTooMany    = "That was too much for one call to Tencent; send the targets in smaller portions."
	sayURLQuota   = "Today's quota of URL purges on the Tencent account is used up."
	sayDirQuota   = "Today's quota of directory purges on the Tencent account is used up."
	sayCallQuota  = "Today's number of calls that Tencent takes from this account is used up; ask whoever runs purgebot what else makes calls with it."
	sayPushQuota  = "Today's quota of prefetches on the Tencent account is used up."
	sayVendor     = "Tencent answered with a fault of its own, so this may or may not have been done; check the page before you send it again."
	sayVendorLong = "Tencent answered with a fault of its own, so this may or may not have been done; check the page before you send it again, and if the fault stays ask whoever runs purgebot to report it to Tencent."
	sayPause      = "Tencent's CDN API is out of service for now; try again in some minutes."
	sayAction     = "Tencent does not offer this action here; ask whoever runs purgebot to check PURGEBOT_CDN_API and PURGEBOT_CDN_ENDPOINT."
	sayHTTPS      = "Tencent wants HTTPS; ask whoever runs purgebot to check that PURGEBOT_CDN_ENDPOINT begins with https://."
	sayPartly     = "Tencent carried out only a part of this and does not say which; check the pages before you send it again."
	sayNotFound   = "Tencent does not know what the request is about; check the targets and send the command again."
	sayNoTask     = "Tencent does not know this purge task; check the page itself."
	sayDates      = "Tencent keeps no record of this purge for those dates; check the page itself."
	sayNamed      = "Tencent refused this and gave no closer reason than its code (%s); ask whoever runs purgebot to look the code up."
	sayUnlisted   = "Tencent refused this for a reason that purgebot does not know (%s); ask whoever runs purgebot to look the code up."
	sayUnheard    = "Tencent answered with a code that purgebot does not know (%s), so this may or may not have been done; check the page before you send it again, and ask whoever runs purgebot to look the code up."
	sayNew        = " The code is new to purgebot (%s): ask whoever runs purgebot to look it up."
	sayOthers     = "This domain belongs to another Tencent account than the one that purgebot uses; ask whoever runs the CDN which account it is on."
	sayICP        = "This domain has no ICP filing, without which Tencent does not take this; ask whoever runs the CDN to settle it."
	sayRisk       = "Tencent has blocked this domain or account for its risk or its content; ask whoever runs the CDN to settle it with Tencent."
	sayRestricted = "Tencent restricts this domain; ask whoever runs the CDN to settle it with Tencent."
	sayNoOverseas = "This Tencent account may not serve domains overseas; ask whoever runs the CDN to settle it with Tencent."
)

// Codes with a special treatment in the program.
const (
	codeCarrier = 4000 // a bad parameter, or the carrier of a business code
	codeExpired = 4200
	codeReplay  = 4500
	codePartly  = 5400
	codeArea    = 1012 // a wrong parameter; in every report, the area of a domain
)

// ErrUnlisted marks the error of a code that the tables of this package lack, so that such answers can be counted.
var ErrUnlisted = errors.New("a code that purgebot does not list")

// codes holds the common codes and the business codes that a purge can meet, from
// https://cloud.tencent.com/document/product/228/5078 (without the codes about settings of domains, certificates
// and origins), and one code that users reported. Their numbers do not overlap. A business code, if present, is
// more precise than the common code. Faults within the vendor's systems are Unknown: such a system may fail after
// it has acted.
var codes = map[int]meaning{
	codeCarrier: {purge.Invalid, sayBadInput, 0},
	4100:        {purge.Internal, sayKeys, 0},
	4101:        {purge.Denied, sayRights, 0},
	4102:        {purge.Denied, sayRights, 0},
	4103:        {purge.Denied, sayRights, 0},
	4104:        {purge.Internal, sayKeys, 0},
	4105:        {purge.Internal, sayKeys, 0},
	4106:        {purge.Internal, sayKeys, 0},
	4110:        {purge.Denied, sayRights, 0},
	codeExpired: {purge.Unavailable, sayClock, 0}, // the first time only; see refused
	4300:        {purge.Denied, sayAccount, 0},
	4400:        {purge.Exhausted, sayCallQuota, 0}, // ends with the vendor's day, like every quota
	codeReplay:  {purge.Unavailable, sayClock, 0},   // the first time only; see refused
	4600:        {purge.Internal, sayHTTPS, 0},
	5000:        {purge.NotFound, sayNotFound, 0},
	5100:        {purge.Unknown, sayVendor, 0},
	5200:        {purge.Denied, sayAccount, 0},
	5300:        {purge.Denied, sayAccount, 0},
	codePartly:  {purge.Unknown, sayPartly, 0},
	5500:        {purge.Denied, sayAccount, 0},
	6000:        {purge.Unknown, sayVendor, 0},
	6100:        {purge.Internal, sayAction, 0},
	6200:        {purge.Unavailable, sayPause, time.Minute},

	-9021:    {purge.Unknown, sayVendor, 0},
	-9018:    {purge.Unknown, sayVendor, 0},
	-9015:    {purge.Unknown, sayVendorLong, 0},
	-9014:    {purge.Unknown, sayVendorLong, 0},
	-9011:    {purge.Unknown, sayVendor, 0},
	-9009:    {purge.NotFound, sayNotFound, 0},
	1001:     {purge.Denied, sayAccount, 0},
	1002:     {purge.Denied, sayAccount, 0},
	codeArea: {purge.NotFound, sayMisfit, 0},
	9000:     {purge.Unknown, sayVendor, 0},
	9003:     {purge.Invalid, sayBadInput, 0},
	9092:     {purge.Conflict, sayOthers, 0},
	9093:     {purge.Conflict, sayOthers, 0},
	9105:     {purge.NotFound, sayNoDomain, 0},
	9107:     {purge.Invalid, sayBadDomain, 0},
	9110:     {purge.NotFound, sayNoDomain, 0},
	9111:     {purge.Denied, sayNoCDN, 0},
	9112:     {purge.Conflict, sayOffline, 0},
	9135:     {purge.Unavailable, sayDeploying, time.Minute},
	9138:     {purge.Conflict, sayOthers, 0},
	9141:     {purge.Conflict, sayOthers, 0},
	9150:     {purge.Invalid, sayDates, 0},
	9151:     {purge.Unknown, sayVendorLong, 0},
	9161:     {purge.Conflict, sayLocked, 0},
	9162:     {purge.Invalid, sayTooMany, 0},
	9163:     {purge.Exhausted, sayTooFast, 10 * time.Second},
	9166:     {purge.Invalid, sayBadDomain, 0},
	9169:     {purge.Denied, sayAccount, 0},
	9170:     {purge.Denied, sayAccount, 0},
	9175:     {purge.Unavailable, sayDeploying, time.Minute},
	9176:     {purge.Conflict, sayOffline, 0},
	9302:     {purge.Conflict, sayOthers, 0},
	9303:     {purge.Invalid, sayBadDomain, 0},
	9307:     {purge.NotFound, sayNoDomain, 0},
	9313:     {purge.Conflict, sayOffline, 0},
	20004:    {purge.Conflict, sayICP, 0},
	20005:    {purge.Invalid, sayBadDomain, 0},
	20006:    {purge.Conflict, sayRestricted, 0},
	20007:    {purge.Conflict, sayRestricted, 0},
	20008:    {purge.Conflict, sayRestricted, 0},
	20009:    {purge.Conflict, sayRisk, 0},
	20010:    {purge.Conflict, sayRisk, 0},
	21000:    {purge.Exhausted, sayPushQuota, 0},
	21001:    {purge.NotFound, sayNoTask, 0},
	21002:    {purge.Invalid, sayTooMany, 0},
	22036:    {purge.Invalid, sayBadDomain, 0},
	22041:    {purge.Denied, sayNoCDN, 0},
	22043:    {purge.Invalid, sayTooMany, 0},
	22044:    {purge.Exhausted, sayURLQuota, 0},
	22045:    {purge.Invalid, sayTooMany, 0},
	22046:    {purge.Exhausted, sayDirQuota, 0},
	22063:    {purge.Exhausted, sayTooFast, 10 * time.Second},
	22701:    {purge.Invalid, sayBadDomain, 0},
	22800:    {purge.Unknown, sayVendor, 0},
	23100:    {purge.Invalid, sayTooMany, 0},
	23101:    {purge.Exhausted, sayPushQuota, 0},
	23103:    {purge.Denied, sayRights, 0},
	25002:    {purge.Denied, sayRights, 0},
	25010:    {purge.Denied, sayRights, 0},
	25015:    {purge.Denied, sayNoOverseas, 0},
	25016:    {purge.Conflict, sayLocked, 0},
	28006:    {purge.Conflict, sayOffline, 0},
	28007:    {purge.Conflict, sayOffline, 0},
	28008:    {purge.Conflict, sayOffline, 0},
}
