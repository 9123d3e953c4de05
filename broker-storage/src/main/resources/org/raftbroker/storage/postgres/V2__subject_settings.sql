-- What is set for subjects, and what a purge or a limit has left of them; which log an incarnation is.

ALTER TABLE subjects
  ADD COLUMN first_id bigint NOT NULL DEFAULT 1,
  ADD COLUMN deleted boolean NOT NULL DEFAULT false,
  ADD COLUMN default_expiration_seconds integer NOT NULL DEFAULT 0,
  ADD COLUMN max_body_bytes integer NOT NULL DEFAULT 0,
  ADD COLUMN max_messages bigint NOT NULL DEFAULT 0,
  ADD COLUMN max_age_seconds integer NOT NULL DEFAULT 0,
  ADD COLUMN max_bytes bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN subjects.first_id IS 'No message before this id can be read: a purge or a limit has removed them.';
COMMENT ON COLUMN subjects.deleted IS 'The subject was deleted: only its ids are remembered.';
COMMENT ON COLUMN subjects.default_expiration_seconds IS 'For messages that name no expiration of their own; 0: they never expire.';
COMMENT ON COLUMN subjects.max_body_bytes IS 'Longer bodies are refused; 0: the limit of the nodes.';
COMMENT ON COLUMN subjects.max_messages IS 'Only the newest so many messages are kept; 0: all.';
COMMENT ON COLUMN subjects.max_age_seconds IS 'No message lives longer; 0: as long as it asks for.';
COMMENT ON COLUMN subjects.max_bytes IS 'Only the newest messages of about so many bytes are kept; 0: all.';
COMMENT ON COLUMN subjects.created_at IS 'When it was created, by the clock of the log.';

ALTER TABLE shards ADD COLUMN log_id bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN shards.log_id IS 'Chosen at random by the log of this incarnation: another one with the same number is another cluster''s.';
