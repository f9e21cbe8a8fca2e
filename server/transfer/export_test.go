package transfer

import (
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// ParseLine reads a line without its end. Errors are of type *[push.Error].
func ParseLine(line []byte, services *webpush.Services) (*push.Import, error) {
	r, err := parseRecord(line)
	if err != nil {
		return nil, err
	}
	return r.check(services)
}
