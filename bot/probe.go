package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"purgebot/purge"
)

// probe asks one part that the bot depends on about its health, and remembers the answer. It asks on demand and at intervals, and
// never makes a caller wait for long, whatever the part does.
type probe struct {
	name   string
	ask    func(context.Context) error
	every  time.Duration // the greatest age of a good answer on demand
	again  time.Duration // the greatest age of a bad answer on demand
	idle   time.Duration // the greatest age of an answer without demand
	within time.Duration // the time for an answer
	now    func() time.Time
	tell   func(name string, was, is error) // called for a lasting problem, and for its end

	mu     sync.Mutex
	err    error         // the last answer
	at     time.Time     // the time of the last answer; zero before the first
	begun  time.Time     // the time of the question under way
	answer chan struct{} // closed at the answer; nil without a question under way
	bad    int           // the number of bad answers in a row
	told   error         // the last problem that was reported
}

// begin asks the part, unless the last answer is new enough or a question is under way. The returned channel is closed once there
// is nothing to wait for.
func (p *probe) begin(ctx context.Context, age func(*probe) time.Duration, run func(func())) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer != nil {
		return p.answer
	}
	answer := make(chan struct{})
	if ctx.Err() != nil || !p.at.IsZero() && p.now().Sub(p.at) < age(p) {
		close(answer)
		return answer
	}
	p.answer, p.begun = answer, p.now()
	run(func() {
		defer close(answer)
		ctx, cancel := context.WithTimeout(ctx, p.within)
		defer cancel()
		p.hear(ctx, p.ask(ctx))
	})
	return answer
}

// onDemand returns the greatest age of an answer for a caller who needs it now; the caller holds the lock.
func onDemand(p *probe) time.Duration {
	if p.err != nil {
		return p.again
	}
	return p.every
}

// byItself returns the greatest age of an answer for the tending loop; the caller holds the lock.
func byItself(p *probe) time.Duration {
	if p.err != nil {
		return min(p.idle, max(p.again, retryIdle))
	}
	return p.idle
}

// retryIdle is the least pause between two questions of the tending loop about a problem.
const retryIdle = 30 * time.Second

// hear keeps an answer. It reports a problem at the second bad answer in a row, and its end at the next good one.
func (p *probe) hear(ctx context.Context, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer, p.at, p.err = nil, p.now(), err
	if p.bad++; err == nil {
		p.bad = 0
	}
	switch {
	case err == nil && p.told != nil, err != nil && p.bad > 1 && !sameTrouble(err, p.told):
		p.tell(p.name, p.told, err)
		p.told = err
	}
}

// sameTrouble reports whether two errors have the same message.
func sameTrouble(a, b error) bool {
	return b != nil && purge.AsError(a).Message == purge.AsError(b).Message
}

// state returns the last answer, or an error about a question that takes too long. known is false before the first answer.
func (p *probe) state() (err error, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := p.now().Sub(p.begun)
	if p.answer != nil && waited > p.within {
		message := fmt.Sprintf("it has not answered for %s.", waited.Round(time.Second))
		return &purge.Error{Kind: purge.Unavailable, Message: message}, true
	}
	return p.err, !p.at.IsZero()
}
