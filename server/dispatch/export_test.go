package dispatch

import "time"

// SetNow sets the clock of a dispatcher that does not run yet.
func (d *Dispatcher) SetNow(now func() time.Time) { d.now = now }
