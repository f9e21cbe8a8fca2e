package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"time"
)

// identity is by what the MCS listener is known. Chromium speaks TLS with it
// whatever its address, and has to be told to trust this certificate.
type identity struct {
	certificate tls.Certificate
	// publicKeyHash is the SHA-256 of the SubjectPublicKeyInfo, in base64.
	publicKeyHash string
}

// newIdentity makes a key that ends with the emulator: whoever had it could read
// what a browser that trusts it sends to any site.
func newIdentity(now time.Time) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "pushkit emulator"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return identity{}, err
	}
	hash := sha256.Sum256(spki)
	return identity{
		certificate:   tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		publicKeyHash: base64.StdEncoding.EncodeToString(hash[:]),
	}, nil
}
