-- linkreport-gen: reports, the pages they stand on, what asked for them, and the
-- revisions they show.

-- One row per subject of a home
CREATE TABLE IF NOT EXISTS report (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  -- the wiki on which people decide about it
  home VARBINARY(255) NOT NULL,
  kind ENUM('link', 'user', 'ip', 'range', 'server') NOT NULL,
  -- of a link the stored key, else the name
  subject VARBINARY(255) NOT NULL,
  -- of the page on the home, with namespace; NULL: never saved
  title VARBINARY(512) NULL,
  -- what people say; NULL: never saved
  status ENUM('open', 'closed', 'ignore', 'stale', 'added') NULL,
  -- word of a rule, or person
  opened_by VARBINARY(32) NOT NULL,
  -- that held when it was opened: words, parted by spaces
  rules VARBINARY(255) NOT NULL,
  is_xwiki TINYINT(1) NOT NULL,
  opened_at DATETIME NOT NULL,
  closed_at DATETIME NULL,
  reopened_at DATETIME NULL,
  stale_at DATETIME NULL,
  -- when its content was last rewritten
  saved_at DATETIME NULL,
  -- when the page was last read back; NULL: never saved
  checked_at DATETIME NULL,
  -- newest revision that was read back
  page_revid BIGINT UNSIGNED NULL,
  -- of what it says
  digest BINARY(32) NULL,
  -- newest addition that it tells of, and how many
  newest DATETIME NULL,
  additions BIGINT UNSIGNED NOT NULL,
  -- when it names somebody who is not to be named any longer; NULL: nobody such
  fades_at DATETIME NULL,
  -- the latest of opened_at, reopened_at and newest
  news_at DATETIME NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_subject (home, kind, subject),
  KEY by_home (home, id),
  KEY by_status (home, status, news_at),
  KEY by_check (home, checked_at),
  KEY by_kind_saved (home, kind, is_xwiki, saved_at),
  KEY by_saved (home, saved_at),
  KEY by_title (home, title),
  KEY by_fading (home, fades_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Where a report stands: on its home, and copies on other wikis
CREATE TABLE IF NOT EXISTS report_page (
  report_id BIGINT UNSIGNED NOT NULL,
  -- the wiki of the page
  target VARBINARY(255) NOT NULL,
  home VARBINARY(255) NOT NULL,
  -- NULL: never saved
  title VARBINARY(512) NULL,
  revid BIGINT UNSIGNED NULL,
  -- of the bot's part as it was saved
  digest BINARY(32) NULL,
  form ENUM('full', 'reduced') NOT NULL,
  -- held: a person has to look at it; gone: taken away by people
  state ENUM('ok', 'held', 'gone') NOT NULL,
  why VARBINARY(1024) NULL,
  -- when new data was noted on a page that is held
  noted_at DATETIME NULL,
  saved_at DATETIME NULL,
  -- digest and status of the report that it shows
  content BINARY(32) NULL,
  status_shown ENUM('open', 'closed', 'ignore', 'stale', 'added') NULL,
  -- a copy that does not show what the report says
  is_due TINYINT(1) NOT NULL,
  PRIMARY KEY (report_id, target),
  KEY by_state (home, target, state, report_id),
  KEY by_due (home, target, is_due, report_id),
  KEY by_target (home, target, report_id),
  KEY by_form (home, target, form, report_id),
  KEY by_title (target, title)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What asked for a report, or for another look at one: each only once
CREATE TABLE IF NOT EXISTS report_ask (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  home VARBINARY(255) NOT NULL,
  kind ENUM('link', 'user', 'ip', 'range', 'server') NOT NULL,
  subject VARBINARY(255) NOT NULL,
  -- where it came from: never asked twice
  origin VARBINARY(64) NOT NULL,
  -- NULL: a rule asks
  requester VARBINARY(255) NULL,
  requester_name VARBINARY(255) NULL,
  reason VARBINARY(32) NOT NULL,
  detail VARBINARY(1024) NULL,
  asked_at DATETIME NOT NULL,
  -- NULL: it waits
  served_at DATETIME NULL,
  outcome VARBINARY(64) NULL,
  tries INT UNSIGNED NOT NULL DEFAULT 0,
  next_try DATETIME NOT NULL,
  error TEXT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_origin (home, kind, subject, origin),
  KEY by_waiting (home, served_at, kind, subject, requester, next_try),
  KEY by_requester (home, requester, asked_at, kind, subject),
  KEY by_served (served_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Revisions that a saved report shows
CREATE TABLE IF NOT EXISTS report_row (
  report_id BIGINT UNSIGNED NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (report_id, wiki, rev_id),
  KEY by_revision (wiki, rev_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The link database: what reports ask of it
-- The kind of the editor, so that who added a host is told by one look at its pairs; 0 in rows that were not touched
-- since: to be looked up
ALTER TABLE pair ADD COLUMN IF NOT EXISTS kind TINYINT UNSIGNED NOT NULL DEFAULT 0;
