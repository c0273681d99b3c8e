package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestKeysThatAreGeneratedAreTaken(t *testing.T) {
	t.Parallel()
	for range 50 {
		key, _, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		read, err := Key(hex.EncodeToString(key))
		require.NoError(t, err)
		assert.Equal(t, key, read)
		_, err = Key(strings.ToUpper(hex.EncodeToString(key)))
		assert.NoError(t, err)
	}
}

// spelled writes a y, possibly beyond the modulus, and a sign.
func spelled(y *big.Int, sign byte) []byte {
	key := y.FillBytes(make([]byte, ed25519.PublicKeySize))
	slices.Reverse(key)
	key[31] |= sign << 7
	return key
}

// small are the eight points of small order. A point times the large order is one of them.
func small(t *testing.T) []point {
	t.Helper()
	found := map[string]point{}
	for n := int64(2); len(found) < 8 && n < 1000; n++ {
		for sign := range byte(2) {
			if p, ok := decodePoint(spelled(big.NewInt(n), sign)); ok {
				p = p.times(order)
				found[p.x.String()+" "+p.y.String()] = p
			}
		}
	}
	require.Len(t, found, 8)
	all := make([]point, 0, 8)
	for _, p := range found {
		all = append(all, p)
	}
	return all
}

// TestWeakKeysAreRefused tries all points of small order in all spellings, their sums with good keys, every y
// beyond the modulus, and points off the curve.
func TestWeakKeysAreRefused(t *testing.T) {
	t.Parallel()
	refused := func(key []byte) {
		t.Helper()
		_, err := Key(hex.EncodeToString(key))
		if assert.Errorf(t, err, "%x", key) {
			assert.Equal(t, purge.Internal, purge.AsError(err).Kind)
			assert.Contains(t, err.Error(), "DISCORD_PUBLIC_KEY")
			assert.NotContains(t, err.Error(), hex.EncodeToString(key))
		}
	}
	good, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	whole, ok := decodePoint(good)
	require.True(t, ok)
	for _, p := range small(t) {
		for sign := range byte(2) {
			refused(spelled(p.y, sign))
		}
		if mixed := whole.plus(p); !p.neutral() {
			refused(spelled(mixed.y, byte(mixed.x.Bit(0))))
		}
	}
	for y := new(big.Int).Set(modulus); y.BitLen() <= 255; y = new(big.Int).Add(y, one) {
		refused(spelled(y, 0))
		refused(spelled(y, 1))
	}
	off := 0
	for n := int64(2); n < 60; n++ {
		if key := spelled(big.NewInt(n), 0); !generated(key) {
			refused(key)
			off++
		}
	}
	assert.Greater(t, off, 20)
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	key, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	good := hex.EncodeToString(key)
	for _, bad := range []string{"", " ", good[:63], good[:62], good + "00", " " + good, good + "\n", `"` + good + `"`, "0x" + good[2:], strings.Repeat("g", 64), "é" + good[2:]} {
		_, err := Key(bad)
		assert.Errorf(t, err, "%q", bad)
	}
}
