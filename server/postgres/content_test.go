package postgres_test

import (
	"testing"

	"github.com/pushkit/pushkit/server/dispatch/dispatchtest"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
)

func TestContent(t *testing.T) {
	dispatchtest.RunContent(t, func(t *testing.T) push.Store { return open(t, postgrestest.Database(t), nil) })
}
