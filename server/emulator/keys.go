package emulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The emulator encrypts and decrypts by itself and not with server/webpush, which
// is tested against it.

const (
	authSize = 16 // bytes, RFC 8291 §3.2
	tagSize  = 16
	// maxText is the longest message in bytes, RFC 8291 §4.
	maxText = maxBody - aes128gcmHeaderSize - minRecord
)

// browserKeys are a subscription's own, which push services never see, unless the
// one who made them gives them away.
type browserKeys struct {
	private *ecdh.PrivateKey
	auth    []byte
}

// parseBrowserKeys reads the private key as JSON Web Key's d has it, RFC 7518
// §6.2.2, and the authentication secret, both in base64url.
func parseBrowserKeys(privateKey, auth string) (*browserKeys, error) {
	scalar, err := decodeBase64URL(privateKey)
	if err != nil {
		return nil, errors.New("privateKey is not base64url")
	}
	private, err := ecdh.P256().NewPrivateKey(scalar)
	if err != nil {
		return nil, errors.New("privateKey is not the 32 bytes of a private key on P-256")
	}
	secret, err := parseAuth(auth)
	if err != nil {
		return nil, err
	}
	return &browserKeys{private, secret}, nil
}

func parseAuth(auth string) ([]byte, error) {
	secret, err := decodeBase64URL(auth)
	if err != nil || len(secret) != authSize {
		return nil, errors.New("auth is not 16 bytes in base64url")
	}
	return secret, nil
}

// sealer makes the key and the nonce of RFC 8291 §3.4; browser and sender are
// public keys, uncompressed.
func sealer(secret, auth, browser, sender, salt []byte) (cipher.AEAD, []byte, error) {
	ikm, err := hkdf.Key(sha256.New, secret, auth, "WebPush: info\x00"+string(browser)+string(sender), 32)
	if err != nil {
		return nil, nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, nonce, err
}

// encrypt makes the body of a push of at most maxText bytes.
func encrypt(browser *ecdh.PublicKey, auth, text []byte) ([]byte, error) {
	sender, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	secret, err := sender.ECDH(browser)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	public := sender.PublicKey().Bytes()
	aead, nonce, err := sealer(secret, auth, browser.Bytes(), public, salt)
	if err != nil {
		return nil, err
	}
	body := binary.BigEndian.AppendUint32(salt, maxBody)
	body = append(append(body, byte(len(public))), public...)
	// 2 marks the last record, RFC 8188 §2.
	return aead.Seal(body, nonce, append(text[:len(text):len(text)], 2), nil), nil
}

// decrypt opens the body of a push, which has passed checkAES128GCM.
func (k *browserKeys) decrypt(body []byte) ([]byte, error) {
	if refused := checkAES128GCM(body); refused != nil {
		return nil, refused
	}
	salt, public := body[:16], body[21:aes128gcmHeaderSize]
	sender, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	secret, err := k.private.ECDH(sender)
	if err != nil {
		return nil, err
	}
	aead, nonce, err := sealer(secret, k.auth, k.private.PublicKey().Bytes(), public, salt)
	if err != nil {
		return nil, err
	}
	record, err := aead.Open(nil, nonce, body[aes128gcmHeaderSize:], nil)
	if err != nil {
		return nil, errors.New("it was not encrypted for these keys")
	}
	text := strings.TrimRight(string(record), "\x00")
	text, ok := strings.CutSuffix(text, "\x02")
	if !ok {
		return nil, fmt.Errorf("its record has no delimiter of a last one (RFC 8188 §2)")
	}
	return []byte(text), nil
}

// decrypt puts the text into the log if the emulator was given the keys.
func (p *push) decrypt() {
	keys := p.subscription.keys
	if keys == nil || len(p.body) == 0 {
		return
	}
	text, err := keys.decrypt(p.body)
	if err != nil {
		p.record.TextError = err.Error()
		return
	}
	p.record.Text, p.record.TextError = string(text), ""
}
