package store_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// written is what stands in the write-ahead log since it began anew: pages, and the commits that ended them. With synchronous=FULL
// each commit is one fsync, and each page two writes.
type written struct{ pages, commits int }

func (w written) since(before written) written {
	return written{w.pages - before.pages, w.commits - before.commits}
}

// writtenBy reads the write-ahead log of an open store: https://www.sqlite.org/fileformat2.html#walformat
func writtenBy(t testing.TB, s *store.Store) (w written) {
	const header, frameHeader = 32, 24
	wal, err := os.ReadFile(strings.TrimPrefix(urlOf(t, s), "sqlite:") + "-wal")
	require.NoError(t, err)
	if len(wal) < header {
		return written{}
	}
	frame := frameHeader + int(binary.BigEndian.Uint32(wal[8:]))
	salts := wal[16:24]
	for rest := wal[header:]; len(rest) >= frame && bytes.Equal(rest[8:16], salts); rest = rest[frame:] {
		w.pages++
		if binary.BigEndian.Uint32(rest[4:]) != 0 { // the size of the database, of the last frame of a commit
			w.commits++
		}
	}
	return w
}
