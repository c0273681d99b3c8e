// Package cdnsim simulates the two APIs of Tencent CDN, 2.0 (/v2/index.php) and 3.0 (POST /), in front of the same account: it
// verifies signatures itself, refuses what the vendor refuses in the vendor's own shapes, counts quotas, follows tasks, keeps
// edge caches per area, and misbehaves on demand.
//
// It refuses to share a line with the client it judges: it imports nothing of ours and no client library, so that one
// mistake is not made twice. It runs no timer: what is due is computed from the clock whenever somebody looks.
// Where the vendor's documents are silent it is strict: names sent twice, ports, and directories with a query are
// refused, and a purge covers only the scheme it names. It does not judge whether the connection is HTTPS.
package cdnsim

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Area is a part of the world with edge caches and quotas of its own.
type Area string

// The areas.
const (
	Mainland Area = "mainland"
	Overseas Area = "overseas"
)

// Kind is what a purge names.
type Kind string

// The kinds of purge, and the prefetch, which has quotas and tasks of its own.
const (
	URL       Kind = "url"
	Directory Kind = "directory"
	Push      Kind = "push"
)

// Host is a domain on the simulated account.
type Host struct {
	Name        string // may begin with "*."
	Areas       []Area // where it is accelerated; nil is both. A purge elsewhere is refused with 1012
	Offline     bool   // purges are refused with 9112
	IgnoreQuery bool   // the query is no part of the cache key
}

// Sim is the simulated vendor, an http.Handler. The zero Sim works, but knows no key and no host.
// Set its fields before it serves; afterwards only within Adjust.
type Sim struct {
	Keys             map[string]string // SecretId → SecretKey
	Token            string            // a request's Token must equal it; "" means that none may be sent
	Hosts            []Host
	LogActions       bool             // false: API 2.0 has the four purge actions alone
	Now              func() time.Time // nil is time.Now
	Delay            time.Duration    // from accepted to done
	Skew             time.Duration    // how far a Timestamp may be off; 0 is 5 minutes
	Zone             *time.Location   // of the quota's day and of written times; nil is Asia/Shanghai
	DailyURLs        int              // a day and area; 0 is 10,000
	DailyDirectories int              // a day and area; 0 is 100
	DailyPushes      int              // a day and area; 0 is 1,000
	BatchURLs        int              // a call of API 3.0; 0 is 1,000
	BatchDirectories int              // a call of API 3.0; 0 is 500
	BatchPushes      int              // a call; 0 is 500
	Rate             int              // calls of one action in any second; 0 is without limit

	mu      sync.Mutex
	watch   chan struct{} // closed at the next change
	release chan struct{} // closed when faults are cleared
	faults  []Fault
	journal journal
	nonces  nonces
	spent   spent
	recent  map[string][]time.Time // when the last calls of an action were let in
	ids     int                    // of requests
	tasks   tasks
	cache   cache
}

// New returns a simulator with one key, the hosts online in both areas, and the log actions.
func New(secretID, secretKey string, hosts ...string) *Sim {
	s := &Sim{Keys: map[string]string{secretID: secretKey}, LogActions: true}
	for _, name := range hosts {
		s.Hosts = append(s.Hosts, Host{Name: name})
	}
	return s
}

// ServeHTTP takes one API request, as the fault in force allows.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := receive(r)
	fault, release := s.arrive(req)
	if req.Status != 0 {
		http.Error(w, http.StatusText(req.Status), req.Status)
		return
	}
	fault.stall(r, release)
	fault.send(w, r, release, s.handle(req, fault))
}

// Adjust changes exported fields while the simulator serves. change must not call methods of s.
func (s *Sim) Adjust(change func(s *Sim)) {
	s.lock()
	defer s.changed()
	change(s)
}

// Watch returns a channel that is closed at the next change but those that time alone brings; for them see Due.
// Take the channel first, then look, then wait.
func (s *Sim) Watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch == nil {
		s.watch = make(chan struct{})
	}
	return s.watch
}

// Due returns when the next accepted purge is done, or the zero time if none is running.
func (s *Sim) Due() time.Time {
	s.lock()
	defer s.mu.Unlock()
	return s.tasks.due()
}

// Finish carries out at once all that was accepted, whatever the delay was.
func (s *Sim) Finish() {
	now := s.lock()
	defer s.changed()
	for _, t := range s.tasks.pending {
		t.due = now
	}
	s.tasks.settle(now, &s.cache)
}

// lock locks s and brings its caches up to the time that it returns.
func (s *Sim) lock() time.Time {
	s.mu.Lock()
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	t := now()
	s.tasks.settle(t, &s.cache)
	return t
}

// changed unlocks s and tells whoever watches.
func (s *Sim) changed() {
	if s.watch != nil {
		close(s.watch)
		s.watch = nil
	}
	s.mu.Unlock()
}

// arrive records the request as received and takes the fault that is to meet it.
func (s *Sim) arrive(req *Request) (Fault, <-chan struct{}) {
	req.At = s.lock()
	defer s.changed()
	s.journal.add(req)
	if req.Status != 0 {
		return Fault{}, nil
	}
	if s.release == nil {
		s.release = make(chan struct{})
	}
	f := s.takeFault(req)
	req.Fault = f.Do
	return f, s.release
}

// handle does what the request asks, if the fault lets it, and completes its record.
func (s *Sim) handle(req *Request, f Fault) answer {
	now := s.lock()
	defer s.changed()
	req.Verified = s.verified(req)
	var a answer
	if f.acts() {
		a = s.act(req, f, now)
	}
	if f.Do == Refusal {
		a = s.refuse(req, f.refusal(), now)
	}
	req.Status, req.Code, req.Business, req.Error = f.status(), a.Code, a.business, a.symbol
	return a
}

// refuse words a refusal as the API that was asked does.
func (s *Sim) refuse(req *Request, no *refusal, now time.Time) answer {
	if req.API == API3 {
		return s.answer3(nil, no, now)
	}
	return no.answer(req.Kind)
}

// act is the vendor at work: who asks, what for, may it be, done.
func (s *Sim) act(req *Request, f Fault, now time.Time) answer {
	authenticate, perform := s.authenticate, s.perform
	if req.API == API3 {
		authenticate, perform = s.authenticate3, s.perform3
	}
	no := authenticate(req, now)
	if no == nil {
		no = s.tooOften(req.Action, now)
	}
	var data any
	if no == nil {
		data, no = perform(req, f, now)
	}
	if no != nil {
		return s.refuse(req, no, now)
	}
	req.Acted = true
	if req.API == API3 {
		return s.answer3(data, nil, now)
	}
	return answer{CodeDesc: "Success", Data: data}
}

// tooOften counts the calls of an action over the second that ends now: the strictest way to count them.
func (s *Sim) tooOften(action string, now time.Time) *refusal {
	if s.Rate == 0 {
		return nil
	}
	calls := s.recent[action]
	for len(calls) > 0 && now.Sub(calls[0]) >= time.Second {
		calls = calls[1:]
	}
	if len(calls) >= s.Rate {
		return refuse(9163, "RequestLimitExceeded", fmt.Sprintf("Your current request times equals to `%d` in a second, which exceeds the frequency limit `%d` for a second. Please reduce the frequency of calls.", len(calls)+1, s.Rate))
	}
	if s.recent == nil {
		s.recent = map[string][]time.Time{}
	}
	s.recent[action] = append(calls, now)
	return nil
}

func (s *Sim) perform(req *Request, f Fault, now time.Time) (any, *refusal) {
	switch {
	case req.Kind != "":
		return s.purge(req, f, now)
	case s.LogActions && req.Action == "DescribeCdnHosts":
		return s.cdnHosts(req)
	case s.LogActions && req.Action == "GetCdnRefreshLog":
		return s.mainlandLog(req, now)
	case s.LogActions && req.Action == "GetCdnOverseaRefreshLog":
		return s.overseasLog(req, now)
	}
	return nil, refuse(6100, "InvalidAction", "This action is not supported here. Check the request host.")
}

func (s *Sim) zone() *time.Location {
	if s.Zone != nil {
		return s.Zone
	}
	return time.FixedZone("Asia/Shanghai", 8*60*60) // without daylight saving since 1991, and needs no tzdata
}
