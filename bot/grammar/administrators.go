package grammar

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// This file reads the values of administrators' commands: a domain, a span of time and a subject.

// These spans bound a rule that was made in chat. A longer grant belongs in the policy file.
const (
	maxFreeze = 30 * 24 * time.Hour
	maxGrant  = 24 * time.Hour
)

// host takes a bare host, also in the form of the link that a chat makes of a host. A wrong host is returned corrected if possible,
// for the corrected line. The parameter typed is the whole word that holds the host.
func (p *parser) host(word, typed string) string {
	address := word
	if !isLink(word) {
		address = "https://" + word
	}
	t, err := purge.Parse(purge.URL, address)
	if err != nil {
		refused := asRefused(err)
		p.fail(sayNoHost(typed, refused.Reason))
		t, _ = purge.Parse(purge.URL, refused.Suggest)
		return t.Host()
	}
	_, bare, _ := strings.Cut(address, "://")
	if !strings.EqualFold(strings.TrimSuffix(bare, "/"), t.Host()) {
		p.fail(sayHost(typed))
	}
	return t.Host()
}

// domain takes a host, or "*." with a host.
func (p *parser) domain(word string) {
	if word == "*." { // the chat made a link of the host behind "*.", so the host is a separate word
		before := p.reader
		if host := p.next(); host.kind == pieceBare && !host.fresh {
			word += host.text
		} else {
			p.reader = before
		}
	}
	host, wild := strings.CutPrefix(word, "*.")
	if wild && isLink(host) {
		p.fail(sayHost(word))
		return
	}
	if p.in.Domain = p.host(host, word); wild && p.in.Domain != "" {
		p.in.Domain = "*." + p.in.Domain
	}
}

// takeSpan takes the duration of a rule.
func (p *parser) takeSpan(word string) {
	most := maxFreeze
	if p.verb == VerbGrant {
		most = maxGrant
	}
	d, is := parseSpan(word)
	switch {
	case !is || d == 0:
		p.fail(saySpan(word))
	case d > most:
		p.fail(sayLongSpan(word, most))
		p.in.For = most
	default:
		p.in.For = d
	}
}

// parseSpan reads "45m", "12h", "30d" or "2w". A day has 24 hours.
func parseSpan(s string) (d time.Duration, is bool) {
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if s == "" {
		return 0, false
	}
	last := len(s) - 1
	n, err := strconv.ParseUint(s[:last], 10, 16)
	unit := units[s[last]|0x20]
	return time.Duration(n) * unit, err == nil && unit > 0
}

// spanText writes a duration in the form that span reads, such as "2h"; it returns "" for zero.
func spanText(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

// subject takes the receiver of a grant: a subject, a mention, or a name of the policy file.
func (p *parser) subject(word string) {
	if token := mention(word); token != "" {
		p.in.Subject = token
		return
	}
	if strings.Contains(word, ":") {
		s, err := acl.ParseSubject(word)
		if err != nil {
			p.fail(sayWrongSubject(word, err))
			return
		}
		p.in.Subject = string(s)
		return
	}
	if !isCalled(word) {
		p.fail(sayWrongSubject(word, errors.New("mention the person or the group, paste what whoami shows, or write the name of a group of the policy file")))
		return
	}
	p.in.Subject = word
}

// takeBy takes the person whose purges a history shows. A plain name is refused with the form to type.
func (p *parser) takeBy(value string) {
	token := mention(value)
	_, err := acl.ParseSubject(value)
	switch {
	case token != "":
		p.in.By = token
	case value == "me" || err == nil || strings.HasPrefix(value, "@") && isCalled(value):
		p.in.By = value
	default:
		p.fail(saySubject(value))
	}
}

// isCalled reports whether a word can be the name of a policy file's group or of a person, and has no other meaning.
func isCalled(word string) bool {
	word = strings.TrimPrefix(word, "@")
	strange := func(c rune) bool {
		return !unicode.IsGraphic(c) || unicode.IsSpace(c) || strings.ContainsRune("\"'`<>,;@#*/:|\\", c)
	}
	return word != "" && len(word) <= 64 && !isDash(word) && utf8.ValidString(word) && strings.IndexFunc(word, strange) < 0
}

// mention returns a chat's token for a mentioned person or group, without its label: "<@U1>" and "<!subteam^S1>" in Slack, "<@1>" and
// "<@&1>" in Discord. The result is "" if the word is no mention.
// https://docs.slack.dev/messaging/formatting-message-text/, https://docs.discord.com/developers/reference#message-formatting-formats
func mention(word string) string {
	inside, opens := strings.CutPrefix(word, "<")
	inside, closes := strings.CutSuffix(inside, ">")
	inside, _, _ = strings.Cut(inside, "|")
	if !opens || !closes {
		return ""
	}
	for _, sign := range []string{"!subteam^", "@&", "@!", "@"} {
		if id, is := strings.CutPrefix(inside, sign); is && id != "" && strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			return "<" + strings.Replace(sign, "@!", "@", 1) + id + ">"
		}
	}
	return ""
}

// Subject returns the subject that a token of an Intent means in the thread of its command: a mention names an account of the thread's
// workspace. The result is "" for "me", for a name of the policy file, and for a mention in the style of another platform.
func Subject(at chat.Thread, token string) acl.Subject {
	if m := mention(token); m != "" && at.Workspace != "" {
		id := strings.NewReplacer("<!subteam^", "", "<@&", "role/", "<@", "", ">", "").Replace(m)
		token = at.Platform + ":" + at.Workspace + "/" + id
	}
	s, err := acl.ParseSubject(token)
	if err != nil {
		return ""
	}
	return s
}
