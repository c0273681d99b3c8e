package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	maxBody   = 1 << 20
	maxProbe  = 1 << 10
	trusted   = 64 << 10                // of an announced length, before a byte of it has come
	ackWithin = 2500 * time.Millisecond // Slack waits 3 s: https://docs.slack.dev/interactivity/implementing-slash-commands/
	grace     = 300 * time.Millisecond  // for a handler that was told to stop, to say so
	afterward = 10 * time.Second        // for what goes on after Slack was answered
)

// reaction is what a verified delivery leads to: an answer to Slack, and what is done after it.
type reaction struct {
	status int // 0 is 200
	json   any // nil is an empty body
	then   func(context.Context)
}

// Handler returns the routes that Slack posts to. The reaction to a delivery is decided by h; without Slack's signature over it
// nothing is parsed, and the answer is 401 and nothing more.
func (s *Slack) Handler(h chat.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slack/commands", probe)
	for path, react := range map[string]func(context.Context, chat.Handler, *http.Request, []byte) reaction{
		"/slack/commands": s.command, "/slack/interactions": s.interaction, "/slack/events": s.event,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			body, status := s.verified(w, r)
			if status != http.StatusOK {
				w.WriteHeader(status)
				return
			}
			s.serve(w, r, func(ctx context.Context) reaction { return react(ctx, h, r, body) })
		})
	}
	return mux
}

// probe answers Slack's check of our certificate, which is good for nothing else and so need not be signed.
func probe(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("ssl_check") != "1" {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// verified reads the body of a request that Slack signed, or says which status refuses it. Slack packs no body, so one that says
// that it is packed is not read: the same bytes would mean one thing to us and another to a server that unpacks them.
func (s *Slack) verified(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	switch {
	case packed(r.Header):
		w.Header().Set("Accept-Encoding", "identity")
		return nil, http.StatusUnsupportedMediaType
	case r.ContentLength > maxBody:
		return nil, http.StatusRequestEntityTooLarge
	}
	t, fresh := stampOf(r.Header, s.config.Now())
	limit := int64(maxBody)
	if !fresh {
		limit = maxProbe
	}
	body, err := read(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case fresh && errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge
	case err == nil && fresh && t.signs(s.config.SigningSecret, body):
		return body, http.StatusOK
	case err == nil && r.URL.Path == "/slack/commands" && sslCheck(body):
		return body[:0], http.StatusOK
	}
	return nil, http.StatusUnauthorized
}

// packed reports whether a body is said to be more than its plain bytes: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
func packed(h http.Header) bool {
	for _, line := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				return true
			}
		}
	}
	return false
}

func read(r io.Reader, length int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, min(max(length, 0), trusted)+bytes.MinRead))
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// sslCheck reports whether a body says no more than that Slack checks our certificate.
func sslCheck(body []byte) bool {
	return len(body) <= maxProbe && !bytes.Contains(body, []byte("command=")) &&
		(bytes.HasPrefix(body, []byte("ssl_check=1")) || bytes.Contains(body, []byte("&ssl_check=1")))
}

// serve answers Slack with a reaction. A panic ends this delivery and nothing else, and shows in the log alone.
func (s *Slack) serve(w http.ResponseWriter, r *http.Request, react func(context.Context) reaction) {
	ctx, cancel := context.WithTimeout(r.Context(), s.ackIn)
	defer cancel()
	did, err := guarded(func() (reaction, error) { return react(ctx), nil })
	if err == nil {
		err = write(w, did)
	} else {
		w.WriteHeader(http.StatusInternalServerError)
	}
	if err != nil {
		s.config.Log.Error("slack: delivery failed", "path", r.URL.Path, "error", s.redact(err.Error()))
	}
	if did.then != nil {
		s.afterwards(r.Context(), did.then)
	}
}

func write(w http.ResponseWriter, did reaction) error {
	if did.json == nil {
		if did.status != 0 {
			w.WriteHeader(did.status)
		}
		return nil
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(did.json)
}

// afterwards runs f on its own, with its own time; Wait waits for it.
func (s *Slack) afterwards(ctx context.Context, f func(context.Context)) {
	s.replying.Add(1)
	s.later.Go(func() {
		defer s.replying.Add(-1)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterward)
		defer cancel()
		_, err := guarded(func() (struct{}, error) { f(ctx); return struct{}{}, nil })
		if err != nil {
			s.config.Log.Error("slack: private reply or file failed", "error", s.redact(err.Error()))
		}
	})
}

// tasks go on by themselves. Unlike those of a WaitGroup, one may begin while somebody waits.
type tasks struct {
	mu   sync.Mutex
	over sync.Cond
	n    int
}

func newTasks() *tasks {
	t := &tasks{}
	t.over.L = &t.mu
	return t
}

// Go runs f on its own.
func (t *tasks) Go(f func()) {
	t.add(1)
	go func() {
		defer t.add(-1)
		f()
	}()
}

func (t *tasks) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	if t.n == 0 {
		t.over.Broadcast()
	}
}

// Wait returns when none goes on.
func (t *tasks) Wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 0 {
		t.over.Wait()
	}
}

// errPanic marks an error that was a panic.
var errPanic = errors.New("panic")

func guarded[V any](f func() (V, error)) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return f()
}

// panicked says where a panic was, and what about. What somebody panicked with may hold anything; what Go itself says does not.
func panicked(p any) error {
	about := fmt.Sprintf("%T", p)
	switch e := p.(type) {
	case runtime.Error:
		about = e.Error()
	case error:
		if errors.Is(e, errPanic) { // handed on by ask, from the goroutine where it happened
			return e
		}
	}
	return fmt.Errorf("%w: %s\n%s", errPanic, about, debug.Stack())
}

// answered is what the bot said in time.
type answered struct {
	reply chat.Reply
	err   error
}

// ask asks the bot, and does not wait for it longer than Slack waits for us. A bot that is late although it was told to stop may
// have recorded the event or not; nobody is told that it did not.
func (s *Slack) ask(ctx context.Context, f func(context.Context) (chat.Reply, error)) (chat.Reply, error) {
	done := make(chan answered, 1)
	s.later.Go(func() {
		reply, err := guarded(func() (chat.Reply, error) { return f(ctx) })
		done <- answered{reply, err}
	})
	deadline, _ := ctx.Deadline()
	late := time.NewTimer(time.Until(deadline) + grace)
	defer late.Stop()
	select {
	case a := <-done:
		if errors.Is(a.err, errPanic) {
			panic(a.err)
		}
		return a.reply, a.err
	case <-late.C:
		return chat.Reply{}, &purge.Error{Kind: purge.Unknown,
			Message: "purgebot took too long to answer, and may still have taken this. Look with history before you try again."}
	}
}
