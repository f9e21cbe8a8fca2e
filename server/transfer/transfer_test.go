package transfer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/transfer"
	"github.com/pushkit/pushkit/server/wire"
)

func open(t testing.TB) (*sqlite.Store, push.SiteID) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	site, err := store.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	return store, site.ID
}

func lineOf(n int) string {
	return fmt.Sprintf(`{"endpoint": "https://fcm.googleapis.com/%d", %s}`, n, keys)
}

// size is how many subscriptions a gentle importer stores at once.
const size = 250

// load imports a text and returns what was said of bad lines.
func load(t *testing.T, store transfer.Store, site push.SiteID, from io.Reader) (sum transfer.Summary, bad []string, err error) {
	t.Helper()
	i := transfer.Importer{Store: store, Site: site, Services: pushtest.Services(t), Gentle: true, Bad: func(place string, reason error) {
		bad = append(bad, place+": "+transfer.ReasonOf(reason))
	}}
	sum, err = i.Import(t.Context(), from)
	return sum, bad, err
}

func TestBadLinesAreToldAndTheRestGoesIn(t *testing.T) {
	store, site := open(t)
	var file strings.Builder
	file.WriteString("\ufeff" + lineOf(1) + "\r\n" + "\n  \n") // 1 to 3
	file.WriteString("hello\n" + lineOf(2) + "\n")             // 4, 5
	file.WriteString(`{"x": "` + strings.Repeat("x", 3<<20) + "\"}\n")
	file.WriteString(lineOf(3) + "\n" + lineOf(1) + "\n") // 7, 8
	file.WriteString("{\"endpoint\": \"\x00\"}\n")        // 9
	for n := range 2 * size {                             // over several chunks
		file.WriteString(lineOf(100+n) + "\n")
	}
	file.WriteString(strings.Replace(lineOf(2), pushtest.Auth, "AAAAAAAAAAAAAAAAAAAAAA", 1) + "\n")
	file.WriteString(lineOf(4)[:90]) // half-written
	sum, bad, err := load(t, store, site, strings.NewReader(file.String()))
	if want := (transfer.Summary{Added: 3 + 2*size, Unchanged: 1, Bad: 5}); err != nil || sum != want {
		t.Errorf("got %+v, want %+v: %v", sum, want, err)
	}
	if want := []string{"line 4: invalid-json", "line 6: invalid-json", "line 9: invalid-json", "line 510: endpoint-taken (keys)", "line 511: invalid-json"}; !slices.Equal(bad, want) {
		t.Errorf("got %v, want %v", bad, want)
	}
	// A last line without an end is whole all the same.
	if sum, bad, err = load(t, store, site, strings.NewReader(lineOf(1)+"\n"+lineOf(5))); err != nil || sum != (transfer.Summary{Added: 1, Unchanged: 1}) {
		t.Errorf("got %+v %v, %v", sum, bad, err)
	}
	if sum, _, err = load(t, store, site, strings.NewReader("")); err != nil || sum != (transfer.Summary{}) {
		t.Errorf("an empty file: %+v, %v", sum, err)
	}
	for text, want := range map[string]error{"\x1f\x8b\x08": transfer.ErrCutOff, "\xff\xfe{\x00": transfer.ErrUTF16} {
		if sum, _, err = load(t, store, site, strings.NewReader(text)); !errors.Is(err, want) || sum != (transfer.Summary{}) {
			t.Errorf("got %+v, %v", sum, err)
		}
	}
}

func TestWhatIsExportedCanBeImported(t *testing.T) {
	store, site := open(t)
	services := pushtest.Services(t)
	const n = 1003 // more than a page
	var items []*push.Import
	for i := range n {
		r := pushtest.Subscribe(t, services, fmt.Sprintf("https://fcm.googleapis.com/%d", i), `"channels": ["news"], "locale": "de", "timeZone": "Europe/Berlin"`)
		r.User = "<u&1>"
		if i%2 == 0 {
			r = pushtest.Subscribe(t, services, fmt.Sprintf("https://web.push.apple.com/%d", i), "")
		}
		items = append(items, &push.Import{Subscribe: *r})
	}
	for some := range slices.Chunk(items, size) {
		if _, err := store.ImportSubscriptions(t.Context(), site, some); err != nil {
			t.Fatal(err)
		}
	}
	export := func(store push.Store, site push.SiteID) string {
		t.Helper()
		var text bytes.Buffer
		if got, err := transfer.Export(t.Context(), store, site, &text, func(int64) {}); err != nil || got != n {
			t.Fatal(got, err)
		}
		return text.String()
	}
	exported := export(store, site)
	if sum, bad, err := load(t, store, site, strings.NewReader(exported)); err != nil || sum != (transfer.Summary{Unchanged: n}) {
		t.Errorf("its own: %+v %v %v", sum, bad, err)
	}
	// Another server with the same key has the same afterwards.
	other, otherSite := open(t)
	keysOf := func(store push.Store, site push.SiteID) string {
		keys, err := store.VAPIDKeys(t.Context(), site)
		if err != nil {
			t.Fatal(err)
		}
		return keys[0].Public()
	}
	ours, theirs := keysOf(store, site), keysOf(other, otherSite)
	sum, bad, err := load(t, other, otherSite, strings.NewReader(exported))
	if err != nil || sum.Bad != n || bad[0] != "line 1: invalid-field (applicationServerKey)" {
		t.Errorf("with another key: %+v %v", sum, err)
	}
	sum, bad, err = load(t, other, otherSite, strings.NewReader(strings.ReplaceAll(exported, ours, theirs)))
	if err != nil || sum != (transfer.Summary{Added: n}) {
		t.Errorf("%+v %v %v", sum, bad, err)
	}
	// The order of push services is a store's own.
	sorted := func(text string) []string { return slices.Sorted(strings.Lines(text)) }
	if !slices.Equal(sorted(export(other, otherSite)), sorted(strings.ReplaceAll(exported, ours, theirs))) {
		t.Error("the other server exports something else")
	}
}

// away is a store whose database goes away after some.
type away struct {
	transfer.Store
	left int
}

func (a *away) ImportSubscriptions(ctx context.Context, site push.SiteID, items []*push.Import) ([]push.ImportResult, error) {
	if a.left--; a.left < 0 {
		return nil, push.ErrUnavailable(errors.New("disk full"))
	}
	return a.Store.ImportSubscriptions(ctx, site, items)
}

func TestAnImportThatEndsEarlySaysWhere(t *testing.T) {
	store, site := open(t)
	var file strings.Builder
	for n := range 3 * size {
		file.WriteString(lineOf(n) + "\n")
	}
	sum, _, err := load(t, &away{store, 2}, site, strings.NewReader(file.String()))
	if push.CodeOf(err) != wire.Unavailable || !strings.Contains(err.Error(), "after line 500;") || sum.Added != 2*size {
		t.Errorf("got %+v, %v", sum, err)
	}
	if sum, _, err = load(t, store, site, strings.NewReader(file.String())); err != nil || sum != (transfer.Summary{Added: size, Unchanged: 2 * size}) {
		t.Errorf("once more: %+v, %v", sum, err)
	}
}

// posts is a server that takes so many requests.
type posts struct {
	t    *testing.T
	left int
	got  int
}

func (p *posts) ImportSubscriptions(_ context.Context, request wire.ImportRequest) (answer wire.ImportResponse, err error) {
	body, err := json.Marshal(request)
	if err != nil || len(body) > wire.MaxMessageBody || len(request.Subscriptions) > wire.MaxImport {
		p.t.Errorf("%d subscriptions in %d bytes, %v", len(request.Subscriptions), len(body), err)
	}
	if p.left--; p.left < 0 {
		return answer, errors.New("away")
	}
	p.got += len(request.Subscriptions)
	return wire.ImportResponse{Data: slices.Repeat([]wire.ImportResult{{Outcome: "added"}}, len(request.Subscriptions))}, nil
}

// A line is not longer than a file's may be, and yet as JSON of ours more than a body is.
func TestALineThatGrowsBeyondABodyIsToldSo(t *testing.T) {
	for line, want := range map[string]string{
		strings.TrimSuffix(lineOf(1), "}") + `, "user": "` + strings.Repeat("<", 50_000) + `"}`: "is longer than 255 KiB in a request to the server",
		strings.TrimSuffix(lineOf(1), "}") + `, "user": "` + strings.Repeat("x", 70_000) + `"}`: "is longer than 64 KiB",
	} {
		var told string
		i := transfer.Importer{Server: &posts{t: t, left: 100}, Bad: func(place string, reason error) { told = place + ": " + reason.Error() }}
		if sum, err := i.Import(t.Context(), strings.NewReader(line+"\n"+lineOf(2)+"\n")); err != nil || sum.Added != 1 || sum.Bad != 1 || !strings.HasPrefix(told, "line 1: ") || !strings.Contains(told, want) {
			t.Errorf("got %+v, %q, %v; want %q", sum, told, err, want)
		}
	}
}

func TestWhatIsPostedFitsABody(t *testing.T) {
	var file strings.Builder
	for n := range 2*wire.MaxImport + 1 {
		file.WriteString(lineOf(n) + "\n")
	}
	long := `, "user": "` + strings.Repeat("x", 60_000) + `"}` + "\n"
	for n := range 10 {
		file.WriteString(strings.TrimSuffix(lineOf(n), "}") + long)
	}
	server := &posts{t: t, left: 100}
	i := transfer.Importer{Server: server, Bad: func(place string, reason error) { t.Error(place, reason) }}
	if sum, err := i.Import(t.Context(), strings.NewReader(file.String())); err != nil || sum.Added != 2*wire.MaxImport+11 || server.got != 2*wire.MaxImport+11 {
		t.Errorf("got %+v of %d, %v", sum, server.got, err)
	}
	// What it has taken before it is away is counted.
	i.Server = &posts{t: t, left: 1}
	sum, err := i.Import(t.Context(), strings.NewReader(strings.Repeat(strings.TrimSuffix(lineOf(1), "}")+long, 10)))
	if err == nil || !strings.Contains(err.Error(), "away") || sum.Added == 0 || sum.Added == 10 {
		t.Errorf("got %+v, %v", sum, err)
	}
	if strings.Contains(err.Error(), "nothing is imported") || !strings.Contains(err.Error(), fmt.Sprint("line ", sum.Added)) {
		t.Errorf("%d are imported, and it says %v", sum.Added, err)
	}
}

// A person who gives up is not held up by a pipe that says nothing more.
func TestAnImportIsInterrupted(t *testing.T) {
	store, site := open(t)
	from, to := io.Pipe()
	defer to.Close()
	ctx, stop := context.WithCancel(t.Context())
	i := transfer.Importer{Store: store, Site: site, Services: pushtest.Services(t), Gentle: true, Progress: func(int64) { stop() }}
	go func() {
		for n := range size {
			io.WriteString(to, lineOf(n)+"\n")
		}
	}()
	sum, err := i.Import(ctx, from)
	if !errors.Is(err, context.Canceled) || sum.Added != size {
		t.Errorf("got %+v, %v", sum, err)
	}
}

// nowhere takes everything.
type nowhere struct{}

func (nowhere) ImportSubscriptions(_ context.Context, _ push.SiteID, items []*push.Import) ([]push.ImportResult, error) {
	results := make([]push.ImportResult, len(items))
	for i := range results {
		results[i].Outcome = push.ImportAdded
	}
	return results, nil
}

// endless repeats a text up to a length.
type endless struct {
	text string
	left int
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.text[e.at:])
	e.at, e.left = (e.at+n)%len(e.text), e.left-n
	return n, nil
}

// pack compresses what it reads, as it is asked for.
func pack(from io.Reader) io.ReadCloser {
	packed, to := io.Pipe()
	go func() {
		w := gzip.NewWriter(to)
		_, err := io.Copy(w, from)
		to.CloseWithError(errors.Join(err, w.Close()))
	}()
	return packed
}

func TestALongFileNeedsNoMoreMemory(t *testing.T) {
	const length = 40 << 20
	for name, file := range map[string]struct {
		kind        transfer.Kind
		start, text string
	}{
		"lines": {text: lineOf(1) + "\n" + strings.Repeat("x", 60<<10) + "\n"},
		// Without an end of line.
		"one line":  {text: strings.Repeat("x", 1<<10)},
		"an array":  {transfer.KindWebPush, "[", lineOf(1) + ",\n" + strings.Repeat("x", 60<<10) + ",\n"},
		"one value": {transfer.KindWebPush, `["`, strings.Repeat("x", 1<<10)},
		"rows":      {transfer.KindOneSignal, "identifier,web_auth,web_p256,tags\n", "https://fcm.googleapis.com/a,x,x," + strings.Repeat("x", 60<<10) + "\n"},
		"one row":   {transfer.KindOneSignal, "identifier,web_auth,web_p256\n\"", strings.Repeat("x", 1<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			var peak uint64
			i := transfer.Importer{Kind: file.kind, Store: nowhere{}, Services: pushtest.Services(t), Bad: func(string, error) {}, Progress: func(int64) {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}}
			began := time.Now()
			from := io.MultiReader(strings.NewReader(file.start), &endless{text: file.text, left: length})
			if file.kind == transfer.KindOneSignal {
				// A file of some 100 kB may be as long, once it is unpacked.
				packed := pack(from)
				defer packed.Close()
				from = packed
			}
			if _, err := i.Import(t.Context(), from); err != nil && file.start == "" {
				t.Fatal(err)
			}
			t.Logf("%d MiB of heap at most, %v", peak>>20, time.Since(began))
			if peak > 32<<20 {
				t.Errorf("%d MiB of heap for a file of %d MiB", peak>>20, length>>20)
			}
		})
	}
}
