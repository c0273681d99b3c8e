package slacksim

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// surface is where blocks are shown; it decides which and how many.
type surface struct {
	most  int // https://docs.slack.dev/reference/block-kit/blocks/
	kinds []string
}

var (
	onMessage = surface{50, []string{"section", "divider", "header", "context", "actions", "image", "rich_text", "markdown", "table", "input", "plan", "task_card", "file", "video"}}
	onModal   = surface{100, []string{"section", "divider", "header", "context", "actions", "image", "rich_text", "input", "alert", "video"}}
)

// The limits, in characters and items. Text objects: https://docs.slack.dev/reference/block-kit/composition-objects/text-object/
const (
	maxSection, maxField, maxFields = 3000, 2000, 10 // .../blocks/section-block/
	maxHeader                       = 150            // .../blocks/header-block/
	maxContext, maxActions          = 10, 25         // .../blocks/context-block/, actions-block/
	maxBlockID, maxActionID         = 255, 255       //
	maxButton, maxValue, maxURL     = 75, 2000, 3000 // .../block-elements/button-element/
	maxAlt                          = 2000           // .../blocks/image-block/
	maxMarkdown                     = 12000          // .../blocks/markdown-block/, all of a message together
	maxRows, maxCells               = 100, 20        // .../blocks/table-block/
	maxLabel, maxPlaceholder        = 2000, 150      // .../blocks/input-block/
	maxInput                        = 3000           // .../block-elements/plain-text-input-element/
	maxOptions, maxOption, maxPick  = 100, 75, 150   // .../composition-objects/option-object/
	maxViewText, maxMetadata        = 24, 3000       // https://docs.slack.dev/reference/views/
	maxDialogTitle, maxDialogText   = 100, 300       // .../composition-objects/confirmation-dialog-object/
	maxDialogButton, maxPlanTasks   = 30, 50         //
	tooManyTables                   = "only one table block is allowed per message"
)

// checker collects what is wrong, each with its JSON pointer, as Slack reports it.
type checker struct {
	problems []string
	on       surface
}

func (c *checker) say(at, format string, a ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, a...)+" [json-pointer:"+at+"]")
}

// checkBlocks returns what is wrong with blocks; nothing if Slack would take them.
func checkBlocks(blocks []node, on surface) []string {
	c := &checker{on: on}
	if len(blocks) > on.most {
		c.say("/blocks", "no more than %d items allowed", on.most)
	}
	markdown, tables, ids := 0, 0, map[string]bool{}
	for i, b := range blocks {
		at := fmt.Sprintf("/blocks/%d", i)
		c.block(b, at)
		if id := b.str("block_id"); id != "" && ids[id] {
			c.say(at+"/block_id", "duplicate block_id: %s", id)
		}
		ids[b.str("block_id")] = true
		if b.str("type") == "markdown" {
			markdown += utf8.RuneCountInString(b.str("text"))
		}
		if b.str("type") == "table" {
			tables++
		}
	}
	if markdown > maxMarkdown {
		c.say("/blocks", "markdown text must be less than %d characters in total", maxMarkdown+1)
	}
	if tables > 1 {
		c.say("/blocks", tooManyTables)
	}
	return c.problems
}

// checkView returns what is wrong with a modal around its blocks: https://docs.slack.dev/reference/views/modal-views/
func checkView(v node) []string {
	c := &checker{}
	if v.str("type") != "modal" {
		c.say("/view/type", "unsupported type: %s", v.str("type"))
	}
	c.text(v["title"], "/view/title", maxViewText, "plain_text")
	for _, button := range []string{"submit", "close"} {
		if v.has(button) {
			c.text(v[button], "/view/"+button, maxViewText, "plain_text")
		}
	}
	c.length(v.str("callback_id"), "/view/callback_id", maxBlockID)
	c.length(v.str("private_metadata"), "/view/private_metadata", maxMetadata)
	asks := slices.ContainsFunc(v.list("blocks"), func(b node) bool { return b.str("type") == "input" })
	if asks && !v.has("submit") {
		c.say("/view/submit", "missing required field: submit")
	}
	return c.problems
}

func (c *checker) block(b node, at string) {
	kind := b.str("type")
	if !slices.Contains(c.on.kinds, kind) {
		c.say(at+"/type", "unsupported type: %s", kind)
		return
	}
	c.length(b.str("block_id"), at+"/block_id", maxBlockID)
	switch kind {
	case "section":
		c.section(b, at)
	case "header":
		c.fields(b, at, "text")
		c.text(b["text"], at+"/text", maxHeader, "plain_text")
	case "divider":
		c.fields(b, at)
	case "context":
		c.fields(b, at, "elements")
		c.context(b, at)
	case "actions":
		c.fields(b, at, "elements")
		c.actions(b, at)
	case "image":
		c.image(b, at)
	case "input":
		c.input(b, at)
	case "table":
		c.table(b, at)
	case "markdown":
		if b.str("text") == "" {
			c.say(at+"/text", "must be more than 0 characters")
		}
	case "rich_text":
		if len(b.list("elements")) == 0 {
			c.say(at+"/elements", "missing required field: elements")
		}
	}
}

// fields refuses what the block does not have.
func (c *checker) fields(n node, at string, known ...string) {
	for key := range n {
		if key != "type" && key != "block_id" && !slices.Contains(known, key) {
			c.say(at, "invalid additional property: %s", key)
		}
	}
}

func (c *checker) section(b node, at string) {
	c.fields(b, at, "text", "fields", "accessory", "expand")
	if !b.has("text") && !b.has("fields") {
		c.say(at, "missing required field: text or fields")
	}
	if b.has("text") {
		c.text(b["text"], at+"/text", maxSection, "plain_text", "mrkdwn")
	}
	fields := b.list("fields")
	c.count(len(fields), b.has("fields"), at+"/fields", maxFields)
	for i, f := range fields {
		c.text(f, fmt.Sprintf("%s/fields/%d", at, i), maxField, "plain_text", "mrkdwn")
	}
	if b.has("accessory") {
		c.element(b.node("accessory"), at+"/accessory")
	}
}

func (c *checker) context(b node, at string) {
	elements := b.list("elements")
	c.count(len(elements), true, at+"/elements", maxContext)
	for i, e := range elements {
		where := fmt.Sprintf("%s/elements/%d", at, i)
		if e.str("type") == "image" {
			c.image(e, where)
			continue
		}
		c.text(e, where, maxSection, "plain_text", "mrkdwn")
	}
}

func (c *checker) actions(b node, at string) {
	elements := b.list("elements")
	c.count(len(elements), true, at+"/elements", maxActions)
	ids := map[string]bool{}
	for i, e := range elements {
		where := fmt.Sprintf("%s/elements/%d", at, i)
		c.element(e, where)
		if id := e.str("action_id"); id != "" && ids[id] {
			c.say(where+"/action_id", "duplicate action_id: %s", id)
		}
		ids[e.str("action_id")] = true
	}
}

func (c *checker) image(b node, at string) {
	if b.str("image_url") == "" && !b.has("slack_file") {
		c.say(at, "missing required field: image_url")
	}
	if b.str("alt_text") == "" {
		c.say(at, "missing required field: alt_text")
	}
	c.length(b.str("image_url"), at+"/image_url", maxURL)
	c.length(b.str("alt_text"), at+"/alt_text", maxAlt)
}

func (c *checker) input(b node, at string) {
	c.fields(b, at, "label", "element", "hint", "optional", "dispatch_action")
	c.text(b["label"], at+"/label", maxLabel, "plain_text")
	if b.has("hint") {
		c.text(b["hint"], at+"/hint", maxLabel, "plain_text")
	}
	c.element(b.node("element"), at+"/element")
}

func (c *checker) table(b node, at string) {
	rows, _ := b["rows"].([]any)
	c.count(len(rows), true, at+"/rows", maxRows)
	for i, row := range rows {
		cells, _ := row.([]any)
		c.count(len(cells), true, fmt.Sprintf("%s/rows/%d", at, i), maxCells)
	}
}

// element checks a button, a text field or a choice.
func (c *checker) element(e node, at string) {
	c.length(e.str("action_id"), at+"/action_id", maxActionID)
	if e.has("confirm") {
		c.dialog(e.node("confirm"), at+"/confirm")
	}
	if e.has("placeholder") {
		c.text(e["placeholder"], at+"/placeholder", maxPlaceholder, "plain_text")
	}
	switch kind := e.str("type"); kind {
	case "button":
		c.button(e, at)
	case "plain_text_input":
		if e.number("max_length") > maxInput {
			c.say(at+"/max_length", "must be less than %d", maxInput+1)
		}
		c.length(e.str("initial_value"), at+"/initial_value", maxInput)
	case "static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow":
		c.options(e, at, kind)
	case "image":
		c.image(e, at)
	case "users_select", "conversations_select", "channels_select", "datepicker", "timepicker", "number_input", "url_text_input", "email_text_input", "file_input":
	default:
		c.say(at+"/type", "unsupported type: %s", kind)
	}
}

func (c *checker) button(e node, at string) {
	c.fields(e, at, "text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
	c.text(e["text"], at+"/text", maxButton, "plain_text")
	c.length(e.str("value"), at+"/value", maxValue)
	c.length(e.str("url"), at+"/url", maxURL)
	c.length(e.str("accessibility_label"), at+"/accessibility_label", maxButton)
	if e.has("style") && e.str("style") != "primary" && e.str("style") != "danger" {
		c.say(at+"/style", "must be a valid enum value")
	}
}

func (c *checker) options(e node, at, kind string) {
	most := maxOptions
	if kind == "radio_buttons" || kind == "checkboxes" {
		most = maxContext
	}
	options := e.list("options")
	c.count(len(options), !e.has("option_groups"), at+"/options", most)
	for i, o := range options {
		where := fmt.Sprintf("%s/options/%d", at, i)
		c.text(o["text"], where+"/text", maxOption, "plain_text", "mrkdwn")
		c.length(o.str("value"), where+"/value", maxPick)
	}
}

func (c *checker) dialog(d node, at string) {
	c.text(d["title"], at+"/title", maxDialogTitle, "plain_text")
	c.text(d["text"], at+"/text", maxDialogText, "plain_text", "mrkdwn")
	c.text(d["confirm"], at+"/confirm", maxDialogButton, "plain_text")
	c.text(d["deny"], at+"/deny", maxDialogButton, "plain_text")
}

// text checks a text object: of one of these kinds, not empty, not too long.
func (c *checker) text(v any, at string, most int, kinds ...string) {
	t := asNode(v)
	if t == nil {
		c.say(at, "missing required field: %s", at[lastSlash(at)+1:])
		return
	}
	if !slices.Contains(kinds, t.str("type")) {
		c.say(at, "failed to match all allowed schemas")
		c.say(at+"/type", "must be a valid enum value")
		return
	}
	switch n := utf8.RuneCountInString(t.str("text")); {
	case n == 0:
		c.say(at, "failed to match all allowed schemas")
		c.say(at+"/text", "must be more than 0 characters")
	case n > most:
		c.say(at, "failed to match all allowed schemas")
		c.say(at+"/text", "must be less than %d characters", most+1)
	}
	if t.str("type") == "mrkdwn" && t.has("emoji") {
		c.say(at, "invalid additional property: emoji")
	}
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

func (c *checker) length(s, at string, most int) {
	if utf8.RuneCountInString(s) > most {
		c.say(at, "must be less than %d characters", most+1)
	}
}

func (c *checker) count(n int, required bool, at string, most int) {
	switch {
	case n > most:
		c.say(at, "no more than %d items allowed", most)
	case n == 0 && required:
		c.say(at, "no fewer than 1 items allowed")
	}
}
