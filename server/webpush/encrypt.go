package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	saltLength = 16
	// headerLength is salt, record size, key id length and key id (RFC 8188
	// section 2.1).
	headerLength = saltLength + 4 + 1 + publicLength
	tagLength    = 16
	// overhead is what encryption adds to a plaintext: the header, the padding
	// delimiter and the authentication tag.
	overhead = headerLength + 1 + tagLength
	// MaxBody is the largest body that every push service takes, in bytes
	// (RFC 8030 section 7.2).
	MaxBody = 4096
	// MaxPlaintext is the longest message in bytes (RFC 8291 section 4).
	MaxPlaintext = MaxBody - overhead
	// MaxBatch is how many messages are encrypted and handed on together.
	MaxBatch = 64
)

// sizeClasses are the lengths in bytes to which plaintexts are padded, so that
// the length of a body says little about its text. One ends where Firefox on
// Android, whose pushes travel in Google's JSON, begins to lose messages.
var sizeClasses = [...]int{128, 256, 384, 512, 768, 1024, 1536, 2048, 2744, MaxPlaintext}

// The labels of RFC 8291 section 3.4 and RFC 8188 section 2.2 and 2.3.
const (
	webPushInfo = "WebPush: info\x00"
	keyInfo     = "Content-Encoding: aes128gcm\x00"
	nonceInfo   = "Content-Encoding: nonce\x00"
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
// key pair and a fresh salt (RFC 8291 section 3), padded with zeros to one of a
// few lengths. The result is the body of the request. The error is a
// *[TooLargeError] where plaintext is longer than MaxPlaintext.
func Encrypt(s Subscription, plaintext []byte) ([]byte, error) {
	messages := []Message{{Subscription: s, Payload: plaintext}}
	if err := messages[0].checkPayload(); err != nil {
		return nil, err
	}
	var body [1][]byte
	if err := encrypt(messages, body[:]); err != nil {
		return nil, err
	}
	return body[0], nil
}

// encrypt writes the bodies of up to MaxBatch messages, whose payloads were
// checked, into one buffer.
func encrypt(messages []Message, bodies [][]byte) error {
	var (
		receivers  [MaxBatch]*ecdh.PublicKey
		agreements [MaxBatch]agreement
		salts      [MaxBatch * saltLength]byte
		size       int
	)
	for i := range messages {
		receivers[i] = messages[i].Subscription.public
		size += overhead + paddedLength(len(messages[i].Payload))
	}
	defer clear(agreements[:len(messages)])
	if err := agree(receivers[:len(messages)], agreements[:]); err != nil {
		return err
	}
	rand.Read(salts[:len(messages)*saltLength])
	buffer := make([]byte, 0, size)
	for i := range messages {
		start := len(buffer)
		var err error
		buffer, err = seal(buffer, &messages[i], &agreements[i], salts[i*saltLength:][:saltLength], paddedLength(len(messages[i].Payload)))
		if err != nil {
			return err
		}
		bodies[i] = slices.Clip(buffer[start:])
	}
	return nil
}

// paddedLength is the length of plaintext and padding for a plaintext of n
// bytes.
func paddedLength(n int) int {
	for _, length := range sizeClasses {
		if n <= length {
			return length
		}
	}
	return n
}

// seal appends one record of padded bytes of content (RFC 8188 section 2) with
// the keys of RFC 8291 section 3.4 to dst, which has the room.
func seal(dst []byte, m *Message, a *agreement, salt []byte, padded int) ([]byte, error) {
	s := &m.Subscription
	var info [len(webPushInfo) + 2*publicLength]byte
	copy(info[:], webPushInfo)
	copy(info[len(webPushInfo):], s.p256dh[:])
	copy(info[len(webPushInfo)+publicLength:], a.public[:])
	shared := hkdfExtract(s.auth[:], a.secret[:])
	ikm := hkdfExpand(&shared, info[:])
	prk := hkdfExtract(salt, ikm[:])
	key := hkdfExpand(&prk, []byte(keyInfo))
	nonce := hkdfExpand(&prk, []byte(nonceInfo))
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}

	dst = append(dst, salt...)
	dst = binary.BigEndian.AppendUint32(dst, MaxBody)
	dst = append(dst, publicLength)
	dst = append(dst, a.public[:]...)
	content := len(dst)
	dst = append(dst, m.Payload...)
	copy(dst[content+m.OwnAt:], m.Own)
	// 2 marks the last record; zeros follow (RFC 8188 section 2).
	dst = append(dst, 2)
	end := content + padded + 1
	clear(dst[len(dst):end])
	return gcm.Seal(dst[:content], nonce[:12], dst[content:end], nil), nil
}
