-- What was read from the settings page and its neighbours, revision by revision.
CREATE TABLE IF NOT EXISTS settings_rev (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  kind ENUM('settings', 'draft', 'stop') NOT NULL,
  -- 0: no page
  revid BIGINT UNSIGNED NOT NULL,
  user VARBINARY(255) NULL,
  user_id BIGINT UNSIGNED NULL,
  -- who wrote the text, when the revision itself is only a protection
  text_user VARBINARY(255) NULL,
  saved_at DATETIME NULL,
  first_seen DATETIME NOT NULL,
  verdict ENUM('accepted', 'rejected', 'untrusted') NOT NULL,
  -- when it was accepted for the first time; stays when the verdict changes
  accepted_at DATETIME NULL,
  -- list of problems, JSON
  problems MEDIUMTEXT NOT NULL,
  yaml MEDIUMTEXT NULL,
  sha VARBINARY(64) NOT NULL DEFAULT '',
  -- when a person was last told by exit code 78
  last_alarm DATETIME NULL,
  -- when the status page last spoke of it
  reported DATETIME NULL,
  PRIMARY KEY (job, wiki, kind, revid),
  KEY by_acceptance (job, wiki, kind, accepted_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
