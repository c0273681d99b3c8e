package slacksim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
)

func TestWhatIsTypedBecomesMarkup(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct{ typed, text string }{
		{"a & b < c > d", "a &amp; b &lt; c &gt; d"},
		{"&amp; stays one level", "&amp;amp; stays one level"},
		{"https://www.test.com/1.jpg", "<https://www.test.com/1.jpg>"},
		{"see https://www.test.com/1.jpg, and (https://a.test/b).", "see <https://www.test.com/1.jpg>, and (<https://a.test/b>)."},
		{"https://a.test/(x)", "<https://a.test/(x)>"},
		{"https://a.test/?a=1&b=<2>", "<https://a.test/?a=1&amp;b=>&lt;2&gt;"},
		{"www.test.com", "<http://www.test.com|www.test.com>"},
		{"www.test.com/a/b.jpg ok", "<http://www.test.com/a/b.jpg|www.test.com/a/b.jpg> ok"},
		{"1.jpg is no host", "1.jpg is no host"},
		{"`https://a.test/x`", "`https://a.test/x`"},
		{"```\nhttps://a.test/x\n```", "```https://a.test/x```"},
		{"> https://a.test/x\nhi", "&gt; <https://a.test/x>\nhi"},
		{"@alice @oncall @channel #cdn @nobody", "<@U0ALICE> <!subteam^S0ONCALL|@oncall> <!channel> <#C0CDN|cdn> @nobody"},
		{"<!channel>", "&lt;!channel&gt;"},
		{"mail@alice.test", "mail@alice.test"},
		{"two\nlines", "two\nlines"},
	} {
		d := f.Type("U0ALICE", "C0CDN", "", c.typed)
		m, _ := f.Message("C0CDN", d.TS)
		assert.Equal(t, c.text, m.Text, c.typed)
		assert.Equal(t, strings.NewReplacer("```\n", "", "\n```", "", "`", "").Replace(c.typed), m.Plain(), "seen as typed")
	}
}

func TestRichText(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0CDN", "", "@bob www.test.com `x` https://a.test/?a&b\n> q\n```\ncode\n```")
	m, _ := f.Message("C0CDN", d.TS)
	var blocks []obj
	require.NoError(t, json.Unmarshal(m.Blocks, &blocks))
	delete(blocks[0], "block_id")
	want := `[{"type":"rich_text","elements":[
		{"type":"rich_text_section","elements":[{"type":"user","user_id":"U0BOB"},{"type":"text","text":" "},
			{"type":"link","url":"http://www.test.com","text":"www.test.com"},{"type":"text","text":" "},
			{"type":"text","text":"x","style":{"code":true}},{"type":"text","text":" "},{"type":"link","url":"https://a.test/?a&b"}]},
		{"type":"rich_text_quote","elements":[{"type":"text","text":"q"}]},
		{"type":"rich_text_preformatted","elements":[{"type":"text","text":"code"}]}]}]`
	got, _ := json.Marshal(blocks)
	assert.JSONEq(t, want, string(got))
}

func TestMentions(t *testing.T) {
	t.Parallel()
	block := func(kind, text string) string {
		quoted, _ := json.Marshal(text)
		return fmt.Sprintf(`[{"type":"section","text":{"type":%q,"text":%s}}]`, kind, quoted)
	}
	for _, c := range []struct {
		text, blocks string
		more         []string
		want         []string
	}{
		{text: "<!channel> <!here|here> <!everyone> <@U1> <@U1|x> <!subteam^S1|@g>", want: []string{"<!channel>", "<!everyone>", "<!here>", "<!subteam^S1>", "<@U1>"}},
		{text: "`<!channel>` ```<@U1>```", want: []string{"<!channel>", "<@U1>"}},
		{text: "&lt;!channel&gt; @channel @alice <https://x.test|@alice> <#C1> <!date^1^{date}|x>"},
		{text: "@alice", more: []string{"link_names", "true"}, want: []string{"@alice"}},
		{text: "@alice", more: []string{"parse", "full"}, want: []string{"@alice"}},
		{text: "x", blocks: block("mrkdwn", "<!channel>"), want: []string{"<!channel>"}},
		{text: "x", blocks: block("plain_text", "<!channel>")},
		{text: "x", blocks: `[{"type":"context","elements":[{"type":"mrkdwn","text":"<@U1>"}]}]`, want: []string{"<@U1>"}},
		{text: "x", blocks: `[{"type":"section","fields":[{"type":"plain_text","text":"<@U2>"},{"type":"mrkdwn","text":"<@U1>"}]}]`, want: []string{"<@U1>"}},
		{text: "x", blocks: `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[
			{"type":"user","user_id":"U1"},{"type":"usergroup","usergroup_id":"S1"},{"type":"broadcast","range":"here"},{"type":"text","text":"<@U2>"}]}]}]`,
			want: []string{"<!here>", "<!subteam^S1>", "<@U1>"}},
		{text: "<@U1>", blocks: block("plain_text", "x"), want: []string{"<@U1>"}},
	} {
		f := newFixture(t)
		pairs := append([]string{"text", c.text}, c.more...)
		if c.blocks != "" {
			pairs = append(pairs, "blocks", c.blocks)
		}
		f.say("C0CDN", pairs...)
		assert.Equal(t, c.want, nilIfEmpty(f.Messages("C0CDN")[0].Mentions()), c.text+c.blocks)
	}
}

func nilIfEmpty(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return s
}

func TestPlainIsWhatAPersonSees(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		"*Bold* and _it_, ~gone~":                     "Bold and it, gone",
		"2 * 3 * 4 and snake_case_name, a_b_ c":       "2 * 3 * 4 and snake_case_name, a_b_ c",
		"*`code`*":                                    "code",
		"`a_b` and `*x*`":                             "a_b and *x*",
		"```\nhttps://x.test/_a_\n*b*\n```":           "https://x.test/_a_\n*b*",
		"https://x.test/_a_/*b*":                      "https://x.test/_a_/*b*",
		"<https://x.test/?a&amp;b>":                   "https://x.test/?a&b",
		"<https://evil.test|https://good.test>":       "https://good.test",
		"`<https://evil.test|good>`":                  "good",
		"<@U0ALICE> <@U9|nick> <@U8> <#C0CDN|x>":      "@alice nick @U8 #cdn",
		"<!channel> <!subteam^S0ONCALL> <!subteam^S>": "@channel @oncall @S",
		"<!date^1^{date}|some day>":                   "some day",
		"&lt;!channel&gt; &amp;lt;":                   "<!channel> &lt;",
		"_a &amp;lt; b_":                              "a &lt; b",
		"open < and `tick":                            "open < and `tick",
	} {
		f := newFixture(t)
		f.say("C0CDN", "text", markup)
		assert.Equal(t, want, f.Messages("C0CDN")[0].Plain(), markup)
	}
}

func TestPlainBlocks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.say("C0CDN", "text", "hidden by the blocks", "blocks", `[
		{"type":"header","text":{"type":"plain_text","text":"Purge *1*"}},
		{"type":"section","text":{"type":"mrkdwn","text":"*a*"},"fields":[{"type":"plain_text","text":"_f_"},{"type":"mrkdwn","text":"_g_"}],
			"accessory":{"type":"button","text":{"type":"plain_text","text":"More"}}},
		{"type":"divider"},
		{"type":"context","elements":[{"type":"mrkdwn","text":"by <@U0ALICE>"},{"type":"plain_text","text":"now"}]},
		{"type":"image","image_url":"https://x.test/i.png","alt_text":"a cat"},
		{"type":"markdown","text":"plain words"},
		{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"item "},{"type":"emoji","name":"ok"}]}]}]},
		{"type":"table","rows":[[{"type":"raw_text","text":"x"},{"type":"raw_text","text":"y"}]]},
		{"type":"plan","title":"Steps","tasks":[{"type":"task_card","title":"send","status":"complete"}]},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"},"style":"primary",
			"confirm":{"title":{"type":"plain_text","text":"t"},"text":{"type":"mrkdwn","text":"Sure?"},"confirm":{"type":"plain_text","text":"y"},"deny":{"type":"plain_text","text":"n"}}}]}]`)
	m := f.Messages("C0CDN")[0]
	assert.Equal(t, "Purge *1*\na\n_f_\ng\n────\nby @alice now\n[a cat]\nplain words\n• item :ok:\nx | y\nSteps\ncomplete: send", m.Plain())
	b := m.Buttons()
	require.Len(t, b, 2)
	assert.Equal(t, []string{"More", "Go", "primary", "Sure?"}, []string{b[0].Text, b[1].Text, b[1].Style, b[1].Confirm})
	assert.NotEmpty(t, b[0].ActionID)
	assert.NotEmpty(t, b[1].BlockID)
}

func TestBlockLimits(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("é", n) }
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	text := func(kind string, n int) string { return fmt.Sprintf(`{"type":%q,"text":%q}`, kind, x(n)) }
	section := func(kind string, n int) string { return `{"type":"section","text":` + text(kind, n) + `}` }
	button := func(label, value, id int) string {
		return fmt.Sprintf(`{"type":"button","text":%s,"value":%q,"action_id":%q}`, text("plain_text", label), x(value), x(id))
	}
	actions := func(elements string) string { return `{"type":"actions","elements":[` + elements + `]}` }
	for _, c := range []struct {
		name, good, bad, pointer string
	}{
		{"blocks", many(50, `{"type":"divider"}`), many(51, `{"type":"divider"}`), "/blocks"},
		{"section", section("mrkdwn", 3000), section("mrkdwn", 3001), "/blocks/0/text/text"},
		{"empty text", section("mrkdwn", 1), section("mrkdwn", 0), "/blocks/0/text/text"},
		{"kind of text", section("plain_text", 1), section("markdown", 1), "/blocks/0/text/type"},
		{"no text", section("plain_text", 1), `{"type":"section"}`, "/blocks/0"},
		{"unknown type", `{"type":"divider"}`, `{"type":"alert"}`, "/blocks/0/type"},
		{"unknown field", `{"type":"divider"}`, `{"type":"divider","color":"red"}`, "/blocks/0"},
		{"fields", `{"type":"section","fields":[` + many(10, text("mrkdwn", 2000)) + `]}`, `{"type":"section","fields":[` + many(11, text("mrkdwn", 1)) + `]}`, "/blocks/0/fields"},
		{"field", `{"type":"section","fields":[` + text("mrkdwn", 2000) + `]}`, `{"type":"section","fields":[` + text("mrkdwn", 2001) + `]}`, "/blocks/0/fields/0/text"},
		{"header", `{"type":"header","text":` + text("plain_text", 150) + `}`, `{"type":"header","text":` + text("plain_text", 151) + `}`, "/blocks/0/text/text"},
		{"header kind", `{"type":"header","text":` + text("plain_text", 1) + `}`, `{"type":"header","text":` + text("mrkdwn", 1) + `}`, "/blocks/0/text/type"},
		{"context", `{"type":"context","elements":[` + many(10, text("mrkdwn", 1)) + `]}`, `{"type":"context","elements":[` + many(11, text("mrkdwn", 1)) + `]}`, "/blocks/0/elements"},
		{"actions", actions(many(25, button(1, 1, 0))), actions(many(26, button(1, 1, 0))), "/blocks/0/elements"},
		{"no actions", actions(button(1, 1, 1)), actions(""), "/blocks/0/elements"},
		{"button text", actions(button(75, 1, 1)), actions(button(76, 1, 1)), "/blocks/0/elements/0/text/text"},
		{"button value", actions(button(1, 2000, 1)), actions(button(1, 2001, 1)), "/blocks/0/elements/0/value"},
		{"action_id", actions(button(1, 1, 255)), actions(button(1, 1, 256)), "/blocks/0/elements/0/action_id"},
		{"action_id twice", actions(button(1, 1, 1) + "," + button(1, 1, 2)), actions(many(2, button(1, 1, 1))), "/blocks/0/elements/1/action_id"},
		{"style", actions(strings.Replace(button(1, 1, 1), "{", `{"style":"danger",`, 1)), actions(strings.Replace(button(1, 1, 1), "{", `{"style":"default",`, 1)), "/blocks/0/elements/0/style"},
		{"block_id", `{"type":"divider","block_id":"` + x(255) + `"}`, `{"type":"divider","block_id":"` + x(256) + `"}`, "/blocks/0/block_id"},
		{"block_id twice", `{"type":"divider","block_id":"a"},{"type":"divider"}`, many(2, `{"type":"divider","block_id":"a"}`), "/blocks/1/block_id"},
		{"markdown", `{"type":"markdown","text":"` + x(12000) + `"}`, many(2, `{"type":"markdown","text":"`+x(6001)+`"}`), "/blocks"},
		{"tables", `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}`, many(2, `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}`), "/blocks"},
		{"image", `{"type":"image","image_url":"https://x.test","alt_text":"x"}`, `{"type":"image","image_url":"https://x.test"}`, "/blocks/0"},
		{"emoji", `{"type":"section","text":{"type":"plain_text","emoji":true,"text":"x"}}`, `{"type":"section","text":{"type":"mrkdwn","emoji":true,"text":"x"}}`, "/blocks/0/text"},
	} {
		f := newFixture(t)
		a := f.call("chat.postMessage", "channel", "C0CDN", "text", "x", "blocks", "["+c.good+"]")
		assert.Equal(t, true, a["ok"], "%s: %v", c.name, a)
		a = f.call("chat.postMessage", "channel", "C0CDN", "text", "x", "blocks", "["+c.bad+"]")
		assert.Equal(t, "invalid_blocks", a.str("error"), c.name)
		said, _ := a.at("response_metadata", "messages").([]any)
		assert.Contains(t, fmt.Sprint(said...), "[json-pointer:"+c.pointer+"]", c.name)
		assert.True(t, strings.HasPrefix(fmt.Sprint(said...), "[ERROR] "), c.name)
	}
}

// Whatever is typed, and whatever an app says, is rendered without a panic; what a person typed never mentions anybody by its own brackets.
func FuzzMarkup(f *testing.F) {
	for _, s := range []string{"<!channel>", "@purgebot x", "*_~`", "```", "<@U1|", "&lt;", "https://", "a.com", "> x", "*a*\xff", "`<a|b>`"} {
		f.Add(s)
	}
	w := slacksim.New()
	f.Fuzz(func(t *testing.T, s string) {
		if strings.HasPrefix(s, "/") {
			return
		}
		d := w.Type("U0ALICE", "C0RANDOM", "", s)
		m, _ := w.Message("C0RANDOM", d.TS)
		m.Plain()
		if !strings.Contains(s, "@") {
			assert.Empty(t, m.Mentions(), "%q became %q", s, m.Text)
		}
		slacksim.Message{Text: s}.Plain()
		slacksim.Message{Text: s}.Mentions()
		slacksim.Message{Blocks: json.RawMessage(s)}.Plain()
	})
}
