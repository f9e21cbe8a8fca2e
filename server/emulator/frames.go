package emulator

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// The types of frames in Mozilla's push protocol (autopush, docs/src/architecture.md).
const (
	frameHello        = "hello"
	frameRegister     = "register"
	frameUnregister   = "unregister"
	frameNotification = "notification"
	frameAck          = "ack"
	frameNack         = "nack"
	framePing         = "ping"
)

// frame is one message of the browser.
type frame struct {
	MessageType string  `json:"messageType"`
	UAID        string  `json:"uaid"`
	UseWebPush  bool    `json:"use_webpush"`
	ChannelID   string  `json:"channelID"`
	Key         *string `json:"key"`
	Version     string  `json:"version"`
	Code        int     `json:"code"`
	Updates     []struct {
		Version string `json:"version"`
		Code    int    `json:"code"`
	} `json:"updates"`

	// applicationServerKey is Key decoded, a point on the curve; nil without one.
	applicationServerKey []byte
	// invalid says why a register frame cannot be granted; it is answered, where
	// other mistakes end the connection.
	invalid error
}

// parseFrame reads a frame of the browser. A frame of a type that is not known
// is no error: browsers learn new ones (broadcast_subscribe was one).
func parseFrame(data []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		return frame{}, fmt.Errorf("a frame that is not the JSON of Mozilla's push protocol: %w", err)
	}
	switch f.MessageType {
	case "":
		// Firefox pings with an empty object.
		f.MessageType = framePing
	case frameHello:
		if !f.UseWebPush {
			return frame{}, errors.New("a hello without use_webpush")
		}
		// An id that we cannot have given is one that we don't know.
		if len(f.UAID) > 64 {
			f.UAID = ""
		}
	case frameRegister:
		f.invalid = f.parseRegister()
	case frameUnregister:
		if f.ChannelID == "" {
			return frame{}, errors.New("an unregister without channelID")
		}
	}
	return f, nil
}

func (f *frame) parseRegister() error {
	if _, err := uuid.Parse(f.ChannelID); err != nil || len(f.ChannelID) > 36 {
		return errors.New("channelID is not a UUID")
	}
	if f.Key == nil || *f.Key == "" {
		return nil
	}
	key, err := decodeBase64URL(*f.Key)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return errors.New("key is not an uncompressed P-256 point in base64url")
	}
	f.applicationServerKey = key
	return nil
}

// helloReply answers hello.
type helloReply struct {
	MessageType string            `json:"messageType"`
	UAID        string            `json:"uaid"`
	Status      int               `json:"status"`
	UseWebPush  bool              `json:"use_webpush"`
	Broadcasts  map[string]string `json:"broadcasts"`
}

// channelReply answers register and unregister; Status is as in HTTP.
type channelReply struct {
	MessageType  string `json:"messageType"`
	ChannelID    string `json:"channelID"`
	Status       int    `json:"status"`
	PushEndpoint string `json:"pushEndpoint,omitempty"`
}

// notificationFrame hands a message to the browser.
type notificationFrame struct {
	MessageType string            `json:"messageType"`
	ChannelID   string            `json:"channelID"`
	Version     string            `json:"version"`
	TTL         int               `json:"ttl"`
	Topic       string            `json:"topic,omitempty"`
	Data        string            `json:"data,omitempty"` // base64url
	Headers     map[string]string `json:"headers,omitempty"`
}

func newNotificationFrame(m message) notificationFrame {
	f := notificationFrame{MessageType: frameNotification, ChannelID: m.channelID, Version: m.version, TTL: m.ttl, Topic: m.topic}
	if len(m.body) > 0 {
		f.Data = base64.RawURLEncoding.EncodeToString(m.body)
		f.Headers = map[string]string{"encoding": "aes128gcm"}
	}
	return f
}
