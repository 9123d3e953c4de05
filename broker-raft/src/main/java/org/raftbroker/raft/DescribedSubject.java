package org.raftbroker.raft;

import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.SubjectState;

/** A subject, what is known of it and what was set for it. */
public record DescribedSubject(Subject subject, SubjectState state, SubjectSettings settings) {}
