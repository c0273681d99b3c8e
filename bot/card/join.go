package card

import (
	"fmt"
	"time"

	"purgebot/bot/chat"
)

// Joined tells a requester that the request became part of a purge under way.
func Joined(short string, j Join) string {
	joined := fmt.Sprintf("Joined %s, asked by %s", short, chat.OneLine(j.Asker))
	if j.Sent.IsZero() || !j.Sent.Before(j.At) {
		return joined + ": the same, and nothing of it had been sent by then."
	}
	return fmt.Sprintf("%s, sent at %s. What changed on your site after that is not covered.", joined, clock(j.Sent))
}

// WouldJoin tells, in a dry run, that the request would become part of a purge under way.
func WouldJoin(short string) string {
	return "The same is under way as " + short + ": this would join it, and nothing more would be sent."
}

// Join holds the facts about a request that joined a purge.
type Join struct {
	At    time.Time // the time of the request
	Asker string    // the requester of the joined purge
	Sent  time.Time // the time of the purge's first call; zero before that call
}

// joinLines names the purge that the request joined.
func (v View) joinLines() []string {
	if v.Join == nil {
		return nil
	}
	return []string{Joined(v.Short, *v.Join)}
}
