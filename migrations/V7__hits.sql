-- coi-report: what its rules found, the lines of its day pages, entries of lists that
-- it made itself, the pages that it takes domains from, and how much it read.

-- One row per revision, thing and rule
CREATE TABLE IF NOT EXISTS hit (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  -- whose settings page asked for it
  home VARBINARY(255) NOT NULL,
  -- where the edit was made
  wiki VARBINARY(255) NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  subject ENUM('page', 'link') NOT NULL,
  rule ENUM('page-overlap', 'link-overlap', 'proximity', 'user-keyword', 'link-keyword', 'monitored-user',
    'monitored-link', 'auto-monitored', 'noticeboard', 'spam-blacklist', 'blocked-domain', 'flood') NOT NULL,
  -- of the title or link: what makes the row unique also when that is erased
  string_hash BINARY(16) NOT NULL,
  -- title with namespace, or link for people; NULL: hidden
  string VARBINARY(1024) NULL,
  -- link key, labels reversed
  rhost VARBINARY(255) NULL,
  matched VARBINARY(1024) NULL,
  -- in hundredths of a percent
  ut INT UNSIGNED NULL,
  tu INT UNSIGNED NULL,
  ratio INT UNSIGNED NULL,
  near INT UNSIGNED NULL,
  -- what was compared with what: two letters
  words VARBINARY(2) NOT NULL,
  url VARBINARY(2083) NULL,
  times INT UNSIGNED NOT NULL,
  -- why it is recorded only
  skip VARBINARY(255) NULL,
  is_shown TINYINT(1) NOT NULL,
  -- for pages: shown and not skipped
  is_reported TINYINT(1) NOT NULL,
  is_new TINYINT(1) NOT NULL,
  edits BIGINT UNSIGNED NULL,
  -- the wiki's time of the edit
  ts DATETIME NOT NULL,
  -- NULL: hidden
  user_id BIGINT UNSIGNED NULL,
  user_name VARBINARY(255) NULL,
  user_kind ENUM('account', 'temporary', 'address') NULL,
  -- of an address: 4 or 16 bytes, network order
  user_ip VARBINARY(16) NULL,
  -- a name that is not kept for good, and was not removed yet
  fades ENUM('temporary', 'address') NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  ns INT NOT NULL,
  title VARBINARY(512) NULL,
  settings_revid BIGINT UNSIGNED NOT NULL,
  recorded DATETIME NOT NULL,
  -- of wiki, day, user and thing: the line that tells of it
  line_key BINARY(16) NOT NULL,
  user_hidden TINYINT(1) NOT NULL DEFAULT 0,
  text_hidden TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY by_hit (home, wiki, rev_id, subject, rule, string_hash),
  KEY by_time (home, ts),
  KEY by_wiki_time (home, wiki, ts),
  KEY by_user (home, user_name, ts),
  KEY by_wiki_user (home, wiki, user_name, ts),
  KEY by_account (home, wiki, user_id, ts),
  KEY by_ip (home, user_ip, ts),
  KEY by_host (home, rhost, ts),
  KEY by_title (home, title, ts),
  KEY by_revision (wiki, rev_id),
  KEY by_renamed (wiki, user_id),
  KEY by_fading (fades, ts),
  KEY by_line (line_key, rev_id, rule)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The lines of day pages: one per page's wiki, wiki, UTC day, user and thing
CREATE TABLE IF NOT EXISTS hit_line (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  -- the wiki of the page
  target VARBINARY(255) NOT NULL,
  line_key BINARY(16) NOT NULL,
  day DATE NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  -- NULL: hidden
  user_id BIGINT UNSIGNED NULL,
  user_name VARBINARY(255) NULL,
  user_kind ENUM('account', 'temporary', 'address') NULL,
  fades ENUM('temporary', 'address') NULL,
  subject ENUM('page', 'link') NOT NULL,
  string VARBINARY(1024) NULL,
  -- by which the line is found on the page again
  anchor VARBINARY(16) NOT NULL,
  state ENUM('new', 'shown', 'gone') NOT NULL,
  -- the page on which it stands, and the edit that last wrote it
  title VARBINARY(512) NULL,
  revid BIGINT UNSIGNED NULL,
  -- of how many hits it tells
  shown_hits INT UNSIGNED NOT NULL DEFAULT 0,
  changed_at DATETIME NULL,
  -- it does not say what it should
  is_dirty TINYINT(1) NOT NULL,
  -- when the newest hit of it was recorded
  recorded DATETIME NOT NULL,
  struck_at DATETIME NULL,
  struck_by VARBINARY(255) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_key (target, line_key),
  KEY by_line (line_key),
  KEY by_due (target, is_dirty, recorded),
  KEY by_title (target, title, day),
  KEY by_day (target, day, state, title),
  KEY by_struck (target, struck_at),
  KEY by_renamed (wiki, user_id),
  KEY by_fading (fades, day)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- How much was read, by UTC day of the edits
CREATE TABLE IF NOT EXISTS wiki_edits (
  home VARBINARY(255) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  day DATE NOT NULL,
  edits BIGINT UNSIGNED NOT NULL,
  additions BIGINT UNSIGNED NOT NULL,
  hits BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (home, day, wiki)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Blacklists and noticeboards as they were when last read
CREATE TABLE IF NOT EXISTS source_page (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  title VARBINARY(512) NOT NULL,
  -- 0: there is no such page
  revid BIGINT UNSIGNED NOT NULL,
  checked DATETIME NOT NULL,
  body MEDIUMBLOB NOT NULL,
  PRIMARY KEY (job, wiki, title)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The newest batch that a run stored: whether a COMMIT without an answer was one
CREATE TABLE IF NOT EXISTS link_batch (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  shard VARBINARY(32) NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  n BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (job, wiki, shard)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The edit whose hit put an entry on the monitor list; NULL: a person did
ALTER TABLE list_entry
  ADD COLUMN IF NOT EXISTS auto_wiki VARBINARY(255) NULL,
  ADD COLUMN IF NOT EXISTS auto_rev BIGINT UNSIGNED NULL,
  ADD KEY IF NOT EXISTS by_auto (job, auto_wiki, auto_rev),
  ADD KEY IF NOT EXISTS by_expiry (job, expires);

-- Also a pattern of names
ALTER TABLE list_entry MODIFY COLUMN user_name VARBINARY(512) NOT NULL DEFAULT '';
