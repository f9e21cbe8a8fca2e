package emulator

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// mcsVersion begins what either side sends, once: the version of Google's Mobile
// Connection Server protocol (google_apis/gcm/base/mcs_util.cc).
const mcsVersion = 41

// The tags of MCS's messages, by google_apis/gcm/protocol/mcs.proto.
const (
	mcsHeartbeatPing = 0
	mcsHeartbeatAck  = 1
	mcsLoginRequest  = 2
	mcsLoginResponse = 3
	mcsClose         = 4
	mcsIqStanza      = 7
	mcsDataMessage   = 8
)

// mcsFrame is one message of the browser.
type mcsFrame struct {
	tag  byte
	body []byte
}

// readMCSFrame reads tag, length and message.
func readMCSFrame(r *bufio.Reader) (mcsFrame, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return mcsFrame{}, err
	}
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return mcsFrame{}, fmt.Errorf("the length of an MCS message: %w", err)
	}
	if size > maxFrame {
		return mcsFrame{}, fmt.Errorf("an MCS message of %d bytes", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return mcsFrame{}, fmt.Errorf("an MCS message that is cut off: %w", err)
	}
	return mcsFrame{tag, body}, nil
}

// appendMCSFrame writes tag, length and message.
func appendMCSFrame(b []byte, tag byte, message protoMessage) []byte {
	return append(protowire.AppendVarint(append(b, tag), uint64(len(message))), message...)
}

// lastStreamID is how many of our messages the browser has received on this
// connection, LoginResponse included; 0 if the message does not say.
func (f mcsFrame) lastStreamID() (int, error) {
	var number protowire.Number
	switch f.tag {
	case mcsHeartbeatPing, mcsHeartbeatAck:
		number = 2
	case mcsIqStanza:
		number = 10
	case mcsDataMessage:
		number = 11
	}
	last := 0
	err := eachField(f.body, func(field protoField) {
		if field.number == number {
			last = int(int32(field.value))
		}
	})
	if err == nil && last < 0 {
		err = errors.New("the stream id is negative")
	}
	if err != nil {
		return 0, fmt.Errorf("an MCS message with tag %d: %w", f.tag, err)
	}
	return last, nil
}

// loginRequest is what is used of LoginRequest.
type loginRequest struct {
	id            string
	androidID     uint64
	securityToken uint64
	// received are the messages that came over earlier connections and were not
	// acknowledged on them, by persistent id.
	received []string
}

func parseLogin(f mcsFrame) (loginRequest, error) {
	if f.tag != mcsLoginRequest {
		return loginRequest{}, errors.New("the first MCS message must be a LoginRequest")
	}
	var l loginRequest
	var user, token string
	err := eachField(f.body, func(field protoField) {
		switch field.number {
		case 1:
			l.id = string(field.bytes)
		case 3:
			user = string(field.bytes)
		case 5:
			token = string(field.bytes)
		case 10:
			l.received = append(l.received, string(field.bytes))
		}
	})
	if err != nil {
		return loginRequest{}, fmt.Errorf("a LoginRequest that cannot be read: %w", err)
	}
	var err1, err2 error
	l.androidID, err1 = strconv.ParseUint(user, 10, 64)
	l.securityToken, err2 = strconv.ParseUint(token, 10, 64)
	if err1 != nil || err2 != nil {
		return loginRequest{}, errors.New("a LoginRequest whose user and auth_token are not the numbers of a check-in")
	}
	return l, nil
}

// newLoginResponse grants a login; time in milliseconds since 1970.
func newLoginResponse(l loginRequest, now int64) protoMessage {
	var m protoMessage
	m.text(1, l.id)
	m.number(6, 1) // last_stream_id_received: the LoginRequest
	m.number(8, uint64(now))
	return m
}

// newLoginRefusal is a LoginResponse with an ErrorInfo.
func newLoginRefusal(l loginRequest, reason string) protoMessage {
	var info protoMessage
	info.number(1, 401)
	info.text(2, reason)
	var m protoMessage
	m.text(1, l.id)
	m.bytes(3, info)
	return m
}

func newHeartbeatAck(received int) protoMessage {
	var m protoMessage
	m.number(2, uint64(received))
	return m
}

// newDataMessage hands a message to the browser.
func newDataMessage(m message, received int) protoMessage {
	var p protoMessage
	p.text(2, m.version)
	p.text(3, m.sender)
	p.text(5, m.app)
	p.bytes(7, newAppData("subtype", m.channelID))
	if len(m.body) > 0 {
		p.bytes(7, newAppData("content-encoding", "aes128gcm"))
	}
	p.text(9, m.version)
	p.number(11, uint64(received))
	p.number(17, uint64(m.ttl))
	p.number(18, uint64(m.received.UnixMilli()))
	if len(m.body) > 0 {
		p.bytes(21, m.body)
	}
	// Otherwise Chromium acknowledges with the next heartbeat, minutes later.
	p.number(24, 1)
	return p
}

func newAppData(key, value string) protoMessage {
	var m protoMessage
	m.text(1, key)
	m.text(2, value)
	return m
}
