package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
)

var (
	originsFlag = &cli.StringSliceFlag{
		Name: "origins", Usage: "the site's `ORIGINS`, such as https://www.example.com, separated by commas: its pages find it by them",
	}
	// Those of one site, which no environment gives: pushkit serve has the default one's.
	siteTimeZoneFlag   = &cli.StringFlag{Name: timeZoneFlag.Name, Value: timeZoneFlag.Value, Usage: timeZoneFlag.Usage}
	siteQuietHoursFlag = &cli.StringFlag{Name: quietHoursFlag.Name, Usage: quietHoursFlag.Usage}
)

func sitesCommand() *cli.Command {
	return &cli.Command{
		Name:  "sites",
		Usage: "the sites of one server",
		Description: "Each has origins, VAPID keys, API keys, subscribers, messages and webhooks of its own; see server/SITES.md.\n" +
			"They work on the database itself, also while a server runs on it, which notices within seconds: there is no\n" +
			"--server. Other commands are told by --site which site they are for.",
		Commands: []*cli.Command{{
			Name:   "list",
			Usage:  "list the sites",
			Flags:  []cli.Flag{jsonFlag, databaseFlag},
			Action: withoutArguments(listSites),
		}, {
			Name:        "create",
			Usage:       "add a site, and print its first API key, this once",
			ArgsUsage:   "NAME",
			Description: "NAME is up to 63 of a-z, 0-9 and -. It stays: user tokens may name it. The key may do everything at this site,\nand nothing at others. A site is never removed: without origins and with its keys revoked it is closed.",
			Flags:       []cli.Flag{originsFlag, siteTimeZoneFlag, siteQuietHoursFlag, jsonFlag, databaseFlag},
			Action:      onOne("which name?", createSite),
		}, {
			Name:        "set",
			Usage:       "change what is given: a site's origins, time zone or quiet hours",
			ArgsUsage:   "NAME",
			Description: "Origins take the place of all of before; --origins '' leaves none, so that no page may use the server for it.\nThe default site's are those of pushkit serve: --allowed-origins, --time-zone, --quiet-hours.",
			Flags:       []cli.Flag{originsFlag, siteTimeZoneFlag, siteQuietHoursFlag, databaseFlag},
			Action:      onOne(whichSite, setSite),
		}, {
			Name:      "show",
			Usage:     "print what is set of a site",
			ArgsUsage: "NAME",
			Flags:     []cli.Flag{databaseFlag},
			Action:    onOne(whichSite, showSite),
		}},
	}
}

const whichSite = "which site? Give its name, as pushkit sites list shows it"

// siteInfo is the form in which a site is shown.
type siteInfo struct {
	Name       string   `json:"name"`
	Origins    []string `json:"origins"`
	TimeZone   string   `json:"timeZone"`
	QuietHours string   `json:"quietHours,omitempty"`
	// ApplicationServerKey is the current one, where one site is shown, and Key the
	// first API key of a new one.
	ApplicationServerKey string `json:"applicationServerKey,omitempty"`
	Key                  string `json:"key,omitempty"`
}

func infoOf(site push.Site) siteInfo {
	return siteInfo{Name: site.Name, Origins: append([]string{}, site.Origins...), TimeZone: site.Hours.TimeZone, QuietHours: site.Hours.Quiet.String()}
}

func listSites(ctx context.Context, cmd *cli.Command, store database, _ push.Site) error {
	return printList(cmd, "NAME\tORIGINS\tTIME ZONE\tQUIET HOURS", func(s siteInfo) string {
		return strings.Join([]string{s.Name, strings.Join(s.Origins, ","), s.TimeZone, s.QuietHours}, "\t")
	}, func(string) (infos []siteInfo, next *string, err error) {
		sites, err := store.ListSites(ctx)
		for _, site := range sites {
			infos = append(infos, infoOf(site))
		}
		return infos, nil, err
	})
}

// hoursOfSite are hours with what the flags say.
func hoursOfSite(cmd *cli.Command, hours push.Hours) (push.Hours, error) {
	var err error
	if cmd.IsSet(timeZoneFlag.Name) {
		hours.TimeZone = cmd.String(timeZoneFlag.Name)
	}
	if cmd.IsSet(quietHoursFlag.Name) {
		hours.Quiet, err = push.ParseQuietHours(cmd.String(quietHoursFlag.Name))
	}
	switch {
	case err != nil:
		return hours, fmt.Errorf("--%s: %w", quietHoursFlag.Name, err)
	case !push.IsZone(hours.TimeZone):
		return hours, fmt.Errorf("--%s: %q is not a time zone such as Europe/Berlin", timeZoneFlag.Name, hours.TimeZone)
	}
	return hours, nil
}

func originsOf(cmd *cli.Command) ([]string, error) {
	texts := slices.DeleteFunc(cmd.StringSlice(originsFlag.Name), func(text string) bool { return text == "" })
	origins, err := push.ParseOrigins(texts)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", originsFlag.Name, err)
	}
	return origins, nil
}

func createSite(ctx context.Context, cmd *cli.Command, store database, _ push.Site) error {
	name := cmd.Args().First()
	if err := push.CheckSiteName("NAME", name); err != nil {
		return err
	}
	site := push.NewSite(name)
	var err error
	if site.Origins, err = originsOf(cmd); err != nil {
		return err
	}
	if site.Hours, err = hoursOfSite(cmd, site.Hours); err != nil {
		return err
	}
	if site, err = store.CreateSite(ctx, site); err != nil {
		return err
	}
	key := push.NewAPIKey()
	if _, err := store.AddAPIKey(ctx, site.ID, "first", push.Scopes{push.ScopeAdmin}, push.HashAPIKey(key)); err != nil {
		return fmt.Errorf("the site is made, and its first API key is not: pushkit keys create --site %s --scope admin makes one: %w", name, err)
	}
	if cmd.Bool(jsonFlag.Name) {
		info := infoOf(site)
		info.Key = key
		return json.NewEncoder(cmd.Root().Writer).Encode(info)
	}
	fmt.Fprintf(cmd.Root().ErrWriter, "the site %s is made; this API key opens all of it, and nobody can show it again\n", name)
	if len(site.Origins) == 0 {
		fmt.Fprintf(cmd.Root().ErrWriter, "it has no origin yet, so that no page may use it: pushkit sites set %s --origins ORIGINS\n", name)
	}
	_, err = fmt.Fprintln(cmd.Root().Writer, key)
	return err
}

func setSite(ctx context.Context, cmd *cli.Command, store database, _ push.Site) error {
	name := cmd.Args().First()
	setsHours := cmd.IsSet(timeZoneFlag.Name) || cmd.IsSet(quietHoursFlag.Name)
	switch {
	case name == push.DefaultSite:
		return errors.New("the default site's are set by pushkit serve: --allowed-origins, --time-zone, --quiet-hours")
	case !setsHours && !cmd.IsSet(originsFlag.Name):
		return errors.New("what is to be set? Give --origins, --time-zone or --quiet-hours")
	}
	site, err := store.Site(ctx, name)
	if err != nil {
		return err
	}
	origins, err := originsOf(cmd)
	if err != nil {
		return err
	}
	hours, err := hoursOfSite(cmd, site.Hours)
	if err != nil {
		return err
	}
	if cmd.IsSet(originsFlag.Name) {
		if err := store.SetOrigins(ctx, site.ID, origins); err != nil {
			return err
		}
	}
	if setsHours {
		return store.SetHours(ctx, site.ID, hours)
	}
	return nil
}

func showSite(ctx context.Context, cmd *cli.Command, store database, _ push.Site) error {
	site, err := store.Site(ctx, cmd.Args().First())
	if err != nil {
		return err
	}
	keys, err := store.VAPIDKeys(ctx, site.ID)
	if err != nil {
		return err
	}
	info := infoOf(site)
	info.ApplicationServerKey = keys[0].Public()
	encoder := json.NewEncoder(cmd.Root().Writer)
	encoder.SetIndent("", "  ")
	return encoder.Encode(info)
}
