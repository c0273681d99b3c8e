package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// patience bounds each wait for the page. It is long, because a busy machine is slow without being wrong.
const patience = 90 * time.Second

// TestPageInBrowser follows a newcomer on the page, in headless Chromium.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	for name, play := range map[string]func(*testing.T, visitor){
		"purges a URL and sees the old copy go": purgesURL,
		"purges a directory with a click":       purgesDirectory,
		"is refused a foreign domain":           isRefused,
		"fills in the form":                     fillsForm,
		"answers in a thread":                   answersInThread,
		"breaks the CDN":                        breaksCDN,
		"purges in both chats":                  purgesInBoth,
		"loses Discord's gateway":               losesGateway,
		"cannot inject markup":                  injectsNothing,
		"keeps focus, text and folds":           keepsPlace,
		"names the faults that are on":          namesFaults,
		"keeps what a refused form held":        keepsRefusedForm,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, visit(t, browser))
		})
	}
	for api, other := range map[string]string{"2.0": "3.0", "3.0": "2.0"} {
		t.Run("says API "+api, func(t *testing.T) {
			t.Parallel()
			saysAPI(visitOf(t, browser, api), api, other)
		})
	}
}

// saysAPI checks that the page's text about the CDN fits the API of its start.
func saysAPI(v visitor, api, other string) {
	v.say("/purge https://www.test.com/1.jpg")
	v.sees(`text('CHAT-messages').includes('Done in mainland')`)
	v.sees(`text('calls-title') == 'What the CDN receives API ` + api + `'`)
	v.sees(`!document.body.textContent.includes('API ` + other + `')`)
}

// inView reports whether an element is visible without scrolling.
const inView = `(e => { const r = e.getBoundingClientRect(), x = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
	return r.height > 0 && r.top >= 0 && r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && e.contains(x) })`

// namesFaults checks that a current fault is visible without scrolling, in every size of window and for every
// switch.
func namesFaults(_ *testing.T, v visitor) {
	toTop := chromedp.Evaluate[chromedp.Void](`(scrollTo(0, 0), document.querySelector('.side').scrollTop = 0, undefined)`)
	for _, size := range [][2]int64{{1440, 900}, {1280, 720}, {1920, 1080}, {800, 600}, {390, 844}} {
		v.run(chromedp.EmulateViewport(size[0], size[1]))
		v.sees(`$('broken').hidden`)
		v.click(`#faults-cdn label`, "Slow")
		v.sees(`!$('broken').hidden`)
		v.run(toTop)
		v.sees(inView + `($('broken')) && text('broken').startsWith('Fault on') && text('broken').includes('CDN: Slow')`)
		v.click(`#faults-slack label`, "Rate limited (429)")
		v.click(`#faults-discord label`, "Down")
		v.sees(`['Faults on', 'CDN: Slow', 'Slack: Rate limited (429)', 'Discord: Down'].every(part => text('broken').includes(part))`)
		v.run(toTop)
		v.sees(inView + `($('broken'))`)
		v.click(`#broken button`, "clear")
		v.sees(`$('broken').hidden && text('fault-hint') == 'Nothing is broken.'`)
	}
}

func keepsRefusedForm(_ *testing.T, v visitor) {
	v.say("/purge")
	v.sees(`$('CHAT-form').open`)
	v.run(chromedp.SendKeys(chromedp.CSS(`#slack-form [data-testid=form-targets]`), "https://www.example.com/"))
	v.click(`#CHAT-form button`, "Purge")
	v.sees(`$('CHAT-form').open && text('CHAT-form').includes('No rule lets you purge www.example.com')`)
	v.sees(`document.querySelector('#slack-form [data-testid=form-targets]').value == 'https://www.example.com/'`)
	v.sees(`!text('CHAT-messages').includes('example.com')`)
	v.run(chromedp.SetValue(chromedp.CSS(`#slack-form [data-testid=form-targets]`), "https://www.abc.com/"))
	v.click(`#CHAT-form button`, "Purge")
	v.sees(`!$('CHAT-form').open && edge('https://www.abc.com/', 'mainland') == 'purged'`)
}

func purgesURL(t *testing.T, v visitor) {
	v.sees(`text('CHAT-welcome').includes('Nothing said yet')`)
	v.sees(`edge('https://www.test.com/1.jpg', 'mainland') == 'old copy'`)
	v.chip("purge a URL")
	v.enter()
	v.sees(`edge('https://www.test.com/1.jpg', 'mainland') == 'purged'`)
	v.sees(`edge('https://www.test.com/1.jpg', 'overseas') == 'old copy'`)
	v.sees(`text('CHAT-messages').includes('Done in mainland: 1 URL on www.test.com') && text('CHAT-messages').includes('(edited)')`)
	v.sees(`text('requests').includes('RefreshCdnUrl') && text('requests').includes('signature verified') && text('requests').includes('code 0 Success')`)
	v.sees(`text('quota').includes('1 of 10,000')`)
	v.click(`#requests summary`, "Parameters and signature")
	v.sees(`text('requests').includes('urls.0') && text('requests').includes('Signature')`)
	v.click(`tr[data-url="https://www.test.com/1.jpg"] td[data-area=mainland] button`, "visit")
	v.sees(`edge('https://www.test.com/1.jpg', 'mainland') == 'current'`)
	v.click(`tr[data-url="https://www.test.com/1.jpg"] th button`, "deploy new version")
	v.sees(`edge('https://www.test.com/1.jpg', 'mainland') == 'old copy'`)
}

func purgesDirectory(t *testing.T, v visitor) {
	v.chip("purge a directory")
	v.enter()
	v.sees(`text('CHAT-messages').includes('Purge 1 directory on www.test.com in mainland?')`)
	require.Empty(t, v.cdn.Requests(), "nothing is sent before the press")
	v.click(`#CHAT-messages button`, "Purge")
	v.sees(`edge('https://www.test.com/test/app.js', 'mainland') == 'purged'`)
	v.sees(`edge('https://www.test.com/test/logo.svg', 'mainland') == 'current'`)
	v.sees(`text('requests').includes('RefreshCdnDir') && text('CHAT-messages').includes('Confirmed by alice (U0ALICE)')`)
}

func isRefused(_ *testing.T, v visitor) {
	v.chip("a foreign domain")
	v.enter()
	v.sees(`text('CHAT-messages').includes('only you see this') && text('CHAT-messages').includes('No rule lets you purge www.example.com')`)
	v.click(`#CHAT .people label`, "mallory")
	v.sees(`!text('CHAT-messages').includes('www.example.com')`)
	v.say("/purge https://www.test.com/1.jpg")
	v.sees(`text('CHAT-messages').includes('No rule lets you purge www.test.com')`)
	v.sees(`text('no-calls') == 'No call yet.'`)
}

func fillsForm(_ *testing.T, v visitor) {
	v.say("/purge")
	v.sees(`$('CHAT-form').open && text('CHAT-form-title') == 'Purge the CDN'`)
	v.keys(kb.Escape)
	v.sees(`!$('CHAT-form').open`)
	v.say("/purge")
	v.sees(`$('CHAT-form').open`)
	v.run(chromedp.SendKeys(chromedp.CSS(`#slack-form [data-testid=form-targets]`), "https://www.abc.com/"))
	v.click(`#CHAT-form button`, "Purge")
	v.sees(`!$('CHAT-form').open && edge('https://www.abc.com/', 'mainland') == 'purged'`)
}

func answersInThread(_ *testing.T, v visitor) {
	v.say("@purgebot purge https://www.test.com/1.jpg")
	v.sees(`text('CHAT-messages').includes('Done in mainland')`)
	v.click(`#CHAT-messages > li > .message .reply`, "Reply in thread")
	v.sees(`!$('CHAT-replying').hidden && document.activeElement == $('CHAT-say')`)
	v.keys("purge https://www.abc.com/")
	v.enter()
	v.sees(`[...document.querySelectorAll('#CHAT .thread .message')].some(m => m.textContent.includes('Done in mainland: 1 URL on www.abc.com'))`)
	v.say("/purge whoami")
	v.sees(`text('CHAT-said').includes('not supported in threads') && $('CHAT-say').value == '/purge whoami'`)
}

func breaksCDN(t *testing.T, v visitor) {
	v.click(`#only-next`, "")
	v.click(`#faults-cdn label`, "Quota used up")
	v.sees(`$('faults').classList.contains('on')`)
	v.say("/purge https://www.test.com/1.jpg")
	v.sees(`text('CHAT-messages').includes('quota of URL purges') && text('requests').includes('code 4000 (22044)')`)
	v.sees(`document.querySelector('[name=fault-cdn]:checked').value == 'fine'`)
	v.click(`#faults-slack label`, "Down")
	v.sees(`!$('mend').disabled`)
	v.click(`#mend`, "Clear faults")
	v.sees(`$('mend').disabled && text('fault-hint') == 'Nothing is broken.'`)
	require.Empty(t, v.cdn.Faults())
}

// purgesInBoth runs the same conversation in both chats, side by side.
func purgesInBoth(t *testing.T, v visitor) {
	v.say("/purge whoami")
	v.sees(`text('CHAT-messages').includes('You are slack:')`)
	v.chat = "discord"
	v.sees(`!text('CHAT-messages').includes('slack:') && !$('CHAT-welcome').hidden`)
	v.chip("overseas")
	v.sees(`$('CHAT-say').value == '/purge url https://www.test.com/1.jpg area:overseas' && $('slack-say').value == ''`)
	v.enter()
	v.sees(`text('CHAT-messages').includes('Purge 1 URL on www.test.com in overseas?')`)
	require.Empty(t, v.cdn.Requests(), "nothing is sent before the press")
	v.click(`#CHAT-messages button`, "Purge")
	v.sees(`edge('https://www.test.com/1.jpg', 'overseas') == 'purged' && text('requests').includes('RefreshCdnOverSeaUrl')`)
	v.sees(`[...document.querySelectorAll('#CHAT .thread .message')].some(m => m.textContent.includes('Done in overseas: 1 URL on www.test.com'))`)
	v.click(`#CHAT-messages > li > .message .reply`, "Reply in thread")
	v.keys("purge https://www.abc.com/")
	v.enter()
	v.sees(`[...document.querySelectorAll('#CHAT .thread .message')].some(m => m.textContent.includes('Done in mainland: 1 URL on www.abc.com'))`)
	v.chip("a form")
	v.enter()
	v.sees(`$('CHAT-form').open && text('CHAT-form-title') == 'Purge the CDN'`)
	v.run(chromedp.SendKeys(chromedp.CSS(`#discord-form [data-testid=form-targets]`), "https://www.example.org/"))
	v.click(`#CHAT-form button`, "Submit")
	v.sees(`!$('CHAT-form').open && text('CHAT-messages').includes('only you see this') && text('CHAT-messages').includes('No rule lets you purge www.example.org')`)
	v.click(`#CHAT .people label`, "bob")
	v.sees(`text('CHAT-messages').includes('Done in overseas') && !text('CHAT-messages').includes('www.example.org')`)
	v.sees(`text('slack-messages').includes('You are slack:') && !text('slack-messages').includes('Done in overseas')`) // alice's place is unchanged
}

func losesGateway(t *testing.T, v visitor) {
	v.chat = "discord"
	v.click(`#faults-discord label`, "Gateway drops")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, v.discord.Wait(ctx, func() bool { return v.discord.Gateway().Resumes > 0 }), "purgebot did not come back by itself")
	v.sees(`$('mend').disabled && text('fault-hint') == 'Nothing is broken.'`)
	v.say("/purge https://www.test.com/1.jpg")
	v.sees(`edge('https://www.test.com/1.jpg', 'mainland') == 'purged' && text('CHAT-messages').includes('Done in mainland')`)
}

func injectsNothing(_ *testing.T, v visitor) {
	const markup = `<img/src=x/onerror=hit=1><script>hit=1</script>"'&lt;`
	v.say("/purge https://www.test.com/" + markup)
	v.sees(`text('CHAT-messages').includes('<img/src=x')`)
	v.say("@purgebot purge https://www.test.com/a.jpg?q=" + markup)
	v.sees(`text('CHAT-messages').includes('onerror=hit=1><script>hit=1')`)
	v.run(chromedp.SendKeys(chromedp.CSS(`#visit-url`), "https://www.test.com/"+markup+kb.Enter)) // an input, which submits at the character
	v.sees(`text('cached').includes('/<img/src=x/onerror=hit=1><script>')`)
	v.chat = "discord"
	v.say("/purge https://www.test.com/" + markup)
	v.sees(`text('CHAT-messages').includes('<img/src=x')`)
	v.sees(`typeof hit == 'undefined' && !document.querySelector('main img, main script')`)
}

func keepsPlace(t *testing.T, v visitor) {
	setDelay(v.cdn, time.Hour) // until there were some look-ups
	v.say("/purge dir https://www.test.com/test/")
	v.sees(`text('CHAT-messages').includes('Purge 1 directory')`)
	v.click(`#CHAT-messages button`, "Purge")
	v.sees(`document.activeElement == $('CHAT-say')`) // the button is gone
	const looks = `Number(text('requests').match(/(\d+) look-ups?:/)?.[1] ?? 0)`
	v.sees(looks + ` >= 1`)
	for open := false; !open; { // a click misses an element that is redrawn at that moment
		v.hits(`document.querySelector('#requests .looks summary')`)
		var err error
		open, err = chromedp.Run(v.tab, chromedp.Evaluate[bool](`document.querySelector('#requests .looks > details').open`))
		require.NoError(t, err)
	}
	v.sees(`(window.looked = ` + looks + `) >= 1`)
	v.sees(looks + ` >= window.looked + 2`)
	v.sees(`document.querySelector('#requests .looks > details').open && document.activeElement.textContent.includes('look-ups')`)
	v.run(chromedp.SendKeys(chromedp.CSS(`#slack-say`), "half a thought"))
	v.cdn.Finish()
	v.sees(`text('CHAT-messages').includes('Done in mainland')`)
	v.sees(`document.activeElement == $('CHAT-say') && $('CHAT-say').value == 'half a thought'`)
}

// visitor is a person with the page open in a tab, and the world behind it.
type visitor struct {
	*world
	t    *testing.T
	tab  context.Context
	chat string // replaces CHAT in expressions
}

// helpers are the functions of the tests' expressions; wrong collects violations that no page may commit.
const helpers = `
	var text = id => document.getElementById(id).innerText.trim();
	var edge = (url, area) => [...document.querySelectorAll('[data-testid=edge]')].find(e => e.dataset.url == url)
		?.querySelector('[data-area=' + area + ']').innerText.replace(/\s+/g, ' ').replace('visit', '').trim();
	var wrong = [];
	for (const kind of ['error', 'unhandledrejection', 'securitypolicyviolation'])
		addEventListener(kind, e => wrong.push(kind + ': ' + (e.message ?? e.reason ?? e.violatedDirective)), true);`

// visit opens the page in its own tab, and checks at the end that it ran without errors.
func visit(t *testing.T, browser context.Context) visitor {
	t.Helper()
	return visitOf(t, browser, "2.0")
}

// visitOf is visit with one of the CDN's APIs.
func visitOf(t *testing.T, browser context.Context, api string) visitor {
	t.Helper()
	w := newTestWorldOf(t, api)
	require.NoError(t, w.stock())
	server := httptest.NewServer(newPage(w))
	t.Cleanup(server.Close)
	tab, quit := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(quit)
	v := visitor{w, t, tab, "slack"}
	require.NoError(t, chromedp.Do(tab), "open a tab") // without a time limit, which the tab would keep
	v.run(atStart(helpers), chromedp.EmulateViewport(1280, 800), chromedp.Navigate(server.URL))
	t.Cleanup(func() { v.sees(`wrong.length == 0 || (document.body.prepend(wrong.join()), false)`) })
	v.sees(`$('link').dataset.state == 'live'`)
	return v
}

// atStart runs a script before any of the page's.
func atStart(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

func (v visitor) run(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	require.NoError(v.t, chromedp.Do(ctx, actions...))
}

// sees waits until an expression holds.
func (v visitor) sees(expression string) {
	v.t.Helper()
	expression = strings.ReplaceAll(expression, "CHAT", v.chat)
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0))); err != nil {
		shown, _ := chromedp.Run(v.tab, chromedp.Evaluate[string](`document.body.innerText`))
		require.NoError(v.t, err, "%s\nwas not to be seen in\n%s", expression, shown)
	}
}

// click clicks the first visible element of a kind with this text.
func (v visitor) click(selector, label string) {
	v.t.Helper()
	selector = strings.ReplaceAll(selector, "CHAT", v.chat)
	find := fmt.Sprintf(`[...document.querySelectorAll(%s)].find(e => e.textContent.trim() == %s && e.checkVisibility() && !e.disabled)`, strconv.Quote(selector), strconv.Quote(label))
	v.sees(find + ` != null`)
	v.hits(find)
}

// hits clicks an element, and finds it again if the page has redrawn it before the click.
func (v visitor) hits(find string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Click(chromedp.JSPath(find)))
	for ctx.Err() == nil && gone(err) {
		err = chromedp.Do(ctx, chromedp.Click(chromedp.JSPath(find)))
	}
	require.NoError(v.t, err, find)
}

// gone reports whether Chromium says that a node is no longer on the page.
func gone(err error) bool {
	var refused *cdproto.Error
	return errors.As(err, &refused) && refused.Code == -32000
}

func (v visitor) chip(label string) { v.t.Helper(); v.click(`#CHAT-chips button`, label) }
func (v visitor) keys(keys string)  { v.t.Helper(); v.run(chromedp.KeyEvent(keys)) }

// enter presses Enter like a keyboard: a page that handles the key gets no character after it, unlike with
// chromedp's own key.
func (v visitor) enter() {
	v.t.Helper()
	v.run(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			key := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13}
			if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, key); err != nil {
				return err
			}
		}
		return nil
	}))
}

// say types into the message box and presses Enter.
func (v visitor) say(text string) {
	v.t.Helper()
	v.run(chromedp.SendKeys(chromedp.CSS(`#`+v.chat+`-say`), text))
	v.enter()
}

// startBrowser starts one Chromium for all tabs, or skips the test if none is installed.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := findBrowser()
	if path == "" && os.Getenv("CI") == "true" {
		t.Fatal("no Chromium: in CI the page must be tested; install chromium")
	} else if path == "" {
		t.Skip("SKIPPED: no Chromium is installed, so the page was not tested in a browser (apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	require.NoError(t, chromedp.Do(browser), "start Chromium")
	t.Cleanup(func() { _ = chromedp.Cancel(browser) }) // waits until it is gone from its directory
	return browser
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
