package transport

import "golang.org/x/sys/unix"

// wakeAt has the system tell of what can be read once it is that many bytes
// (socket(7), SO_RCVLOWAT).
func (i *inlet) wakeAt(bytes int) {
	if i.socket != nil {
		i.socket.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes) })
	}
}
