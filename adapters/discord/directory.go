package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"

	"purgebot/purge"
)

// resumeURL is the address for resuming a session, taken from READY:
// https://docs.discord.com/developers/events/gateway#resuming
type resumeURL struct {
	mu  sync.Mutex
	url string
}

func (r *resumeURL) learn(ready []byte) {
	var said struct {
		URL string `json:"resume_gateway_url"`
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if json.Unmarshal(ready, &said) == nil && guardedURL(said.URL) {
		r.url = said.URL
	}
}

// forget makes the next connection ask for the gateway's address.
func (r *resumeURL) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.url = ""
}

func (r *resumeURL) get() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.url
}

// directory gives discordgo the gateway's address: the one for resuming the session, or else Discord's answer.
type directory struct {
	http.RoundTripper
	resume *resumeURL
}

var errUnguarded = errors.New("Discord names a gateway that is not wss://")

// RoundTrip implements http.RoundTripper.
func (d directory) RoundTrip(r *http.Request) (*http.Response, error) {
	if at := d.resume.get(); at != "" {
		return directs(r, at), nil
	}
	answer, err := d.RoundTripper.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	defer answer.Body.Close()
	var said struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || !guardedURL(said.URL) {
		return nil, errUnguarded
	}
	return directs(r, said.URL), nil
}

func directs(r *http.Request, to string) *http.Response {
	body, _ := json.Marshal(map[string]string{"url": to})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
}

// guardedURL reports whether a gateway may receive the token: over TLS, or on this machine.
func guardedURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "wss" || u.Scheme == "ws" && purge.Loopback(u.Hostname()))
}
