// Command sandbox runs purgebot for a trial: simulated Slack, Discord and Tencent CDN on loopback, the
// production wiring between them, and a page to type and click on. It needs no account and no network.
//
// It opens loopback addresses only, keeps nothing after its end, and never reads the environment.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
	}
	os.Exit(code)
}

// options are the flags. Flags of a conversation take effect in the given order.
type options struct {
	listen string
	delay  time.Duration
	log    bool
	chat   string // "slack" or "discord", the place of the conversation
	api    string // "2.0" or "3.0", the CDN's API
	lines  []line
}

func parse(args []string, errOut io.Writer) (options, error) {
	o := options{}
	as, from := "alice", 0 // from is the index of the first line after the last -as
	// Define the flags.
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.listen, "listen", "127.0.0.1:8844", "address of the page; another free port if this one is in use")
	f.DurationVar(&o.delay, "delay", 0, "the simulated CDN's time from accepted to done (default 3s on the page, 300ms with -say)")
	f.BoolVar(&o.log, "log", false, "print purgebot's own log to standard error")
	f.StringVar(&o.chat, "chat", "slack", "the place of -say and -press: `CHAT` slack or discord")
	f.StringVar(&o.api, "api", "2.0", "the CDN's `API`: 2.0 or 3.0")
	f.Func("say", "play a conversation instead of serving the page: type `TEXT`", func(s string) error {
		o.lines = append(o.lines, line{as: as, text: s})
		return nil
	})
	f.Func("as", "the person of the following -say and -press flags: `USER` alice (default), bob or mallory", func(s string) error {
		as = s
		if len(o.lines) > 0 {
			from = len(o.lines)
		}
		return nil
	})
	f.Func("press", "press the newest button with this `LABEL`; LABEL=TEXT also types TEXT into the form that it opens", func(s string) error {
		o.lines = append(o.lines, line{as: as, press: s})
		return nil
	})
	f.Func("sees", "wait until a card says this `TEXT`, such as Accepted", func(s string) error {
		o.lines = append(o.lines, line{as: as, sees: s})
		return nil
	})
	// Parse and check them.
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if len(o.lines) == from { // a final -as applies to the lines before it
		for i := range o.lines {
			o.lines[i].as = as
		}
	}
	if o.api != "2.0" && o.api != "3.0" {
		return o, fmt.Errorf("-api %q is not understood: there are 2.0 and 3.0", o.api)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not understood: the text to type follows -say, in quotes", f.Arg(0))
	}
	return o, nil
}

// conversationLimit bounds a conversation from -say.
const conversationLimit = 2 * time.Minute

func run(ctx context.Context, args []string, out, errOut io.Writer) (int, error) {
	o, err := parse(args, errOut)
	if err == flag.ErrHelp {
		return exitDone, nil
	}
	if err != nil {
		return exitWrong, err
	}
	// Choose the log and the CDN's delay.
	log := slog.New(slog.DiscardHandler)
	if o.log {
		log = slog.New(slog.NewTextHandler(errOut, nil))
	}
	if o.delay == 0 && len(o.lines) > 0 {
		o.delay = 300 * time.Millisecond
	} else if o.delay == 0 {
		o.delay = 3 * time.Second
	}
	// Start the world, and play the conversation or serve the page.
	w, err := newWorld(ctx, o.api, o.delay, log)
	if err != nil {
		return exitWrong, err
	}
	defer w.close()
	if len(o.lines) > 0 {
		c, err := w.chat(o.chat)
		if err != nil {
			return exitWrong, err
		}
		ctx, cancel := context.WithTimeout(ctx, conversationLimit)
		defer cancel()
		return w.play(ctx, c, o.lines, out)
	}
	if err := w.servePage(ctx, o.listen, out); err != nil {
		return exitWrong, err
	}
	return exitDone, nil
}
