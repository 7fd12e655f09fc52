-- Runs, their errors, the lock's epoch and the checkpoints: what every job has.
-- Each statement may be repeated (IF NOT EXISTS): DDL is not transactional, so a
-- file that died half-way is simply run again.

CREATE TABLE IF NOT EXISTS run (
  run_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  shard VARBINARY(32) NOT NULL DEFAULT '',
  version VARBINARY(64) NOT NULL DEFAULT '',
  started DATETIME NOT NULL,
  finished DATETIME NULL,
  -- `died`: another run took the lock while this one still said `running`
  state ENUM('running', 'done', 'failed', 'stopped', 'died') NOT NULL DEFAULT 'running',
  exit_code TINYINT UNSIGNED NULL,
  -- the run reached the wiki and did its work; the age alarm counts from it
  success TINYINT(1) NOT NULL DEFAULT 0,
  edits INT UNSIGNED NOT NULL DEFAULT 0,
  db_rows INT UNSIGNED NOT NULL DEFAULT 0,
  errors INT UNSIGNED NOT NULL DEFAULT 0,
  requests INT UNSIGNED NOT NULL DEFAULT 0,
  requests_fixed INT UNSIGNED NOT NULL DEFAULT 0,
  requests_items INT UNSIGNED NOT NULL DEFAULT 0,
  requests_lookups INT UNSIGNED NOT NULL DEFAULT 0,
  settings_revid BIGINT UNSIGNED NULL,
  summary MEDIUMTEXT NULL,
  PRIMARY KEY (run_id),
  KEY by_start (job, wiki, started),
  KEY by_success (job, wiki, success, finished),
  KEY by_exit (job, wiki, exit_code, finished)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS run_error (
  run_id BIGINT UNSIGNED NOT NULL,
  n INT UNSIGNED NOT NULL,
  -- what it happened to; empty when the run as a whole
  item_key VARBINARY(512) NOT NULL DEFAULT '',
  handled TINYINT(1) NOT NULL,
  at DATETIME NOT NULL,
  -- message with its chain of causes
  text TEXT NOT NULL,
  PRIMARY KEY (run_id, n),
  KEY by_item (item_key, at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS lease (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  shard VARBINARY(32) NOT NULL DEFAULT '',
  epoch BIGINT UNSIGNED NOT NULL,
  run_id BIGINT UNSIGNED NOT NULL,
  started DATETIME NOT NULL,
  PRIMARY KEY (job, wiki, shard)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS checkpoint (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  source VARBINARY(255) NOT NULL,
  -- what the wiki said, opaque here; NULL: nothing was read yet
  pos VARBINARY(4000) NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  updated DATETIME NOT NULL,
  PRIMARY KEY (job, wiki, source)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Small things a job remembers between runs: the size of a list when it was last
-- good, the hash of the status page last written.
CREATE TABLE IF NOT EXISTS memo (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  name VARBINARY(255) NOT NULL,
  value MEDIUMTEXT NOT NULL,
  updated DATETIME NOT NULL,
  PRIMARY KEY (job, wiki, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
