package discordsim

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits, in characters and items. Messages: https://docs.discord.com/developers/resources/message#create-message;
// embeds: .../resources/message#embed-object-embed-limits; components: .../components/reference
const (
	maxContent, maxEmbeds, maxFiles   = 2000, 10, 10
	maxTitle, maxDescription          = 256, 4096
	maxFields, maxName, maxValue      = 25, 256, 1024
	maxFooter, maxAuthor, maxAllText  = 2048, 256, 6000
	maxRows, maxInRow                 = 5, 5
	maxCustomID, maxLabel, maxLink    = 100, 80, 512
	maxOptions, maxOption, maxHolder  = 25, 100, 150
	maxComponents, maxText            = 40, 4000 // the second is widely reported, not documented
	maxNonce, maxMentioned            = 25, 100
	maxModalTitle, maxInputs          = 45, 5
	maxInput, maxInputLabel, maxGhost = 4000, 45, 100
	maxHint                           = 100
)

// length checks a text: its characters are counted, blanks around it are not.
func (c *checker) length(text, at string, least, most int) {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	switch {
	case n < least && n == 0:
		c.say(at, "BASE_TYPE_REQUIRED", "This field is required")
	case n < least || n > most && least > 0:
		c.say(at, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	case n > most:
		c.say(at, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", most)
	}
}

func (c *checker) count(n, least, most int, at string) {
	if n < least || n > most {
		c.say(at, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
}

// checkMessage returns what is wrong with a message; at begins every path ("data." in a callback).
func checkMessage(b node, files []File, flags Flag, at string) *failure {
	c := &checker{}
	c.length(b.str("content"), at+"content", 0, maxContent)
	c.length(b.str("nonce"), at+"nonce", 0, maxNonce)
	c.count(len(b.list("embeds")), 0, maxEmbeds, at+"embeds")
	c.count(len(files), 0, maxFiles, at+"attachments")
	c.embeds(b.list("embeds"), at+"embeds")
	c.allowed(b.node("allowed_mentions"), at+"allowed_mentions")
	c.attachments(b, files, at+"attachments")
	if flags&ComponentsV2 != 0 {
		c.free(b, at)
	} else {
		c.rows(b.list("components"), at+"components")
	}
	return c.failure()
}

func (c *checker) embeds(embeds []node, at string) {
	total := 0
	text := func(s, where string, most int) {
		c.length(s, where, 0, most)
		total += utf8.RuneCountInString(strings.TrimSpace(s))
	}
	for i, e := range embeds {
		where := fmt.Sprintf("%s.%d", at, i)
		text(e.str("title"), where+".title", maxTitle)
		text(e.str("description"), where+".description", maxDescription)
		text(e.node("footer").str("text"), where+".footer.text", maxFooter)
		text(e.node("author").str("name"), where+".author.name", maxAuthor)
		c.count(len(e.list("fields")), 0, maxFields, where+".fields")
		for j, f := range e.list("fields") {
			field := fmt.Sprintf("%s.fields.%d", where, j)
			c.length(f.str("name"), field+".name", 1, maxName)
			c.length(f.str("value"), field+".value", 1, maxValue)
			total += utf8.RuneCountInString(strings.TrimSpace(f.str("name") + f.str("value")))
		}
		if link := e.str("url"); link != "" && !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") {
			c.say(where+".url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').")
		}
	}
	if total > maxAllText {
		c.say(at, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of %d", maxAllText)
	}
}

// allowed: https://docs.discord.com/developers/resources/message#allowed-mentions-object
func (c *checker) allowed(a node, at string) {
	for i, kind := range a.texts("parse") {
		if kind != "users" && kind != "roles" && kind != "everyone" {
			c.say(fmt.Sprintf("%s.parse.%d", at, i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'everyone', 'roles').")
		}
	}
	for _, kind := range []string{"users", "roles"} {
		ids := a.texts(kind)
		if len(ids) > 0 && slices.Contains(a.texts("parse"), kind) {
			c.say(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse:[\"%s\"] and %s: [ids...] are mutually exclusive.", kind, kind)
		}
		c.count(len(ids), 0, maxMentioned, at+"."+kind)
	}
}

// attachments: what is new must come along as files[n].
func (c *checker) attachments(b node, files []File, at string) {
	for i, a := range b.list("attachments") {
		id := attachmentID(a)
		came := slices.ContainsFunc(files, func(f File) bool { return f.ID == id })
		if len(id) < 15 && !came {
			c.say(fmt.Sprintf("%s.%d.id", at, i), "ATTACHMENT_NOT_FOUND", "Attachment data for files[%s] was not found", id)
		}
	}
}

// attachmentID is a snowflake or a number.
func attachmentID(a node) string {
	if id := a.str("id"); id != "" {
		return id
	}
	return fmt.Sprint(a.number("id"))
}

// rows are the components of an ordinary message: https://docs.discord.com/developers/components/reference#action-row
func (c *checker) rows(rows []node, at string) {
	c.count(len(rows), 0, maxRows, at)
	ids := map[string]bool{}
	for i, row := range rows {
		where := fmt.Sprintf("%s.%d", at, i)
		if row.number("type") != actionRow {
			c.say(where+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).")
			continue
		}
		c.row(row, where, ids)
	}
}

func (c *checker) row(row node, at string, ids map[string]bool) {
	inside := row.list("components")
	c.count(len(inside), 1, maxInRow, at+".components")
	for i, one := range inside {
		where := fmt.Sprintf("%s.components.%d", at, i)
		switch kind := one.number("type"); {
		case kind == button:
			c.button(one, where)
		case kind >= stringSelect && kind <= 8 && kind != textInput:
			c.selection(one, where)
			c.count(len(inside), 1, 1, at+".components")
		default:
			c.say(where+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (2, 3, 5, 6, 7, 8).")
		}
		c.unique(one, where, ids)
	}
}

func (c *checker) unique(one node, at string, ids map[string]bool) {
	id := one.str("custom_id")
	if id != "" && ids[id] {
		c.say(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	ids[id] = true
}

func (c *checker) button(b node, at string) {
	style := b.number("style")
	if style < 1 || style > 6 {
		c.say(at+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	}
	c.length(b.str("label"), at+".label", 0, maxLabel)
	if b.str("label") == "" && !b.has("emoji") {
		c.say(at, "BUTTON_COMPONENT_MISSING_LABEL", "A label or emoji is required for a button")
	}
	switch {
	case style == 5 && b.str("custom_id") != "":
		c.say(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")
	case style == 5:
		c.length(b.str("url"), at+".url", 1, maxLink)
	case style < 5:
		c.length(b.str("custom_id"), at+".custom_id", 1, maxCustomID)
	}
}

func (c *checker) selection(s node, at string) {
	c.length(s.str("custom_id"), at+".custom_id", 1, maxCustomID)
	c.length(s.str("placeholder"), at+".placeholder", 0, maxHolder)
	if s.number("type") != stringSelect {
		return
	}
	c.count(len(s.list("options")), 1, maxOptions, at+".options")
	for i, o := range s.list("options") {
		where := fmt.Sprintf("%s.options.%d", at, i)
		c.length(o.str("label"), where+".label", 1, maxOption)
		c.length(o.str("value"), where+".value", 1, maxOption)
		c.length(o.str("description"), where+".description", 0, maxOption)
	}
}

// free are the components of a message with IS_COMPONENTS_V2, which has nothing else.
func (c *checker) free(b node, at string) {
	for _, key := range []string{"content", "embeds"} {
		if b.str(key) != "" || len(b.list(key)) > 0 {
			c.say(at+key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The '%s' field cannot be used when using MessageFlags.IS_COMPONENTS_V2", key)
		}
	}
	total, text, ids := 0, 0, map[string]bool{}
	walk(b.list("components"), func(one node) {
		total++
		text += utf8.RuneCountInString(one.str("content"))
		if one.number("type") == button {
			c.button(one, at+"components")
		}
		c.unique(one, at+"components", ids)
	})
	if total > maxComponents {
		c.say(at+"components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The total number of components must be %d or fewer", maxComponents)
	}
	if text > maxText {
		c.say(at+"components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "The total displayable text size must be %d or fewer", maxText)
	}
}

// checkModal: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
func checkModal(b node) *failure {
	c := &checker{}
	c.length(b.str("custom_id"), "data.custom_id", 1, maxCustomID)
	c.length(b.str("title"), "data.title", 1, maxModalTitle)
	top := b.list("components")
	c.count(len(top), 1, maxInputs, "data.components")
	ids := map[string]bool{}
	for i, one := range top {
		where := fmt.Sprintf("data.components.%d", i)
		switch one.number("type") {
		case actionRow:
			c.count(len(one.list("components")), 1, 1, where+".components")
			for _, inside := range one.list("components") {
				c.length(inside.str("label"), where+".components.0.label", 1, maxInputLabel)
				c.input(inside, where+".components.0", ids)
			}
		case label:
			c.length(one.str("label"), where+".label", 1, maxInputLabel)
			c.length(one.str("description"), where+".description", 0, maxHint)
			c.input(one.node("component"), where+".component", ids)
		case textDisplay:
		default:
			c.say(where+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1, 10, 18).")
		}
	}
	return c.failure()
}

func (c *checker) input(i node, at string, ids map[string]bool) {
	c.unique(i, at, ids)
	switch i.number("type") {
	case textInput:
		c.textInput(i, at)
	case stringSelect:
		c.selection(i, at)
	case 5, 6, 7, 8, fileUpload, 21, 22, 23:
		c.length(i.str("custom_id"), at+".custom_id", 1, maxCustomID)
	default:
		c.say(at+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (3, 4, 5, 6, 7, 8, 19, 21, 22, 23).")
	}
}

func (c *checker) textInput(i node, at string) {
	c.length(i.str("custom_id"), at+".custom_id", 1, maxCustomID)
	c.length(i.str("value"), at+".value", 0, maxInput)
	c.length(i.str("placeholder"), at+".placeholder", 0, maxGhost)
	if style := i.number("style"); style != 1 && style != 2 {
		c.say(at+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
	}
	if i.number("min_length") < 0 || i.number("min_length") > maxInput {
		c.say(at+".min_length", "NUMBER_TYPE_MAX", "int value should be less than or equal to %d.", maxInput)
	}
	if most := i.number("max_length"); i.has("max_length") && (most < 1 || most > maxInput) {
		c.say(at+".max_length", "NUMBER_TYPE_MAX", "int value should be less than or equal to %d.", maxInput)
	}
}
