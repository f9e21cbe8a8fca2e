// Package push is the domain: sites, subscriptions, messages, audiences and
// deliveries, and the rules that hold for them. It knows no HTTP, SQL or
// browser; a [Store] keeps what it describes.
//
//	message     what an application sends, once
//	audience    whom it is for
//	batch       up to BatchSize deliveries of a message to one push service
//	delivery    one message to one subscription: (message, batch, ordinal)
package push
