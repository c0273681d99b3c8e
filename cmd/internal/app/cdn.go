package app

import (
	"strings"
	"time"

	"purgebot/purge"
	"purgebot/purge/tencent"
)

// The values of PURGEBOT_CDN_API.
const (
	api2 = "2.0"
	api3 = "3.0"
)

// openCDN makes the client of the configured API. The two clients differ in configuration only; both implement the same
// port.
func openCDN(c Config, zone *time.Location, p *pace) (purge.CDN, error) {
	config := tencent.Config{
		Endpoint: c.CDNEndpoint, Method: c.CDNMethod, Signature: c.CDNSignature,
		SecretID: c.SecretID, SecretKey: c.SecretKey, Token: c.Token, Zone: zone, Turn: p.turn, Language: vendorLanguage(c.Language),
	}
	if c.CDNAPI == api3 {
		return tencent.NewV3(config)
	}
	return tencent.NewV2(config)
}

// vendorLanguage returns the vendor's language that comes closest to LANG. Only the log quotes the vendor, so the quoted
// text suits the operator of this process. Texts in a chat are purgebot's own.
func vendorLanguage(lang string) string {
	if strings.HasPrefix(lang, "zh") {
		return "zh-CN"
	}
	return "en-US"
}
