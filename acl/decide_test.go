package acl

import (
	"testing"

	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// ask asks for a URL in mainland, outside every channel.
func ask(p *Policy, who Subject, url string, groups ...Subject) Ask {
	t, err := purge.Parse(purge.URL, url)
	if err != nil {
		panic(err)
	}
	return Ask{Who: p.Who(who, groups), Kind: purge.URL, Area: purge.Mainland, Target: t}
}
func TestX(t *testing.T) { require.True(t, true) }
