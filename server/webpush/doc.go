// Package webpush sends Web Push messages: it encrypts them for a subscription
// (RFC 8291 on RFC 8188), identifies the application server (VAPID, RFC 8292),
// posts them to the push service (RFC 8030) and says what the answer means.
//
// There is one file for each step: subscription.go, encrypt.go, vapid.go,
// request.go, response.go; services.go says which push services may be called
// at all, and the package vendor what is particular to each. The types of a subscription's JSON and of the urgency are those of
// github.com/SherClockHolmes/webpush-go, which also makes the VAPID keys.
package webpush

import (
	webpushgo "github.com/SherClockHolmes/webpush-go"
)

// SubscriptionJSON is what PushSubscription.toJSON() gives: the endpoint and
// the keys in base64.
type SubscriptionJSON = webpushgo.Subscription

// Urgency is the value of the Urgency header (RFC 8030 section 5.3). Empty
// means normal.
type Urgency = webpushgo.Urgency

// The urgencies, from the least.
const (
	UrgencyVeryLow = webpushgo.UrgencyVeryLow
	UrgencyLow     = webpushgo.UrgencyLow
	UrgencyNormal  = webpushgo.UrgencyNormal
	UrgencyHigh    = webpushgo.UrgencyHigh
)
