INSERT INTO feed_line (id, job, wiki, feed, item, queued, state, in_doubt, tries, next_try, settled)
VALUES (1, 'coi-report', 'en.wikipedia.org/w', 'spam', 1, '2026-03-01 12:05:00', 'waiting', 1, 3, '2026-03-01 12:10:00', NULL),
  (2, 'coi-report', 'en.wikipedia.org/w', 'spam', 2, '2026-03-01 12:05:00', 'sending', 0, 0, NULL, NULL),
  (3, 'coi-report', 'en.wikipedia.org/w', 'hook', 5000000000, '2026-02-28 12:05:00', 'told', 0, 4294967295,
  '2026-02-28 18:00:00', '2026-02-28 18:10:00');
INSERT INTO feed_state (job, wiki, feed, quiet_by, quiet_at, level, level_by, level_at, next_try, failures, trouble,
  trouble_since, last_sent)
VALUES ('coi-report', 'en.wikipedia.org/w', 'spam', 'Éva 😀', '2026-03-01 12:00:00', 1, 'Ürsula', '2026-02-28 12:00:00',
  '2026-03-01 12:10:00', 4, 'no answer within 15 s', '2026-03-01 11:00:00', '2026-03-01 10:59:59'),
  ('infobox-check', 'en.wikipedia.org/w', REPEAT('f', 60), NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL);
