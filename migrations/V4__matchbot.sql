-- matchbot: the matches it made, the requests it knows, the owners of profiles.

-- MatchBot's eleven columns in its order and with its types; only revid is wider
-- (revision ids have outgrown int). What is ours comes after them.
CREATE TABLE IF NOT EXISTS matches (
  id INT(11) NOT NULL AUTO_INCREMENT,
  luid INT(11) NULL,
  lprofileid INT(11) NULL,
  category VARCHAR(75) NULL,
  muid INT(11) NULL,
  matchtime DATETIME NULL,
  cataddtime DATETIME NULL,
  revid BIGINT(20) NULL,
  postid VARCHAR(50) NULL,
  matchmade TINYINT(1) NULL,
  run_time DATETIME NULL,
  wiki VARBINARY(255) NULL,
  -- the whole title of the request category, without its namespace
  category_full VARBINARY(255) NULL,
  request_id BIGINT UNSIGNED NULL,
  intent_key VARBINARY(512) NULL,
  -- why this mentor, or why none
  reason TEXT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_intent (wiki, intent_key),
  KEY by_learner (wiki, luid, matchtime),
  KEY by_mentor (wiki, muid, matchmade, matchtime),
  KEY by_profile (wiki, lprofileid, matchtime),
  KEY by_time (wiki, matchmade, matchtime)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS request (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  wiki VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  -- without its namespace
  category VARBINARY(255) NOT NULL,
  ns INT NOT NULL,
  -- with its namespace, as the wiki gave it
  title VARBINARY(512) NOT NULL,
  -- when the wiki says the page was put into the category
  cat_ts DATETIME NULL,
  -- counts the requests made by one page in one category
  generation INT UNSIGNED NOT NULL DEFAULT 1,
  first_seen DATETIME NOT NULL,
  state ENUM('waiting', 'answered', 'person', 'before_start', 'given_up') NOT NULL,
  in_category TINYINT(1) NOT NULL DEFAULT 1,
  reason_code VARBINARY(64) NOT NULL DEFAULT '',
  reason TEXT NULL,
  -- of page, talk page and user when the reason was found
  fingerprint VARBINARY(255) NOT NULL DEFAULT '',
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  first_failure DATETIME NULL,
  next_try DATETIME NULL,
  learner_id BIGINT UNSIGNED NULL,
  -- when the maintainer was told of it
  mentioned_at DATETIME NULL,
  updated DATETIME NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_page (wiki, page_id, category),
  KEY by_category (wiki, category, in_category),
  KEY by_state (wiki, in_category, state, next_try)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS profile_owner (
  wiki VARBINARY(255) NOT NULL,
  page_id BIGINT UNSIGNED NOT NULL,
  -- NULL: nobody is guessed, `problem` says why
  user_id BIGINT UNSIGNED NULL,
  source ENUM('first_revision', 'settings') NOT NULL,
  problem TEXT NULL,
  seen_at DATETIME NOT NULL,
  PRIMARY KEY (wiki, page_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
