package main

import (
	"testing"

	"purgebot/bot/grammar"

	"github.com/stretchr/testify/assert"
)

func TestAsOptions(t *testing.T) {
	t.Parallel()
	var menu []subcommand
	for _, v := range grammar.Menu() {
		c := subcommand{Name: v.Name}
		for _, o := range v.Options {
			c.Options = append(c.Options, registered{o.Name, []int{3, booleanOption, 11}[o.Kind]})
		}
		menu = append(menu, c)
	}
	for typed, want := range map[string]string{
		"hello":                                    "hello",
		"@purgebot purge https://a/":               "@purgebot purge https://a/",
		"/purger https://a/":                       "/purger https://a/",
		"/purge":                                   "/purge form",
		"/purge help":                              "/purge help",
		"/purge --help":                            "/purge help",
		"/purge https://a/":                        "/purge url https://a/",
		"/purge dir https://a/b/ area:overseas":    "/purge dir https://a/b/ area:overseas", // Discord's own way
		"/purge path https://a/b/ --overseas":      "/purge dir https://a/b/ area:overseas",
		"/purge --global https://a/ \n https://b/": "/purge url https://a/ https://b/ area:global",
		"/purge dir https://a/ --area global --mode=delete":                            "/purge dir https://a/ area:global mode:delete",
		`/purge https://a/ --reason "new logo" --private`:                              "/purge url https://a/ reason:new logo private:true",
		`/purge https://a/ --reason one --dry-run`:                                     "/purge url https://a/ reason:one dry-run:true",
		`/purge leak https://a/ https://b/ "a list"`:                                   "/purge leak targets:https://a/ https://b/ reason:a list",
		"/purge status p-7k3f9x2q":                                                     "/purge status p-7k3f9x2q",
		"/purge https://a/ --prefetch":                                                 "/purge url https://a/ prefetch:true",
		"/purge retry p-7k3f9x2q --reason again":                                       "/purge retry p-7k3f9x2q reason:again",
		"/purge quota":                                                                 "/purge quota",
		`/purge freeze a.com 2h "a sale"`:                                              "/purge freeze a.com for:2h reason:a sale",
		`/purge unfreeze *.a.com "over"`:                                               "/purge unfreeze *.a.com reason:over",
		`/purge grant @bob a.com 2h "on call" --kind directory --global`:               "/purge grant @bob domain:a.com for:2h reason:on call kind:directory area:global",
		`/purge revoke r-7k3f9x2q "enough"`:                                            "/purge revoke r-7k3f9x2q reason:enough",
		"/purge history a.com --since 30d --until=2026-11-21 --by me --outcome failed": "/purge history a.com since:30d until:2026-11-21 by:me outcome:failed",
		"/purge dir https://a/ --oversea":                                              "/purge dir https://a/ --oversea", // purgebot is to refuse it
		"/purge https://a/ --reason":                                                   "/purge url https://a/ reason:",
		`/purge https://a/ "never closed`:                                              "/purge url https://a/ reason:never closed",
	} {
		assert.Equal(t, want, asOptions(typed, menu), typed)
		assert.Equal(t, typed, asOptions(typed, nil), "nothing is registered yet")
	}
}
