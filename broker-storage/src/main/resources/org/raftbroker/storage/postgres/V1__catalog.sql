-- Names of tables and columns are for people who write SQL too: changing one breaks their queries.

CREATE TABLE cluster (
  name text NOT NULL,
  shards integer NOT NULL CHECK (shards > 0),
  created_at timestamptz NOT NULL
);
-- Two nodes of two clusters that come first at the same time: only one row gets in.
CREATE UNIQUE INDEX cluster_one_row ON cluster ((true));
COMMENT ON TABLE cluster IS 'The cluster that this catalog belongs to: one row.';
COMMENT ON COLUMN cluster.name IS 'cluster.name of every node.';
COMMENT ON COLUMN cluster.shards IS 'Into how many shards subjects are hashed; never changes.';
COMMENT ON COLUMN cluster.created_at IS 'When the first node came.';

CREATE TABLE shards (
  shard integer PRIMARY KEY CHECK (shard >= 0),
  incarnation bigint NOT NULL CHECK (incarnation > 0),
  archived_index bigint NOT NULL CHECK (archived_index >= -1),
  archived_at timestamptz,
  backlog_messages bigint NOT NULL CHECK (backlog_messages >= 0)
);
COMMENT ON TABLE shards IS 'How far the log of each shard is archived.';
COMMENT ON COLUMN shards.shard IS 'Number of the shard, from 0.';
COMMENT ON COLUMN shards.incarnation IS 'Life of the shard''s log: 1, and one more each time it was started anew from the archive.';
COMMENT ON COLUMN shards.archived_index IS 'Index of the last log entry that is archived whole; -1: none. Means nothing in another incarnation.';
COMMENT ON COLUMN shards.archived_at IS 'When archived_index was recorded; null: never in this incarnation.';
COMMENT ON COLUMN shards.backlog_messages IS 'Messages that were not archived yet at that time.';

CREATE TABLE subjects (
  name text COLLATE "C" PRIMARY KEY,
  shard integer NOT NULL,
  last_id bigint NOT NULL,
  archived_id bigint NOT NULL,
  archived_message_id bigint NOT NULL,
  archived_checksum integer NOT NULL,
  archived_messages bigint NOT NULL,
  archived_bytes bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX subjects_by_shard ON subjects (shard, name);
COMMENT ON TABLE subjects IS 'Every subject, as far as it is archived; newer messages are with the brokers.';
COMMENT ON COLUMN subjects.name IS 'Name of the subject.';
COMMENT ON COLUMN subjects.shard IS 'The shard that its name is hashed to.';
COMMENT ON COLUMN subjects.last_id IS 'Highest id given so far, when it was recorded.';
COMMENT ON COLUMN subjects.archived_id IS 'Every message up to this id is in the archive, or was past its time.';
COMMENT ON COLUMN subjects.archived_message_id IS 'Highest id up to archived_id that belongs to a message; 0: none.';
COMMENT ON COLUMN subjects.archived_checksum IS 'Running checksum up to archived_message_id: 32 bits, stored with a sign.';
COMMENT ON COLUMN subjects.archived_messages IS 'Messages archived so far.';
COMMENT ON COLUMN subjects.archived_bytes IS 'Bytes of them, with their headers.';
COMMENT ON COLUMN subjects.created_at IS 'When it was recorded first.';
COMMENT ON COLUMN subjects.updated_at IS 'When it was recorded last.';

CREATE TABLE reserved_ids (
  subject text COLLATE "C" NOT NULL,
  from_id bigint NOT NULL,
  to_id bigint NOT NULL CHECK (to_id >= from_id),
  PRIMARY KEY (subject, from_id)
);
COMMENT ON TABLE reserved_ids IS 'Runs of ids that were reserved and so have no message.';
COMMENT ON COLUMN reserved_ids.subject IS 'Name of the subject.';
COMMENT ON COLUMN reserved_ids.from_id IS 'First id of the run.';
COMMENT ON COLUMN reserved_ids.to_id IS 'Last id of the run.';
