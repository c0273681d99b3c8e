package card

import (
	"fmt"
	"time"

	"purgebot/bot/chat"
)

// What is said where a request joined a purge that was under way.

func Joined(short string, j Join) string {
	joined := fmt.Sprintf("Joined %s, asked by %s", short, chat.OneLine(j.Asker))
	if j.Sent.IsZero() || !j.Sent.Before(j.At) {
		return joined + ": the same, and nothing of it had been sent by then."
	}
	return fmt.Sprintf("%s, sent at %s. What changed on your site after that is not covered.", joined, clock(j.Sent))
}

func WouldJoin(short string) string {
	return "The same is under way as " + short + ": this would join it, and nothing more would be sent."
}

// Join is what the cards of a request that joined a purge know besides that purge.
type Join struct {
	At    time.Time // of the request
	Asker string    // of the purge
	Sent  time.Time // when the first call of the purge left; zero if none has
}

// joinLines say what was joined.
func (v View) joinLines() []string {
	if v.Join == nil {
		return nil
	}
	return []string{Joined(v.Short, *v.Join)}
}
