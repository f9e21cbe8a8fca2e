package push

import "time"

// ClockShift says whether a store's clock was set back, by the end of its latest
// lease: no lease ends later than LeaseTime from now. shift is how far at least, and
// by LeaseTime more at most; what was due by then is due now, and what is for later
// stays as it is.
func ClockShift(latestLease, now time.Time) (shift time.Duration, setBack bool) {
	shift = latestLease.Sub(now) - LeaseTime
	// Two nodes' transactions may be a moment apart.
	return shift, shift > LeaseTime
}
