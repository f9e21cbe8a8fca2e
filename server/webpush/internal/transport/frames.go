package transport

import (
	"fmt"

	"golang.org/x/net/http2"
)

// maxUnread is how much may wait to be sent in answer to a peer's frames, in
// bytes.
const maxUnread = 64 << 10

// handle does what a frame asks for. An error ends the connection.
func (c *conn) handle(f http2.Frame) error {
	c.frames++
	if c.vain++; c.vain > c.limits.flood {
		return violation{http2.ErrCodeEnhanceYourCalm, "a flood of frames that bring no answer"}
	}
	if settings, ok := f.(*http2.SettingsFrame); !c.ready && (!ok || settings.IsAck()) {
		return violation{http2.ErrCodeProtocol, "it did not begin with SETTINGS"}
	}
	var err error
	switch f := f.(type) {
	case *http2.HeadersFrame:
		err = c.onHeaders(f.StreamID, f.StreamEnded())
	case *http2.DataFrame:
		err = c.onData(f)
	case *http2.SettingsFrame:
		err = c.onSettings(f)
	case *http2.WindowUpdateFrame:
		err = c.onWindowUpdate(f.StreamID, int64(f.Increment))
	case *badWindowUpdate:
		err = c.onWindowUpdate(f.StreamID, 0)
	case *http2.RSTStreamFrame:
		err = c.onReset(f.StreamID, f.ErrCode)
	case *http2.GoAwayFrame:
		c.onGoAway(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			c.framer.WritePing(true, f.Data)
		}
	case *http2.PushPromiseFrame:
		return violation{http2.ErrCodeProtocol, "it pushed, which we do not allow"}
	}
	if len(c.out) > maxUnread {
		return violation{http2.ErrCodeEnhanceYourCalm, "it does not read what it asks for"}
	}
	if len(c.out) > 0 {
		c.kick()
	}
	return err
}

// onSettings applies SETTINGS (RFC 9113 section 6.5.3).
func (c *conn) onSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	if err := f.ForeachSetting(c.set); err != nil {
		return err
	}
	c.framer.WriteSettingsAck()
	if !c.ready {
		c.ready = true
		c.pool.connected()
	}
	c.kick() // windows or streams may have come free
	return nil
}

func (c *conn) set(s http2.Setting) error {
	switch s.ID {
	case http2.SettingHeaderTableSize:
		c.fields.resize(s.Val)
	case http2.SettingEnablePush:
		if s.Val != 0 {
			return violation{http2.ErrCodeProtocol, "a server's SETTINGS_ENABLE_PUSH"}
		}
	case http2.SettingMaxConcurrentStreams:
		c.peerStreams = s.Val
	case http2.SettingInitialWindowSize:
		return c.resizeWindows(int64(s.Val))
	case http2.SettingMaxFrameSize:
		if s.Val < maxFrameSize || s.Val > 1<<24-1 {
			return violation{http2.ErrCodeProtocol, "an invalid SETTINGS_MAX_FRAME_SIZE"}
		}
		// Larger frames than ours gain nothing.
	}
	return nil
}

// resizeWindows changes the windows of all streams, which may become negative
// (RFC 9113 section 6.9.2).
func (c *conn) resizeWindows(size int64) error {
	if size > maxWindow {
		return violation{http2.ErrCodeFlowControl, "an invalid SETTINGS_INITIAL_WINDOW_SIZE"}
	}
	for _, x := range c.streams {
		x.stream.sendWindow += size - c.peerWindow
		if x.stream.sendWindow > maxWindow {
			return violation{http2.ErrCodeFlowControl, "a SETTINGS_INITIAL_WINDOW_SIZE that overflows a window"}
		}
	}
	c.peerWindow = size
	return nil
}

// onWindowUpdate enlarges a window (RFC 9113 section 6.9.1).
func (c *conn) onWindowUpdate(id uint32, increment int64) error {
	if id == 0 {
		if c.sendWindow += increment; c.sendWindow > maxWindow {
			return violation{http2.ErrCodeFlowControl, "a WINDOW_UPDATE that overflows the connection's window"}
		}
	} else {
		x, err := c.exchangeOf(id)
		if x == nil {
			return err
		}
		x.stream.sendWindow += increment
		switch {
		case increment == 0:
			c.reset(x, http2.ErrCodeProtocol, errWindowUpdate)
		case x.stream.sendWindow > maxWindow:
			c.reset(x, http2.ErrCodeFlowControl, errWindowUpdate)
		}
	}
	if len(c.sending) > 0 {
		c.kick()
	}
	return nil
}

// onGoAway gives back the streams that the peer will not look at (RFC 9113
// section 6.8).
func (c *conn) onGoAway(f *http2.GoAwayFrame) {
	for id, x := range c.streams {
		if id > f.LastStreamID {
			delete(c.streams, id)
			c.refused(x, fmt.Errorf("the push service closes the connection: %s", f.ErrCode))
		}
	}
	c.drain()
}
