package grammar

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// understood is what came of a command: what it does as it stands, and how else it can be read.
type understood struct {
	done     string // the line that means the same, "" if it is not done as it stands
	readings []string
	problem  string
	wrong    *Correction
}

// paste understands a text. "T" stands for https://www.test.com, "⏎" for the end of a line.
func paste(t *testing.T, text string) understood {
	t.Helper()
	in, err := Parse(spelledOut(text))
	return understandingOf(t, in, err)
}

func spelledOut(text string) string {
	return strings.NewReplacer("⏎", "\n", "T/", "https://www.test.com/").Replace(text)
}

func understandingOf(t *testing.T, in Intent, err error) (u understood) {
	t.Helper()
	readings := in.Readings
	switch {
	case errors.As(err, &u.wrong):
		readings, u.problem = u.wrong.Readings, u.wrong.Problem
	case err != nil:
		u.problem = err.Error()
	case len(in.Refused) == 0:
		u.done = shortened(in.commandLine())
	default:
		u.problem = in.Refused[0].Reason
	}
	for _, r := range readings {
		line := shortened(r.commandLine())
		if r.Literal {
			line += " (as typed)"
		}
		u.readings = append(u.readings, line)
	}
	return u
}

func shortened(line string) string { return strings.ReplaceAll(line, "https://www.test.com/", "T/") }

// row is one thing that somebody pasted, and how it is read. One string is a reading; more are several.
type row struct {
	typed    string
	readings []string
}

func reads(typed string, readings ...string) row { return row{typed, readings} }

// requireReadings: nothing is done as it stands, and exactly these readings are offered, in text and in the field of a form alike.
func requireReadings(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		u := paste(t, r.typed)
		assert.Empty(t, u.done, "%q", r.typed)
		assert.Equal(t, r.readings, u.readings, "%q: %s", r.typed, u.problem)
		assert.NotEmpty(t, u.problem, "%q", r.typed)
		requireWhole(t, r.typed, u)
	}
}

// requireDone: the command is taken as it stands.
func requireDone(t *testing.T, typed, means string) {
	t.Helper()
	u := paste(t, typed)
	assert.Equal(t, means, u.done, "%q: %s %v", typed, u.problem, u.readings)
	assert.Empty(t, u.readings, "%q", typed)
}

// requireWhole: the line of each reading is a command of its own, which is taken and needs no correction, but for one that takes
// as it stands what is doubtful.
func requireWhole(t *testing.T, typed string, u understood) {
	t.Helper()
	for _, line := range u.readings {
		line, literal := strings.CutSuffix(line, " (as typed)")
		if !literal {
			requireDone(t, strings.TrimPrefix(line, "/purge "), line)
		}
	}
}

func TestStarsAreNeverSent(t *testing.T) {
	t.Parallel()
	requireReadings(t, []row{
		reads("T/images/*", "/purge dir T/images/"),
		reads("T/*.jpg", "/purge dir T/"),
		reads("T/*", "/purge dir T/"),
		reads("dir T/*", "/purge dir T/"),
		reads("dir T/$web/*", "/purge dir T/$web/"),
		reads("dir T/images/*/", "/purge dir T/images/"),
		reads("dir T/images/*.png", "/purge dir T/images/"),
		reads("T/images/**/*.css", "/purge dir T/images/"),
		reads("T/a/*/b.css", "/purge dir T/a/"),
		reads("T/a/b*c.css", "/purge dir T/a/"),
		reads("T/*?v=1", "/purge dir T/"),
		reads("<T/a.css*>", "/purge T/a.css"),
		reads("T/a.css**", "/purge T/a.css"),
		reads("T/a.css_*", "/purge T/a.css"),
		reads("`T/a.css*`", "/purge T/a.css"),
		reads("T/img*", "/purge T/img", "/purge dir T/"),
		reads("dir T/img*", "/purge dir T/img/", "/purge dir T/"),
		reads("T/p?*", "/purge T/p"),
		reads("T/ *", "/purge dir T/"), reads("T/images/ *.jpg", "/purge dir T/images/"), reads("<T/images/>*", "/purge dir T/images/"), reads("T/a.css *", "/purge T/a.css"), reads("T/images *"),
		reads("https://www.test.com?*", "/purge T/"), reads("www.test.com/*", "/purge dir T/"), reads("www.test.com?*", "/purge T/"),
		reads("T/p?v=*"), reads("T/s?q=a*b"), reads("https://*.test.com/a"), reads("https://www.test.*/a"),
		reads("T/1.jpg T/images/*", "/purge dir T/images/"),
		reads("T/images/* --overseas", "/purge dir T/images/ --overseas"),
		reads("leak T/images/*", "/purge leak T/images/"),
	})
	requireDone(t, "T/a%2Ab.css", "/purge T/a%2Ab.css")
}

func TestNoPieceOfAnAddressIsOffered(t *testing.T) {
	t.Parallel()
	requireReadings(t, []row{
		// a space in a name
		reads("T/my photo.jpg", "/purge T/my%20photo.jpg"),
		reads("T/my holiday photo.jpg", "/purge T/my%20holiday%20photo.jpg"),
		reads("T/photo (1).jpg", "/purge T/photo%20(1).jpg"),
		reads("T/photo - Copy.jpg", "/purge T/photo%20-%20Copy.jpg"),
		reads("dir T/my docs/", "/purge dir T/my%20docs/"), reads("T/my docs/", "/purge T/my%20docs/"), reads(`dir "T/my docs/"`, "/purge dir T/my%20docs/"), reads("dir T/images/ css/"),
		reads("T/St. Pauli.jpg", "/purge T/St.%20Pauli.jpg"),
		reads("T/my docs/report.pdf", "/purge T/my%20docs/report.pdf"),
		reads("T/my photo.jpg please", "/purge T/my%20photo.jpg"),
		reads("T/my photo.jpg T/b.css", "/purge T/my%20photo.jpg T/b.css"),
		reads("T/my photo.jpg, T/b.css", "/purge T/my%20photo.jpg T/b.css"),
		reads("T/横幅，新.jpg"), reads("T/a.css，b.css"), reads("T/photo[1].jpg", "/purge T/photo%5B1%5D.jpg"),
		reads(`"T/my photo.jpg"`, "/purge T/my%20photo.jpg"),
		reads(`'T/my photo.jpg'`, "/purge T/my%20photo.jpg"),
		reads("“T/my photo.jpg”", "/purge T/my%20photo.jpg"),
		reads("<T/my photo.jpg>", "/purge T/my%20photo.jpg"),
		reads("`T/my photo.jpg`", "/purge T/my%20photo.jpg"),
		reads("T/图片/横 幅.jpg", "/purge T/%E5%9B%BE%E7%89%87/%E6%A8%AA%20%E5%B9%85.jpg"),
		reads("T/my photo"), reads("T/images logos"), reads("T/a.css b.css"), reads("T/a and b.css"), reads("T/images/ and also b.css"), reads("T/a.css, b.css"), reads("T/a.css⏎b.css"),
		reads("T/my photo.jpg old.jpg", "/purge T/my%20photo.jpg%20old.jpg"), reads("T/a/ /b.css"),

		// broken over lines
		reads("T/⏎a.jpg", "/purge T/a.jpg"),
		reads("T/images/⏎2026/⏎a.jpg", "/purge T/images/2026/a.jpg"),
		reads("T/long-⏎name.jpg", "/purge T/long-name.jpg"),
		reads("T/long⏎/name", "/purge T/long/name"),
		reads("T/p?a=1⏎&b=2", "/purge T/p?a=1&b=2"),
		reads("T/a.css⏎?v=1", "/purge T/a.css?v=1"),
		reads("T/verylongna⏎me.jpg", "/purge T/verylongname.jpg"),
		reads("dir T/images/⏎2026/", "/purge dir T/images/2026/"),

		// patterns
		reads("T/{a,b}.js", "/purge T/a.js T/b.js"),
		reads("T/{a,b}/{c,d}.js", "/purge T/a/c.js T/a/d.js T/b/c.js T/b/d.js"),
		reads("T/img[1-3].jpg", "/purge T/img1.jpg T/img2.jpg T/img3.jpg"),
		reads("T/img{1..3}.jpg", "/purge T/img1.jpg T/img2.jpg T/img3.jpg"),
		reads("T/img[08-11].jpg", "/purge T/img08.jpg T/img09.jpg T/img10.jpg T/img11.jpg"),
		reads("T/img[a-c].jpg", "/purge T/imga.jpg T/imgb.jpg T/imgc.jpg"),
		reads("T/img[12].jpg", "/purge T/img1.jpg T/img2.jpg"),
		reads("T/[id]/page.js"), reads("T/[...slug].js"), reads("T/very…/a.css"), reads("T/a?redirect=my page"), reads("T/a?x=1 please", "/purge T/a?x=1"), reads("T/index.html#section 2"),
		reads(`leak T/secret file.pdf "oops"`, `/purge leak T/secret%20file.pdf "oops"`), reads("leak T/my secret file.pdf", "/purge leak T/my%20secret%20file.pdf"),
		reads(`"T/a.css`, "/purge T/a.css"), reads("T/a.css: 404", "/purge T/a.css"), reads("T/a.css or T/b.css"),
		reads("T/a.css see https://www.abc.com/x", "/purge T/a.css"), reads("see https://www.abc.com/x: purge T/a.css", "/purge T/a.css"),
		reads(`T/a.css "because of https://www.abc.com/x"`, "/purge T/a.css"), reads("T/a.css|a.css", "/purge T/a.css"),
		reads("T/(a|b).js", "/purge T/a.js T/b.js"),
		reads("T/{a..b}{1..2}.jpg", "/purge T/a1.jpg T/a2.jpg T/b1.jpg T/b2.jpg"), reads("T/images/*.{png,jpg}", "/purge dir T/images/"), reads("T/{a,b}/*.js"),
		reads("T/img[001-200].jpg", "/purge dir T/"),
		reads("T/{id}.jpg"), reads("T/${VERSION}/a.js"), reads("T/{{ host }}.js"), reads("T/<id>/a.js"), reads("T/img[3-1].jpg"), reads("T/img[^a].jpg"),

		// a name without its host
		reads("photo.jpg"), reads("`photo.jpg`"), reads("<photo.jpg>"), reads("my photo.jpg"),
	})
	assert.Len(t, paste(t, "T/img[01-16].jpg").readings, 1)
	assert.NotContains(t, paste(t, "T/img[01-17].jpg").readings[0], "img", "more than sixteen")
}

func TestAnOfferEndsWhereTheAddressEnds(t *testing.T) {
	t.Parallel()
	requireReadings(t, []row{
		reads("T/a.css，帮忙刷新一下", "/purge T/a.css"),
		reads("T/a.css。谢谢", "/purge T/a.css"),
		reads("T/a.css（首页）", "/purge T/a.css"),
		reads("T/images，请刷新", "/purge T/images"),
		reads("dir T/images/，请刷新", "/purge dir T/images/"),
		reads("T/a.css请刷新", "/purge T/a.css"),
		reads("T/a.css的缓存", "/purge T/a.css"),
		reads("<T/a.css，帮忙>", "/purge T/a.css"),
		reads("请刷新T/a.css谢谢", "/purge T/a.css"),
		reads("T/a.css副本"),
		reads("<loc>T/a.html</loc><loc>T/b.html</loc>", "/purge T/a.html T/b.html"),
		reads("<loc>T/a.html</loc>⏎<loc>T/b.html</loc>", "/purge T/a.html T/b.html"),
		reads("<url><loc>T/a</loc><lastmod>2026-11-01</lastmod></url>", "/purge T/a"),
		reads("T/a<br>T/b", "/purge T/a T/b"),
		reads("T/a<br/>", "/purge T/a"),
		reads("T/a</p>", "/purge T/a"),
		reads("T/a|T/b", "/purge T/a T/b"),
		reads("T/a.css|200|HIT", "/purge T/a.css"),
		reads("| T/a.css | 200 |", "/purge T/a.css"),
		reads("T/a.cssT/b.css", "/purge T/a.css T/b.css", "/purge T/a.cssT/b.css (as typed)"),
		reads("T/a.css,www.test.com/b.css", "/purge T/a.css T/b.css", "/purge T/a.css,www.test.com/b.css (as typed)"),
		reads("T/1http://www.test.com/2", "/purge T/1 http://www.test.com/2", "/purge T/1http://www.test.com/2 (as typed)"),
		reads(`T/a.css","b":1`, "/purge T/a.css"),
		reads("T/a.css</a>", "/purge T/a.css"),
		reads("T/a|b"),
	})
	requireDone(t, "https://img.test.com/fit/300/https://www.test.com/a.jpg", "/purge https://img.test.com/fit/300/T/a.jpg")
	requireDone(t, "T/?next=https://www.abc.com/", "/purge T/?next=https://www.abc.com/")
}

func TestSeparatorsAndWrappings(t *testing.T) {
	t.Parallel()
	requireReadings(t, []row{
		// columns
		reads("T/a.css,200,HIT", "/purge T/a.css", "/purge T/a.css,200,HIT (as typed)"),
		reads("T/a.css;200;MISS", "/purge T/a.css", "/purge T/a.css;200;MISS (as typed)"),
		reads("T/images,404", "/purge T/images", "/purge T/images,404 (as typed)"),
		reads("T/p?v=1,200,HIT", "/purge T/p?v=1", "/purge T/p?v=1,200,HIT (as typed)"),
		reads("T/a.css,homepage", "/purge T/a.css", "/purge T/a.css,homepage (as typed)"),
		reads("200,T/a.css,HIT", "/purge T/a.css"),
		reads("T/a.css,200,HIT⏎T/b.css,304,HIT", "/purge T/a.css T/b.css", "/purge T/a.css,200,HIT T/b.css,304,HIT (as typed)"),
		reads("T/a.css 200 HIT", "/purge T/a.css"),
		reads("T/a.js:10:15", "/purge T/a.js", "/purge T/a.js:10:15 (as typed)"),

		// escapes of other texts
		reads("T/p?x=1&amp;y=2", "/purge T/p?x=1&y=2", "/purge T/p?x=1&amp;y=2 (as typed)"),
		reads("T/p?x=1&amp;amp;y=2", "/purge T/p?x=1&y=2", "/purge T/p?x=1&amp;amp;y=2 (as typed)"),
		reads("T/p?x=1&#38;y=2", "/purge T/p?x=1&y=2"),
		reads("<loc>T/p?x=1&amp;y=2</loc>", "/purge T/p?x=1&y=2"),
		reads(`https:\/\/www.test.com\/a.css`, "/purge T/a.css"),
		reads(`{"url":"https:\/\/www.test.com\/a.css?a=1\u0026b=2"}`, "/purge T/a.css?a=1&b=2"),
		reads("https%3A%2F%2Fwww.test.com%2Fa.css", "/purge T/a.css"),
		reads(`T/a.css\nT/b.css`, "/purge T/a.css T/b.css"),
		reads(`T/a.css\r\nT/b.css\r\n`, "/purge T/a.css T/b.css"),
		reads(`T/a.css\`, "/purge T/a.css"),
		reads("T/a.css%20", "/purge T/a.css", "/purge T/a.css%20 (as typed)"),
		reads("T/a.css%0A", "/purge T/a.css", "/purge T/a.css%0A (as typed)"),

		// wrappings
		reads(`src="T/a.css"`, "/purge T/a.css"),
		reads(`<img src="T/a.jpg">`, "/purge T/a.jpg"),
		reads(`<script src='T/a.js'></script>`, "/purge T/a.js"),
		reads(`<a href="T/a.css">T/a.css</a>`, "/purge T/a.css"),
		reads("url(T/a.css)", "/purge T/a.css"),
		reads(`background:url("T/a.png")`, "/purge T/a.png"),
		reads(`{"url":"T/a.css"}`, "/purge T/a.css"),
		reads(`{"url": "T/a.css"}`, "/purge T/a.css"),
		reads(`{"url": "T/a.css", "referer": "https://www.abc.com/"}`, "/purge T/a.css"),
		reads(`{"icon":"T/a.css","cover":"T/b.css"}`),
		reads(`["T/a.css","T/b.css"]`, "/purge T/a.css T/b.css"),
		reads(`["T/a.css", "T/b.css"]`, "/purge T/a.css T/b.css"),
		reads(`'T/a.css','T/b.css',x`, "/purge T/a.css T/b.css"),
		reads("targets:T/a.css", "/purge T/a.css"),
		reads("targets: T/a.css", "/purge T/a.css"),
		reads("url=T/a.css", "/purge T/a.css"),
		reads("--url=T/a.css"),
		reads("curl -I T/a.css", "/purge T/a.css"),
		reads(`curl -sI -H "Referer: https://www.abc.com/" 'T/a.css?v=1' -o /dev/null`, "/purge T/a.css?v=1"),
		reads(`curl 'T/p?x=1&y=2' \⏎  -H 'referer: https://www.abc.com/' \⏎  --compressed`, "/purge T/p?x=1&y=2"),
		reads("wget -O x T/a.css", "/purge T/a.css"),
		reads("dir curl -I T/images/", "/purge dir T/images/"),
		reads(`1.2.3.4 - - [28/Nov/2026:10:00:00 +0800] "GET T/a.css HTTP/1.1" 200 12 "https://www.abc.com/" "Mozilla/5.0 (+https://bot.com/)"`, "/purge T/a.css"),
		reads(`1.2.3.4 - "GET T/a.css HTTP/1.1" 200 "https://www.abc.com/"⏎1.2.3.4 - "GET T/b.css HTTP/2" 200 "-"`, "/purge T/a.css T/b.css"),
		reads(`1.2.3.4 - - "GET /a.css HTTP/1.1" 200 12 "https://www.abc.com/"`),

		// a link behind a reason
		reads("T/a.css --reason see https://www.abc.com/x", `/purge T/a.css --reason "see https://www.abc.com/x"`, `/purge T/a.css https://www.abc.com/x --reason "see"`),
		reads("T/a.css --reason see ticket https://www.abc.com/x", `/purge T/a.css --reason "see ticket https://www.abc.com/x"`, `/purge T/a.css https://www.abc.com/x --reason "see"`),

		// what cannot be seen
		reads("T/a.css\u200b", "/purge T/a.css"),
		reads("\ufeffT/a.css", "/purge T/a.css"),
		reads("T/a\u00ad.css", "/purge T/a.css"),
		reads("\u202aT/a.css\u202c", "/purge T/a.css"),
		reads("<T/a.css\u2060>", "/purge T/a.css"),
		reads("T/\u202egpj.exe"),
		reads("T/a\x00.css"),

		// schemes
		reads("www.test.com/a.css", "/purge T/a.css"),
		reads("//www.test.com/a.css", "/purge T/a.css"),
		reads("htps://www.test.com/a.css", "/purge T/a.css"),
		reads("ttps://www.test.com/a.css", "/purge T/a.css"),
		reads("https:/www.test.com/a.css", "/purge T/a.css"),
		reads("https//www.test.com/a.css", "/purge T/a.css"),
		reads("https：//www.test.com/a.css", "/purge T/a.css"),
		reads("hxxps://www.test.com/a.css", "/purge T/a.css"),
		reads(`https:\\www.test.com\a.css`, "/purge T/a.css"),
		reads("httpss://www.test.com/a.css", "/purge T/a.css"),
		reads("www.test.com", "/purge T/", "/purge dir T/"),
		reads("https://https://www.test.com/a.css", "/purge T/a.css"),
		reads("view-source:T/a.css", "/purge T/a.css"),
		reads("ftp://www.test.com/a.css"),
	})
	for typed, means := range map[string]string{
		"||T/a.css||⏎||T/b.css||": "/purge T/a.css T/b.css", "||T/a.css|| ||T/b.css||": "/purge T/a.css T/b.css", "|| T/a.css ||": "/purge T/a.css",
		"<T/a.css>。": "/purge T/a.css", "<T/a.css>，<T/b.css>。": "/purge T/a.css T/b.css",
		"• T/a⏎• T/b": "/purge T/a T/b", "- T/a⏎- T/b": "/purge T/a T/b", "* T/a⏎* T/b": "/purge T/a T/b", "1. T/a⏎2. T/b": "/purge T/a T/b",
		"1) T/a⏎2) T/b": "/purge T/a T/b", "> T/a⏎> T/b": "/purge T/a T/b", ">T/a⏎>T/b": "/purge T/a T/b", ">>> T/a": "/purge T/a", "– T/a⏎– T/b": "/purge T/a T/b",
		"- [ ] T/a⏎- [x] T/b": "/purge T/a T/b", "1、T/a⏎2、T/b": "/purge T/a T/b", "•T/a⏎•T/b": "/purge T/a T/b", "① T/a⏎② T/b": "/purge T/a T/b",
		"• T/a • T/b": "/purge T/a T/b", "1. T/a 2. T/b": "/purge T/a T/b", "dir⏎- T/a/⏎- T/b/": "/purge dir T/a/ T/b/", "- `T/a`⏎- <T/b>": "/purge T/a T/b",
		"*T/a*": "/purge T/a", "_T/a_": "/purge T/a", "**T/a**": "/purge T/a", "~T/a~": "/purge T/a", "~~T/a~~": "/purge T/a", "***T/a***": "/purge T/a", "__T/a__": "/purge T/a",
		"*T/a T/b*": "/purge T/a T/b", "*T/a*, _T/b_.": "/purge T/a T/b", "**<T/a>**": "/purge T/a", "**[x](T/a)**": "/purge T/a", "- *T/a*⏎- *T/b*": "/purge T/a T/b",
		": purge T/a": "/purge T/a", "： T/a": "/purge T/a", ", dir T/a/": "/purge dir T/a/", "T/a_b_": "/purge T/a_b_", "T/~a~": "/purge T/~a~",
		"T/a,b.jpg": "/purge T/a,b.jpg", "T/img,w_200/a.jpg": "/purge T/img,w_200/a.jpg", "T/p?ids=1,2,3": "/purge T/p?ids=1,2,3", "T/??a.js,b.js": "/purge T/??a.js,b.js",
		"T/p?a=1&copy=2": "/purge T/p?a=1&copy=2", "T/a:b": "/purge T/a:b", "T/@scope/pkg@1.2.3/x.js": "/purge T/@scope/pkg@1.2.3/x.js",
		`T/a.css --reason "see https://www.abc.com/x"`: `/purge T/a.css --reason "see https://www.abc.com/x"`,
		"T/a.css --reason https://www.abc.com/x":       `/purge T/a.css --reason "https://www.abc.com/x"`,
		"--reason INC-7 T/a.css":                       `/purge T/a.css --reason "INC-7"`,
		"T/a.css --reason INC-7⏎T/b.css":               `/purge T/a.css T/b.css --reason "INC-7"`,
	} {
		requireDone(t, typed, means)
	}
}

func TestASlipIsNoDenial(t *testing.T) {
	t.Parallel()
	requireReadings(t, []row{
		reads("please purge T/a.css", "/purge T/a.css"),
		reads("T/a.css please!", "/purge T/a.css"),
		reads("can you please refresh T/a.css now? thanks 🙏", "/purge T/a.css"),
		reads("please dir T/images/", "/purge dir T/images/"),
		reads("请刷新 T/a.css", "/purge T/a.css"),
		reads("T/a.css 麻烦刷新一下，谢谢", "/purge T/a.css"),
		reads("dir T/images", "/purge dir T/images/"),
		reads("dir T/a.css", "/purge T/a.css", "/purge dir T/a.css/"),
		reads("dir T/a/?v=1", "/purge T/a/?v=1", "/purge dir T/a/"),
		reads("dir T/v1.2", "/purge dir T/v1.2/"),
		reads("dri T/images/", "/purge dir T/images/"),
		reads("folder T/images/", "/purge dir T/images/"), reads("dirs: T/images/", "/purge dir T/images/"), reads("see T/a.css", "/purge T/a.css"),
		reads("T/a.css overseas", "/purge T/a.css --overseas"), reads("T/a.css T/b.css on mainland please", "/purge T/a.css T/b.css --area mainland"),
		reads("worldwide T/a.css", "/purge T/a.css --global"), reads("dir T/a/ delete", "/purge dir T/a/ --mode delete"), reads("overseas T/a.css --global", "/purge T/a.css --overseas"),
		reads("refresh T/a.css", "/purge T/a.css"), reads("flush dir T/images/", "/purge dir T/images/"),
		reads("purge the cache of www.test.com", "/purge T/", "/purge dir T/"),
		reads("everything www.test.com", "/purge dir T/"),
		reads("everything on www.test.com", "/purge dir T/"),
		reads("all of T/", "/purge dir T/"),
		reads("host www.test.com", "/purge dir T/"),
		reads("site https://www.test.com", "/purge dir T/"),
		reads("everything in T/images", "/purge dir T/images/"),
		reads("everything T/a.css"), reads("everything"), reads("the new banner"), reads("why T/my photo.jpg"),
		// a denial asks for nothing
		reads("did not purge T/a.css"), reads("don't purge T/a.css"), reads("T/a.css but not T/b.css"), reads("不要刷新 T/a.css"), reads("everything except T/a/"),
	})
	for typed, paths := range map[string][]string{"/images/a.jpg": {"/images/a.jpg"}, "images/a.jpg /b.css": {"images/a.jpg", "/b.css"}, "dir /images/": {"/images/"}} {
		assert.Equal(t, paths, paste(t, typed).wrong.Paths, typed)
	}
	for _, open := range []string{"did not purge T/a.css", "dir T/b/ url T/1"} { // an example would be no help
		assert.Empty(t, paste(t, open).wrong.Line("/purge"), open)
	}
	assert.True(t, paste(t, "the new banner").wrong.Bare)
	assert.False(t, paste(t, "the new T/a.css").wrong.Bare)
}

func TestOnePressTakesAllThatNeedTheSameRepair(t *testing.T) {
	t.Parallel()
	var bare, chinese, want []string
	for _, n := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12") {
		bare, chinese, want = append(bare, "www.test.com/"+n+".jpg"), append(chinese, "T/图"+n+".jpg"), append(want, "T/"+n+".jpg")
	}
	all := paste(t, strings.Join(bare, "\n"))
	assert.Equal(t, []string{"/purge " + strings.Join(want, " ")}, all.readings)
	assert.Equal(t, []string{"/purge " + strings.ReplaceAll(strings.Join(want, " "), "T/", "T/%E5%9B%BE")}, paste(t, strings.Join(chinese, " ")).readings)
	assert.Equal(t, []string{"/purge T/a.css " + strings.Join(want, " ")}, paste(t, "T/a.css "+strings.Join(bare, " ")).readings, "with what needed none")
	assert.Equal(t, []string{"/purge " + strings.Join(want, " ")}, paste(t, strings.Join(bare, " ")+" ftp://www.test.com/a").readings, "without what nobody can put right")
}

func TestFieldsAreReadAsText(t *testing.T) {
	t.Parallel()
	for targets, want := range map[string][]string{
		"T/my photo.jpg": {"/purge T/my%20photo.jpg"}, "T/⏎a.jpg": {"/purge T/a.jpg"}, "T/a.css please": {"/purge T/a.css"}, "• T/a.css,200,HIT": {"/purge T/a.css", "/purge T/a.css,200,HIT (as typed)"},
		"T/images/*": {"/purge dir T/images/"}, `{"url":"T/a.css"}`: {"/purge T/a.css"}, "curl -H 'Referer: https://www.abc.com/' T/a.css": {"/purge T/a.css"},
		"not T/a.css": nil, "dir T/a/": nil, "T/a b": nil, "photo.jpg": nil, "T/a.css --oversea": {"/purge T/a.css --overseas"},
	} {
		in, err := ParseFields(&chat.Fields{Verb: "url", Targets: spelledOut(targets)})
		u := understandingOf(t, in, err)
		assert.Empty(t, u.done, targets)
		assert.Equal(t, want, u.readings, "%s: %s", targets, u.problem)
	}
	for _, targets := range []string{"• T/a⏎• T/b", "*T/a* _T/b_", "> T/a⏎> T/b", "||T/a||⏎||T/b||", "<T/a>，<T/b>。"} {
		in, err := ParseFields(&chat.Fields{Verb: "url", Targets: spelledOut(targets)})
		require.NoError(t, err, targets)
		assert.Equal(t, []string{"https://www.test.com/a", "https://www.test.com/b"}, texts(in.Targets), targets)
	}
}

func TestACorrectionIsAnInvalidError(t *testing.T) {
	t.Parallel()
	_, err := Parse("T/a please")
	e := (*purge.Error)(nil)
	require.True(t, errors.As(err, &e))
	assert.Equal(t, purge.Invalid, e.Kind)
	wrong := paste(t, "T/a please").wrong
	assert.Equal(t, "I do not understand the word \"please\". Nothing was purged. Try: @purgebot https://www.test.com/a", wrong.Message("@purgebot"))
	on, is := paste(t, "/images/a.jpg --overseas").wrong.On("https://cdn.test.com")
	require.True(t, is)
	assert.Equal(t, "/purge https://cdn.test.com/images/a.jpg --overseas", on.commandLine())
	assert.Equal(t, "--overseas", on.Flags())
}

// FuzzParseFields: nothing panics, and each reading of what a form or a file holds is a command that is taken as it stands.
func FuzzParseFields(f *testing.F) {
	for _, seed := range []string{"https://a.com/my photo.jpg", "• https://a.com/1\n• www.a.com", "curl 'https://a.com/1'", "https://a.com/*", "/a.css", "//,0.AAA/0", "not https://a.com/1"} {
		f.Add(seed, "url", "")
		f.Add("https://a.com/1", "dir", seed)
	}
	f.Fuzz(func(t *testing.T, targets, verb, file string) {
		fields := &chat.Fields{Verb: verb, Targets: targets}
		if file != "" {
			fields.File = &chat.File{Name: "list.txt", Text: file}
		}
		in, err := ParseFields(fields)
		requireOffers(t, targets+file, in, err)
	})
}
