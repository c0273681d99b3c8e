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
	trusted = 64 << 10 // of an announced length, before a byte of it has come
)

// Handler returns the route that Discord posts interactions to, which is not there unless PublicKey is set. Without Discord's
// signature over it nothing is parsed, and the answer is 401 and nothing more. So it is where another application is meant.
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

// verified reads the body of a request that Discord signed, or says which status refuses it. Discord itself sends bad
// signatures now and then, and takes the endpoint down that does not answer 401:
// https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
func (d *Discord) verified(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	t, fresh := stampOf(r.Header, d.config.Now())
	if !fresh {
		return nil, http.StatusUnauthorized
	}
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	b := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), trusted)+bytes.MinRead))
	_, err := io.Copy(b, http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil || !t.signed(d.key, b.Bytes()):
		return nil, http.StatusUnauthorized
	case packed(r.Header):
		w.Header().Set("Accept-Encoding", "identity")
		return nil, http.StatusUnsupportedMediaType
	}
	return b.Bytes(), http.StatusOK
}

// packed reports whether a body is said to be more than its plain bytes: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
func packed(h http.Header) bool {
	codings := strings.FieldsFunc(strings.Join(h.Values("Content-Encoding"), ","), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	return slices.ContainsFunc(codings, func(coding string) bool { return !strings.EqualFold(coding, "identity") })
}

// serve answers a verified interaction with the first callback that it leads to; the rest goes on behind it.
func (d *Discord) serve(w http.ResponseWriter, r *http.Request, h chat.Handler, in *interaction) {
	if in.Type == interactionPing {
		write(w, callback{Type: pong})
		return
	}
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
