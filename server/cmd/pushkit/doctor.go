package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// checkLimit is how long a check that asks somebody may take.
const checkLimit = 15 * time.Second

func doctorCommand() *cli.Command {
	addr := *addrFlag
	addr.Usage = "the server listens on `HOST:PORT`"
	return &cli.Command{
		Name:      "doctor",
		Usage:     "look for what would keep push from working, and say what to do",
		ArgsUsage: "[ORIGIN...]",
		Description: "Give it the settings of pushkit serve, or run it where they are in the environment; what it is not told it takes\n" +
			"from the database. ORIGIN is a site, such as https://www.example.com, whose service worker it looks at (default:\n" +
			"the allowed origins). It ends with 1 where something fails.",
		Flags: []cli.Flag{
			&addr, databaseFlag, siteFlag, allowedOriginsFlag, publicURLFlag, vapidSubjectFlag, pushServicesFlag, netHTTPFlag, webhookHostsFlag,
			&cli.StringFlag{Name: "service-worker", Value: "/" + wire.FileWorker, Usage: "the `PATH` of the sites' service worker"},
			&cli.StringFlag{Name: "scope", Value: "/", Usage: "the `PATH` below which its pages are"},
			&cli.StringFlag{Name: "subscription", Usage: "send a test message to the subscription `ID`, and tell the push service's answer"},
			jsonFlag,
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			d := &doctor{cmd: cmd, print: printer(cmd.Root().Writer, cmd.Bool(jsonFlag.Name))}
			d.examine(ctx)
			if d.err != nil {
				return d.err
			}
			if d.failed > 0 {
				return fmt.Errorf("%d of %d checks failed", d.failed, d.made)
			}
			return nil
		},
	}
}

// A level says how a check has ended.
type level string

const (
	levelOK level = "ok"
	// levelNote is what is not so, and need not be.
	levelNote level = "note"
	levelWarn level = "warn"
	levelFail level = "fail"
)

// A finding is what a check has found.
type finding struct {
	Level level  `json:"level"`
	Check string `json:"check"`
	// Found is a sentence; Advice is what to do, empty where all is well.
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"`
}

func ok(check, format string, arguments ...any) finding {
	return finding{levelOK, check, sentences(format, arguments...), ""}
}

func warn(check, advice, format string, arguments ...any) finding {
	return finding{levelWarn, check, sentences(format, arguments...), advice}
}

func fail(check, advice, format string, arguments ...any) finding {
	return finding{levelFail, check, sentences(format, arguments...), advice}
}

// doubledStop is where others' words have ended a sentence already.
var doubledStop = regexp.MustCompile(`([^.])\.\.( |$)`)

func sentences(format string, arguments ...any) string {
	return doubledStop.ReplaceAllString(fmt.Sprintf(format, arguments...), "$1.$2")
}

// printer writes a finding as a JSON object a line, or for people.
func printer(out io.Writer, asJSON bool) func(finding) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		return func(f finding) error { return encoder.Encode(f) }
	}
	return func(f finding) error {
		// What was found may hold others' words.
		_, err := fmt.Fprintf(out, "%-4s  %-15s  %s\n", f.Level, f.Check, oneLine(f.Found))
		if err == nil && f.Advice != "" {
			_, err = fmt.Fprintf(out, "%23s%s\n", "-> ", f.Advice)
		}
		return err
	}
}

// oneLine keeps text from outside from being more than one, or anything that a
// terminal obeys.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// A doctor makes checks, and tells of each as it is made.
type doctor struct {
	cmd          *cli.Command
	print        func(finding) error
	made, failed int
	err          error // of printing

	// What the checks have found out; store is nil where there is no database.
	store   database
	site    push.Site
	sending sending
}

func (d *doctor) tell(findings ...finding) {
	for _, f := range findings {
		d.made++
		if f.Level == levelFail {
			d.failed++
		}
		if err := d.print(f); err != nil && d.err == nil {
			d.err = err
		}
	}
}

func (d *doctor) examine(ctx context.Context) {
	d.tell(d.openDatabase(ctx)...)
	if d.store != nil {
		defer d.store.Close()
		d.tell(d.checkServer(ctx), d.checkKeys(ctx))
		d.tell(d.checkWebhooks(ctx)...)
	}
	d.tell(d.checkSubject(), d.checkPublicURL())
	origins, findings := d.checkOrigins(ctx)
	d.tell(findings...)
	d.checkPushServices(ctx)
	d.tell(together(origins, func(origin string) []finding { return d.checkWorker(ctx, origin) })...)
	if id := d.cmd.String("subscription"); id != "" {
		d.tell(d.sendTest(ctx, id))
	}
}

// together makes checks at the same time; their findings are in order.
func together[T any](of []T, check func(T) []finding) (all []finding) {
	findings := make([][]finding, len(of))
	var checking sync.WaitGroup
	for i, one := range of {
		checking.Go(func() { findings[i] = check(one) })
	}
	checking.Wait()
	for _, f := range findings {
		all = append(all, f...)
	}
	return all
}
