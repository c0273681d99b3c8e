package grammar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"purgebot/purge"
)

// Words that are no part of a command: courtesies and marks of lists, and what they mean for the addresses beside them.

// courtesies surround a command without changing it. The words of a denial are none: "did not purge" asks for nothing.
var courtesies = strings.Fields(`please pls plz kindly thanks thank thx ty cheers you u your now asap urgent urgently quickly immediately
	today again too also and plus & + with can could would will shall need needs needed want wants to i we my our the this that these those a an
	is are was were it its url urls link links page pages file files image images css js asset assets cache caches cached cdn for me us in on from of at by
	hey hi hello help clear flush refresh invalidate reload update updated renew bust wipe drop reset purging purges do go just some both all
	old new stale broken wrong here there below following target targets address addresses http https bitte danke und por favor
	merci et s'il vous plait -> => → : = | / \ get head`)

// conjunctions make a sentence of the words between an address and the name of another file.
var conjunctions = strings.Fields("and or also plus then is was are please pls & + vs via to")

// denials turn a command around.
var denials = strings.Fields(`or not don't dont no never without except exclude excluding skip stop cancel undo but didn't did wasn't isn't
	doesn't won't cannot can't unless instead nicht kein ne pas 不 别 勿 不要 别刷 不用 除了`)

// requests are what people write to their bot in Chinese, right behind an address as well.
var requests = strings.Fields(`请 帮 麻烦 谢 刷新 刷 清 缓存 更新 一下 推送 预热 紧急 急 尽快 马上 现在 需要 大佬 老师 看 这个 这些 这里 链接 地址 生效 节点 页面 资源
	文件 图片有 未 没 还是 也 和 以及 都 了 吧 啊 的 有问题 有 お願い ください クリア キャッシュ を`)

// isRequest says whether a text of another alphabet is a request, or begins with what ends an address in prose.
func isRequest(s string) bool {
	if wideAt(s, wideOpening+wideClosing+"“”‘’") > 0 {
		return true
	}
	return slices.ContainsFunc(requests, func(r string) bool { return strings.HasPrefix(s, r) })
}

// isNoise says whether a word means nothing to a command: a courtesy, a mark, an emoji, a mention.
func isNoise(w string) bool {
	w = strings.ToLower(w)
	bare := strings.TrimFunc(w, func(c rune) bool { return unicode.IsPunct(c) || unicode.IsSymbol(c) })
	switch {
	case bare == "" || slices.Contains(courtesies, w) || slices.Contains(courtesies, bare):
		return true
	case strings.HasPrefix(w, "<@"), strings.HasPrefix(w, "<!"), strings.HasPrefix(w, "<#"), strings.HasPrefix(w, "@"):
		return true
	case len(w) > 2 && w[0] == ':' && w[len(w)-1] == ':', strings.HasPrefix(w, "http/"):
		return true
	}
	return strings.IndexFunc(w, func(c rune) bool { return c < utf8.RuneSelf && isAlphanumeric(c) }) < 0 && isRequest(bare)
}

// isPolite says whether a word is no part of any value either.
func isPolite(w string) bool {
	polite := strings.Fields("please pls plz thanks thank thx ty now asap and is are was too also http")
	bare := strings.TrimFunc(strings.ToLower(w), func(c rune) bool { return unicode.IsPunct(c) || unicode.IsSymbol(c) })
	return isNoise(w) && (bare == "" || slices.Contains(polite, bare) || bare[0] >= utf8.RuneSelf || w[0] == '<' || w[0] == '@' || w[0] == ':' || strings.HasPrefix(bare, "http/"))
}

// isDenial says whether a word may turn the command around.
func isDenial(w string) bool {
	w = strings.ReplaceAll(strings.ToLower(w), "’", "'")
	w = strings.TrimFunc(w, func(c rune) bool { return unicode.IsPunct(c) && c != '\'' })
	if slices.Contains(denials, w) {
		return true
	}
	return slices.ContainsFunc([]string{"不", "别", "勿"}, func(d string) bool { return strings.HasPrefix(w, d) })
}

// whole are the words for everything on a host, which the command for that is "dir" and the host's "/".
var wholes = strings.Fields("everything all host site website sitewide domain whole entire full everything's 全站 整站 全部")

// isMark says whether a word is the mark of a list, a quotation or a table.
func isMark(w string) bool {
	switch w {
	case "-", "–", "—", "*", "+", "•", "◦", "▪", "▫", "‣", "⁃", "●", "○", "·", "∙", "■", "□", "☐", "☑", "✓", "✔", "✅", "❌", "→", "➜", "»",
		">", ">>", ">>>", "|", "||", "[", "]", "[x]", "[X]", "**", "__", "_", "~", "~~", "***":
		return true
	}
	return isNumbering(w)
}

// isNumbering says whether a word numbers an item: "1.", "12)", "(3)", "4、", "a)", "①".
func isNumbering(w string) bool {
	if r, n := utf8.DecodeRuneInString(w); n == len(w) && n > 0 && r >= '①' && r <= '⑳' {
		return true
	}
	body := strings.TrimLeft(w, "(（[#")
	inner := strings.TrimRight(body, ".):、．）】]：")
	if inner == body || inner == "" || len(inner) > 3 {
		return false
	}
	return strings.Trim(inner, "0123456789") == "" || len(inner) == 1 && inner[0]|0x20 >= 'a' && inner[0]|0x20 <= 'z'
}

// marksBefore returns the length of the marks that stand right before an address or its wrapping, as in "•https://" or "**<https://"; 0 if it is none.
func marksBefore(s string) int {
	n := 0
	for n < len(s) && n < 16 {
		c, size := utf8.DecodeRuneInString(s[n:])
		if !strings.ContainsRune("*_~|>-–—+•◦▪‣●○·#→»", c) {
			break
		}
		n += size
	}
	if n == 0 {
		for n < len(s) && n < 4 && isDigit(s[n]) {
			n++
		}
		if n == 0 || n == len(s) {
			return 0
		}
		c, size := utf8.DecodeRuneInString(s[n:])
		if !strings.ContainsRune(".)、．）:", c) {
			return 0
		}
		n += size
	}
	if strings.HasSuffix(s[:n], "|") && !strings.HasSuffix(s[:n], "||") {
		return 0
	}
	if n < len(s) && (isLink(s[n:]) || s[n] == '<' && len(s) > n+1 && linkish(s[n+1:min(len(s), n+200)]) || s[n] == '`' || s[n] == '[') {
		return n
	}
	return 0
}

// tailWord is a word right behind an address, which may be the rest of it.
type tailWord struct {
	text  string
	fresh bool   // on a line of its own
	blame string // what is said of it where it is no part of an address
}

// The ways to read the words behind an address.
type tailing int

const (
	tailStray tailing = iota // no part of it
	tailJoin                 // the rest of it
	tailGuess                // one or the other
)

// tailOf says what the words behind an address are, and the address with its rest. The name of a file has one ending, at its end.
func tailOf(address string, words []tailWord) (joined string, how tailing) {
	if strings.HasPrefix(words[0].text, "*") {
		return starTail(address, words)
	}
	if joined, is := broken(address, words); is {
		return joined, tailJoin
	}
	last := -1
	for i, w := range words {
		if endsAddress(w.text) && !isDenial(w.text) {
			last = i
		}
	}
	if last < 0 {
		return address, withoutEnding(address, words)
	}
	if hasExtension(cutTail(address)) || strings.ContainsAny(address, "?#") {
		return address, tailGuess
	}
	if strings.HasSuffix(words[last].text, "/") && strings.HasSuffix(address, "/") { // perhaps another directory
		return address, tailGuess
	}
	sentence := slices.ContainsFunc(words[:last], func(w tailWord) bool { return slices.Contains(conjunctions, strings.ToLower(w.text)) })
	rest := slices.ContainsFunc(words[last+1:], func(w tailWord) bool { return !isNoise(w.text) })
	if sentence || rest {
		return address, tailGuess
	}
	if strings.HasPrefix(words[0].text, "/") && (!words[0].fresh || strings.HasSuffix(address, "/")) {
		return address, tailGuess
	}
	joined = address
	for i, w := range words[:last+1] {
		if i == last {
			w.text = cutTail(w.text)
		}
		if !w.fresh && !strings.HasSuffix(joined, "/") {
			joined += " "
		}
		joined += w.text
	}
	return joined, tailJoin
}

// endsAddress says whether a word ends as addresses do: with the ending of a file, or with "/".
func endsAddress(w string) bool {
	return hasExtension(cutTail(w)) || len(w) > 1 && strings.HasSuffix(w, "/")
}

// starTail reads a "*" behind an address: a pattern behind a directory, and the end of bold text behind what is complete.
func starTail(address string, words []tailWord) (joined string, how tailing) {
	switch {
	case strings.HasSuffix(address, "/") && len(words) == 1:
		return address + words[0].text, tailJoin
	case strings.Trim(words[0].text, "*_~") == "" && hasExtension(address):
		return address, withoutEnding(address, words)
	}
	return address, tailGuess
}

// broken joins an address that a mail program broke at a mark inside of it: a line that begins or ends so is none by itself.
func broken(address string, words []tailWord) (joined string, is bool) {
	const inside = "/?&=%-_#"
	joined = address
	for i, w := range words {
		marked := strings.IndexByte(inside, w.text[0]) >= 0 || strings.IndexByte(inside, joined[len(joined)-1]) >= 0
		if !w.fresh || !marked || isNoise(w.text) || isDenial(w.text) || w.text[0] == '/' && strings.HasSuffix(joined, "/") {
			return joined, i > 0 && !slices.ContainsFunc(words[i:], func(w tailWord) bool { return !isNoise(w.text) })
		}
		joined += cutTail(w.text)
	}
	return joined, len(words) > 0
}

// withoutEnding says what words without the ending of a file are: beside an address that is complete, or that only courtesies follow,
// no part of it.
func withoutEnding(address string, words []tailWord) tailing {
	aside := isNoise
	if strings.Contains(address, "?") { // where a value may hold words
		aside = isPolite
	}
	plain := !slices.ContainsFunc(words, func(w tailWord) bool { return !aside(w.text) })
	if plain || hasExtension(cutTail(address)) && !strings.ContainsAny(address, "?#") {
		return tailStray
	}
	return tailGuess
}

// isPath says whether a word is an address that lacks its host: "/a/b.css", or "a/b.css".
func isPath(w string) bool {
	if strings.HasPrefix(w, "//") || len(w) < 2 || strings.Contains(w, "://") {
		return false
	}
	if w[0] != '/' && (!strings.Contains(w, "/") || !hasExtension(w) || w[0] == '.') {
		return false
	}
	_, err := purge.Parse(purge.URL, "https://www.example.com/"+strings.TrimPrefix(w, "/"))
	return err == nil && !isCommand(w)
}
