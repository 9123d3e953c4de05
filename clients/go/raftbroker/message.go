package raftbroker

import (
	"time"

	"raftbroker.org/clients/go/contract"
)

// Message is one message of a subject.
type Message struct {
	// ID counts the subject's messages from 1. A broadcast, which is not stored, has 0.
	ID      int64
	Subject string
	Body    []byte
	Headers map[string]string
	// PublishedAt is when the broker accepted it.
	PublishedAt time.Time
	// ExpiresAt is when it stops being readable; zero: never.
	ExpiresAt time.Time
}

func messageOf(response *contract.MessageResponse) Message {
	message := Message{
		ID:          response.GetId(),
		Subject:     response.GetSubject(),
		Body:        response.GetBody(),
		Headers:     response.GetHeaders(),
		PublishedAt: time.UnixMilli(response.GetPublishedAtMillis()),
	}
	if expiresAt := response.GetExpiresAtMillis(); expiresAt != 0 {
		message.ExpiresAt = time.UnixMilli(expiresAt)
	}
	return message
}

// Start is where a subscription begins. The zero value is [FromNow].
type Start struct {
	request func(*contract.SubscribeRequest)
	// nextID is 0 as long as it is not known.
	nextID int64
}

// FromNow starts with the first message published after the subscription is in place.
func FromNow() Start { return Start{} }

// FromEarliest starts with the first message that is still there.
func FromEarliest() Start {
	return Start{request: func(request *contract.SubscribeRequest) {
		request.Start = &contract.SubscribeRequest_FromEarliest{FromEarliest: true}
	}}
}

// FromID starts with the first message whose id is at least this one. To go on later, in another process, use the last id + 1.
func FromID(id int64) Start {
	return Start{nextID: id, request: func(request *contract.SubscribeRequest) {
		request.Start = &contract.SubscribeRequest_FromId{FromId: id}
	}}
}

// FromTime starts with the first message accepted at or after this time.
func FromTime(at time.Time) Start {
	return Start{request: func(request *contract.SubscribeRequest) {
		request.Start = &contract.SubscribeRequest_FromTimeMillis{FromTimeMillis: at.UnixMilli()}
	}}
}

func (s Start) requestFor(subject string) *contract.SubscribeRequest {
	request := &contract.SubscribeRequest{Subject: subject, Progress: true}
	if s.request != nil {
		s.request(request)
	}
	return request
}

// after is where to go on when everything up to this id was delivered.
func (s Start) after(id int64) Start {
	if id < s.nextID {
		return s
	}
	return FromID(id + 1)
}
