INSERT INTO matches (luid, lprofileid, category, muid, matchtime, cataddtime, revid, postid, matchmade, run_time)
VALUES (5, 12, 'Category:Co-op/Requests/Writing', 6, '2015-01-01 01:00:45', NULL, 640000000, NULL, 1, '2015-01-01 01:00:45');
INSERT INTO matches (luid, lprofileid, category, muid, matchtime, cataddtime, revid, matchmade, run_time, wiki, category_full, request_id, intent_key, reason)
VALUES (5, 12, 'Category:Co-op/Requests/Écriture', 6, '2026-03-01 12:00:01', '2026-03-01 11:00:00', 3000000001, 1, '2026-03-01 12:00:00', 'testwiki', 'Co-op/Requests/Écriture', 1, '12:Écriture:1', 'drawn of 3');
INSERT INTO request (wiki, page_id, category, ns, title, cat_ts, first_seen, state, updated)
VALUES ('testwiki', 12, 'Co-op/Requests/Écriture', 4, 'Project:Co-op/Éva', '2026-03-01 11:00:00', '2026-03-01 12:00:00', 'answered', '2026-03-01 12:00:01'),
       ('testwiki', 13, 'Co-op/Requests/Écriture', 4, 'Project:Co-op/B', NULL, '2026-03-01 12:00:00', 'waiting', '2026-03-01 12:00:00');
INSERT INTO profile_owner (wiki, page_id, user_id, source, problem, seen_at)
VALUES ('testwiki', 12, 5, 'first_revision', NULL, '2026-03-01 12:00:00'),
       ('testwiki', 14, NULL, 'first_revision', 'the author is hidden', '2026-03-01 12:00:00');
