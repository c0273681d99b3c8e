package tencent

import (
	"fmt"
	"net/http"
	"time"

	"purgebot/purge"
)

// failure returns the error of an exchange without a readable body, or nil.
func (x exchange) failure() *purge.Error {
	switch {
	case x.cause != nil && !x.left && distrust(x.cause):
		return &purge.Error{Kind: purge.Internal, Message: "The certificate of the CDN endpoint cannot be trusted, so this was not done; ask whoever runs purgebot to check PURGEBOT_CDN_ENDPOINT and the certificates of its machine.", Err: x.cause}
	case x.cause != nil && !x.left:
		return &purge.Error{Kind: purge.Unavailable, Message: "Tencent's CDN API could not be reached, so this was not done; try again in a minute.", Err: x.cause}
	case x.status != 0 && x.status != http.StatusOK:
		return x.httpFailure()
	case x.cause != nil:
		return unknown(x.cause)
	}
	return nil
}

// httpFailure returns the error for a status other than 200. The vendor documents 200 for every answer,
// refusals included, and 501 for oversize; other statuses come from a machine in between. A status that means,
// by the definition of HTTP, that the server did not act (3xx, 4xx, 503 with Retry-After) is a refusal; any
// other status may hide a purge.
func (x exchange) httpFailure() *purge.Error {
	err := fmt.Errorf("HTTP %d", x.status)
	switch s := x.status; {
	case s == http.StatusRequestEntityTooLarge, s == http.StatusRequestURITooLong, s == http.StatusNotImplemented:
		return tooLarge(err)
	case s == http.StatusTooManyRequests:
		return &purge.Error{Kind: purge.Exhausted, Message: sayTooFast, RetryAfter: max(x.retryAfter, time.Second), Err: err}
	case s == http.StatusServiceUnavailable && x.retryAfter > 0:
		return &purge.Error{Kind: purge.Unavailable, Message: sayPause, RetryAfter: x.retryAfter, Err: err}
	case s >= 300 && s < 400:
		return &purge.Error{Kind: purge.Internal, Message: "The CDN endpoint points elsewhere, which purgebot does not follow, so this was not done; ask whoever runs purgebot to correct PURGEBOT_CDN_ENDPOINT.", Err: err}
	case s >= 400 && s < 500 && s != http.StatusRequestTimeout:
		return &purge.Error{Kind: purge.Internal, Message: "The CDN endpoint refused the request, so this was not done; ask whoever runs purgebot to check PURGEBOT_CDN_ENDPOINT.", Err: err}
	}
	return unknown(err)
}

func tooLarge(err error) *purge.Error {
	return &purge.Error{Kind: purge.Invalid, Message: "The targets take more room than one call to Tencent has; send them in smaller portions.", Err: err}
}

func unknown(err error) *purge.Error {
	return &purge.Error{Kind: purge.Unknown, Message: "Tencent gave no readable answer, so this may or may not have been done; check the page before you send it again.", Err: err}
}
