package push

import (
	"crypto/rand"
	"encoding/base64"
)

// A WebhookSecret signs what a webhook is told: 256 random bits.
type WebhookSecret [32]byte

// webhookSecretPrefix is how such a secret is told from other texts (Standard
// Webhooks 1.0, "Signature scheme").
const webhookSecretPrefix = "whsec_"

// NewWebhookSecret makes one.
func NewWebhookSecret() (s WebhookSecret) {
	rand.Read(s[:])
	return s
}

// String is the form in which receivers hold it.
func (s WebhookSecret) String() string {
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(s[:])
}
