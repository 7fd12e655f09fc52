-- Feeds: what waits to be told to a channel, a webhook or a pipe, and what is known of each feed.

-- One row per feed and item of the job's own table; what it says is made when it is sent
CREATE TABLE IF NOT EXISTS feed_line (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  -- the job and the wiki whose settings name the feed
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  feed VARBINARY(60) NOT NULL,
  -- of coi-report hit.id, of infobox-check field_change.id
  item BIGINT UNSIGNED NOT NULL,
  queued DATETIME NOT NULL,
  -- dropped: too old, which is not told yet; telling: that is being told
  state ENUM('waiting', 'sending', 'sent', 'withheld', 'dropped', 'telling', 'told') NOT NULL,
  -- whoever sent or told it did not learn whether it arrived
  in_doubt TINYINT(1) NOT NULL DEFAULT 0,
  tries INT UNSIGNED NOT NULL DEFAULT 0,
  -- NULL: not tried yet
  next_try DATETIME NULL,
  -- when it was sent, withheld, dropped, told; NULL: it waits
  settled DATETIME NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_item (job, wiki, feed, item),
  KEY by_turn (job, wiki, state, feed, next_try, id),
  KEY by_age (job, wiki, state, feed, queued),
  KEY by_settled (job, wiki, settled, feed, state)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What people switched about a feed, and how its sink does
CREATE TABLE IF NOT EXISTS feed_state (
  job VARBINARY(32) NOT NULL,
  wiki VARBINARY(255) NOT NULL,
  feed VARBINARY(60) NOT NULL,
  -- NULL: it is not quiet
  quiet_by VARBINARY(255) NULL,
  quiet_at DATETIME NULL,
  -- 0, 1, 2; NULL: as the settings say
  level TINYINT UNSIGNED NULL,
  level_by VARBINARY(255) NULL,
  level_at DATETIME NULL,
  -- when the sink is tried again; NULL: nothing is wrong with it
  next_try DATETIME NULL,
  -- since it last took something
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  trouble VARBINARY(512) NULL,
  trouble_since DATETIME NULL,
  last_sent DATETIME NULL,
  PRIMARY KEY (job, wiki, feed)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
