package raftbroker

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is what a node answered instead of a result, or that it did not answer. Use [errors.As], or [ReasonOf].
type Error struct {
	// Node is the address that was asked last.
	Node string
	// Code is gRPC's.
	Code codes.Code
	// Reason is the broker's own, such as SUBJECT_INVALID; docs/errors.md lists them. Empty if no node answered.
	Reason string
	// Message is for people; it may change between versions.
	Message string
	// Metadata belongs to the reason: KEY_REUSED has the "id" of the message that the key stands for.
	Metadata map[string]string
	// RetryAfter is how long the node asks to wait; 0 if it does not.
	RetryAfter time.Duration

	cause error
}

// errorOf reads what google.rpc's details say.
func errorOf(err error, node string) *Error {
	answer := status.Convert(err)
	failure := &Error{Node: node, Code: answer.Code(), Message: answer.Message(), cause: err}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			failure.Reason = detail.GetReason()
			failure.Metadata = detail.GetMetadata()
		case *errdetails.RetryInfo:
			failure.RetryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	return failure
}

// ReasonOf returns the broker's reason for an error; empty if it has none.
func ReasonOf(err error) string {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return ""
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%s: %s said: %s", e.Code, e.Node, e.Message)
	}
	return fmt.Sprintf("%s %s: %s", e.Code, e.Reason, e.Message)
}

// Unwrap returns gRPC's error, or the context's if that has ended the call.
func (e *Error) Unwrap() error { return e.cause }

// MayHaveHappened says that nobody knows whether a publish happened.
func (e *Error) MayHaveHappened() bool { return e.isOutage() }

// isOutage says that the node went away, does not answer or cannot serve, so that another one may. A node that is killed
// cancels its calls.
func (e *Error) isOutage() bool {
	return e.Code == codes.Unavailable || e.Code == codes.DeadlineExceeded || e.Code == codes.Canceled
}

// isTransient says that the same call may well succeed later.
func (e *Error) isTransient() bool {
	return e.isOutage() || (e.Code == codes.ResourceExhausted && e.RetryAfter > 0)
}
