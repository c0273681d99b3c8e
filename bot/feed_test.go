package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/bot/chat"
	"purgebot/purge"
)

func auditChannel(o *Options) {
	o.AuditChannel = chat.Thread{Platform: "slack", Workspace: "T0", Channel: "CAUDIT"}
}

// audits waits until the audit channel shows a text, and returns everything in the channel.
func (w *world) audits(something string) string {
	w.t.Helper()
	told := func() (text string) {
		for _, m := range w.chat.all() {
			if m.at.Channel == "CAUDIT" {
				text += textOf(m.card)
			}
		}
		return text
	}
	w.chat.await(w.t, func(m shown) bool { return m.at.Channel == "CAUDIT" && strings.Contains(textOf(m.card), something) })
	return told()
}

func TestAuditChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auditChannel)
	w.tellsAll(t)
	w.stop()
	w.chat.mu.Lock()
	before := len(w.chat.messages)
	w.chat.mu.Unlock()
	w.start(auditChannel)
	w.types(bob, `unfreeze www.abc.com "over"`)
	all := w.audits("ended the freeze of")
	assert.Equal(t, 1, strings.Count(all, "froze www.abc.com"), "a restart tells nothing twice")
	assert.Greater(t, len(w.chat.all()), before)
}

func (w *world) tellsAll(t *testing.T) {
	w.types(alice, `dir https://www.test.com/secret/ --private --reason "a leak"`)
	w.presses(alice, "Purge")
	w.ends("Done")
	w.types(bob, `freeze www.abc.com 2h "release"`)
	w.types(bob, `grant <@UCAROL> www.abc.com 2h "on call"`)
	w.types(carol, "https://www.example.com/1.jpg")
	all := w.audits("granted www.abc.com for slack:T0/UCAROL until")
	assert.Contains(t, all, "Alice (UALICE) · asked for · p-")
	assert.Contains(t, all, "1 directory on www.test.com in mainland · in slack:T0/C0 · reason: a leak")
	assert.Contains(t, all, "Alice (UALICE) · confirmed · p-")
	assert.Contains(t, all, "purgebot · ended · p-")
	assert.Contains(t, all, " · done · ")
	assert.Contains(t, all, "Bob (UBOB) · froze www.abc.com until")
	assert.Contains(t, all, "reason: on call")
	assert.NotContains(t, all, "secret", "no target of a private purge")
	assert.NotContains(t, all, "example.com")
}

// A closed audit channel delays no purge, and gets the missing rows once it is open.
func TestAuditChannelClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auditChannel)
	w.chat.setFail(&purge.Error{Kind: purge.Unavailable, Message: "Later."})
	w.types(alice, "https://www.test.com/1.jpg")
	assert.Eventually(t, func() bool { return len(w.cdn.sent()) == 1 }, 60e9, 5e6)
	w.chat.setFail(nil)
	w.audits("Alice (UALICE) · asked for · p-")
}
