package raftbroker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"raftbroker.org/clients/go/contract"
)

const (
	// attemptTimeout bounds one attempt at one node. A node that hangs must not use up the time of the others.
	attemptTimeout = 3 * time.Second
	// connectTimeout bounds a connection attempt; a host that drops packets is given up after it.
	connectTimeout = 2 * time.Second
	// longestReconnectPause is gRPC's own pause between connection attempts. Its default grows to two minutes, for which a
	// node that is back would not be used.
	longestReconnectPause = 2 * time.Second
	// A connection on which nothing was heard for so long is pinged, and given up if the ping stays unanswered. Nodes
	// disconnect clients that ping more often than every 10 s (limits.minClientPingInterval).
	keepaliveTime    = 20 * time.Second
	keepaliveTimeout = 5 * time.Second
	// maxMessageBytes is above the largest body that a node can be set to take (8 MiB); gRPC's default of 4 MiB is not.
	maxMessageBytes = 16 << 20
)

// Client talks to the nodes of one cluster. It keeps to one of them as long as that serves, then goes on to the next.
// Any goroutine may use it.
type Client struct {
	nodes []*node
	// current is the node to ask first; an index into nodes.
	current atomic.Int64
}

type node struct {
	address    string
	connection *grpc.ClientConn
	broker     contract.BrokerClient
}

// New makes a client of the nodes at these addresses (host:port). It connects when the first call is made, to the first
// address first: clients that are many do well to shuffle the list.
func New(addresses ...string) (*Client, error) {
	if len(addresses) == 0 {
		return nil, errors.New("no address: at least one host:port is needed")
	}
	client := &Client{}
	for _, address := range addresses {
		connection, err := grpc.NewClient(address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff: backoff.Config{
					BaseDelay:  100 * time.Millisecond,
					Multiplier: 1.6,
					Jitter:     0.2,
					MaxDelay:   longestReconnectPause,
				},
				MinConnectTimeout: connectTimeout,
			}),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("address %q: %w", address, err), client.Close())
		}
		client.nodes = append(client.nodes, &node{address, connection, contract.NewBrokerClient(connection)})
	}
	return client, nil
}

// Close ends all calls and connections.
func (c *Client) Close() error {
	var failures []error
	for _, node := range c.nodes {
		failures = append(failures, node.connection.Close())
	}
	return errors.Join(failures...)
}

// PublishOption says more about a message than where it goes and what is in it.
type PublishOption func(*contract.PublishRequest)

// WithKey makes every publish of this key happen once, also those of another process: use what identifies the message in
// your own data. Without it the client makes up a key, which covers its own attempts.
func WithKey(key string) PublishOption {
	return func(request *contract.PublishRequest) { request.IdempotencyKey = key }
}

// WithHeaders are delivered with the message as they are.
func WithHeaders(headers map[string]string) PublishOption {
	return func(request *contract.PublishRequest) { request.Headers = headers }
}

// WithExpiration makes the message unreadable after so long; whole seconds.
func WithExpiration(after time.Duration) PublishOption {
	return func(request *contract.PublishRequest) { request.ExpirationSeconds = int32(after / time.Second) }
}

// Publish returns the message's id once a majority of the replicas have it on disk. It tries again, at other nodes too, until
// that is certain, ctx ends or [patience] is used up. After an error for which [Error.MayHaveHappened] is true nobody knows;
// a later Publish with the same key finds out.
func (c *Client) Publish(ctx context.Context, subject string, body []byte, options ...PublishOption) (int64, error) {
	request := &contract.PublishRequest{Subject: subject, Body: body, IdempotencyKey: rand.Text()}
	for _, option := range options {
		option(request)
	}
	response, err := call(ctx, c, func(ctx context.Context, node *node) (*contract.PublishResponse, error) {
		return node.broker.Publish(ctx, request)
	})
	return response.GetId(), err
}

// Fetch returns one message. It sees each message whose Publish has returned, at any node.
func (c *Client) Fetch(ctx context.Context, subject string, id int64) (Message, error) {
	request := &contract.FetchRequest{Subject: subject, Id: id}
	response, err := call(ctx, c, func(ctx context.Context, node *node) (*contract.MessageResponse, error) {
		return node.broker.Fetch(ctx, request)
	})
	if err != nil {
		return Message{}, err
	}
	return messageOf(response), nil
}

// call asks the current node, and others when it does not answer, until one does or refuses.
func call[T any](ctx context.Context, c *Client, ask func(context.Context, *node) (T, error)) (T, error) {
	retries := newRetries(len(c.nodes))
	for {
		index := c.current.Load()
		node := c.nodes[index]
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		answer, err := ask(attempt, node)
		cancel()
		if err == nil {
			return answer, nil
		}
		failure := errorOf(err, node.address)
		if failure.isOutage() {
			c.leave(index)
		}
		if err := retries.wait(ctx, failure); err != nil {
			return answer, err
		}
	}
}

// leave makes the next node the current one; of many calls that fail at the same node only one does.
func (c *Client) leave(index int64) {
	c.current.CompareAndSwap(index, (index+1)%int64(len(c.nodes)))
}
