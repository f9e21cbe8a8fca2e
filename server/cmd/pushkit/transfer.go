package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/transfer"
)

var forceFlag = &cli.BoolFlag{Name: "force", Usage: "replace a FILE that is there already"}

func importCommand() *cli.Command {
	var kinds []string
	for _, kind := range transfer.Kinds() {
		kinds = append(kinds, string(kind))
	}
	return &cli.Command{
		Name:      "import",
		Usage:     "add subscriptions from a file",
		ArgsUsage: "FILE (- is the standard input)",
		Description: "FILE has a JSON object a line: what pushkit subscriptions export writes, or PushSubscription.toJSON(),\n" +
			"also as the member subscription, with applicationServerKey, channels, locale, timeZone, user, id, createdAt\n" +
			"and lastSeenAt if they are known; or it is another product's, as --from says: JSON of web-push or a kin of it,\n" +
			"a table as CSV or JSON, Django's dumpdata, OneSignal's export. server/MOVING.md has how each is written.\n" +
			"It may be compressed with gzip.\n" +
			"What is bad, or cannot be moved, is reported with its number and the reason, and the rest goes in; the exit\n" +
			"status is 1 then. What has ended here, or was seen later than the file says (where it does not say: than it\n" +
			"was written), stays as it is.\n" +
			"It works on the database itself, also while a server runs on it, or by the API of the server at --server,\n" +
			"with an admin's key.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Value: string(transfer.KindPushkit), Usage: "whose FILE is: a `KIND` of " + strings.Join(kinds, ", ")},
			jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag, pushServicesFlag,
		},
		Action: importSubscriptions,
	}
}

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write all subscriptions with their keys",
		ArgsUsage: "[FILE] (default: -, the standard output)",
		Description: "One JSON object a line, as pushkit subscriptions import reads it. Whoever has the file and the VAPID key\n" +
			"can send to everybody: FILE is readable for you alone.\n" +
			"It works on the database itself, also while a server runs on it: there is no --server.",
		Flags:  []cli.Flag{databaseFlag, siteFlag, forceFlag},
		Action: exportSubscriptions,
	}
}

func importSubscriptions(ctx context.Context, cmd *cli.Command) (err error) {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("which file? pushkit subscriptions import FILE, or - for the standard input")
	}
	kind, err := transfer.ParseKind(cmd.String("from"))
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	file := os.Stdin
	if name := cmd.Args().First(); name != "-" {
		if file, err = os.Open(name); err != nil {
			return err
		}
		defer file.Close()
	}
	var sum importSummary
	if cmd.String(serverFlag.Name) != "" {
		if cmd.IsSet(siteFlag.Name) {
			return errSiteOfKey
		}
		sum, err = importRemotely(ctx, cmd, kind, file)
	} else {
		sum, err = importLocally(ctx, cmd, kind, file)
	}
	if sum.Reasons == nil { // it has not begun
		return err
	}
	if cmd.Bool(jsonFlag.Name) {
		json.NewEncoder(cmd.Root().Writer).Encode(sum)
	} else {
		fmt.Fprintf(cmd.Root().Writer, "%d added, %d refreshed, %d unchanged, %d bad\n", sum.Added, sum.Refreshed, sum.Unchanged, sum.Bad)
		for _, reason := range sum.mostFirst() {
			fmt.Fprintf(cmd.Root().Writer, "  %d %s\n", sum.Reasons[reason], reason)
		}
	}
	if err == nil && sum.Bad > 0 {
		err = fmt.Errorf("%d are not imported", sum.Bad)
	}
	return err
}

// An importSummary also counts why what is bad is so.
type importSummary struct {
	transfer.Summary
	Reasons map[string]int64 `json:"reasons,omitempty"`
}

// mostFirst are the reasons, that of the most first.
func (s *importSummary) mostFirst() []string {
	return slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Reasons[b], s.Reasons[a]), cmp.Compare(a, b))
	})
}

func importRemotely(ctx context.Context, cmd *cli.Command, kind transfer.Kind, file *os.File) (sum importSummary, err error) {
	server, err := openRemote(cmd)
	if err != nil {
		return sum, err
	}
	return importFrom(ctx, cmd, transfer.Importer{Kind: kind, Server: server, Gentle: true}, file)
}

func importLocally(ctx context.Context, cmd *cli.Command, kind transfer.Kind, file *os.File) (sum importSummary, err error) {
	store, site, err := openDatabase(ctx, cmd, true)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	how, err := keptSending(ctx, cmd, store)
	if err != nil {
		return sum, err
	}
	services, err := how.services()
	if err != nil {
		return sum, err
	}
	// Where a server works on the file, it must not wait for us.
	unlock, alone, err := lockDispatch(cmd)
	if err != nil {
		return sum, err
	}
	if alone {
		// A server may start meanwhile.
		if err := unlock(); err != nil {
			return sum, err
		}
	}
	return importFrom(ctx, cmd, transfer.Importer{Kind: kind, Store: store, Site: site.ID, Services: services, Gentle: !alone}, file)
}

func importFrom(ctx context.Context, cmd *cli.Command, importer transfer.Importer, file *os.File) (sum importSummary, err error) {
	reader := bufio.NewReaderSize(file, lookAhead)
	if err := refuseForeign(importer.Kind, reader); err != nil {
		return sum, err
	}
	total := int64(-1)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		total, importer.WrittenAt = info.Size(), info.ModTime()
	}
	bar := newProgress(cmd.Root().ErrWriter, "importing", progressbar.OptionShowBytes(true))
	bar.ChangeMax64(total)
	defer bar.Finish()
	sum.Reasons = make(map[string]int64)
	importer.Bad = func(place string, reason error) {
		sum.Reasons[transfer.ReasonOf(reason)]++
		bar.Clear()
		fmt.Fprintf(cmd.Root().ErrWriter, "%s: %v\n", place, reason)
	}
	importer.Progress = func(bytes int64) { bar.Set64(bytes) }
	sum.Summary, err = importer.Import(ctx, reader)
	return sum, err
}

func exportSubscriptions(ctx context.Context, cmd *cli.Command) error {
	name := "-"
	switch cmd.Args().Len() {
	case 0:
	case 1:
		name = cmd.Args().First()
	default:
		return errors.New("pushkit subscriptions export takes one FILE")
	}
	store, site, err := openDatabase(ctx, cmd, true)
	if err != nil {
		return err
	}
	write := func(to io.Writer) error {
		bar := newProgress(cmd.Root().ErrWriter, "exporting")
		bar.ChangeMax64(-1)
		defer bar.Finish()
		_, err := transfer.Export(ctx, store, site.ID, to, func(n int64) { bar.Set64(n) })
		return err
	}
	if name == "-" {
		err = write(cmd.Root().Writer)
	} else {
		database, _, _ := databaseURL(cmd) // it was opened
		err = newFile(name, cmd.Bool(forceFlag.Name), database, func(temporary string) error {
			file, err := os.OpenFile(temporary, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return errors.Join(write(file), file.Close())
		})
	}
	return errors.Join(err, store.Close())
}
