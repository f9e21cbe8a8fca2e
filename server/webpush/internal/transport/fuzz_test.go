package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"golang.org/x/net/http2"
)

// FuzzPeer has a peer say anything to a client with three requests under way,
// and hang up: each is done once, and keeps no more than it may.
//
// The input is a row of frames: type, flags, stream and the payload's length,
// each a byte, and the payload. A type of 0xff is no frame, but the payload's
// bytes as they are.
func FuzzPeer(f *testing.F) {
	const endStream, endHeaders = byte(http2.FlagDataEndStream), byte(http2.FlagHeadersEndHeaders)
	frame := func(t http2.FrameType, flags, stream byte, payload string) string {
		return string([]byte{byte(t), flags, stream, byte(len(payload))}) + payload
	}
	const ok = "\x88" // :status 200
	for _, seed := range []string{
		"",
		frame(http2.FrameHeaders, endHeaders|endStream, 1, ok) + frame(http2.FrameHeaders, endHeaders, 3, ok) + frame(http2.FrameData, endStream, 3, "body"),
		frame(http2.FrameHeaders, 0, 1, ok) + frame(http2.FrameContinuation, endHeaders, 1, "\x0f\x0d\x011") + frame(http2.FrameData, endStream, 1, "x"),
		frame(http2.FrameHeaders, endHeaders, 1, "\x48\x03100") + frame(http2.FrameHeaders, endHeaders|endStream, 1, "\x08\x03201"),
		frame(http2.FrameRSTStream, 0, 1, "\x00\x00\x00\x07") + frame(http2.FrameGoAway, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x00"),
		frame(http2.FrameSettings, 0, 0, "\x00\x04\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01") + frame(http2.FrameWindowUpdate, 0, 1, "\x7f\xff\xff\xff"),
		frame(http2.FramePing, 0, 0, "12345678") + frame(http2.FramePushPromise, endHeaders, 1, "\x00\x00\x00\x02\x82") + frame(0xff, 0, 0, "HTTP/1.1 200 OK\r\n"),
		frame(http2.FrameHeaders, endHeaders|byte(http2.FlagHeadersPadded|http2.FlagHeadersPriority), 5, "\x01\x00\x00\x00\x03\x07"+ok+"\x00") + frame(http2.FrameData, byte(http2.FlagDataPadded), 5, "\x02ab\x00\x00"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		synctest.Test(t, func(t *testing.T) { playFuzz(t, input) })
	})
}

func playFuzz(t *testing.T, input []byte) {
	h := NewHTTP2(Config{}, new(fallback))
	var peers []net.Conn
	h.connect = func(context.Context, Origin) (net.Conn, error) {
		if len(peers) > 0 {
			return nil, errors.New("nobody there")
		}
		client, server := net.Pipe()
		peers = append(peers, server)
		go io.Copy(io.Discard, server)
		return client, nil
	}
	done := make([]int, 3)
	h.Post(t.Context(), scriptOrigin, secrets(len(done)), func(i int, r Response, err error) {
		done[i]++
		size := 0
		for _, f := range r.Fields {
			size += len(f.Name) + len(f.Value)
		}
		if size > maxHeader || len(r.Body) > MaxAnswer || (err == nil) != (r.Status >= 200) {
			t.Errorf("request %d: status %d, %d bytes of fields, %d of body, %v", i, r.Status, size, len(r.Body), err)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Errorf("request %d tells its path: %v", i, err)
		}
	})
	synctest.Wait()
	peer := peers[0]
	framer := http2.NewFramer(peer, nil)
	framer.AllowIllegalWrites = true
	err := framer.WriteSettings()
	for len(input) >= 4 && err == nil {
		n := min(len(input)-4, int(input[3]))
		payload := input[4 : 4+n]
		if input[0] == 0xff {
			_, err = peer.Write(payload)
		} else {
			err = framer.WriteRawFrame(http2.FrameType(input[0]), http2.Flags(input[1]), uint32(input[2]), payload)
		}
		input = input[4+n:]
	}
	synctest.Wait()
	checkNoLeak(t, h)
	peer.Close()
	synctest.Wait()
	for i, n := range done {
		if n != 1 {
			t.Errorf("request %d was done %d times", i, n)
		}
	}
	checkNothingOpen(t, h)
	h.Close()
}

// checkNoLeak checks that a connection holds no more than it may.
func checkNoLeak(t *testing.T, h *HTTP2) {
	for _, p := range h.pools {
		p.mu.Lock()
		for _, c := range p.conns {
			if len(c.out) > maxUnread || len(c.sending) > len(c.streams) || len(c.header.kept) > maxHeader/32 {
				t.Errorf("a connection holds %d bytes to send, %d streams that send of %d, and %d fields", len(c.out), len(c.sending), len(c.streams), len(c.header.kept))
			}
		}
		p.mu.Unlock()
	}
}
