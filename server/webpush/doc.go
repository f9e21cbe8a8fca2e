// Package webpush sends Web Push messages: it encrypts them for a subscription
// (RFC 8291 on RFC 8188), identifies the application server (VAPID, RFC 8292),
// posts them to the push service (RFC 8030) and says what the answer means, and
// what to do.
//
// A [Client] is for all sends of a program. [Client.Send] sends one message,
// [Client.SendBatch] many; both know the pace of each push service.
//
// There is one file for each step: subscription.go and message.go for what comes
// in, curve.go, hkdf.go and encrypt.go for RFC 8291, vapid.go for RFC 8292,
// request.go for RFC 8030, response.go for the answer. services.go says which push
// services may be called at all, guard.go which addresses, and pace.go how many
// requests each may have at once. What Apple, Google, Mozilla and Microsoft do each
// in their own way stands in package vendors.
//
// The types of a subscription's JSON and of the urgency are those of
// github.com/SherClockHolmes/webpush-go, which also makes the VAPID keys; a program
// that uses it moves over by importing package compat instead.
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
