package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// A digest covers values, not their columns: a table may change its columns and keep its digests. A digest that covers
// more begins with another number, and the rows with an old digest keep it.

// digest returns the hex SHA-256 over texts, each after its length, so that no two lists have the same input.
func digest(fields ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, field := range fields {
		binary.BigEndian.PutUint64(length[:], uint64(len(field)))
		h.Write(length[:])
		h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// several counts texts in front of them, since their number is part of the digest.
func several[T ~string](texts []T) []string {
	fields := []string{strconv.Itoa(len(texts))}
	for _, text := range texts {
		fields = append(fields, string(text))
	}
	return fields
}

// placedTarget is a stored row of pb_target.
type placedTarget struct {
	place
	target string
	what   meaning // outcome of the target
}

func byPlace(a, b placedTarget) int {
	return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.n, b.n))
}

// digest covers the whole request: requester, place, reason and content. targets are the purge's own rows, by area and
// number.
func (p Purge) digest(targets []placedTarget) string {
	fields := []string{"request 1", p.ID, p.Short, p.Event.Platform, p.Event.Workspace, string(p.Requester), p.Name, string(p.Channel), p.Policy,
		string(p.Confirm), p.Reason, strconv.Itoa(bit(p.Private)), string(p.Request.Kind), string(p.Request.Mode), number(millis(p.CreatedAt)), p.Joined}
	fields = append(fields, several(p.Groups)...)
	fields = append(fields, several(areasOf(p.Request))...)
	fields = append(fields, strconv.Itoa(len(targets)))
	for _, t := range targets {
		fields = append(fields, string(t.area), strconv.Itoa(t.n), t.target)
	}
	return digest(fields...)
}

// digest covers a decision. A confirmation contributes the reason of its emergency, if any; every other decision
// contributes its problem. A decision with both texts can only be forged, and its digest is in no audit row.
func (d Decision) digest() string {
	version, said, other := "decision 1", d.Problem, d.Emergency
	if d.What == Confirmed {
		said, other = d.Emergency, d.Problem
	}
	if other != "" {
		version = "forged decision " + other
	}
	fields := []string{version, d.Purge, string(d.What), string(d.Who), d.Name, said, number(millis(d.At))}
	return digest(append(fields, several(d.Groups)...)...)
}

func (c Call) digest() string {
	return digest("call 1", c.Purge, strconv.Itoa(c.Batch), strconv.Itoa(c.Try), string(c.Kind), string(c.Area), strconv.Itoa(c.Units), c.Day,
		number(millis(c.At)), string(c.State), c.Receipt.TaskID, c.Receipt.RequestID, c.Problem)
}

func (r Rule) digest() string {
	fields := []string{"rule 1", r.ID, string(r.Kind), r.Platform, r.Workspace, r.To, r.Domain, r.Path, number(millis(r.Until)), string(r.By), r.ByName,
		r.Reason, number(millis(r.At)), number(millis(r.RevokedAt)), string(r.RevokedBy)}
	fields = append(fields, several(r.Kinds)...)
	fields = append(fields, several(r.Areas)...)
	return digest(append(fields, several(r.ByGroups)...)...)
}
