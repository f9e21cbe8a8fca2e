// Package vendors knows what the browser vendors' push services do beyond
// RFC 8030 and RFC 8292: which hosts are whose, what each takes and refuses, in
// which words, and what a refusal means and asks for. It is data (vendor.go)
// with two ways to look at it: [Vendor.Explain] goes from an answer to its
// meaning, for those who send, and [Vendor.Answer] from a mistake to the answer,
// for those who play a push service.
//
// The source of an entry stands beside it. "second-hand" marks what was not
// seen in the vendor's own documentation or code, only in reports of those who
// met it.
package vendors
