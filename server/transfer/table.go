package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// maxRow is the longest row that is read, in bytes.
const maxRow = 1 << 20

// A table is one of a database, as CSV with the columns' names in the first row, or
// as JSON, an object a row. The order of columns is free.
type table struct {
	// required are columns without which nothing can be moved.
	required []string
	// optional are taken where they are there.
	optional []string
	// model is the name in Django's dumpdata, where rows are fields of an object.
	model string
	// export is what to do where a required column is not there.
	export string
	record func(row) (record, error)
}

// A row has a value for each column of its table; NULL is empty.
type row struct {
	columns, values []string
}

func (r row) get(column string) string {
	if i := slices.Index(r.columns, column); i >= 0 {
		return r.values[i]
	}
	return ""
}

func (r row) size() (n int) {
	for _, value := range r.values {
		n += len(value)
	}
	return n
}

func (t *table) columns() []string { return slices.Concat(t.required, t.optional) }

func (t *table) open(from *bufio.Reader) (source, error) {
	isJSON, err := startsJSON(from)
	if err != nil {
		return nil, err
	}
	if isJSON {
		return &jsonRows{values: values{from: from, unit: "row"}, table: t}, nil
	}
	rows, err := t.openCSV(from)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// startsJSON says whether a file's first byte that is no space begins an array or an
// object.
func startsJSON(from *bufio.Reader) (bool, error) {
	for {
		c, err := from.ReadByte()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !isSpace(c) {
			return c == '[' || c == '{', from.UnreadByte()
		}
	}
}

// missing is nil where the required columns are among found.
func (t *table) missing(found []string) error {
	var missing []string
	for _, name := range t.required {
		if !slices.Contains(found, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("there is no column %s among %s: %s", strings.Join(missing, ", "), quoteSome(found), t.export)
}

// quoteSome writes names of a file, of which there may be many that are long, for a
// terminal.
func quoteSome(names []string) string {
	const most, longest = 30, 40
	var quoted []string
	for i, name := range names {
		if i == most {
			quoted = append(quoted, "…")
			break
		}
		if len(name) > longest {
			name = name[:longest] + "…"
		}
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}

// csvRows are the rows of CSV. Row 1 is that of the columns' names.
type csvRows struct {
	table *table
	// columns are the table's, and at is the index of each in a row, or -1.
	columns []string
	at      []int
	width   int
	from    records
	bound   *bounded
	number  int64
}

var errLongRow = errors.New("the row is longer than 1 MiB: is a quote left open in it, or before?")

// bounded fails where more than left, and the last buffer, is read.
type bounded struct {
	from io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.from.Read(p)
	b.left -= n
	return n, err
}

func (t *table) openCSV(from *bufio.Reader) (*csvRows, error) {
	comma, err := separator(from)
	if err != nil {
		return nil, err
	}
	c := &csvRows{table: t, columns: t.columns(), bound: &bounded{from: from}}
	if comma == '\t' {
		c.from = &tabbed{from: bufio.NewReader(c.bound)}
	} else {
		quoted := csv.NewReader(c.bound)
		quoted.Comma, quoted.FieldsPerRecord, quoted.ReuseRecord = comma, -1, true
		c.from = quoted
	}
	header, err := c.read()
	if err == io.EOF {
		header = nil
	} else if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range header {
		found = append(found, strings.Clone(strings.TrimSpace(name)))
	}
	if err := t.missing(found); err != nil {
		return nil, err
	}
	c.width = len(found)
	for _, name := range c.columns {
		c.at = append(c.at, slices.Index(found, name))
	}
	return c, nil
}

// records are the fields of one row after another, until io.EOF.
type records interface {
	Read() ([]string, error)
}

// tabbed are rows as mysql --batch writes them: a line each, with tabs between the
// fields. Quotes are a part of what they stand in, but around a whole field, where a
// spreadsheet has put them.
type tabbed struct{ from *bufio.Reader }

func (t *tabbed) Read() ([]string, error) {
	for {
		line, err := t.from.ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return nil, err
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			continue // as encoding/csv does
		}
		fields := strings.Split(line, "\t")
		for i, field := range fields {
			if n := len(field); n >= 2 && field[0] == '"' && field[n-1] == '"' {
				fields[i] = strings.ReplaceAll(field[1:n-1], `""`, `"`)
			}
		}
		return fields, nil
	}
}

// separator is the character that separates the columns' names: a comma, a
// semicolon as spreadsheets write it in much of Europe, or a tab.
func separator(from *bufio.Reader) (rune, error) {
	text, err := from.Peek(4 << 10)
	if err != nil && err != io.EOF {
		return 0, err
	}
	header, _, _ := bytes.Cut(text, []byte("\n"))
	most := ','
	for _, c := range ";\t" {
		if bytes.Count(header, []byte(string(c))) > bytes.Count(header, []byte(string(most))) {
			most = c
		}
	}
	return most, nil
}

func (c *csvRows) read() ([]string, error) {
	c.bound.left = maxRow
	c.number++
	return c.from.Read()
}

func (c *csvRows) next() (*entry, error) {
	r, bad, err := c.nextRow()
	switch at := c.place(); {
	case err != nil:
		return nil, err
	case bad != nil:
		return badEntry(at, bad), nil
	default:
		return &entry{place: at, size: r.size(), record: func() (record, error) { return c.table.record(r) }}, nil
	}
}

// place is that of the last row.
func (c *csvRows) place() place { return place{"row", c.number} }

// nextRow returns the next row, or why it is bad.
func (c *csvRows) nextRow() (r row, bad, err error) {
	fields, err := c.read()
	switch {
	case errors.As(err, new(*csv.ParseError)):
		return r, invalidLine("is no row of CSV: a quote stands where none may", nil), nil
	case err != nil:
		return r, nil, err
	case len(fields) != c.width:
		return r, invalidLine(fmt.Sprintf("has %d columns, the first row has %d", len(fields), c.width), nil), nil
	}
	r = row{columns: c.columns, values: make([]string, len(c.columns))}
	for i, from := range c.at {
		if from >= 0 {
			// A copy: the row is one text, most of which is of no use.
			r.values[i] = strings.Clone(orNull(fields[from]))
		}
	}
	return r, nil, nil
}

// orNull is a value without the ways to write NULL: those of mysql --batch and of
// SELECT … INTO OUTFILE and COPY.
func orNull(value string) string {
	if value = strings.TrimSpace(value); value == "NULL" || value == `\N` {
		return ""
	}
	return value
}

// jsonRows are the rows of JSON: an array of objects, or objects one after another.
type jsonRows struct {
	values
	table *table
	// checked says that the required columns were found.
	checked bool
}

func (j *jsonRows) next() (*entry, error) {
	for {
		text, tooLong, err := j.value()
		if err != nil {
			return nil, err
		}
		j.number++
		at := place{j.unit, j.number}
		if tooLong {
			return badEntry(at, errTooLong), nil
		}
		fields, model, err := parseRow(text)
		if err != nil {
			return badEntry(at, err), nil
		}
		if j.table.model != "" && model != "" && model != j.table.model {
			if reason := otherModels[model]; reason != nil {
				return badEntry(at, reason), nil
			}
			continue // a whole site may be dumped
		}
		if !j.checked {
			if err := j.table.missing(keysOf(fields)); err != nil {
				return nil, err
			}
			j.checked = true
		}
		r, err := j.table.row(fields)
		if err != nil {
			return badEntry(at, err), nil
		}
		return &entry{place: at, size: len(text), record: func() (record, error) { return j.table.record(r) }}, nil
	}
}

// parseRow reads an object. Where it is one of Django's dumpdata, its fields are
// those of the model, with the primary key as pk.
func parseRow(text []byte) (fields map[string]json.RawMessage, model string, err error) {
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, "", jsonError(err)
	}
	if fields["model"] == nil || fields["fields"] == nil {
		return fields, "", nil
	}
	var dumped struct {
		Model  string                     `json:"model"`
		PK     json.RawMessage            `json:"pk"`
		Fields map[string]json.RawMessage `json:"fields"`
	}
	if err := json.Unmarshal(text, &dumped); err != nil {
		return nil, "", jsonError(err)
	}
	if dumped.Fields == nil {
		dumped.Fields = make(map[string]json.RawMessage)
	}
	if dumped.PK != nil {
		dumped.Fields["pk"] = dumped.PK
	}
	return dumped.Fields, dumped.Model, nil
}

func (t *table) row(fields map[string]json.RawMessage) (row, error) {
	r := row{columns: t.columns()}
	for _, column := range r.columns {
		value, err := textOf(fields, column)
		if err != nil {
			return row{}, err
		}
		r.values = append(r.values, value)
	}
	return r, nil
}

func textOf(fields map[string]json.RawMessage, column string) (string, error) {
	var value scalar
	if text := fields[column]; text != nil {
		if err := json.Unmarshal(text, &value); err != nil {
			return "", &push.Error{Code: wire.InvalidField, Field: column, Detail: "is no text and no number."}
		}
	}
	return string(value), nil
}

func keysOf(fields map[string]json.RawMessage) []string {
	var keys []string
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// isFalse says whether a value is a database's or a language's word for no.
func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "0", "f", "false":
		return true
	}
	return false
}

// isTrue is the like for yes.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "1", "t", "true":
		return true
	}
	return false
}

// timeOf is a table's time in the form of RFC 3339, and empty where it cannot be
// read: who subscribed then is not lost over it. One without a zone is taken as UTC,
// which Laravel and Django keep; a number is Unix time in seconds.
func timeOf(value string) string {
	at := time.Time{}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		at = time.Unix(seconds, 0)
	}
	for _, layout := range tableTimes {
		if parsed, err := time.Parse(layout, value); err == nil {
			at = parsed
		}
	}
	if !isPlausible(at) {
		return ""
	}
	return formatTime(at)
}

var tableTimes = []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 UTC"}
