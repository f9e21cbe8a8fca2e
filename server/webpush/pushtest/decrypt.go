package pushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// decrypt reads a message as a browser does (RFC 8291 section 4).
func (b *browser) decrypt(body []byte) ([]byte, error) {
	const header, public = 16 + 4 + 1, 65
	if len(body) < header+public+17 || body[20] != public {
		return nil, errors.New("the body is shorter than its header (RFC 8188 section 2.1)")
	}
	salt, recordSize, key, sealed := body[:16], binary.BigEndian.Uint32(body[16:]), body[header:header+public], body[header+public:]
	if uint64(len(sealed)) > uint64(recordSize) {
		return nil, errors.New("the body has more than one record (RFC 8291 section 4)")
	}
	sender, err := ecdh.P256().NewPublicKey(key)
	if err != nil {
		return nil, err
	}
	shared, err := b.private.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.private.PublicKey().Bytes()) + string(key)
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	if err != nil {
		return nil, err
	}
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, errors.New("the body does not decrypt")
	}
	padded = bytes.TrimRight(padded, "\x00")
	if len(padded) == 0 || padded[len(padded)-1] != 2 {
		return nil, errors.New("the padding of the last record is wrong (RFC 8188 section 2)")
	}
	return padded[:len(padded)-1], nil
}
