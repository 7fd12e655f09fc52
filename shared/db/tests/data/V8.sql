INSERT INTO report (id, home, kind, subject, title, status, opened_by, rules, is_xwiki, opened_at, closed_at, reopened_at,
  stale_at, saved_at, checked_at, page_revid, digest, newest, additions, news_at)
VALUES (1, 'en.wikipedia.org/w', 'link', 'com.example.shop.', 'User:Bot/LinkReports/shop.example.com', 'open', 'dominance',
  'dominance noticeboard', 1, '2026-02-01 12:00:00', '2026-02-03 12:00:00', '2026-02-20 12:00:00', NULL,
  '2026-03-01 12:00:00', '2026-03-01 12:10:00', 3000000009, REPEAT(X'01', 32), '2026-03-01 11:59:59', 5000000000,
  '2026-03-01 11:59:59'),
  (2, 'en.wikipedia.org/w', 'user', 'Éva 😀', NULL, NULL, 'person', '', 0, '2026-03-01 12:00:00', NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, 0, '2026-03-01 12:00:00');
INSERT INTO report_page (report_id, target, home, title, revid, digest, form, state, why, noted_at, saved_at, content,
  status_shown, is_due)
VALUES (1, 'en.wikipedia.org/w', 'en.wikipedia.org/w', 'User:Bot/LinkReports/shop.example.com', 3000000009, REPEAT(X'02', 32),
  'full', 'held', 'no marker', '2026-03-01 12:01:00', '2026-03-01 12:00:00', REPEAT(X'01', 32), 'open', 0),
  (1, 'de.wikipedia.org/w', 'en.wikipedia.org/w', NULL, NULL, NULL, 'reduced', 'ok', NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO report_ask (id, home, kind, subject, origin, requester, requester_name, reason, detail, asked_at, served_at,
  outcome, tries, next_try, error)
VALUES (1, 'en.wikipedia.org/w', 'link', 'com.example.shop.', REPEAT('a', 64), NULL, NULL, 'rule', 'dominance',
  '2026-02-01 12:00:00', '2026-02-01 12:05:00', 'saved', 0, '2026-02-01 12:00:00', NULL),
  (2, 'en.wikipedia.org/w', 'user', 'Éva 😀', 'b', '5', 'Ürsula', 'summary', NULL, '2026-03-01 12:00:00', NULL, NULL, 3,
  '2026-03-01 13:00:00', 'no answer');
INSERT INTO report_row (report_id, wiki, rev_id) VALUES (1, 'de.wikipedia.org/w', 3000000002);
