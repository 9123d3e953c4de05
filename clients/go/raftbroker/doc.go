// Package raftbroker is a small client of RaftBroker: publish once, subscribe without gap or duplicate, and fetch, as long as
// any node of the cluster can be reached.
//
// What it does not cover (PublishStream, SubscribeBatches, Broadcast, IncIdx) is in the generated package contract, whose
// stubs need nothing of this one.
package raftbroker

//go:generate go run ../internal/generate
