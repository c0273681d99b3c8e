package grammar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"purgebot/purge"
)

// This file recognizes words outside the grammar, such as courtesies and the marks of lists, and decides the addresses beside them.

// courtesies surround a command without changing it. The words of a denial are no courtesies: "did not purge" asks for no purge.
var courtesies = strings.Fields(`please pls plz kindly thanks thank thx ty cheers you u your now asap urgent urgently quickly immediately
	today again too also and plus & + with can could would will shall need needs needed want wants to i we my our the this that these those a an
	is are was were it its url urls link links page pages file files image images css js asset assets cache caches cached cdn for me us in on from of at by
	hey hi hello help clear flush refresh invalidate reload update updated renew bust wipe drop reset purging purges do go just some both all
	old new stale broken wrong here there below following target targets address addresses http https bitte danke und por favor
	merci et s'il vous plait -> => → : = | / \ get head`)

// conjunctions make a sentence of the words between an address and the name of another file.
var conjunctions = strings.Fields("and or also plus then is was are please pls & + vs via to")

// denials reverse the meaning of a command.
var denials = strings.Fields(`or not don't dont no never without except exclude excluding skip stop cancel undo but didn't did wasn't isn't
	doesn't won't cannot can't unless instead nicht kein ne pas 不 别 勿 不要 别刷 不用 除了`)

// requests are the words of a request in Chinese or Japanese, which may stand right behind an address.
var requests = strings.Fields(`请 帮 麻烦 谢 刷新 刷 清 缓存 更新 一下 推送 预热 紧急 急 尽快 马上 现在 需要 大佬 老师 看 这个 这些 这里 链接 地址 生效 节点 页面 资源
	文件 图片有 未 没 还是 也 和 以及 都 了 吧 啊 的 有问题 有 お願い ください クリア キャッシュ を`)

// isRequest reports whether a text of another alphabet begins with a request, or with a mark that ends an address in prose.
func isRequest(s string) bool {
	if wideAt(s, wideOpening+wideClosing+"“”‘’") > 0 {
		return true
	}
	return slices.ContainsFunc(requests, func(r string) bool { return strings.HasPrefix(s, r) })
}

// isNoise reports whether a word has no effect on a command: a courtesy, a mark, an emoji, a mention.
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

// isPolite reports whether a word has no effect and cannot belong to the value of a query either.
func isPolite(w string) bool {
	polite := strings.Fields("please pls plz thanks thank thx ty now asap and is are was too also http")
	bare := strings.TrimFunc(strings.ToLower(w), func(c rune) bool { return unicode.IsPunct(c) || unicode.IsSymbol(c) })
	return isNoise(w) && (bare == "" || slices.Contains(polite, bare) || bare[0] >= utf8.RuneSelf || w[0] == '<' || w[0] == '@' || w[0] == ':' || strings.HasPrefix(bare, "http/"))
}

// isDenial reports whether a word may reverse the meaning of the command.
func isDenial(w string) bool {
	w = strings.ReplaceAll(strings.ToLower(w), "’", "'")
	w = strings.TrimFunc(w, func(c rune) bool { return unicode.IsPunct(c) && c != '\'' })
	if slices.Contains(denials, w) {
		return true
	}
	return slices.ContainsFunc([]string{"不", "别", "勿"}, func(d string) bool { return strings.HasPrefix(w, d) })
}

// wholes are the words for a whole site, whose proper command is "dir" with the host's "/".
var wholes = strings.Fields("everything all host site website sitewide domain whole entire full everything's 全站 整站 全部")

// isMark reports whether a word is the mark of a list, a quotation or a table.
func isMark(w string) bool {
	switch w {
	case "-", "–", "—", "*", "+", "•", "◦", "▪", "▫", "‣", "⁃", "●", "○", "·", "∙", "■", "□", "☐", "☑", "✓", "✔", "✅", "❌", "→", "➜", "»",
		">", ">>", ">>>", "|", "||", "[", "]", "[x]", "[X]", "**", "__", "_", "~", "~~", "***":
		return true
	}
	return isNumbering(w)
}

// isNumbering reports whether a word numbers an item: "1.", "12)", "(3)", "4、", "a)", "①".
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

// marksBefore returns the length of the marks right before an address or its wrapping, as in "•https://" or "**<https://", or 0.
func marksBefore(s string) int {
	// The marks are bullets and emphasis, or else a number.
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
	// Marks count only right before an address.
	if strings.HasSuffix(s[:n], "|") && !strings.HasSuffix(s[:n], "||") {
		return 0
	}
	if n < len(s) && (isLink(s[n:]) || s[n] == '<' && len(s) > n+1 && linkish(s[n+1:min(len(s), n+200)]) || s[n] == '`' || s[n] == '[') {
		return n
	}
	return 0
}

// tailWord is a word right behind an address, which may continue the address.
type tailWord struct {
	text  string
	fresh bool   // true for the first word of a line
	blame string // the sentence that refuses the word, if the word is no part of an address
}

// tailing is a way to read the words behind an address.
type tailing int

const (
	tailStray tailing = iota // no part of the address
	tailJoin                 // the rest of the address
	tailGuess                // possibly the rest of the address
)

// tailOf decides about the words behind an address, and returns the address joined with its rest. The name of a file has only one
// ending, at its end, so the last word with an ending ends the address.
func tailOf(address string, words []tailWord) (joined string, how tailing) {
	// Patterns and broken lines are decided first.
	if strings.HasPrefix(words[0].text, "*") {
		return starTail(address, words)
	}
	if joined, is := broken(address, words); is {
		return joined, tailJoin
	}
	// The last word that ends like an address is the end of the rest.
	last := -1
	for i, w := range words {
		if endsAddress(w.text) && !isDenial(w.text) {
			last = i
		}
	}
	if last < 0 {
		return address, withoutEnding(address, words)
	}
	// The rest is a guess behind a complete address, and in a sentence.
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
	// Otherwise the words are joined with their spaces.
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

// endsAddress reports whether a word ends like an address: with the ending of a file, or with "/".
func endsAddress(w string) bool {
	return hasExtension(cutTail(w)) || len(w) > 1 && strings.HasSuffix(w, "/")
}

// starTail reads a "*" behind an address: a pattern behind a directory, and the end of bold text behind a complete address.
func starTail(address string, words []tailWord) (joined string, how tailing) {
	switch {
	case strings.HasSuffix(address, "/") && len(words) == 1:
		return address + words[0].text, tailJoin
	case strings.Trim(words[0].text, "*_~") == "" && hasExtension(address):
		return address, withoutEnding(address, words)
	}
	return address, tailGuess
}

// broken joins an address that a mail program broke at a mark inside the address: a line with such a mark at the break is incomplete.
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

// withoutEnding decides about words without the ending of a file: they are no part of a complete address, nor of an address followed by
// courtesies only.
func withoutEnding(address string, words []tailWord) tailing {
	aside := isNoise
	if strings.Contains(address, "?") { // the value of a query may hold words
		aside = isPolite
	}
	plain := !slices.ContainsFunc(words, func(w tailWord) bool { return !aside(w.text) })
	if plain || hasExtension(cutTail(address)) && !strings.ContainsAny(address, "?#") {
		return tailStray
	}
	return tailGuess
}

// isPath reports whether a word is an address without its host: "/a/b.css", or "a/b.css".
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
