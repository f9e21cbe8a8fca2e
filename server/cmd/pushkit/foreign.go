package main

import (
	"bufio"
	"bytes"
	"errors"

	"github.com/pushkit/pushkit/server/transfer"
)

// lookAhead is how much of a file is looked at before it is imported, in bytes.
const lookAhead = 4 << 10

// refuseForeign says so where a file that was given as pushkit's begins as only those of
// other products do: each of its lines would be bad. What it cannot tell it lets through.
func refuseForeign(kind transfer.Kind, file *bufio.Reader) error {
	if kind != transfer.KindPushkit {
		return nil
	}
	// What the first read brings: a pipe's next may be long in coming. An error is met by
	// the import as well.
	_, _ = file.Peek(1)
	begin, _ := file.Peek(file.Buffered())
	begin = bytes.TrimLeft(bytes.TrimPrefix(begin, []byte("\xef\xbb\xbf")), " \t\r\n")
	first, _, _ := bytes.Cut(begin, []byte("\n"))
	switch {
	case bytes.HasPrefix(begin, []byte("[")):
		return errors.New("this is an array, and pushkit's own files have an object a line: --from web-push reads an array of subscriptions, and see --help for other products' (--from)")
	case !bytes.HasPrefix(begin, []byte("{")) && bytes.ContainsAny(first, ",;\t") && isTableHeading(bytes.ToLower(first)):
		return errors.New("this is a table, and pushkit's own files have a JSON object a line: say with --from whose it is, such as laravel or onesignal; see --help")
	}
	return nil
}

// isTableHeading says whether a line names a column that tables of subscriptions have.
func isTableHeading(line []byte) bool {
	for _, column := range []string{"endpoint", "web_auth", "p256dh", "registration_id"} {
		if bytes.Contains(line, []byte(column)) {
			return true
		}
	}
	return false
}
