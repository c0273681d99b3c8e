package bot

import (
	"context"
	"strings"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/store"
)

// button returns what a token stands for, of a purge's card or stored by itself; false if it never was one. (Whoever can read the
// whole database can derive tokens: a press is checked against who presses, where and on which message all the same.)
func (b *desk) button(ctx context.Context, token string) (store.Button, bool, error) {
	key, _, ofCard := strings.Cut(token, "-")
	if !ofCard {
		return b.Store.Button(ctx, token)
	}
	p, found, err := b.Store.Pressed(ctx, key)
	for _, action := range card.CardActions {
		if found && books.HashID(token) == books.HashID(books.ButtonToken(p.Secret, action)) { // hashed, so that time tells nothing
			return store.Button{Token: token, Purge: p.ID, Action: action, Channel: p.Channel}, true, err
		}
	}
	return store.Button{}, false, err
}
