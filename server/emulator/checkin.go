package emulator

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// maxCheckin is far more than Chromium sends, in bytes.
	maxCheckin = 64 << 10
	// channelStable is Chromium's ChromeBuildProto.CHANNEL_STABLE.
	channelStable = 1
)

// checkinRequest is what is used of Chromium's AndroidCheckinRequest
// (google_apis/gcm/protocol/android_checkin.proto and checkin.proto).
type checkinRequest struct {
	androidID     uint64 // 0 the first time
	securityToken uint64 // 0 the first time
	channel       uint64 // of ChromeBuildProto; 0: not told
}

func parseCheckin(body []byte) (checkinRequest, error) {
	var c checkinRequest
	var checkin, build []byte
	err := eachField(body, func(f protoField) {
		switch f.number {
		case 2:
			c.androidID = f.value
		case 4:
			checkin = f.bytes
		case 13:
			c.securityToken = f.value
		}
	})
	if err == nil {
		err = eachField(checkin, func(f protoField) {
			if f.number == 13 {
				build = f.bytes
			}
		})
	}
	if err == nil {
		err = eachField(build, func(f protoField) {
			if f.number == 3 {
				c.channel = f.value
			}
		})
	}
	if err != nil {
		return checkinRequest{}, fmt.Errorf("a check-in that is no AndroidCheckinRequest: %w", err)
	}
	return c, nil
}

// newCheckinResponse is an AndroidCheckinResponse without settings: Chromium
// keeps its defaults, and those of its flags.
func newCheckinResponse(d device, now time.Time) []byte {
	var m protoMessage
	m.number(1, 1) // stats_ok, required
	m.number(3, uint64(now.UnixMilli()))
	m.fixed64(7, d.androidID)
	m.fixed64(8, d.securityToken)
	return m
}

// checkin answers Chromium's check-in: it gives a browser the id and the secret
// by which it is known from then on.
func (e *Emulator) checkin(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCheckin))
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-checkin", "The body cannot be read, or is too large for a check-in.")
		return
	}
	c, err := parseCheckin(body)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-checkin", "The body is "+err.Error()+".")
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.online || e.closed {
		offline(w)
		return
	}
	b := e.deviceOf(c.androidID, c.securityToken)
	if b == nil {
		b = e.deviceOf(newID(), newID())
	}
	b.device.host = stagingHost
	if c.channel == channelStable {
		b.device.host = stableHost
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(newCheckinResponse(*b.device, e.now()))
}

// newID makes an id that is positive as a signed number, too.
func newID() uint64 {
	return rand.Uint64()>>1 | 1
}
