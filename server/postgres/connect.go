package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pushkit/pushkit/server/push"
)

const (
	// maxConns is how many connections a node opens, unless the URL says
	// pool_max_conns.
	maxConns = 10
	// connectLimit is how long a connection may take to be made, unless the URL
	// says connect_timeout.
	connectLimit = 5 * time.Second
)

func poolConfig(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The error itself repeats the URL, which may hold a password.
		return nil, errors.New("the URL is not of the form postgres://USER@HOST/DATABASE")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectLimit
	}
	// What the server tells an operator who looks for whose a connection is.
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "pushkit"
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		// Behind a pooler that knows no prepared statements
		// (default_query_exec_mode=exec) the types are not asked for.
		conn.TypeMap().RegisterDefaultPgType(push.ID{}, "uuid")
		conn.TypeMap().RegisterDefaultPgType([]push.ID{}, "_uuid")
		return nil
	}
	return config, nil
}

// explainOpening says in one line why a database cannot be used.
func explainOpening(config *pgx.ConnConfig, err error) error {
	where := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if strings.HasPrefix(config.Host, "/") {
		where = config.Host // a socket
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		switch code := server.Code; {
		case code == "3D000":
			return fmt.Errorf("the server at %s has no database %q: make it with createdb", where, config.Database)
		case code == "28P01":
			return fmt.Errorf("the server at %s refuses the password of %q", where, config.User)
		case code == "42501":
			return fmt.Errorf("%q lacks rights in the database %q, of which it should be the owner: %s", config.User, config.Database, server.Message)
		}
		return fmt.Errorf("the database %q at %s: %s (%s)", config.Database, where, server.Message, server.Code)
	}
	var network *net.OpError
	switch {
	case errors.As(err, &network):
		return fmt.Errorf("no PostgreSQL server answers at %s: %w", where, network.Err)
	case pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no PostgreSQL server answers at %s in time", where)
	}
	return onOneLine(err)
}

func onOneLine(err error) error {
	if text := err.Error(); strings.Contains(text, "\n") {
		return errors.New(strings.Join(strings.Fields(text), " "))
	}
	return err
}
