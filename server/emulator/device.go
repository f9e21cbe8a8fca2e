package emulator

import "strconv"

// maxDevices bounds the memory that programs checking in in a loop can take.
const maxDevices = 10_000

// device is what Google's service knows a Chromium by: it says so with each
// registration and each login.
type device struct {
	androidID     uint64
	securityToken uint64
	// host is that of its endpoints, which Chromium makes of a token by itself.
	host string
}

// deviceOf finds the browser that checked in as androidID. One that is not known
// is taken at its word, since a profile outlives the emulator's memory; nil where
// the token is wrong or there is none. The lock is held.
func (e *Emulator) deviceOf(androidID, securityToken uint64) *browser {
	if androidID == 0 || securityToken == 0 {
		return nil
	}
	id := strconv.FormatUint(androidID, 10)
	b := e.browsers[id]
	if b == nil {
		e.forgetIdleDevice()
		b = &browser{
			uaid:     id,
			channels: map[string]*subscription{},
			device:   &device{androidID: androidID, securityToken: securityToken, host: stableHost},
		}
		e.browsers[id] = b
	}
	if b.device == nil || b.device.securityToken != securityToken {
		return nil
	}
	return b
}

// forgetIdleDevice makes room for one more. The lock is held.
func (e *Emulator) forgetIdleDevice() {
	if len(e.browsers) < maxDevices {
		return
	}
	for id, b := range e.browsers {
		if b.device != nil && !b.known && b.conn == nil {
			delete(e.browsers, id)
			return
		}
	}
}

// attachDevice makes c the connection of a Chromium, which says what it has
// received before. Nil: the emulator takes no browsers now, or not this one.
func (e *Emulator) attachDevice(login loginRequest, c connection) *browser {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.online || e.closed {
		return nil
	}
	b := e.deviceOf(login.androidID, login.securityToken)
	if b == nil {
		return nil
	}
	e.connect(b, c)
	for _, id := range login.received {
		e.confirm(b, id, 0)
	}
	return b
}
