// Tour publishes each line of its input on a subject, prints what a subscription to the subject gets meanwhile, and at the end
// fetches the first, the middle and the last message that it has published.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"raftbroker.org/clients/go/raftbroker"
)

const usage = `Usage: tour [--servers HOST:PORT,...] SUBJECT <LINES

Publishes each line of the input on SUBJECT, prints what a subscription to it from the earliest message on gets meanwhile, and
at the end fetches the first, the middle and the last message that it has published.
`

func main() {
	servers := flag.String("servers", "127.0.0.1:9091,127.0.0.1:9092,127.0.0.1:9093", "")
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := tour(ctx, strings.Split(*servers, ","), flag.Arg(0), os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func tour(ctx context.Context, servers []string, subject string, input io.Reader) error {
	client, err := raftbroker.New(servers...)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	messages := make(chan raftbroker.Message)
	go func() { cancel(receive(ctx, client, subject, messages)) }()
	published := make(chan []int64)
	go func() {
		ids, err := publish(ctx, client, subject, input)
		if err != nil {
			cancel(err)
			return
		}
		published <- ids
	}()

	var ids []int64
	for last, received, ended := int64(0), int64(0), false; !ended || received < last; {
		select {
		case message := <-messages:
			fmt.Printf("received %d %s\n", message.ID, message.Body)
			received = message.ID
		case ids = <-published:
			ended = true
			if len(ids) > 0 {
				last = ids[len(ids)-1]
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return fetch(ctx, client, subject, ids)
}

func receive(ctx context.Context, client *raftbroker.Client, subject string, messages chan<- raftbroker.Message) error {
	for message, err := range client.Subscribe(ctx, subject, raftbroker.FromEarliest()) {
		if err != nil {
			return err
		}
		select {
		case messages <- message:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// publish returns the ids of the messages, in the order of the lines: each waits for the one before it.
func publish(ctx context.Context, client *raftbroker.Client, subject string, input io.Reader) ([]int64, error) {
	var ids []int64
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		id, err := client.Publish(ctx, subject, lines.Bytes())
		if err != nil {
			return nil, err
		}
		fmt.Printf("published %d %s\n", id, lines.Text())
		ids = append(ids, id)
	}
	return ids, lines.Err()
}

func fetch(ctx context.Context, client *raftbroker.Client, subject string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	for _, id := range []int64{ids[0], ids[len(ids)/2], ids[len(ids)-1]} {
		message, err := client.Fetch(ctx, subject, id)
		if err != nil {
			return err
		}
		fmt.Printf("fetched %d %s\n", message.ID, message.Body)
	}
	return nil
}
