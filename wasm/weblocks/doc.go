// Package weblocks binds the Web Locks API: locks that all tabs and workers of
// an origin share.
//
// See https://www.w3.org/TR/web-locks/.
package weblocks
