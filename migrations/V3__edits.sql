-- Edits: intents before, log after, pace and caps between.
CREATE TABLE IF NOT EXISTS intent (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  intent_key VARBINARY(512) NOT NULL,
  token VARBINARY(32) NOT NULL,
  state ENUM('open', 'sending', 'done', 'gone', 'failed') NOT NULL DEFAULT 'open',
  -- the whole frozen decision, JSON
  decision MEDIUMTEXT NOT NULL,
  page_id BIGINT UNSIGNED NULL,
  -- with its namespace, so longer than 255 bytes
  title VARBINARY(512) NOT NULL,
  base_revid BIGINT UNSIGNED NULL,
  sent_at DATETIME(3) NULL,
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  revid BIGINT UNSIGNED NULL,
  post_id VARBINARY(50) NULL,
  created DATETIME NOT NULL,
  updated DATETIME NOT NULL,
  last_error TEXT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_key (job, wiki, intent_key),
  KEY by_state (job, wiki, state)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS pace (
  wiki VARBINARY(255) NOT NULL,
  account VARBINARY(255) NOT NULL,
  next_at DATETIME(3) NOT NULL,
  PRIMARY KEY (wiki, account)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS edit_log (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  account VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  title VARBINARY(512) NOT NULL,
  -- exactly one of revid and post_id (Flow) says which edit it was
  revid BIGINT UNSIGNED NULL,
  post_id VARBINARY(50) NULL,
  kind VARBINARY(32) NOT NULL,
  run_id BIGINT UNSIGNED NOT NULL,
  at DATETIME NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_revision (wiki, revid),
  UNIQUE KEY by_post (wiki, post_id),
  KEY by_account (wiki, account, at),
  KEY by_job (job, wiki, at),
  KEY by_page (wiki, page_id, at),
  KEY by_title (wiki, title, at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS cap_hold (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  account VARBINARY(255) NOT NULL,
  settings_revid BIGINT UNSIGNED NOT NULL,
  reason TEXT NOT NULL,
  since DATETIME NOT NULL,
  PRIMARY KEY (job, wiki, account)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS parked (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  item_key VARBINARY(512) NOT NULL,
  state ENUM('waiting', 'given_up') NOT NULL DEFAULT 'waiting',
  reason TEXT NOT NULL,
  attempts INT UNSIGNED NOT NULL,
  first_at DATETIME NOT NULL,
  next_try DATETIME NOT NULL,
  PRIMARY KEY (job, wiki, item_key),
  KEY by_due (job, wiki, state, next_try)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
