package org.raftbroker.server.membership;

/**
 * A node as membership reports it.
 *
 * @param id unique in the cluster, kept for the node's life
 * @param grpc where clients and peers dial
 * @param raft where replicas of shards talk to each other
 * @param http metrics and health
 */
public record Member(String id, Address grpc, Address raft, Address http) {}
