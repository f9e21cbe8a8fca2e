package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	saltLength   = 16
	publicLength = 65
	// headerLength is salt, record size, key id length and key id (RFC 8188
	// section 2.1).
	headerLength = saltLength + 4 + 1 + publicLength
	tagLength    = 16
	// overhead is what encryption adds to a plaintext: the header, the padding
	// delimiter and the authentication tag.
	overhead = headerLength + 1 + tagLength
	// sizeClass is the step to which bodies are padded, so that their length
	// says little about their text.
	sizeClass = 128
	// MaxBody is the largest body that every push service takes, in bytes
	// (RFC 8030 section 7.2).
	MaxBody = 4096
	// MaxPlaintext is the longest message in bytes (RFC 8291 section 4).
	MaxPlaintext = MaxBody - overhead
)

// A TooLargeError is returned for a message that does not fit into MaxBody
// when it is encrypted.
type TooLargeError struct {
	// Size is the encrypted message's, in bytes, before padding.
	Size int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the encrypted message has %d bytes, push services take %d", e.Size, MaxBody)
}

// EncryptedSize is how many bytes a plaintext of n bytes has when it is
// encrypted, before padding.
func EncryptedSize(n int) int { return n + overhead }

// Encrypt encrypts plaintext for s with content encoding aes128gcm, a fresh
// key pair and a fresh salt (RFC 8291 section 3), padded with zeros to a
// multiple of 128 bytes. The result is the body of the request. The error is a
// *[TooLargeError] where plaintext is longer than MaxPlaintext.
func Encrypt(s Subscription, plaintext []byte) ([]byte, error) {
	if len(plaintext) > MaxPlaintext {
		return nil, &TooLargeError{EncryptedSize(len(plaintext))}
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var salt [saltLength]byte
	rand.Read(salt[:])
	return seal(s, plaintext, private, salt, paddedLength(len(plaintext)))
}

// paddedLength is the length of plaintext and padding for a plaintext of n
// bytes.
func paddedLength(n int) int {
	return min((n+sizeClass-1)/sizeClass*sizeClass, MaxPlaintext)
}

// seal makes one record of padded bytes of content (RFC 8188 section 2) with
// the keys of RFC 8291 section 3.4.
func seal(s Subscription, plaintext []byte, private *ecdh.PrivateKey, salt [saltLength]byte, padded int) ([]byte, error) {
	shared, err := private.ECDH(s.public)
	if err != nil {
		return nil, err
	}
	public := private.PublicKey().Bytes()
	info := make([]byte, 0, 14+2*publicLength)
	info = append(info, "WebPush: info\x00"...)
	info = append(info, s.public.Bytes()...)
	info = append(info, public...)
	ikm, err := hkdf.Key(sha256.New, shared, s.auth[:], string(info), 32)
	if err != nil {
		return nil, err
	}
	prk, err := hkdf.Extract(sha256.New, ikm, salt[:])
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Expand(sha256.New, prk, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Expand(sha256.New, prk, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}

	content := padded + 1
	body := make([]byte, headerLength+content, headerLength+content+tagLength)
	copy(body, salt[:])
	binary.BigEndian.PutUint32(body[saltLength:], MaxBody)
	body[saltLength+4] = publicLength
	copy(body[saltLength+5:], public)
	copy(body[headerLength:], plaintext)
	// 2 marks the last record; zeros follow (RFC 8188 section 2).
	body[headerLength+len(plaintext)] = 2
	return append(body[:headerLength], gcm.Seal(body[headerLength:headerLength], nonce, body[headerLength:], nil)...), nil
}
