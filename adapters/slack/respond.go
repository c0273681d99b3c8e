package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"purgebot/bot/chat"
)

const (
	callWithin = 10 * time.Second
	maxAnswer  = 4 << 20
)

// careful returns a client for all outgoing calls: it follows no redirect, has a timeout, and bounds answers.
func careful(c *http.Client) *http.Client {
	own := http.Client{}
	if c != nil {
		own = *c
	}
	if own.Timeout == 0 {
		own.Timeout = callWithin
	}
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = bounded{own.Transport}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// bounded cuts answers off at maxAnswer.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// atOrigin reports whether an address has the scheme, host and port of the configured API.
func (s *Slack) atOrigin(address string) bool {
	return s.origin != "" && strings.HasPrefix(address, s.origin+"/")
}

// respond shows a card to the person who pressed, through the response_url if that is Slack's and still valid
// (five times in 30 minutes), otherwise as a private message:
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses In a channel that has become
// externally shared nothing is posted: Tell reaches members directly, and outsiders get no answer.
func (s *Slack) respond(ctx context.Context, address string, a chat.Answer, c chat.Card) {
	if s.knownShared(a.At.Channel) {
		if s.standingOf(ctx, a.From) != chat.Member {
			return
		}
		address = ""
	}
	err := s.reply(ctx, address, a.At.Root, c)
	if err == nil {
		return
	}
	if again := s.Tell(ctx, a.From, a.At, a.Event, c); again != nil {
		s.config.Log.Warn("slack: private reply not delivered", "channel", a.At.Channel, "error", again, "response_url", err)
	}
}

func (s *Slack) reply(ctx context.Context, address, root string, c chat.Card) error {
	// Send cards with a response_url to Slack alone.
	if !strings.HasPrefix(address, "https://hooks.slack.com/") && !s.atOrigin(address) {
		return errors.New("response_url is not Slack's")
	}
	m := s.message(ctx, c, "")
	m.ThreadTS = root
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("response_url is malformed")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := s.http.Do(r)
	if err != nil {
		return errors.New("no answer from the response_url")
	}
	defer answer.Body.Close()
	return judged(answer)
}

// judged reads the answer of a response_url, which is "ok" or JSON. An HTTP 200 may hold a refusal.
func judged(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	said := struct {
		OK *bool `json:"ok"`
	}{}
	if json.NewDecoder(answer.Body).Decode(&said) == nil && said.OK != nil && !*said.OK {
		return errors.New("response_url refused the message")
	}
	return nil
}
