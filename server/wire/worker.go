package wire

// Types of WorkerMessage.
const (
	// WorkerPing is sent by a page over a MessageChannel to ask a service
	// worker whether it imports ours; it answers WorkerPong on the port.
	WorkerPing = "ping"
	WorkerPong = "pong"
	// WorkerCheck tells the worker that a page's check has found closings that wait for
	// it at the server.
	WorkerCheck = "check"
	// WorkerPush tells a page that a push arrived, WorkerChange that the
	// subscription changed. WorkerClick asks a page, with a port, whether it
	// takes the click of a notification that leads to Navigate: the page
	// answers on the port whether it has listeners. Of those that have, the
	// worker focuses one and says true on its port: the click is that page's.
	WorkerPush   = "message"
	WorkerClick  = "click"
	WorkerChange = "change"
)

// WorkerMessage is the value of the member "pushkit" of each message between
// page and service worker.
type WorkerMessage struct {
	Type string `json:"type"`
	// Version is the worker's, with WorkerPong.
	Version string `json:"version,omitempty"`
	// Navigate is the absolute URL that a click leads to.
	Navigate string `json:"navigate,omitempty"`
	// Action is the button that was clicked; empty for the notification.
	Action string `json:"action,omitempty"`
	Title  string `json:"title,omitempty"`
	Body   string `json:"body,omitempty"`
	Tag    string `json:"tag,omitempty"`
	// Data is the site's own.
	Data any `json:"data,omitempty"`
}
