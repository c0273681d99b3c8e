package cdnsim

import (
	"fmt"
	"maps"
	"time"
)

// symbols is what API 3.0 calls the refusals of API 2.0: https://cloud.tencent.com/document/api/228/30988
var symbols = map[int]string{
	4100: "AuthFailure.SignatureFailure", 4101: "UnauthorizedOperation.CdnCamUnauthorized", 4104: "AuthFailure.SecretIdNotFound",
	4105: "AuthFailure.TokenFailure", 4300: "UnauthorizedOperation.CdnUserIsSuspended", 4400: "RequestLimitExceeded",
	4500: "AuthFailure.SignatureExpire", 6000: "InternalError.CdnSystemError", 6100: "InvalidAction",
	1012: "InvalidParameter.CdnParamError", 9003: "InvalidParameter.CdnParamError", 9107: "InvalidParameter.CdnParamError", 9110: "ResourceNotFound.CdnHostNotExists",
	9111: "ResourceNotFound.CdnUserNotExists", 9112: "InvalidParameter.CdnHostInvalidStatus", 9163: "UnauthorizedOperation.OperationTooOften",
	22043: "LimitExceeded.CdnPurgeUrlExceedBatchLimit", 22044: "LimitExceeded.CdnPurgeUrlExceedDayLimit",
	22045: "LimitExceeded.CdnPurgePathExceedBatchLimit", 22046: "LimitExceeded.CdnPurgePathExceedDayLimit",
	25002: "UnauthorizedOperation.CdnHostUnauthorized",
}

func (r *refusal) name() string {
	switch symbol := symbols[r.code]; {
	case r.symbol != "":
		return r.symbol
	case symbol != "":
		return symbol
	}
	return "InternalError.CdnSystemError"
}

// answer3 is the envelope of API 3.0 around a result or a refusal. Each has an id of its own.
func (s *Sim) answer3(result any, no *refusal, now time.Time) answer {
	s.ids++
	inside := map[string]any{"RequestId": fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(now.Unix()), s.ids)}
	a := answer{envelope: map[string]any{"Response": inside}}
	if no != nil {
		a.symbol = no.name()
		inside["Error"] = map[string]any{"Code": a.symbol, "Message": no.text}
		return a
	}
	maps.Copy(inside, result.(map[string]any))
	return a
}
