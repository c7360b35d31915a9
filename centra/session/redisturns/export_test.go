package redisturns

import "time"

// SetPatience changes how long Redis may take: tests of what it gives when it is
// well must not depend on a machine that is busy.
func SetPatience(t *Turns, d time.Duration) { t.patience = d }
