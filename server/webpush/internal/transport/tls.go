package transport

import (
	"crypto/tls"
)

// tlsConfig returns a transport's own TLS configuration.
func tlsConfig(config Config) *tls.Config {
	c := new(tls.Config)
	if config.TLS != nil {
		c = config.TLS.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12) // RFC 9113 section 9.2
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	}
	// Requests are gathered: small first records would take them apart.
	c.DynamicRecordSizingDisabled = true
	return c
}
