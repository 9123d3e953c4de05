package raftbroker

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// silence is how long a node may send nothing. It owes a progress frame every 10 s once everything was sent.
const silence = 25 * time.Second

// errStopped says that the reader wants no more.
var errStopped = errors.New("stopped")

// Subscribe returns the messages of a subject in id order, without gap or duplicate, for as long as the loop over them goes
// on. When its node goes away, it goes on at another one, after the last message that was delivered. The loop ends with an
// error if ctx ends, if a node refuses, or if none serves for [patience]:
//
//	for message, err := range client.Subscribe(ctx, "orders", raftbroker.FromEarliest()) {
//		if err != nil {
//			return err
//		}
//		// A slow loop slows the subscription down; nothing piles up here or at the node.
//	}
func (c *Client) Subscribe(ctx context.Context, subject string, start Start) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		retries := newRetries(len(c.nodes))
		for {
			index := c.current.Load()
			subscription := subscription{node: c.nodes[index], subject: subject, next: start}
			err := subscription.follow(ctx, func(message Message) bool { return yield(message, nil) })
			if errors.Is(err, errStopped) {
				return
			}
			if subscription.served {
				retries = newRetries(len(c.nodes))
			}
			start = subscription.next
			failure := errorOf(err, subscription.node.address)
			if failure.isOutage() {
				c.leave(index)
			}
			if err := retries.wait(ctx, failure); err != nil {
				yield(Message{}, err)
				return
			}
		}
	}
}

// subscription is one stream from one node.
type subscription struct {
	node    *node
	subject string
	// next moves with what was delivered.
	next Start
	// served says that the node has sent anything at all, so that what comes after is another outage.
	served bool
}

// follow delivers messages until the stream breaks, and returns why; errStopped if the reader has stopped.
func (s *subscription) follow(ctx context.Context, deliver func(Message) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watchdog := time.AfterFunc(attemptTimeout, cancel)
	defer watchdog.Stop()
	stream, err := s.node.broker.Subscribe(ctx, s.next.requestFor(s.subject))
	if err != nil {
		return err
	}
	// Headers come when the subscription is in place.
	if _, err := stream.Header(); err != nil {
		return err
	}
	for {
		watchdog.Reset(silence)
		frame, err := stream.Recv()
		// A slow reader is no silent node.
		watchdog.Stop()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.Unavailable, "the node has ended the subscription")
		}
		if err != nil {
			return err
		}
		s.served = true
		if progress := frame.GetProgress(); progress != nil {
			// Everything up to the head was sent, so that a subscription from now on, too, has a place to go on from.
			s.next = s.next.after(progress.GetHeadId())
			continue
		}
		if frame.GetId() != 0 {
			s.next = s.next.after(frame.GetId())
		}
		if !deliver(messageOf(frame)) {
			return errStopped
		}
	}
}
