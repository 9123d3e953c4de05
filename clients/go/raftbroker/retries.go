package raftbroker

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// patience is how long a call, or a subscription that has lost its node, looks for one that serves.
	patience     = 30 * time.Second
	firstPause   = 100 * time.Millisecond
	longestPause = time.Second
)

// retries spaces the attempts of one call, or of one outage of a subscription: each node is asked once without a pause, and
// pauses between rounds grow.
type retries struct {
	nodes    int
	failures int
	pause    time.Duration
	giveUpAt time.Time
}

func newRetries(nodes int) *retries {
	return &retries{nodes: nodes, pause: firstPause, giveUpAt: time.Now().Add(patience)}
}

// wait returns nil when it is time for the next attempt, or the error to end with.
func (r *retries) wait(ctx context.Context, failure *Error) error {
	if ctx.Err() != nil {
		failure.cause = ctx.Err()
		return failure
	}
	if !failure.isTransient() || time.Now().After(r.giveUpAt) {
		return failure
	}
	r.failures++
	var pause time.Duration
	switch {
	case !failure.isOutage():
		pause = failure.RetryAfter
	case r.failures%r.nodes == 0:
		// Clients that lost the same node do not come back at the same moment.
		pause = r.pause/2 + rand.N(r.pause/2)
		r.pause = min(2*r.pause, longestPause)
	}
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		failure.cause = ctx.Err()
		return failure
	}
}
