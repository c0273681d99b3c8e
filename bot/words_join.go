package bot

import (
	"fmt"
	"time"

	"purgebot/bot/chat"
)

// What is said where a request joined a purge that was under way.

func sayJoined(short string, j joinOf) string {
	joined := fmt.Sprintf("Joined %s, asked by %s", short, chat.OneLine(j.asker))
	if j.sent.IsZero() || !j.sent.Before(j.at) {
		return joined + ": the same, and nothing of it had been sent by then."
	}
	return fmt.Sprintf("%s, sent at %s. What changed on your site after that is not covered.", joined, clock(j.sent))
}

func sayWouldJoin(short string) string {
	return "The same is under way as " + short + ": this would join it, and nothing more would be sent."
}

// joinOf is what the cards of a request that joined a purge know besides that purge.
type joinOf struct {
	at    time.Time // of the request
	asker string    // of the purge
	sent  time.Time // when the first call of the purge left; zero if none has
}

// joinLines say what was joined.
func (v view) joinLines() []string {
	if v.join == nil {
		return nil
	}
	return []string{sayJoined(v.Short, *v.join)}
}
