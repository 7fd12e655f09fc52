-- infobox-check: the pages with a watched box, what changed in their fields, what
-- differs now, the verified revisions and index lines, and the marks. Also the
-- lists that people keep by command, and the names that are shown nowhere.

-- Pages that transclude a box, or did when last seen
CREATE TABLE IF NOT EXISTS box_page (
  wiki VARBINARY(255) NOT NULL,
  -- real name of the box, without its namespace
  box VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  ns INT NOT NULL,
  -- with its namespace
  title VARBINARY(512) NOT NULL,
  -- when it was put in or renamed
  seen_at DATETIME NOT NULL,
  PRIMARY KEY (wiki, box, page_id),
  KEY by_page (wiki, page_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One row per line of a report
CREATE TABLE IF NOT EXISTS field_change (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  wiki VARBINARY(255) NOT NULL,
  -- where it is logged: title with namespace
  log_page VARBINARY(512) NOT NULL,
  -- empty for a hit of the blacklist or the monitor list
  box VARBINARY(255) NOT NULL DEFAULT '',
  page_id BIGINT UNSIGNED NOT NULL,
  title VARBINARY(512) NOT NULL,
  revid BIGINT UNSIGNED NOT NULL,
  parent_revid BIGINT UNSIGNED NULL,
  -- NULL: hidden
  user_id BIGINT UNSIGNED NULL,
  user_name VARBINARY(255) NULL,
  user_kind ENUM('account', 'temporary', 'address') NULL,
  -- the wiki's time of the edit
  ts DATETIME NOT NULL,
  rule ENUM('blacklist', 'monitor', 'field', 'box') NOT NULL,
  -- which box of this name on the page, from 0
  ordinal INT UNSIGNED NOT NULL DEFAULT 0,
  field VARBINARY(255) NOT NULL DEFAULT '',
  kind ENUM('added', 'removed', 'changed', 'formatting', 'box_added', 'box_removed',
    'not_comparable', 'transcluded', 'edit') NOT NULL,
  state ENUM('correct_changed', 'changed_correct', 'changed_other', 'changed', 'formatting',
    'none') NOT NULL,
  is_verified TINYINT(1) NOT NULL DEFAULT 0,
  -- values as they stand in the wikitext, cut, NULL: there is none, or hidden
  old_value MEDIUMTEXT NULL,
  new_value MEDIUMTEXT NULL,
  verified_value MEDIUMTEXT NULL,
  verified_revid BIGINT UNSIGNED NULL,
  -- why the new value is not plausible
  check_result TEXT NULL,
  -- whether it belongs on the log page at all
  to_log TINYINT(1) NOT NULL,
  -- the page on which its line stands, the edit that put it there, and when
  log_title VARBINARY(512) NULL,
  logged_revid BIGINT UNSIGNED NULL,
  logged_at DATETIME NULL,
  -- the line on that page no longer says what it should
  log_stale TINYINT(1) NOT NULL DEFAULT 0,
  reverted_by BIGINT UNSIGNED NULL,
  user_hidden TINYINT(1) NOT NULL DEFAULT 0,
  values_hidden TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY by_change (wiki, revid, rule, box, ordinal, field),
  KEY by_unlogged (wiki, to_log, logged_revid, log_page, title, ts),
  KEY by_log_title (wiki, log_title, title, ts),
  KEY by_log_stale (wiki, log_stale, log_title),
  KEY by_time (wiki, ts, revid, rule, state),
  KEY by_page (wiki, page_id, ts),
  KEY by_field (wiki, page_id, box, ordinal, field, ts)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Verified fields that differ from their verified value now
CREATE TABLE IF NOT EXISTS open_field (
  wiki VARBINARY(255) NOT NULL,
  box VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  ordinal INT UNSIGNED NOT NULL,
  field VARBINARY(255) NOT NULL,
  title VARBINARY(512) NOT NULL,
  value MEDIUMTEXT NULL,
  verified_value MEDIUMTEXT NULL,
  verified_revid BIGINT UNSIGNED NOT NULL,
  is_verified TINYINT(1) NOT NULL,
  -- the edit since which it has this value
  since DATETIME NOT NULL,
  revid BIGINT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NULL,
  user_name VARBINARY(255) NULL,
  user_kind ENUM('account', 'temporary', 'address') NULL,
  PRIMARY KEY (wiki, box, page_id, ordinal, field),
  KEY by_title (wiki, box, title, page_id, ordinal, field),
  KEY by_revision (wiki, revid)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Verified revisions, taken apart once
CREATE TABLE IF NOT EXISTS verified_rev (
  wiki VARBINARY(255) NOT NULL,
  box VARBINARY(255) NOT NULL,
  revid BIGINT UNSIGNED NOT NULL,
  -- NULL: the wiki does not say
  page_id BIGINT UNSIGNED NULL,
  -- the fields of each box, JSON
  boxes MEDIUMTEXT NULL,
  state ENUM('ok', 'missing', 'hidden', 'no_box', 'too_big') NOT NULL,
  checked_at DATETIME NOT NULL,
  PRIMARY KEY (wiki, box, revid),
  KEY by_check (wiki, checked_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The lines of the index pages, and how far each page was read
CREATE TABLE IF NOT EXISTS index_line (
  wiki VARBINARY(255) NOT NULL,
  box VARBINARY(255) NOT NULL,
  index_title VARBINARY(512) NOT NULL,
  line_no INT UNSIGNED NOT NULL,
  -- the article, NULL: there is none of this title
  page_id BIGINT UNSIGNED NULL,
  title VARBINARY(512) NOT NULL,
  revid BIGINT UNSIGNED NULL,
  -- a verified copy outside of the article
  copy_title VARBINARY(512) NULL,
  -- who added or last changed the line
  author_id BIGINT UNSIGNED NULL,
  author VARBINARY(255) NULL,
  state ENUM('in_force', 'proposed', 'problem') NOT NULL,
  problem TEXT NULL,
  PRIMARY KEY (wiki, box, index_title, line_no),
  KEY by_page (wiki, page_id, state),
  KEY by_state (wiki, state, box, index_title, line_no)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS index_page (
  wiki VARBINARY(255) NOT NULL,
  box VARBINARY(255) NOT NULL,
  index_title VARBINARY(512) NOT NULL,
  revid BIGINT UNSIGNED NOT NULL,
  checked_at DATETIME NOT NULL,
  -- who wrote which line, in the form of the program that made it
  blame MEDIUMBLOB NULL,
  PRIMARY KEY (wiki, box, index_title)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The marks of a page: when to look at them, and what was found
CREATE TABLE IF NOT EXISTS page_mark (
  wiki VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  box VARBINARY(255) NOT NULL,
  title VARBINARY(512) NOT NULL,
  -- the latest revision looked at, NULL: none yet
  revid BIGINT UNSIGNED NULL,
  -- NULL: nothing to do
  due_at DATETIME NULL,
  reason TEXT NULL,
  -- a verified field differs
  differs TINYINT(1) NOT NULL DEFAULT 0,
  -- the marks contradict the index, and what mending would change
  is_stale TINYINT(1) NOT NULL DEFAULT 0,
  stale TEXT NULL,
  -- our last edit of the marks
  marked_revid BIGINT UNSIGNED NULL,
  looked_at DATETIME NULL,
  PRIMARY KEY (wiki, page_id, box),
  KEY by_due (wiki, due_at),
  KEY by_stale (wiki, is_stale, title)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Whitelist, blacklist, monitor list
CREATE TABLE IF NOT EXISTS list_entry (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  list VARBINARY(16) NOT NULL,
  -- empty: anybody
  user_name VARBINARY(255) NOT NULL DEFAULT '',
  -- empty: every page
  page VARBINARY(512) NOT NULL DEFAULT '',
  added_by VARBINARY(255) NOT NULL,
  added_at DATETIME NOT NULL,
  reason TEXT NOT NULL,
  expires DATETIME NULL,
  PRIMARY KEY (job, wiki, list, user_name, page),
  KEY by_page (job, wiki, list, page)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What is neither named nor counted on any page, for all jobs of a wiki
CREATE TABLE IF NOT EXISTS suppress (
  wiki VARBINARY(255) NOT NULL,
  what ENUM('user', 'page', 'host', 'report') NOT NULL,
  name VARBINARY(512) NOT NULL,
  -- of a user, so that a rename uncovers nothing
  user_id BIGINT UNSIGNED NULL,
  added_by VARBINARY(255) NOT NULL,
  since DATETIME NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (wiki, what, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A position names the changes already handled since a little before it: thousands on a busy wiki
ALTER TABLE checkpoint MODIFY pos MEDIUMBLOB NULL;
