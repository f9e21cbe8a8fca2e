package sqlite_test

import (
	"testing"

	"github.com/pushkit/pushkit/server/dispatch/dispatchtest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

func TestContent(t *testing.T) {
	dispatchtest.RunContent(t, func(t *testing.T) push.Store { return open(t, sqlitetest.Path(t), nil) })
}
