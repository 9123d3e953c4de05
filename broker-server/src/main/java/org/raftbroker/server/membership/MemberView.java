package org.raftbroker.server.membership;

/** A member, as far as this node knows of it. */
public record MemberView(Member member, Presence presence) {
  public String id() {
    return member.id();
  }
}
