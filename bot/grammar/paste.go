package grammar

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"purgebot/purge"
)

// This file finds the traces of programs and people around an address: escapes, tags, quotes, columns, prose, patterns.

// hidden finds invisible characters, and offers the address without them. A character that reorders text leaves the meaning unknown.
func (d doubter) hidden(s string) doubt {
	plain := strings.Trim(unseen.Replace(s), "\u202a\u202c\u2066\u2068\u2069")
	if plain == s {
		return doubt{}
	}
	r := asRefused(parseError(d.kind, s))
	return doubt{r.Reason, d.read(plain)}
}

// unseen removes the characters that neither draw nor reorder.
var unseen = strings.NewReplacer("\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "\u00ad", "",
	"\u200e", "", "\u200f", "", "\u061c", "", "\ufe0f", "", "\ufe0e", "")

// encoded finds an address that was escaped whole, like an address inside another one.
func (d doubter) encoded(s string) doubt {
	if lower := strings.ToLower(s[:min(len(s), len("https%3a%2f%2f"))]); !strings.HasPrefix(lower, "http%3a%2f%2f") && !strings.HasPrefix(lower, "https%3a%2f%2f") {
		return doubt{}
	}
	plain, err := url.PathUnescape(s)
	if err != nil {
		return doubt{}
	}
	return doubt{sayEncoded, d.read(plain)}
}

// slashed finds the escapes of a JSON text.
func (d doubter) slashed(s string) doubt {
	if !strings.Contains(s, `\/`) && !strings.Contains(s, `\u00`) {
		return doubt{}
	}
	return doubt{saySlashed, d.read(fromJSON.Replace(s))}
}

// fromJSON undoes the escapes of a JSON text.
var fromJSON = strings.NewReplacer(`\/`, "/", `\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\u003f`, "?", `\u003F`, "?", `\u0027`, "'")

// inside finds addresses among surrounding marks, and offers them all if each is whole.
func (d doubter) inside(s string) doubt {
	if isLink(s) && strings.ContainsAny(s, " \t") && strings.Count(s, "://") == 1 { // the space may be part of the address
		return doubt{}
	}
	// Without a certain end, no address is offered.
	found, certain := addressesIn(s)
	if len(found) == 0 || len(found) == 1 && found[0] == s {
		return doubt{}
	}
	if !certain && placeInTag.MatchString(s) {
		return doubt{sayPlaceholder, nil}
	}
	if !certain {
		return doubt{sayInside, nil}
	}
	// All addresses together are one meaning.
	var targets []purge.Target
	for _, address := range found {
		whole := d.whole(address)
		if len(whole) == 0 {
			return doubt{sayInside, nil}
		}
		targets = append(targets, whole...)
	}
	if len(targets) > maxTargets {
		return doubt{}
	}
	return doubt{sayInside, []meaning{{kind: d.kind, targets: targets}}}
}

// placeInTag matches a placeholder such as "<id>".
var placeInTag = regexp.MustCompile(`<[A-Za-z_-]+>`)

// scheme finds an address without a scheme, or with a misspelled one.
func (d doubter) scheme(s string) doubt {
	// A correct scheme may stand twice, and a misspelled scheme is corrected.
	if isLink(s) {
		if rest := s[strings.Index(s, "://")+len("://"):]; isLink(rest) { // "https://https://…"
			return doubt{sayTwoSchemes, d.read(rest)}
		}
		return doubt{}
	}
	if m := mistyped.FindStringSubmatch(s); m != nil {
		if rest := strings.ReplaceAll(m[2], `\`, "/"); hostlike(rest) {
			return doubt{saySchemeMistyped, d.read(schemeOf(m[1]) + "://" + rest)}
		}
	}
	// A host without a scheme gets https.
	bare := strings.TrimPrefix(s, "//")
	if strings.Contains(bare, "://") || !hostlike(bare) {
		return doubt{}
	}
	if isFileName(bare) {
		return doubt{sayFileName, nil}
	}
	r := asRefused(parseError(d.kind, s))
	meanings := d.read("https://" + bare)
	if d.kind == purge.URL && !strings.ContainsAny(bare, "/?#") { // a bare host may mean its front page or the whole site
		meanings = append(meanings, as(purge.Directory, "https://"+cutTail(bare)+"/")...)
	}
	return doubt{r.Reason, meanings}
}

// mistyped matches schemes with a wrong letter, colon or slash. People write "hxxps" to make an address harmless to click.
var mistyped = regexp.MustCompile(`(?i)^(h?tt?ps?|http?s?|htpps?|htt?tps?|hhttps?|htps?|hxxps?|https?s)(?:[:;：][/\\]{0,4}|[/\\]{1,4})([^/\\:].*)$`)

// schemeOf returns the scheme that a misspelled one means.
func schemeOf(typed string) string {
	if strings.HasSuffix(strings.ToLower(typed), "s") {
		return "https"
	}
	return "http"
}

// prose finds text of another alphabet right behind an address.
func (d doubter) prose(s string) doubt {
	if !isLink(s) || d.wrapped {
		return doubt{}
	}
	at := strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
	if at <= 0 || !hasExtension(s[:at]) && !isRequest(s[at:]) {
		return doubt{}
	}
	if hasExtension(s[:at]) && hasExtension(s[at:]) { // "a.min图.css"
		return doubt{}
	}
	if !isRequest(s[at:]) || hasExtension(s[at:]) {
		return doubt{sayProse(s[at:]), nil}
	}
	return doubt{sayProse(s[at:]), d.read(s[:at])}
}

// mostSpelled bounds the offered addresses of a pattern.
const mostSpelled = 16

// pattern finds "{a,b}", "[1-3]" and "(a|b)". Tencent purges no patterns.
func (d doubter) pattern(s string) doubt {
	if !strings.ContainsAny(s, "{[|") || !isLink(s) || strings.ContainsAny(s, "\"<>*") || strings.LastIndex(s, "://") > len("https") {
		return doubt{}
	}
	// Brackets in the host and in the query's names are no pattern.
	begin := strings.Index(s, "://") + len("://")
	if host, _, _ := strings.Cut(s[begin:], "/"); strings.ContainsAny(host, "{[|") {
		return doubt{}
	}
	query := strings.IndexByte(s, '?')
	if at := strings.IndexAny(s, "{[|"); query >= 0 && at > query && s[at] == '[' {
		return doubt{}
	}
	// A placeholder means no address, and a pattern is written out.
	if placeholder.MatchString(s) {
		return doubt{sayPlaceholder, nil}
	}
	spelled, is := spell(s)
	switch {
	case !is && unspelled.MatchString(s):
		return doubt{sayPattern, nil}
	case !is:
		return doubt{}
	}
	if len(spelled) > mostSpelled {
		return doubt{sayManyPattern, as(purge.Directory, s[:strings.LastIndexByte(s[:strings.IndexAny(s, "{[(")], '/')+1])}
	}
	// The addresses of a small pattern are offered together.
	var targets []purge.Target
	for _, address := range spelled {
		whole := d.whole(address)
		if len(whole) != 1 {
			return doubt{sayPattern, nil}
		}
		targets = append(targets, whole...)
	}
	return doubt{sayPattern, []meaning{{kind: d.kind, targets: targets}}}
}

// placeholder matches the places that a program fills in: "{id}", "${VERSION}", "{{ host }}".
var placeholder = regexp.MustCompile(`\{\{|\$\{|\{[A-Za-z_][\w -]*\}|\{[0-9]*\}`)

// unspelled matches patterns that cannot be written out.
var unspelled = regexp.MustCompile(`\[[!^.A-Za-z][^\]]*\]|\[\w+-\w+\]|\{[^{}]*[,.][^{}]*\}`)

// spell writes out a pattern, up to a few more addresses than can be offered.
func spell(s string) (all []string, is bool) {
	all = []string{s}
	// Each round replaces the first group of every address by the group's choices.
	for range mostDoubts {
		m := group.FindStringIndex(all[0])
		if m == nil {
			return all, is && !slices.ContainsFunc(all, func(s string) bool { return strings.ContainsAny(s, "{}|") })
		}
		is = true
		var next []string
		for _, one := range all {
			at := group.FindStringIndex(one)
			if at == nil {
				return nil, false
			}
			choices := choicesOf(one[at[0]:at[1]])
			if len(choices) == 0 {
				return nil, false
			}
			for _, c := range choices {
				next = append(next, one[:at[0]]+c+one[at[1]:])
			}
		}
		if all = next; len(all) > mostSpelled {
			return all, true
		}
	}
	return nil, false
}

// group matches one group of a pattern.
var group = regexp.MustCompile(`\{[^{}\[\]]*\}|\[[^{}\[\]]*\]|\([^()]*\|[^()]*\)`)

// choicesOf returns the texts that one group stands for: "{a,b}", "{1..3}", "[1-3]", "[abc]", "(a|b)".
func choicesOf(g string) []string {
	inside := g[1 : len(g)-1]
	switch {
	case g[0] == '(':
		return strings.Split(inside, "|")
	case g[0] == '{' && strings.Contains(inside, ","):
		return strings.Split(inside, ",")
	case g[0] == '{':
		from, to, _ := strings.Cut(inside, "..")
		return counted(from, to)
	}
	if from, to, is := strings.Cut(inside, "-"); is {
		return counted(from, to)
	}
	if strings.Trim(inside, "0123456789") != "" || len(inside) < 2 { // "[id]" is a placeholder
		return nil
	}
	return strings.Split(inside, "")
}

// counted counts from one number or letter to another, with the number of digits of the first.
func counted(from, to string) (all []string) {
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err == nil && err2 == nil && a >= 0 && a <= b {
		for n := a; n <= b && len(all) <= mostSpelled; n++ {
			text := strconv.Itoa(n)
			all = append(all, strings.Repeat("0", max(0, len(from)-len(text)))+text)
		}
		return all
	}
	if len(from) != 1 || len(to) != 1 || from[0] > to[0] || !isAlphanumeric(rune(from[0])) || !isAlphanumeric(rune(to[0])) || isDigit(from[0]) != isDigit(to[0]) {
		return nil
	}
	for c := from[0]; c <= to[0] && len(all) <= mostSpelled; c++ {
		all = append(all, string(rune(c)))
	}
	return all
}

// isDigit reports whether a byte is an ASCII digit.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// fileEndings are the usual endings of served files. Endings that are mostly the ends of hosts are left out.
var fileEndings = strings.Fields("jpg jpeg jpe png gif webp avif svg svgz ico bmp tif tiff heic css scss less js mjs cjs jsx tsx map json jsonp xml rss atom html htm shtml xhtml php asp aspx jsp txt csv tsv pdf doc docx xls xlsx ppt pptx gz tgz tar rar 7z bz2 xz zst apk ipa exe dmg pkg msi deb rpm iso bin dat mp3 mp4 m4a m4s m4v m3u8 mpd ts webm ogg ogv oga wav flac flv avi mkv wmv woff woff2 ttf otf eot swf wasm webmanifest manifest vtt srt glb gltf usdz plist bak log md yml yaml toml")

// isFileName reports whether a word without a slash is the name of a file, not of a host.
func isFileName(w string) bool {
	w = cutTail(w)
	dot := strings.LastIndexByte(w, '.')
	return dot > 0 && !strings.ContainsAny(w, "/?#:@%") && !strings.HasPrefix(strings.ToLower(w), "www.") && slices.Contains(fileEndings, strings.ToLower(w[dot+1:]))
}
