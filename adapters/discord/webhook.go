package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"purgebot/bot/chat"
)

const (
	maxBody = 1 << 20
	trusted = 64 << 10 // part of an announced length that is allocated before the first byte arrives
)

// Handler returns the route for Discord's interactions, which exists only if PublicKey is set. Without
// Discord's signature nothing is parsed, and the answer is an empty 401. Interactions of another application
// get the same answer.
func (d *Discord) Handler(h chat.Handler) http.Handler {
	mux := http.NewServeMux()
	if d.key == nil {
		return mux
	}
	mux.HandleFunc("POST /discord/interactions", func(w http.ResponseWriter, r *http.Request) {
		body, status := d.verified(w, r)
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		// Decode the interaction, and refuse that of another application.
		var in interaction
		if json.Unmarshal(body, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if !d.addressed(&in) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		d.serve(w, r, h, &in)
	})
	return mux
}

// verified returns the body of a request with Discord's signature, or the status that refuses it. Discord
// sometimes sends invalid signatures, and disables an endpoint that does not answer 401:
// https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
func (d *Discord) verified(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	// Refuse requests that are not worth reading.
	t, fresh := stampOf(r.Header, d.config.Now())
	if !fresh {
		d.turnAway(t, fresh)
		return nil, http.StatusUnauthorized
	}
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	// Read the body, and check its signature.
	b := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), trusted)+bytes.MinRead))
	_, err := io.Copy(b, http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil || !t.signed(d.key, b.Bytes()):
		d.turnAway(t, fresh)
		return nil, http.StatusUnauthorized
	case packed(r.Header):
		w.Header().Set("Accept-Encoding", "identity")
		return nil, http.StatusUnsupportedMediaType
	}
	return b.Bytes(), http.StatusOK
}

// packed reports whether a body is declared as encoded: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
func packed(h http.Header) bool {
	codings := strings.FieldsFunc(strings.Join(h.Values("Content-Encoding"), ","), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	return slices.ContainsFunc(codings, func(coding string) bool { return !strings.EqualFold(coding, "identity") })
}

// serve answers a verified interaction with its first callback; the rest of the work continues in the
// background.
func (d *Discord) serve(w http.ResponseWriter, r *http.Request, h chat.Handler, in *interaction) {
	if in.Type == interactionPing {
		write(w, callback{Type: pong})
		return
	}
	// Handle the interaction in the background.
	given, written := make(chan callback), make(chan error, 1)
	ctx := context.WithoutCancel(r.Context())
	done := make(chan struct{})
	d.later.Go(func() {
		defer close(done)
		d.interact(ctx, h, in, func(_ context.Context, c callback) error {
			given <- c
			return <-written
		})
	})
	// Send the first callback, if there is one.
	select {
	case c := <-given:
		written <- write(w, c)
	case <-done:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func write(w http.ResponseWriter, c callback) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(c)
}
