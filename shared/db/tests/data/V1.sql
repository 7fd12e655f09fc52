INSERT INTO run (job, wiki, started, finished, state, exit_code, success, edits)
VALUES ('matchbot', 'testwiki', '2026-03-01 12:00:00', '2026-03-01 12:00:09', 'done', 0, 1, 3),
       ('matchbot', 'dewiki', '2026-03-01 12:05:00', NULL, 'running', NULL, 0, 0);
INSERT INTO run_error (run_id, n, item_key, handled, at, text)
VALUES (1, 1, '12:Writing', 1, '2026-03-01 12:00:04', 'the talk page is protected');
INSERT INTO lease (job, wiki, shard, epoch, run_id, started)
VALUES ('matchbot', 'testwiki', '', 7, 1, '2026-03-01 12:00:00');
INSERT INTO checkpoint (job, wiki, source, pos, epoch, updated)
VALUES ('coi-report', 'testwiki', 'recentchanges', 0x00FF7B7D, 3, '2026-03-01 12:00:00'),
       ('coi-report', 'dewiki', 'recentchanges', NULL, 3, '2026-03-01 12:00:00');
INSERT INTO memo (job, wiki, name, value, updated)
VALUES ('matchbot', 'testwiki', 'list:Writing mentors', '12', '2026-03-01 12:00:00');
