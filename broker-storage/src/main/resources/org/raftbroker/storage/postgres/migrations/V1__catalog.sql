CREATE TABLE cluster (
    only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    name       text        NOT NULL,
    shards     integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE cluster IS 'The cluster that this schema belongs to: one row';

CREATE TABLE shards (
    shard            integer     PRIMARY KEY,
    incarnation      bigint      NOT NULL,
    archived_index   bigint      NOT NULL,
    archived_at      timestamptz,
    backlog_messages bigint      NOT NULL DEFAULT 0
);
COMMENT ON TABLE shards IS 'How far the Raft log of each shard is archived';
COMMENT ON COLUMN shards.incarnation IS 'Which life of the log this is: one more each time that it is started from the archive';
COMMENT ON COLUMN shards.archived_index IS 'Log index up to which everything is archived; -1: nothing yet';
COMMENT ON COLUMN shards.archived_at IS 'When that was recorded';
COMMENT ON COLUMN shards.backlog_messages IS 'Messages that were still to be archived then';

CREATE TABLE subjects (
    name                text COLLATE "C" PRIMARY KEY,
    shard               integer     NOT NULL,
    last_id             bigint      NOT NULL,
    archived_id         bigint      NOT NULL,
    archived_message_id bigint      NOT NULL,
    archived_checksum   integer     NOT NULL,
    archived_messages   bigint      NOT NULL,
    archived_bytes      bigint      NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX subjects_by_shard ON subjects (shard, name);
COMMENT ON TABLE subjects IS 'Every subject that has something in the archive';
COMMENT ON COLUMN subjects.last_id IS 'The highest id given out when the row was written';
COMMENT ON COLUMN subjects.archived_id IS 'Every message up to this id is in Cassandra, unless it expired before';
COMMENT ON COLUMN subjects.archived_message_id IS 'The highest id up to there that belongs to a message';
COMMENT ON COLUMN subjects.archived_checksum IS 'Running CRC-32C of the subject up to that message';
COMMENT ON COLUMN subjects.archived_messages IS 'Messages ever archived';
COMMENT ON COLUMN subjects.archived_bytes IS 'The size of their frames';

CREATE TABLE reserved_ids (
    subject text COLLATE "C" NOT NULL,
    from_id bigint NOT NULL,
    to_id   bigint NOT NULL,
    PRIMARY KEY (subject, from_id)
);
COMMENT ON TABLE reserved_ids IS 'Ids that were given out without a message, or skipped by a recovery';
