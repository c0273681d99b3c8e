package cdnsim

// The journal keeps the last requests within both bounds.
const (
	maxRequests = 1000
	maxKept     = 64 << 20 // bytes of their parameters
)

type journal struct {
	requests []*Request
	kept     int
}

func (j *journal) add(r *Request) {
	j.requests = append(j.requests, r)
	j.kept += r.size()
	for len(j.requests) > maxRequests || j.kept > maxKept {
		j.kept -= j.requests[0].size()
		j.requests[0] = nil
		j.requests = j.requests[1:]
	}
}

func (r *Request) size() int {
	n := 0
	for _, p := range r.Params {
		n += 32 + len(p.Name) + len(p.Value)
	}
	return n
}

// ForgetRequests empties what Requests returns. Nothing else is forgotten.
func (s *Sim) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = journal{}
}

// Requests returns the last requests, at most 1,000, oldest first, also those that are still being held up.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.journal.requests))
	for i, r := range s.journal.requests {
		out[i] = *r
	}
	return out
}
