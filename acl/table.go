package acl

import "math/bits"

// table is a hash table from numbers above zero to spans. It is what lets one decision ask for fifty groups in the time
// of three look-ups in a Go map. It is filled once and never grows: newTable is told how many will come.
type table struct {
	slots []slot
	shift uint8
}

type slot struct {
	key  uint64 // 0 is free
	span span
}

// span is the part [from, to) of a slice.
type span struct{ from, to int32 }

func newTable(n int) table {
	log := bits.Len(uint(n)) + 1 // at most half full
	return table{make([]slot, 1<<log), uint8(64 - log)}
}

// at returns where key is, or where it would be put. Fibonacci hashing spreads the small numbers that principals are.
func (t *table) at(key uint64) int {
	i := int(key * 0x9E3779B97F4A7C15 >> t.shift)
	for t.slots[i].key != key && t.slots[i].key != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

func (t *table) put(key uint64, s span) { t.slots[t.at(key)] = slot{key, s} }

func (t *table) get(key uint64) (span, bool) {
	if t.slots == nil {
		return span{}, false
	}
	s := &t.slots[t.at(key)]
	return s.span, s.key != 0
}
