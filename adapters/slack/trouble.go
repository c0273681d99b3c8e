package slack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	askAgain = 30 * time.Second // between two look-ups that Health repeats
	toldFor  = 10 * time.Minute // of a call that Health cannot repeat, because it does something
)

// essential are the scopes without which nothing goes; the manifest in deploy says what each is for. usergroups:read counts only
// where the policy names user groups, but then everybody hangs on it.
var essential = []string{"commands", "app_mentions:read", "chat:write", "users:read", "channels:read"}

// scopeOf is the scope that a method needs, for a Slack that does not say: https://docs.slack.dev/reference/methods
var scopeOf = map[string]string{
	"users.info": "users:read", "conversations.info": "channels:read, groups:read", "usergroups.users.list": "usergroups:read",
	"chat.postMessage": "chat:write", "chat.update": "chat:write", "chat.postEphemeral": "chat:write", "conversations.open": "im:write",
	uploadMethod: "files:write", "files.completeUploadExternal": "files:write",
}

// trouble is a call that only an operator can mend, such as one whose scope is missing.
type trouble struct {
	err   *purge.Error
	about string // what was asked about, where one answer says nothing about the others
	since time.Time
	asked time.Time
	again func(context.Context) // asks the same once more; nil if that would do something
}

// troubles are the calls in trouble, at most one of each method: whoever is locked out is told little, so Health tells it all.
type troubles struct {
	mu   sync.Mutex
	kept map[string]trouble
}

func newTroubles() *troubles { return &troubles{kept: map[string]trouble{}} }

// note keeps a trouble of a method. One that closes Slack altogether stays when a part is closed besides.
func (t *troubles) note(method string, new trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, there := t.kept[method]
	if there && old.about != new.about && old.err.Kind == purge.Internal && new.err.Kind != purge.Internal {
		return
	}
	t.kept[method] = new
}

// forget ends the trouble of a method, if it is about the same.
func (t *troubles) forget(method, about string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept[method].about == about {
		delete(t.kept, method)
	}
}

func (t *troubles) has(method string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, there := t.kept[method]
	return there
}

// due returns the look-ups that are to be repeated now, and forgets what is too old to be told.
func (t *troubles) due(now time.Time) (again []func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for method, one := range t.kept {
		switch {
		case one.again == nil && now.Sub(one.since) >= toldFor:
			delete(t.kept, method)
		case one.again != nil && now.Sub(one.asked) >= askAgain:
			one.asked = now
			t.kept[method] = one
			again = append(again, one.again)
		}
	}
	return again
}

// worst returns what to tell first, or nil: what closes Slack to the bot altogether, then what closes a part of it.
func (t *troubles) worst() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var worst error
	for _, one := range t.kept {
		if worst == nil || one.err.Kind == purge.Internal {
			worst = one.err
		}
	}
	return worst
}

// look asks Slack for something, and remembers it if only an operator can mend that. Health asks it again: nobody may come any
// more who would.
func look[V any](ctx context.Context, s *Slack, method, about string, call func(context.Context) (V, error)) (V, error) {
	v, err := call(ctx)
	s.heard(method, about, err, func(ctx context.Context) { _, _ = look(ctx, s, method, about, call) })
	return v, err
}

// done says what an error of a call is that does something; nil is none.
func (s *Slack) done(method string, err error) error {
	s.heard(method, "", err, nil)
	if err == nil {
		return nil
	}
	return s.translate(method, err)
}

// heard remembers a call that only an operator can mend, until it is answered. That Slack does not answer says nothing.
func (s *Slack) heard(method, about string, err error, again func(context.Context)) {
	if err == nil {
		s.trouble.forget(method, about)
		return
	}
	e := s.translate(method, err)
	switch {
	case e.Kind == purge.Unavailable, e.Kind == purge.Exhausted:
	case e.Kind != purge.Internal, again == nil && !forbidden(err):
		s.trouble.forget(method, about)
	default:
		now := s.config.Now()
		if !whole(method, err) {
			e = &purge.Error{Kind: purge.Denied, Message: e.Message, Err: e.Err}
		}
		s.trouble.note(method, trouble{err: e, about: about, since: now, asked: now, again: again})
	}
}

// forbidden reports whether the app or its token may not make a call at all, whatever it says.
func forbidden(err error) bool {
	c := code(err)
	return c == "missing_scope" || slices.Contains([]string{tokenGone, wrongToken, noAccess}, meanings[c].message)
}

// whole reports whether a call that is refused closes Slack to everybody, rather than a part of it to some.
func whole(method string, err error) bool {
	if code(err) != "missing_scope" {
		return forbidden(err) || method == "usergroups.users.list"
	}
	return slices.ContainsFunc(needed(method, err), func(scope string) bool {
		return scope == "usergroups:read" || slices.Contains(essential, scope)
	})
}

// needed are the scopes that Slack says are missing, or else those that the method needs. Any one of them will do.
func needed(method string, err error) []string {
	list := refusal(err).Needed
	if list == "" {
		list = scopeOf[method]
	}
	return scopes(list)
}

// lacks says who adds which scopes where.
func lacks(scopes []string) string {
	which := "a scope"
	if len(scopes) > 0 {
		which = "the scope " + chat.OneLine(strings.Join(scopes, ", "))
	}
	return "The Slack app lacks " + which + ". Ask whoever manages the app to add it at https://api.slack.com/apps, " +
		"under OAuth & Permissions, and to install the app again."
}

// healthy repeats what was refused, and returns what still is.
func (s *Slack) healthy(ctx context.Context) error {
	var all sync.WaitGroup
	for _, again := range s.trouble.due(s.config.Now()) {
		all.Go(func() { again(ctx) })
	}
	all.Wait()
	return s.trouble.worst()
}

// refusal returns what Slack said, the zero value if it said nothing.
func refusal(err error) (r slack.SlackErrorResponse) {
	errors.As(err, &r)
	return r
}
