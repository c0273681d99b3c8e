package acl

import (
	"hash/maphash"
	"math/bits"
)

// dict maps texts to values. Hash, text and value are stored together in one slice, which saves two thirds of
// the cache misses of a map with a million entries. Calls of at fill it, settle ends the filling, and get is
// valid only after that.
type dict[V any] struct {
	items  []item[V]        // in order of arrival; once settled, in the places given by their hashes
	places map[string]int32 // nil once settled
	seed   maphash.Seed
}

type item[V any] struct {
	hash  uint64 // 0 marks a free item
	text  string
	value V
}

// at returns the value of text, and adds a new one if needed. The pointer is valid until the next addition.
func (d *dict[V]) at(text string) *V {
	i, found := d.places[text]
	if !found {
		if d.places == nil {
			d.places = map[string]int32{}
		}
		i = int32(len(d.items))
		d.places[text] = i
		d.items = append(d.items, item[V]{text: text})
	}
	return &d.items[i].value
}

// settle runs each on every value. From then on no value moves.
func (d *dict[V]) settle(each func(*V)) {
	listed := d.items
	if len(listed) == 0 {
		return
	}
	d.places, d.seed = nil, maphash.MakeSeed()
	d.items = make([]item[V], len(listed)*3/2+1)
	for _, it := range listed {
		it.hash = hashed(d.seed, it.text)
		i := d.first(it.hash)
		for d.items[i].hash != 0 {
			i = d.after(i)
		}
		d.items[i] = it
		each(&d.items[i].value)
	}
}

// get returns the value of text, or nil.
func (d *dict[V]) get(text string) *V {
	if len(d.items) == 0 {
		return nil
	}
	hash := hashed(d.seed, text)
	for i := d.first(hash); ; i = d.after(i) {
		switch it := &d.items[i]; {
		case it.hash == 0:
			return nil
		case it.hash == hash && it.text == text:
			return &it.value
		}
	}
}

// first and after return the places to search for a hash, until a free item ends the search; a third of the
// items are free.
func (d *dict[V]) first(hash uint64) int {
	i, _ := bits.Mul64(hash, uint64(len(d.items)))
	return int(i)
}

func (d *dict[V]) after(i int) int {
	if i++; i == len(d.items) {
		return 0
	}
	return i
}

// hashed returns a hash that is never 0, the mark of a free item.
func hashed(seed maphash.Seed, text string) uint64 { return maphash.String(seed, text) | 1 }
