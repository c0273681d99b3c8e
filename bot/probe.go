package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"purgebot/purge"
)

// probe asks one thing that the bot hangs on how it is, and remembers the answer: for whoever wants to know it now, and now and then
// by itself. It never keeps anybody waiting for long, whatever hangs.
type probe struct {
	name   string
	ask    func(context.Context) error
	every  time.Duration // how old an answer may be that all is well
	again  time.Duration // how old one may be that something is wrong
	idle   time.Duration // how old either may be where nobody wants to know
	within time.Duration // how long an answer may take
	now    func() time.Time
	tell   func(name string, was, is error) // of what lasts, and of its end

	mu     sync.Mutex
	err    error         // the last answer
	at     time.Time     // when it came; zero: none has
	begun  time.Time     // when the question under way was asked
	answer chan struct{} // closed with its answer; nil if none is under way
	bad    int           // how often in a row something was wrong
	told   error         // the last that was told
}

// begin asks, unless the last answer is new enough or one is awaited. The channel is closed once there is nothing to wait for.
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

// onDemand and byItself are how old an answer may be for those two who ask; the caller holds the lock.
func onDemand(p *probe) time.Duration {
	if p.err != nil {
		return p.again
	}
	return p.every
}

func byItself(p *probe) time.Duration {
	if p.err != nil {
		return min(p.idle, max(p.again, retryIdle))
	}
	return p.idle
}

// retryIdle is how soon what is wrong is looked at again by itself.
const retryIdle = 30 * time.Second

// hear keeps an answer. One that is wrong twice in a row is told, and so is that it is right again.
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

func sameTrouble(a, b error) bool {
	return b != nil && purge.AsError(a).Message == purge.AsError(b).Message
}

// state is the last answer, or that one is awaited for too long. known is false before the first.
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
