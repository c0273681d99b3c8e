package acl

import (
	"hash/maphash"
	"math/bits"
)

// dict finds what belongs to a text. Hash, text and value stand together in one slice, which costs a look-up among a million
// a third of the cache misses of a map. It is filled with at, then settled once; only then get may be called.
type dict[V any] struct {
	items  []item[V]        // in the order in which they came; once settled, where their hashes say
	places map[string]int32 // until it is settled
	seed   maphash.Seed
}

type item[V any] struct {
	hash  uint64 // 0 is free
	text  string
	value V
}

// at returns the value of text, a new one if need be. It stays there until the next one is added.
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

// settle calls each for every value, which does not move any more.
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

// first and after say where to look for a hash, until an item is free; a third of them are.
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

// hashed is never 0, which is a free item.
func hashed(seed maphash.Seed, text string) uint64 { return maphash.String(seed, text) | 1 }
