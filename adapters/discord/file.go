package discord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"purgebot/purge"
)

const maxFile = 1_000_000

// cdnHosts lists Discord's hosts for attachments: https://docs.discord.com/developers/reference#cdn-formatting
var cdnHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

// fetch returns the text of an attachment. It contacts Discord's own hosts only, whatever address an event has.
func (d *Discord) fetch(ctx context.Context, a attachment) (string, error) {
	switch {
	case a.URL == "" || !d.fromDiscord(a.URL):
		return "", invalid("That file is not one of Discord's. Attach a text file.")
	case a.Size > maxFile:
		return "", tooLarge()
	}
	text, err := d.download(ctx, a.URL)
	var known *purge.Error
	switch {
	case errors.As(err, &known):
		return "", err
	case err != nil:
		return "", &purge.Error{Kind: purge.Unavailable, Message: "Discord does not give out that file just now. Try again.", Err: err}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", invalid("That file is no UTF-8 text. Attach a text file with one address a line.")
	}
	return strings.TrimPrefix(text, "\ufeff"), nil
}

func tooLarge() error {
	return invalid(fmt.Sprintf("That file is too large: at most %d bytes are read. Split it.", maxFile))
}

// fromDiscord reports whether an address is on Discord's hosts, or on the host of the configured API.
func (d *Discord) fromDiscord(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" {
		return false
	}
	api, err := url.Parse(d.api)
	custom := err == nil && api.Host != "discord.com" && u.Host == api.Host && u.Scheme == api.Scheme
	return custom || u.Scheme == "https" && slices.Contains(cdnHosts, u.Host)
}

func (d *Discord) download(ctx context.Context, address string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errors.New("address of the attachment is malformed")
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return "", bare(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = tooLarge()
	}
	return string(text), err
}
