package org.raftbroker.bench;

/**
 * What a workload looks at of a delivered message.
 *
 * @param previousId the id of the subject's message before it
 * @param stamp the first eight bytes of the body: when it was to be sent, in nanoseconds of this
 *     process
 * @param publisher the next four bytes
 */
record Delivered(long id, long previousId, int bodyBytes, long stamp, int publisher) {}
