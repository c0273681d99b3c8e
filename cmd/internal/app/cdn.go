package app

import (
	"strings"
	"time"

	"purgebot/purge"
	"purgebot/purge/tencent"
)

// The APIs that can be said.
const (
	api2 = "2.0"
	api3 = "3.0"
)

// openCDN is the client of the API that was said. The two differ in what can be configured, not in what they are asked.
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

// vendorLanguage is the closest that the vendor speaks to the language of LANG. Only the log quotes the vendor, so its reader is
// whoever runs the process; what people in a chat read is in our own words.
func vendorLanguage(lang string) string {
	if strings.HasPrefix(lang, "zh") {
		return "zh-CN"
	}
	return "en-US"
}
