package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A backend is what a command works on: a running server, or the database.
type backend interface {
	send(context.Context, wire.MessageRequest) (wire.MessageResponse, error)
	// count is what a dry run says.
	count(context.Context, wire.MessageRequest) (wire.DryRunResponse, error)
	message(ctx context.Context, id string) (wire.MessageResponse, error)
	messages(ctx context.Context, cursor string) (wire.MessageList, error)
	// deliveries are those of a message in a state.
	deliveries(ctx context.Context, id, state, cursor string) (wire.DeliveryList, error)
	cancel(ctx context.Context, id string) (wire.MessageResponse, error)
	// subscriptions are all, or those that only fail since failing, such as 30d.
	subscriptions(ctx context.Context, failing, cursor string) (wire.SubscriptionList, error)
	// losses are those of the days from and to, which may be empty.
	losses(ctx context.Context, from, to string) (wire.LossList, error)
	user(ctx context.Context, id string) (wire.UserResponse, error)
	setUser(ctx context.Context, id string, request wire.UserRequest) error
	forgetUser(ctx context.Context, id string) error
	close() error
}

// errSiteOfKey keeps a message from going to another site than the one that is named.
var errSiteOfKey = errors.New("--site is for the database: with --server the API key says which site it is")

// errKeyOfServer likewise, where the key is another site's.
var errKeyOfServer = errors.New("--api-key is for a server: name it with --server, or for the database the site with --site")

// openBackend opens the server of --server, else the database.
func openBackend(ctx context.Context, cmd *cli.Command) (backend, error) {
	if cmd.String(serverFlag.Name) != "" {
		if cmd.IsSet(siteFlag.Name) {
			return nil, errSiteOfKey
		}
		return openRemote(cmd)
	}
	// The environment may have that of a server.
	if cmd.IsSet(apiKeyFlag.Name) && os.Getenv("PUSHKIT_API_KEY") == "" {
		return nil, errKeyOfServer
	}
	return openLocal(ctx, cmd)
}

// inFile says which file the command looked into, where it was one: started in another
// folder it finds another.
func inFile(cmd *cli.Command) string {
	path, _, _ := databaseURL(cmd)
	if path == "" || cmd.String(serverFlag.Name) != "" {
		return ""
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	return ", in " + path
}

// sameBackend is the flags that have another command work on the same, where it needs
// some.
func sameBackend(cmd *cli.Command) (flags string) {
	if server := cmd.String(serverFlag.Name); server != "" {
		return " --server " + server
	}
	if site := cmd.String(siteFlag.Name); site != push.DefaultSite {
		flags = " --site " + site
	}
	// That of PostgreSQL may hold a password.
	if path, url, _ := databaseURL(cmd); path != "" && url != databaseFlag.Value {
		flags += " --database " + url
	}
	return flags
}
