package emulator

import (
	"crypto/ecdh"
	"encoding/binary"
)

const (
	// aes128gcmHeaderSize is that of a push message: salt (16), rs (4), idlen (1)
	// and the sender's public key (65), RFC 8188 §2.1 and RFC 8291 §4.
	aes128gcmHeaderSize = 16 + 4 + 1 + 65
	// minRecord is the least that a record holds: a delimiter and the tag.
	minRecord = 1 + 16
)

// checkAES128GCM refuses a body that no browser could decrypt, whatever its
// keys: the header must hold a point on the curve, and one record must follow.
func checkAES128GCM(body []byte) *refusal {
	if len(body) < 21 {
		return ruleEncodingHeader.refuse("the body has only %d bytes", len(body))
	}
	rs, idlen := binary.BigEndian.Uint32(body[16:20]), int(body[20])
	switch {
	case idlen != 65:
		return ruleEncodingHeader.refuse("the key id has %d bytes, not 65", idlen)
	case len(body) < aes128gcmHeaderSize+minRecord:
		return ruleEncodingHeader.refuse("the body has only %d bytes", len(body))
	case rs < minRecord+1:
		return ruleEncodingHeader.refuse("the record size is %d, the least is 18", rs)
	case uint64(len(body)-aes128gcmHeaderSize) > uint64(rs):
		return ruleEncodingHeader.refuse("%d bytes follow, more than one record of %d", len(body)-aes128gcmHeaderSize, rs)
	}
	if _, err := ecdh.P256().NewPublicKey(body[21:aes128gcmHeaderSize]); err != nil {
		return ruleEncodingHeader.refuse("the key id is no uncompressed point on P-256")
	}
	return nil
}
