package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
)

const (
	publicLength = 65
	secretLength = 32
)

// An agreement is what a message owes to the curve: a fresh public key, in
// uncompressed form, and the secret that it shares with the receiver (RFC 8291
// section 3.1). The private key is not kept.
type agreement struct {
	public [publicLength]byte
	secret [secretLength]byte
}

// agree makes an agreement with each receiver. The two scalar multiplications in
// it are nine tenths of what a message costs, and nothing else is done here: it
// takes many receivers at once so that an implementation which multiplies side
// by side can stand in its place.
func agree(receivers []*ecdh.PublicKey, out []agreement) error {
	for i, receiver := range receivers {
		private, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		if err := out[i].fill(private, receiver); err != nil {
			return err
		}
	}
	return nil
}

func (a *agreement) fill(private *ecdh.PrivateKey, receiver *ecdh.PublicKey) error {
	secret, err := private.ECDH(receiver)
	if err != nil {
		return err
	}
	copy(a.secret[:], secret)
	clear(secret)
	copy(a.public[:], private.PublicKey().Bytes())
	return nil
}
