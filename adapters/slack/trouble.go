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
	askAgain = 30 * time.Second // time between two repetitions of a look-up by Health
	toldFor  = 10 * time.Minute // duration of a report about a call with effects, which Health cannot repeat
)

// essential lists the scopes that everything depends on; the manifest in deploy explains each. The scope
// usergroups:read is essential only if the policy names user groups.
var essential = []string{"commands", "app_mentions:read", "chat:write", "users:read", "channels:read"}

// scopeOf maps a method to its scope, for answers that do not name it: https://docs.slack.dev/reference/methods
var scopeOf = map[string]string{
	"users.info": "users:read", "conversations.info": "channels:read, groups:read", "usergroups.users.list": "usergroups:read",
	"chat.postMessage": "chat:write", "chat.update": "chat:write", "chat.postEphemeral": "chat:write", "conversations.open": "im:write",
	uploadMethod: "files:write", "files.completeUploadExternal": "files:write",
}

// trouble is a failed call that only an operator can repair, for example because of a missing scope.
type trouble struct {
	err   *purge.Error
	about string // subject of the call, if an answer about one subject says nothing about others
	since time.Time
	asked time.Time
	again func(context.Context) // repeats the call; nil if the call has effects
}

// troubles holds the failed calls, at most one for each method. People get few details, so Health reports all
// of them.
type troubles struct {
	mu   sync.Mutex
	kept map[string]trouble
}

func newTroubles() *troubles { return &troubles{kept: map[string]trouble{}} }

// note records a trouble of a method. A trouble that closes Slack altogether is not replaced by one that closes
// a part.
func (t *troubles) note(method string, new trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, there := t.kept[method]
	if there && old.about != new.about && old.err.Kind == purge.Internal && new.err.Kind != purge.Internal {
		return
	}
	t.kept[method] = new
}

// forget ends the trouble of a method with the same subject.
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

// due returns the look-ups to repeat now, and forgets outdated troubles.
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

// worst returns the error to report first, or nil: one that closes Slack to the bot altogether, else one that
// closes a part.
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

// look makes a call without effects, and records a failure that only an operator can repair. Health repeats it,
// because people may have given up.
func look[V any](ctx context.Context, s *Slack, method, about string, call func(context.Context) (V, error)) (V, error) {
	v, err := call(ctx)
	s.heard(method, about, err, func(ctx context.Context) { _, _ = look(ctx, s, method, about, call) })
	return v, err
}

// done records the outcome of a call with effects and translates its error.
func (s *Slack) done(method string, err error) error {
	s.heard(method, "", err, nil)
	if err == nil {
		return nil
	}
	return s.translate(method, err)
}

// heard records a failure that only an operator can repair, until a later call succeeds. A missing answer
// changes nothing.
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

// forbidden reports whether the app or its token lacks the right to a call, whatever its content is.
func forbidden(err error) bool {
	c := code(err)
	return c == "missing_scope" || slices.Contains([]string{tokenGone, wrongToken, noAccess}, meanings[c].message)
}

// whole reports whether a refused call closes Slack to all people, rather than a part of it to some.
func whole(method string, err error) bool {
	if code(err) != "missing_scope" {
		return forbidden(err) || method == "usergroups.users.list"
	}
	return slices.ContainsFunc(needed(method, err), func(scope string) bool {
		return scope == "usergroups:read" || slices.Contains(essential, scope)
	})
}

// needed returns the missing scopes according to Slack, or else the method's scopes. Any one of them suffices.
func needed(method string, err error) []string {
	list := refusal(err).Needed
	if list == "" {
		list = scopeOf[method]
	}
	return scopes(list)
}

// lacks returns a sentence about missing scopes and the place to add them.
func lacks(scopes []string) string {
	which := "a scope"
	if len(scopes) > 0 {
		which = "the scope " + chat.OneLine(strings.Join(scopes, ", "))
	}
	return "The Slack app lacks " + which + ". Ask whoever manages the app to add it at https://api.slack.com/apps, " +
		"under OAuth & Permissions, and to install the app again."
}

// healthy repeats failed look-ups, and returns the worst remaining failure.
func (s *Slack) healthy(ctx context.Context) error {
	var all sync.WaitGroup
	for _, again := range s.trouble.due(s.config.Now()) {
		all.Go(func() { again(ctx) })
	}
	all.Wait()
	return s.trouble.worst()
}

// refusal returns Slack's refusal within err, or the zero value.
func refusal(err error) (r slack.SlackErrorResponse) {
	errors.As(err, &r)
	return r
}
