package transport

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// Each rule is what a peer does with the request on stream 1 when another on
// stream 3 is under way, what becomes of the first, and what the client says.
// A GOAWAY ends the second too.
func TestRules(t *testing.T) {
	ok := []string{":status", "201"}
	with := func(pairs ...string) []string { return append(ok[:2:2], pairs...) }
	for _, rule := range []struct {
		name string
		peer func(p *peer)
		want string
		says []string
	}{
		// RFC 9113 section 8.1: messages.
		{"a status alone", func(p *peer) { p.answer(1, "201") }, "201", nil},
		{"a status and a body", func(p *peer) { p.headers(1, false, ok...); p.data(1, true, "created") }, "201 created", nil},
		{"a body in parts", func(p *peer) {
			p.headers(1, false, ok...)
			p.data(1, false, "cre")
			p.data(1, false, "")
			p.data(1, false, "ated")
			p.data(1, true, "")
		}, "201 created", nil},
		{"a padded body", func(p *peer) {
			p.headers(1, false, ok...)
			p.framer.WriteDataPadded(1, true, []byte("created"), make([]byte, 255))
		}, "201 created", nil},
		{"a padded header with a priority", func(p *peer) {
			p.framer.WriteHeaders(http2.HeadersFrameParam{
				StreamID: 1, BlockFragment: p.encode(ok...), EndStream: true, EndHeaders: true,
				PadLength: 100, Priority: http2.PriorityParam{StreamDep: 3, Weight: 7},
			})
		}, "201", nil},
		{"a header in parts", func(p *peer) {
			block := p.encode(with("location", strings.Repeat("x", 1000))...)
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:1], EndStream: true})
			p.framer.WriteContinuation(1, false, block[1:500])
			p.framer.WriteContinuation(1, false, nil)
			p.framer.WriteContinuation(1, true, block[500:])
		}, "201", nil},
		{"interim answers", func(p *peer) {
			p.headers(1, false, ":status", "100")
			p.headers(1, false, ":status", "103", "link", "</x>")
			p.answer(1, "201")
		}, "201", nil},
		{"an interim answer at the end", func(p *peer) { p.answer(1, "100") }, "its header has no valid status", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"switching protocols", func(p *peer) { p.headers(1, false, ":status", "101") }, "its header has no valid status", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a trailer", func(p *peer) {
			p.headers(1, false, ok...)
			p.data(1, false, "created")
			p.headers(1, true, "x-checksum", "1")
		}, "201 created", nil},
		{"a trailer that goes on", func(p *peer) {
			p.headers(1, false, ok...)
			p.headers(1, false, "x-checksum", "1")
		}, "its trailer is not the end", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a trailer with a status", func(p *peer) { p.headers(1, false, ok...); p.answer(1, "201") }, "its trailer is not the end", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a body before the header", func(p *peer) { p.data(1, true, "created") }, "its body comes before its header", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a body after an interim answer", func(p *peer) { p.headers(1, false, ":status", "100"); p.data(1, true, "x") }, "its body comes before its header", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},

		// Section 8.1.1: lengths.
		{"the length it says", func(p *peer) { p.headers(1, false, with("content-length", "7")...); p.data(1, true, "created") }, "201 created", nil},
		{"less than it says", func(p *peer) { p.headers(1, false, with("content-length", "8")...); p.data(1, true, "created") }, "content-length is not", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"more than it says", func(p *peer) { p.headers(1, false, with("content-length", "6")...); p.data(1, false, "created") }, "content-length is not", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"nothing of what it says", func(p *peer) { p.headers(1, true, with("content-length", "1")...) }, "content-length is not", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a length without a body where there is none", func(p *peer) { p.headers(1, true, ":status", "304", "content-length", "7") }, "304", nil},
		{"no length", func(p *peer) { p.headers(1, true, with("content-length", "-1")...) }, "content-length is not", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"two lengths", func(p *peer) {
			p.headers(1, true, with("content-length", "0", "content-length", "1")...)
		}, "content-length is not", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},

		// Section 8.2: fields.
		{"upper case", func(p *peer) { p.headers(1, true, with("Location", "/x")...) }, "invalid name", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"no token", func(p *peer) { p.headers(1, true, with("a b", "x")...) }, "invalid name", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"no name", func(p *peer) { p.headers(1, true, with("", "x")...) }, "invalid name", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a line break", func(p *peer) { p.headers(1, true, with("x-a", "a\r\nb")...) }, "invalid value", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"connection", func(p *peer) { p.headers(1, true, with("connection", "close")...) }, "field of HTTP/1.1", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"transfer-encoding", func(p *peer) { p.headers(1, true, with("transfer-encoding", "chunked")...) }, "field of HTTP/1.1", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"no status", func(p *peer) { p.headers(1, true, "location", "/x") }, "no valid status", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a status of letters", func(p *peer) { p.answer(1, "2OO") }, "no valid status", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a status of four digits", func(p *peer) { p.answer(1, "2000") }, "no valid status", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"two statuses", func(p *peer) { p.headers(1, true, with(":status", "200")...) }, "pseudo-header", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a status after a field", func(p *peer) { p.headers(1, true, "ttl", "1", ":status", "200") }, "pseudo-header", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a request's pseudo-header", func(p *peer) { p.headers(1, true, with(":path", "/")...) }, "pseudo-header", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a large header", func(p *peer) {
			big := p.encode(with("x-big", strings.Repeat("~", 20<<10))...)
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: big[:maxFrameSize], EndStream: true})
			p.framer.WriteContinuation(1, true, big[maxFrameSize:])
		}, "its header is larger than", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"many fields", func(p *peer) {
			fields := ok
			for range 600 {
				fields = append(fields, "x", "y")
			}
			p.headers(1, true, fields...)
		}, "its header is larger than", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"a header without end", func(p *peer) {
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.encode(ok...)})
			for range maxContinuations + 1 {
				p.framer.WriteContinuation(1, false, nil)
			}
		}, "a header without end", []string{"GOAWAY ENHANCE_YOUR_CALM"}},
		{"a giant header", func(p *peer) {
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.encode(ok...)})
			for range maxBlock/maxFrameSize + 1 {
				p.framer.WriteContinuation(1, false, []byte(strings.Repeat("\x88", maxFrameSize)))
			}
		}, "a header without end", []string{"GOAWAY ENHANCE_YOUR_CALM"}},
		{"another frame within a header", func(p *peer) {
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.encode(ok...)})
			p.framer.WritePing(false, [8]byte{})
		}, "an invalid CONTINUATION frame", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a continuation of nothing", func(p *peer) { p.framer.WriteContinuation(1, true, p.encode(ok...)) }, "PROTOCOL_ERROR", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"an index that the table has not", func(p *peer) { p.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\xff\xff\xff\x7f") }, "cannot be decoded", []string{"GOAWAY COMPRESSION_ERROR"}},
		{"half a field", func(p *peer) { p.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\x40\x05ab") }, "breaks off", []string{"GOAWAY COMPRESSION_ERROR"}},
		{"a table larger than ours", func(p *peer) { p.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\x3f\xe2\x1f\x88") }, "cannot be decoded", []string{"GOAWAY COMPRESSION_ERROR"}},

		// Sections 5.4.2 and 8.7: resets.
		{"reset", func(p *peer) { p.reset(1, http2.ErrCodeInternal) }, "the push service reset the stream: INTERNAL_ERROR", nil},
		{"reset without an error or an answer", func(p *peer) { p.reset(1, http2.ErrCodeNo) }, "the push service reset the stream: NO_ERROR", nil},
		{"reset after the status", func(p *peer) { p.headers(1, false, ok...); p.data(1, false, "cre"); p.reset(1, http2.ErrCodeInternal) }, "201 cre", nil},
		{"reset after the answer", func(p *peer) { p.answer(1, "201"); p.reset(1, http2.ErrCodeNo) }, "201", nil},
		{"refused twice", func(p *peer) {
			p.reset(1, http2.ErrCodeRefusedStream)
			p.expect("HEADERS 5", "DATA 5 10 end")
			p.reset(5, http2.ErrCodeRefusedStream)
		}, "again: the push service refused the stream", nil},
		{"refused and then answered", func(p *peer) {
			p.reset(1, http2.ErrCodeRefusedStream)
			p.expect("HEADERS 5", "DATA 5 10 end")
			p.answer(5, "201")
		}, "201", nil},
		{"a reset of a stream never opened", func(p *peer) { p.reset(7, http2.ErrCodeCancel) }, "never opened", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a reset of no stream", func(p *peer) { p.reset(0, http2.ErrCodeCancel) }, "an invalid RST_STREAM frame", []string{"GOAWAY PROTOCOL_ERROR"}},

		// Section 5.1: streams.
		{"an answer on a stream never opened", func(p *peer) { p.answer(5, "201") }, "never opened", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"an answer on a server's stream", func(p *peer) { p.answer(2, "201") }, "never opened", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"an answer on no stream", func(p *peer) { p.answer(0, "201") }, "PROTOCOL_ERROR", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a body on a stream never opened", func(p *peer) { p.data(5, true, "x") }, "never opened", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"frames on a closed stream", func(p *peer) {
			p.answer(1, "201")
			p.answer(1, "400")
			p.data(1, true, "x")
			p.windowUpdate(1, 1)
			p.reset(1, http2.ErrCodeCancel)
		}, "201", nil},

		// Sections 5.2 and 6.9: flow control.
		{"an update of zero", func(p *peer) { p.windowUpdate(1, 0) }, "an invalid WINDOW_UPDATE", []string{"RST_STREAM 1 PROTOCOL_ERROR"}},
		{"an update of zero for the connection", func(p *peer) { p.windowUpdate(0, 0) }, "an invalid WINDOW_UPDATE", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a stream's window overflows", func(p *peer) { p.windowUpdate(1, maxWindow) }, "an invalid WINDOW_UPDATE", []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}},
		{"the connection's window overflows", func(p *peer) { p.windowUpdate(0, maxWindow) }, "overflows", []string{"GOAWAY FLOW_CONTROL_ERROR"}},
		{"an update of a stream never opened", func(p *peer) { p.windowUpdate(5, 1) }, "never opened", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a short update", func(p *peer) { p.raw(http2.FrameWindowUpdate, 0, 0, "abc") }, "an invalid WINDOW_UPDATE", []string{"GOAWAY FRAME_SIZE_ERROR"}},
		{"a body over the window", func(p *peer) {
			p.headers(1, false, ok...)
			for range 5 {
				p.data(1, false, strings.Repeat("x", maxFrameSize))
			}
		}, "its body exceeds the window", []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}},
		{"a body as large as the window", func(p *peer) {
			p.headers(1, false, ok...)
			for range 5 {
				p.data(1, false, strings.Repeat("x", initialWindow/5))
			}
		}, "201 " + strings.Repeat("x", MaxAnswer), []string{"RST_STREAM 1 CANCEL"}},

		// Section 6.5: SETTINGS.
		{"a window that no stream may have", func(p *peer) { p.settings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}) }, "FLOW_CONTROL_ERROR", []string{"GOAWAY FLOW_CONTROL_ERROR"}},
		{"the second of two windows", func(p *peer) {
			p.settings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31})
		}, "an invalid SETTINGS_INITIAL_WINDOW_SIZE", []string{"GOAWAY FLOW_CONTROL_ERROR"}},
		{"windows that overflow", func(p *peer) {
			p.windowUpdate(1, maxWindow-initialWindow)
			p.settings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: initialWindow + 11})
		}, "overflows a window", []string{"GOAWAY FLOW_CONTROL_ERROR"}},
		{"small frames", func(p *peer) { p.settings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: maxFrameSize - 1}) }, "an invalid SETTINGS_MAX_FRAME_SIZE", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"giant frames", func(p *peer) { p.settings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 24}) }, "an invalid SETTINGS_MAX_FRAME_SIZE", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a server that takes pushes", func(p *peer) { p.settings(http2.Setting{ID: http2.SettingEnablePush, Val: 1}) }, "SETTINGS_ENABLE_PUSH", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"unknown settings", func(p *peer) {
			p.settings(http2.Setting{ID: 0xf00, Val: 1}, http2.Setting{ID: http2.SettingEnablePush, Val: 0}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20})
			p.answer(1, "201")
		}, "201", []string{"SETTINGS ack"}},
		{"settings that break off", func(p *peer) { p.raw(http2.FrameSettings, 0, 0, "abcde") }, "an invalid SETTINGS frame", []string{"GOAWAY FRAME_SIZE_ERROR"}},
		{"settings of a stream", func(p *peer) { p.raw(http2.FrameSettings, 0, 1, "") }, "an invalid SETTINGS frame", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"an ack with a payload", func(p *peer) { p.raw(http2.FrameSettings, http2.FlagSettingsAck, 0, "abcdef") }, "an invalid SETTINGS frame", []string{"GOAWAY FRAME_SIZE_ERROR"}},
		{"acks", func(p *peer) { p.framer.WriteSettingsAck(); p.framer.WriteSettingsAck(); p.answer(1, "201") }, "201", nil},

		// Sections 4.1, 6.6 and 6.7: other frames.
		{"unknown frames", func(p *peer) { p.raw(0xbe, 0xff, 1, "x"); p.raw(0xef, 0, 0, ""); p.answer(1, "201") }, "201", nil},
		{"a priority", func(p *peer) { p.framer.WritePriority(1, http2.PriorityParam{StreamDep: 3}); p.answer(1, "201") }, "201", nil},
		{"a ping", func(p *peer) { p.framer.WritePing(false, [8]byte{'p'}); p.answer(1, "201") }, "201", []string{"PING ack p"}},
		{"a short ping", func(p *peer) { p.raw(http2.FramePing, 0, 0, "p") }, "an invalid PING frame", []string{"GOAWAY FRAME_SIZE_ERROR"}},
		{"a push", func(p *peer) {
			p.framer.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: p.encode(":method", "GET"), EndHeaders: true})
		}, "pushed", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"a frame larger than we take", func(p *peer) { p.headers(1, false, ok...); go p.data(1, true, strings.Repeat("x", maxFrameSize+1)) }, "201", []string{"GOAWAY FRAME_SIZE_ERROR"}},
		{"more padding than frame", func(p *peer) { p.headers(1, false, ok...); p.raw(http2.FrameData, http2.FlagDataPadded, 1, "\x05abc") }, "201", []string{"GOAWAY PROTOCOL_ERROR"}},
		{"HTTP/1.1", func(p *peer) { go fmt.Fprint(p.nc, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "a frame larger", []string{"GOAWAY FRAME_SIZE_ERROR"}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			play(t, defaults, func(s *script) {
				first, second := s.post(s.Context(), secret), s.post(s.Context(), secret)
				p := s.accept()
				p.expect("HEADERS 1", "DATA 1 10 end", "HEADERS 3", "DATA 3 10 end")
				rule.peer(p)
				first.expect(rule.want)
				ended := len(rule.says) > 0 && strings.HasPrefix(rule.says[0], "GOAWAY")
				if ended {
					p.expect(append(rule.says, "closed")...)
					if second.over() == 0 {
						s.Error("the other request goes on")
					}
					return
				}
				p.expect(rule.says...)
				second.expect("pending")
				p.answer(3, "202")
				second.expect("202")
				p.expect()
			})
		})
	}
}
