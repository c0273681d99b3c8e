package discordsim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

func TestAThreadIsMadeFromAMessageOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	id := f.say(`{"content":"a card"}`)
	path := messages + "/" + id + "/threads"
	f.refused(400, 50035, "POST", path, `{"name":""}`)
	f.refused(400, 50035, "POST", path, `{"name":"x","auto_archive_duration":61}`)
	thread := f.must("POST", path, `{"name":"p-1","auto_archive_duration":60}`)
	assert.Equal(t, id, thread.str("id"))
	assert.Equal(t, discordsim.CDN, thread.str("parent_id"))
	assert.EqualValues(t, 11, thread["type"])
	assert.Equal(t, discordsim.CDN, c.await("THREAD_CREATE").data(t).str("parent_id"))
	f.refused(400, 160004, "POST", path, `{"name":"p-1"}`)

	f.must("POST", "/channels/"+id+"/messages", `{"content":"done"}`)
	f.Type(discordsim.Alice, id, "thanks")
	assert.Equal(t, []string{"a card", "done", "thanks"}, plain(f.Thread(discordsim.CDN, id)))
	assert.Equal(t, []string{"a card"}, plain(f.Messages(discordsim.CDN)))
	assert.Len(t, f.Visible(discordsim.Alice, discordsim.CDN), 3)
	assert.Equal(t, id, f.must("GET", messages+"/"+id, "").str("thread", "id"))
}

func TestAnArchivedThread(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.say(`{"content":"a card"}`)
	f.must("POST", messages+"/"+id+"/threads", `{"name":"p-1"}`)
	said := f.must("POST", "/channels/"+id+"/messages", `{"content":"one"}`).str("id")
	inside := "/channels/" + id + "/messages"

	f.Archive(id, false)
	f.refused(400, 50083, "PATCH", inside+"/"+said, `{"content":"two"}`)
	f.must("POST", inside, `{"content":"a message revives it"}`)
	f.must("PATCH", inside+"/"+said, `{"content":"two"}`)

	f.Archive(id, false)
	f.must("PATCH", "/channels/"+id, `{"archived":false}`)
	f.must("PATCH", inside+"/"+said, `{"content":"three"}`)

	f.Archive(id, true)
	f.refused(400, 160005, "POST", inside, `{"content":"x"}`)
	f.refused(403, 50013, "PATCH", "/channels/"+id, `{"locked":false}`)
	assert.Equal(t, "This thread is locked.", f.Type(discordsim.Alice, id, "x").Refused)
}

func TestWhereAThreadCannotBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.say(`{"content":"a card"}`)
	body := `{"name":"p-1"}`
	f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn", Deny: discordsim.CreatePublicThreads})
	f.refused(403, 50013, "POST", messages+"/"+id+"/threads", body)
	f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn", Deny: discordsim.SendMessagesInThreads})
	f.must("POST", messages+"/"+id+"/threads", body)
	f.refused(403, 50013, "POST", "/channels/"+id+"/messages", `{"content":"x"}`)
	f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn"})
	inner := f.must("POST", "/channels/"+id+"/messages", `{"content":"x"}`).str("id")
	f.refused(400, 50024, "POST", "/channels/"+id+"/messages/"+inner+"/threads", body)
	f.refused(404, 10008, "POST", messages+"/5/threads", body)
	dm := f.DM(discordsim.Alice)
	direct := f.must("POST", "/channels/"+dm+"/messages", `{"content":"x"}`).str("id")
	f.refused(403, 50003, "POST", "/channels/"+dm+"/messages/"+direct+"/threads", body)
	for _, kind := range []discordsim.Kind{discordsim.Voice, discordsim.Forum} {
		f.PutChannel(discordsim.Channel{ID: "100000000000000035", Guild: discordsim.HQ, Kind: kind})
		f.refused(400, 50024, "POST", "/channels/100000000000000035/messages/5/threads", body)
	}
	require.True(t, f.Delete(discordsim.CDN, id))
	f.must("POST", "/channels/"+id+"/messages", `{"content":"an orphan goes on"}`)
	f.DeleteChannel(id)
	f.refused(404, 10003, "POST", "/channels/"+id+"/messages", `{"content":"x"}`)
}
