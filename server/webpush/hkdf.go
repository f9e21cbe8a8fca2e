package webpush

import "crypto/sha256"

// HKDF (RFC 5869) with SHA-256 for outputs of one block and inputs of a known
// bound, on the stack: crypto/hkdf does the same with 42 allocations a message.

// maxInput is the longest message that hmacSHA256 takes: the info of RFC 8291
// section 3.4 and the counter of HKDF-Expand.
const maxInput = len(webPushInfo) + 2*publicLength + 1

// hmacSHA256 is HMAC (RFC 2104) of a message given in two parts, with a key of up
// to a block.
func hmacSHA256(key, message, rest []byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + maxInput]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:sha256.BlockSize], key)
	copy(outer[:sha256.BlockSize], key)
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := sha256.BlockSize + copy(inner[sha256.BlockSize:], message)
	n += copy(inner[n:], rest)
	sum := sha256.Sum256(inner[:n])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// hkdfExtract is HKDF-Extract (RFC 5869 section 2.2).
func hkdfExtract(salt, secret []byte) [sha256.Size]byte { return hmacSHA256(salt, secret, nil) }

// hkdfExpand is the first block of HKDF-Expand (RFC 5869 section 2.3), of which
// shorter outputs are the beginning.
func hkdfExpand(key *[sha256.Size]byte, info []byte) [sha256.Size]byte {
	return hmacSHA256(key[:], info, []byte{1})
}
