package acl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGrantsOnPublicSuffixes checks that grants refuse "*." before every kind of public suffix, and nowhere
// else.
func TestGrantsOnPublicSuffixes(t *testing.T) {
	t.Parallel()
	shared := strings.Fields(`com net co.uk org.uk com.cn gov.cn com.au co.jp tokyo.jp kawasaki.jp ck github.io gitlab.io vercel.app netlify.app pages.dev workers.dev
		s3.amazonaws.com cloudfront.net blogspot.com herokuapp.com web.app azurewebsites.net myshopify.com xn--55qx5d.cn xn--fiqs8s`)
	own := strings.Fields(`example.com example.co.uk static.example.org example.com.cn somebody.github.io city.kawasaki.jp shop.kawasaki.kawasaki.jp test.com
		a.b.c.example.net example.xn--fiqs8s corp.internal my-app.vercel.app`)
	for _, host := range shared {
		assert.Contains(t, judgeDomain(host, "*."+host, false), "would grant every host below it, of all owners", host)
		assert.Empty(t, judgeDomain(host, "*."+host, true), "a denial may name %s", host)
		if strings.Contains(host, ".") {
			assert.Empty(t, judgeDomain(host, host, false), "%s itself is one host", host)
		}
	}
	for _, host := range own {
		assert.Empty(t, judgeDomain(host, "*."+host, false), host)
	}
}
