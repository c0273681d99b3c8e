package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/purge/tencent/cdnsim"
)

// Only the configuration says which API is spoken: the same conversation ends alike over 3.0, and nobody sees the difference.
func TestAPI3(t *testing.T) {
	t.Parallel()
	for text, action := range map[string]string{
		"/purge https://www.test.com/1.jpg":             "PurgeUrlsCache",
		"/purge dir https://www.test.com/a/ --overseas": "PurgePathCache",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(s *stage) {
				s.env["PURGEBOT_CDN_API"] = "3.0"
				s.env["PURGEBOT_CDN_ENDPOINT"] = strings.TrimSuffix(s.env["PURGEBOT_CDN_ENDPOINT"], "/v2/index.php")
			})
			s.types(text)
			if action == "PurgePathCache" {
				s.presses("Purge")
			}
			s.sees("Done in ")
			assert.Equal(t, []string{action}, s.actions())
			for _, r := range s.cdn.Requests() {
				assert.Equal(t, cdnsim.API3, r.API)
				assert.True(t, r.Verified)
			}
			assert.NotContains(t, s.log.String(), canaryKey)
		})
	}
}
