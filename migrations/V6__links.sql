-- coi-report: every link that was added to a page, and the counts that reports are
-- made of. Names, titles and addresses are bytes; times are UTC, and those that the
-- source tells of the revision, never ours: so reading something again changes nothing.
-- Where two sources tell different times, the one that was read first stays.

-- Wikis that share accounts: the same name on two of them is one user
CREATE TABLE IF NOT EXISTS realm (
  realm_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARBINARY(255) NOT NULL,
  PRIMARY KEY (realm_id),
  UNIQUE KEY by_name (name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS wiki (
  wiki_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  realm_id SMALLINT UNSIGNED NOT NULL,
  -- what the column `wiki` of the other tables holds: host and script path
  name VARBINARY(255) NOT NULL,
  dbname VARBINARY(64) NOT NULL,
  PRIMARY KEY (wiki_id),
  UNIQUE KEY by_name (name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS editor (
  editor_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  realm_id SMALLINT UNSIGNED NOT NULL,
  -- 1 named, 2 temporary, 3 address, 4 range of addresses that were too old to keep
  kind TINYINT UNSIGNED NOT NULL,
  name VARBINARY(255) NOT NULL,
  -- of an address or range: 4 or 16 bytes, network order
  ip VARBINARY(16) NULL,
  PRIMARY KEY (editor_id),
  UNIQUE KEY by_name (realm_id, name),
  KEY by_ip (ip)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Link keys, labels reversed: com.example.shop. and com.facebook./some.page, so that
-- a domain with all its sub-domains is one range
CREATE TABLE IF NOT EXISTS host (
  host_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  rhost VARBINARY(255) NOT NULL,
  PRIMARY KEY (host_id),
  UNIQUE KEY by_rhost (rhost)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS page (
  wiki_id SMALLINT UNSIGNED NOT NULL,
  page_id INT UNSIGNED NOT NULL,
  ns INT NOT NULL,
  -- with its namespace, as in the newest revision of it that was stored
  title VARBINARY(512) NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (wiki_id, page_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One row per link of a revision. Partitions of a month are made by the job, which
-- knows what month it is; the last one must stay empty. The partition column has to
-- be in the primary key, but a revision must not be there with two times: who stores
-- holds its wiki's row and looks in all months first.
CREATE TABLE IF NOT EXISTS link_addition (
  wiki_id SMALLINT UNSIGNED NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  -- number of the link among those of the revision, sorted
  n SMALLINT UNSIGNED NOT NULL,
  ts DATETIME NOT NULL,
  host_id INT UNSIGNED NOT NULL,
  editor_id INT UNSIGNED NOT NULL,
  page_id INT UNSIGNED NOT NULL,
  -- bits: 1 brought back by a revert, 2 shown by an archive's link, 4 made by a template,
  -- 8 told by the event stream alone, 16 https, 32 other scheme, 64 bot, 128 mended
  flags TINYINT UNSIGNED NOT NULL,
  times SMALLINT UNSIGNED NOT NULL,
  path VARBINARY(2000) NOT NULL,
  PRIMARY KEY (wiki_id, rev_id, n, ts),
  KEY by_host (host_id, ts),
  KEY by_editor (editor_id, ts)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
PARTITION BY RANGE COLUMNS(ts) (PARTITION p_max VALUES LESS THAN (MAXVALUE));

-- Links that a revert brought back, by somebody who had not added them: no additions,
-- unless an earlier addition of theirs comes to light
CREATE TABLE IF NOT EXISTS link_restored (
  wiki_id SMALLINT UNSIGNED NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  n SMALLINT UNSIGNED NOT NULL,
  ts DATETIME NOT NULL,
  host_id INT UNSIGNED NOT NULL,
  editor_id INT UNSIGNED NOT NULL,
  page_id INT UNSIGNED NOT NULL,
  flags TINYINT UNSIGNED NOT NULL,
  times SMALLINT UNSIGNED NOT NULL,
  path VARBINARY(2000) NOT NULL,
  PRIMARY KEY (wiki_id, rev_id, n),
  KEY by_pair (host_id, editor_id, wiki_id, ts),
  KEY by_time (ts),
  KEY by_editor (editor_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Revisions with more links than are stored one by one
CREATE TABLE IF NOT EXISTS link_flood (
  wiki_id SMALLINT UNSIGNED NOT NULL,
  rev_id BIGINT UNSIGNED NOT NULL,
  ts DATETIME NOT NULL,
  editor_id INT UNSIGNED NOT NULL,
  page_id INT UNSIGNED NOT NULL,
  links INT UNSIGNED NOT NULL,
  hosts INT UNSIGNED NOT NULL,
  PRIMARY KEY (wiki_id, rev_id),
  KEY by_time (ts),
  KEY by_editor (editor_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Counters. Every key has the wiki in it: shards, which are split by wiki, never meet
-- on a row.

-- How often an editor added a host
CREATE TABLE IF NOT EXISTS pair (
  host_id INT UNSIGNED NOT NULL,
  editor_id INT UNSIGNED NOT NULL,
  wiki_id SMALLINT UNSIGNED NOT NULL,
  n INT UNSIGNED NOT NULL,
  first_ts DATETIME NOT NULL,
  last_ts DATETIME NOT NULL,
  PRIMARY KEY (host_id, editor_id, wiki_id),
  KEY by_editor (editor_id, host_id, n)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- How often a host was added in a month; months are counted from January of the year 0
CREATE TABLE IF NOT EXISTS host_month (
  host_id INT UNSIGNED NOT NULL,
  month SMALLINT UNSIGNED NOT NULL,
  wiki_id SMALLINT UNSIGNED NOT NULL,
  n INT UNSIGNED NOT NULL,
  PRIMARY KEY (host_id, month, wiki_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- How many links an editor added
CREATE TABLE IF NOT EXISTS editor_wiki (
  editor_id INT UNSIGNED NOT NULL,
  wiki_id SMALLINT UNSIGNED NOT NULL,
  -- the account on that wiki, 0: not known, or no account
  user_id INT UNSIGNED NOT NULL,
  n INT UNSIGNED NOT NULL,
  PRIMARY KEY (editor_id, wiki_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Hosts with new additions since the statistics were last looked at
CREATE TABLE IF NOT EXISTS touched_host (
  host_id INT UNSIGNED NOT NULL,
  wiki_id SMALLINT UNSIGNED NOT NULL,
  -- time of the oldest of these additions
  since DATETIME NOT NULL,
  PRIMARY KEY (host_id, wiki_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The addresses of a host's server, as a name server said, over time
CREATE TABLE IF NOT EXISTS host_ip (
  host_id INT UNSIGNED NOT NULL,
  ip VARBINARY(16) NOT NULL,
  first_ts DATETIME NOT NULL,
  last_ts DATETIME NOT NULL,
  PRIMARY KEY (host_id, ip),
  KEY by_ip (ip, host_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- When a host was last asked for, and when it may be asked for again
CREATE TABLE IF NOT EXISTS host_asked (
  host_id INT UNSIGNED NOT NULL,
  asked_at DATETIME NOT NULL,
  -- 0 addresses, 1 none, 2 no answer
  outcome TINYINT UNSIGNED NOT NULL,
  next_at DATETIME NOT NULL,
  PRIMARY KEY (host_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- How far back the rows and the counters go; nothing older is stored again. And when
-- names were last removed: what a job remembers of their numbers from before is void
CREATE TABLE IF NOT EXISTS link_since (
  what ENUM('rows', 'pairs', 'names') NOT NULL,
  since DATETIME NOT NULL,
  PRIMARY KEY (what)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
