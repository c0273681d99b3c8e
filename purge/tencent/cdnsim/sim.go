// Package cdnsim simulates Tencent CDN API 2.0 (/v2/index.php): it verifies signatures itself, refuses what the vendor
// refuses in the vendor's own shapes, counts quotas, follows purge tasks, keeps edge caches per area, and misbehaves on demand.
//
// It refuses to share a line with the client it judges: it imports nothing of ours and no client library, so that one
// mistake is not made twice. It runs no timer: what is due is computed from the clock whenever somebody looks.
// Where the vendor's documents are silent it is strict: names sent twice, ports, and directories with a query are
// refused, and a purge covers only the scheme it names. It does not judge whether the connection is HTTPS.
package cdnsim

import (
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

// The kinds of purge.
const (
	URL       Kind = "url"
	Directory Kind = "directory"
)

// Host is a domain on the simulated account.
type Host struct {
	Name        string
	Areas       []Area // where it is accelerated; nil is both
	Offline     bool   // purges are refused with 9112
	IgnoreQuery bool   // the query is no part of the cache key
}

// Sim is the simulated vendor, an http.Handler. The zero Sim works, but knows no key and no host.
// Set its fields before it serves; afterwards only within Adjust.
type Sim struct {
	Keys             map[string]string // SecretId → SecretKey
	Token            string            // a request's Token must equal it; "" means that none may be sent
	Hosts            []Host
	LogActions       bool             // false: only the four purge actions exist
	Now              func() time.Time // nil is time.Now
	Delay            time.Duration    // from accepted to done
	Skew             time.Duration    // how far a Timestamp may be off; 0 is 5 minutes
	Zone             *time.Location   // of the quota's day and of written times; nil is Asia/Shanghai
	DailyURLs        int              // a day and area; 0 is 10,000
	DailyDirectories int              // a day and area; 0 is 100

	mu      sync.Mutex
	watch   chan struct{} // closed at the next change
	release chan struct{} // closed when faults are cleared
	faults  []Fault
	journal journal
	nonces  nonces
	spent   spent
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

// lock locks s and brings its caches up to the time that it returns.
func (s *Sim) lock() time.Time {
	s.mu.Lock()
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	t := now()
	s.tasks.settle(t, s.cache)
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
	f := s.takeFault(req.Action)
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
		a = (&refusal{f.Code, "Simulated refusal."}).answer(req.Kind)
	}
	req.Status, req.Code, req.Business = f.status(), a.Code, a.business
	return a
}

// act is the vendor at work: who asks, what for, may it be, done.
func (s *Sim) act(req *Request, f Fault, now time.Time) answer {
	if no := s.authenticate(req, now); no != nil {
		return no.answer(req.Kind)
	}
	data, no := s.perform(req, f, now)
	if no != nil {
		return no.answer(req.Kind)
	}
	req.Acted = true
	return answer{CodeDesc: "Success", Data: data}
}

func (s *Sim) perform(req *Request, f Fault, now time.Time) (any, *refusal) {
	switch {
	case req.Kind != "":
		return s.purge(req, f, now)
	case s.LogActions && req.Action == "GetCdnRefreshLog":
		return s.mainlandLog(req, now)
	case s.LogActions && req.Action == "GetCdnOverseaRefreshLog":
		return s.overseasLog(req, now)
	}
	return nil, &refusal{6100, "This action is not supported here. Check the request host."}
}

func (s *Sim) zone() *time.Location {
	if s.Zone != nil {
		return s.Zone
	}
	return time.FixedZone("Asia/Shanghai", 8*60*60) // without daylight saving since 1991, and needs no tzdata
}
