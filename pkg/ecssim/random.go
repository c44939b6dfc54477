package ecssim

// This file makes the simulator's luck and its ids, from a generator whose
// state is one number, so that it can be saved.

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// random is a splitmix64 generator; its value is its state.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// chance is true with probability p.
func (r *random) chance(p float64) bool {
	return float64(r.next()>>11)/(1<<53) < p
}

// upTo is a number from 0 up to n-1.
func (r *random) upTo(n int) int { return int(r.next() % uint64(n)) }

// hex is n hexadecimal digits.
func (r *random) hex(n int) string {
	b := make([]byte, 0, 2*n)
	for len(b) < n {
		b = hex.AppendEncode(b, binary.BigEndian.AppendUint64(nil, r.next()))
	}
	return string(b[:n])
}

// uuid is a random UUID, as service events and requests have.
func (r *random) uuid() string {
	h := r.hex(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// digits is the 19-digit number of a deployment; it never begins with 0.
func (r *random) digits() string {
	return fmt.Sprintf("%d%018d", 1+r.upTo(9), r.next()%1e18)
}

// letters is n characters as in the last part of a service deployment's ARN
// (21) and of a hook's id (43).
func (r *random) letters(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.upTo(len(alphabet))]
	}
	return string(b)
}
