package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	"slices"
)

// Key reads a DISCORD_PUBLIC_KEY. It accepts only possible results of a key generator: with a point of small
// order, such as the zero key, forged signatures verify, and verifiers differ on a point in a second spelling.
func Key(text string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, misconfigured("DISCORD_PUBLIC_KEY is not 64 hexadecimal digits: copy it from the General Information page of the application.")
	}
	if !generated(key) {
		return nil, misconfigured("DISCORD_PUBLIC_KEY is no key that anybody can sign with, so that forged requests might pass: copy it again from the General Information page of the application.")
	}
	return key, nil
}

// The curve of Ed25519: https://www.rfc-editor.org/rfc/rfc8032#section-5.1
var (
	modulus = new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	curve   = mod(new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), modulus))) // d
	order   = new(big.Int).Add(new(big.Int).Lsh(one, 252), decimal("27742317777372353535851937790883648493"))
	one     = big.NewInt(1)
)

// point is a point of the curve; {0, 1} is the neutral one.
type point struct{ x, y *big.Int }

// generated reports whether a key is a point of the curve in canonical form, of the large prime order.
func generated(key []byte) bool {
	p, ok := decodePoint(key)
	return ok && p.x.Sign() != 0 && p.times(order).neutral()
}

// decodePoint reads a point by RFC 8032, section 5.1.3, and refuses the forms that the RFC leaves open: a y
// beyond the modulus, and a sign of zero.
func decodePoint(key []byte) (p point, ok bool) {
	digits := slices.Clone(key)
	slices.Reverse(digits)
	odd := digits[0]>>7 == 1
	digits[0] &= 0x7f
	p.y = new(big.Int).SetBytes(digits)
	if p.y.Cmp(modulus) >= 0 {
		return p, false
	}
	square := new(big.Int).Mul(p.y, p.y)
	below := mod(new(big.Int).Add(new(big.Int).Mul(curve, square), one))
	square = mod(square.Mul(square.Sub(square, one), below.ModInverse(below, modulus)))
	if p.x = new(big.Int).ModSqrt(square, modulus); p.x == nil {
		return p, false // off the curve
	}
	if (p.x.Bit(0) == 1) != odd {
		p.x = mod(p.x.Neg(p.x))
	}
	return p, (p.x.Bit(0) == 1) == odd
}

// plus adds two points: x = (x1y2+y1x2)/(1 + d·x1x2y1y2), y = (y1y2+x1x2)/(1 - d·x1x2y1y2).
func (p point) plus(q point) point {
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	x1y2, y1x2, y1y2, x1x2 := mul(p.x, q.y), mul(p.y, q.x), mul(p.y, q.y), mul(p.x, q.x)
	d := mul(curve, mul(x1y2, y1x2))
	under := func(n *big.Int) *big.Int { return n.ModInverse(mod(n), modulus) }
	return point{
		mul(x1y2.Add(x1y2, y1x2), under(new(big.Int).Add(one, d))),
		mul(y1y2.Add(y1y2, x1x2), under(new(big.Int).Sub(one, d))),
	}
}

// times adds a point n times.
func (p point) times(n *big.Int) point {
	sum := point{new(big.Int), big.NewInt(1)}
	for i := n.BitLen() - 1; i >= 0; i-- {
		if sum = sum.plus(sum); n.Bit(i) == 1 {
			sum = sum.plus(p)
		}
	}
	return sum
}

func (p point) neutral() bool { return p.x.Sign() == 0 && p.y.Cmp(one) == 0 }

func mod(n *big.Int) *big.Int { return n.Mod(n, modulus) }

func decimal(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic("no number: " + s) // a constant
	}
	return n
}
