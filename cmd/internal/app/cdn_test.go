package app_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge/tencent/cdnsim"
)

// speaks3 has a stage speak API 3.0.
func speaks3(s *stage) {
	s.env["PURGEBOT_CDN_API"] = "3.0"
	s.env["PURGEBOT_CDN_ENDPOINT"] = strings.TrimSuffix(s.env["PURGEBOT_CDN_ENDPOINT"], "/v2/index.php")
}

// Only the configuration says which API is spoken: the same conversation ends alike over 3.0, and nobody sees the difference.
func TestAPI3(t *testing.T) {
	t.Parallel()
	for text, action := range map[string]string{
		"/purge https://www.test.com/1.jpg":             "PurgeUrlsCache",
		"/purge dir https://www.test.com/a/ --overseas": "PurgePathCache",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, speaks3)
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

// The operator finds a refused request under the vendor's own id, in the log and in the audit.
func TestTheRequestIsNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, speaks3)
	s.cdn.Fault(cdnsim.Fault{Do: cdnsim.Refusal, Code: 4300, Action: "PurgeUrlsCache"})
	s.types("/purge https://www.test.com/1.jpg")
	s.sees("Failed")
	logged := regexp.MustCompile(`call not accepted.*\(request ([\w-]+)\)`).FindStringSubmatch(s.log.String())
	require.Len(t, logged, 2, s.log.String())
	db, err := store.OpenReadOnly(t.Context(), s.env["DATABASE_URL"])
	require.NoError(t, err)
	defer db.Close()
	var audited []string
	for m, err := range db.Timeline(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		if m.What == "answered" {
			audited = append(audited, string(m.Body))
		}
	}
	require.Len(t, audited, 1)
	assert.Contains(t, audited[0], `"request":"`+logged[1]+`"`)
	assert.NotContains(t, s.visible(), logged[1], "it is nothing to whoever typed")
}

// A plan is made for what the vendor takes in one call, once it has said so; before that, for what every account may send.
func TestBatchesAreAsLargeAsTheVendorSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most  int
		asked bool
		want  []int
	}{
		"smaller":         {7, true, []int{7, 7, 7, 4}},
		"larger":          {39, true, []int{25}},
		"not yet asked":   {39, false, []int{20, 5}},
		"none of its own": {0, true, []int{25}}, // 500
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, speaks3, func(s *stage) { s.cdn.BatchDirectories = c.most })
			if c.asked {
				s.types("/purge quota")
				s.sees("100 of 100 left")
			}
			typed := "/purge dir"
			for n := range 25 {
				typed += fmt.Sprintf(" https://www.test.com/%d/", n)
			}
			s.types(typed)
			s.presses("Purge")
			s.sees("Done in ")
			var sizes []int
			for _, r := range s.cdn.Requests() {
				if r.Action == "PurgePathCache" {
					assert.True(t, r.Acted)
					sizes = append(sizes, strings.Count(r.Body, "https://"))
				}
			}
			assert.Equal(t, c.want, sizes)
		})
	}
}

// What the vendor says to the operator is in the operator's language, as the process is told it.
func TestTheVendorSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"": "en-US", "C.UTF-8": "en-US", "de_DE.UTF-8": "en-US", "zh_CN.UTF-8": "zh-CN", "zh": "zh-CN"} {
		s := newStage(t, speaks3, func(s *stage) { s.env["LANG"] = lang })
		s.types("/purge https://www.test.com/1.jpg")
		s.sees("Done in ")
		assert.Contains(t, s.cdn.Requests()[0].String(), "X-TC-Language: "+want+"\n", lang)
	}
}
