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
	trusted   = 64 << 10                // part of an announced length that is allocated before the first byte arrives
	ackWithin = 2500 * time.Millisecond // Slack waits 3 s: https://docs.slack.dev/interactivity/implementing-slash-commands/
	grace     = 300 * time.Millisecond  // extra time for a cancelled handler to return
	afterward = 10 * time.Second        // time for tasks after the answer to Slack
)

// reaction is the result of a verified delivery: an answer to Slack, and a task to run afterwards.
type reaction struct {
	status int // 0 means 200
	json   any // nil means an empty body
	then   func(context.Context)
}

// Handler returns the routes for Slack's deliveries, which h reacts to. Without Slack's signature nothing is
// parsed, and the answer is an empty 401.
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

// probe answers Slack's check of the certificate, which has no effect and needs no signature.
func probe(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("ssl_check") != "1" {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// verified returns the body of a request with Slack's signature, or the status that refuses it. Slack sends no
// encoded bodies, so a Content-Encoding is refused: the same bytes would have another meaning for a server that
// decodes them.
func (s *Slack) verified(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	// Refuse bodies that are encoded or too large.
	switch {
	case packed(r.Header):
		w.Header().Set("Accept-Encoding", "identity")
		return nil, http.StatusUnsupportedMediaType
	case r.ContentLength > maxBody:
		return nil, http.StatusRequestEntityTooLarge
	}
	// Read the body, a shorter one for a request without a fresh signature.
	t, fresh := stampOf(r.Header, s.config.Now())
	limit := int64(maxBody)
	if !fresh {
		limit = maxProbe
	}
	body, err := read(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	// Accept a signed body, or Slack's check of the certificate.
	var tooLarge *http.MaxBytesError
	switch {
	case fresh && errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge
	case err == nil && fresh && t.signs(s.config.SigningSecret, body):
		return body, http.StatusOK
	case err == nil && r.URL.Path == "/slack/commands" && sslCheck(body):
		return body[:0], http.StatusOK
	}
	s.turnAway(t, fresh, body, err)
	return nil, http.StatusUnauthorized
}

// packed reports whether a body is declared as encoded: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
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

// sslCheck reports whether a body is nothing but Slack's check of the certificate.
func sslCheck(body []byte) bool {
	return len(body) <= maxProbe && !bytes.Contains(body, []byte("command=")) &&
		(bytes.HasPrefix(body, []byte("ssl_check=1")) || bytes.Contains(body, []byte("&ssl_check=1")))
}

// serve answers Slack with a reaction. A panic ends this delivery alone, and is logged.
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

// afterwards runs f in the background with its own time limit; Wait waits for it.
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

// tasks counts background tasks. Unlike in a WaitGroup, one may begin during a Wait.
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

// Go runs f in the background.
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

// Wait returns when no task is running.
func (t *tasks) Wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 0 {
		t.over.Wait()
	}
}

// errPanic marks an error that was a panic.
var errPanic = errors.New("panic")

// guarded runs f and returns a panic as an error.
func guarded[V any](f func() (V, error)) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return f()
}

// panicked returns an error with the place of a panic. Its text is included only for Go's own errors, because
// other values may hold secrets.
func panicked(p any) error {
	about := fmt.Sprintf("%T", p)
	switch e := p.(type) {
	case runtime.Error:
		about = e.Error()
	case error:
		if errors.Is(e, errPanic) { // passed on by ask, from the goroutine of the panic
			return e
		}
	}
	return fmt.Errorf("%w: %s\n%s", errPanic, about, debug.Stack())
}

// answered is the bot's reply in time.
type answered struct {
	reply chat.Reply
	err   error
}

// ask gives an event to the bot, and waits no longer than Slack waits for the answer. A late bot may or may not
// have recorded the event, so the error is Unknown.
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
