package cdnsim

import "time"

// Quota is what one area and kind cost today.
type Quota struct {
	Area        Area
	Kind        Kind
	Used, Total int
}

type bucket struct {
	area Area
	kind Kind
}

// spent counts the targets accepted on one day of the account's zone.
type spent struct {
	day   string
	count map[bucket]int
}

// spentToday returns the counts of today; those of any other day are forgotten.
func (s *Sim) spentToday(now time.Time) map[bucket]int {
	day := now.In(s.zone()).Format(time.DateOnly)
	if s.spent.day != day || s.spent.count == nil {
		s.spent = spent{day, map[bucket]int{}}
	}
	return s.spent.count
}

// spend charges n targets, or none if they are more than are left.
func (s *Sim) spend(area Area, kind Kind, n int, now time.Time) bool {
	count := s.spentToday(now)
	if count[bucket{area, kind}]+n > s.daily(kind) {
		return false
	}
	count[bucket{area, kind}] += n
	return true
}

func (s *Sim) daily(kind Kind) int {
	switch {
	case kind == URL && s.DailyURLs != 0:
		return s.DailyURLs
	case kind == URL:
		return 10000
	case kind == Push && s.DailyPushes != 0:
		return s.DailyPushes
	case kind == Push:
		return 1000
	case s.DailyDirectories != 0:
		return s.DailyDirectories
	}
	return 100
}

// Quota returns today's four counts of purges: mainland before overseas, URLs before directories.
func (s *Sim) Quota() []Quota {
	now := s.lock()
	defer s.mu.Unlock()
	count := s.spentToday(now)
	var out []Quota
	for _, area := range []Area{Mainland, Overseas} {
		for _, kind := range []Kind{URL, Directory} {
			out = append(out, Quota{area, kind, count[bucket{area, kind}], s.daily(kind)})
		}
	}
	return out
}
