INSERT INTO intent (job, wiki, intent_key, token, state, decision, page_id, title, base_revid, sent_at, attempt, revid, created, updated)
VALUES ('matchbot', 'testwiki', '12:Writing:1', 'mb-7k2q9d4xfa', 'done', '{"mentor":"Éva"}', 12, 'Project talk:Co-op/Éva', 3000000000, '2026-03-01 12:00:00.123', 1, 3000000001, '2026-03-01 12:00:00', '2026-03-01 12:00:01'),
       ('matchbot', 'testwiki', '13:Writing:1', 'mb-aaaaaaaaaa', 'open', '{}', NULL, 'Project talk:Co-op/B', NULL, NULL, 0, NULL, '2026-03-01 12:00:00', '2026-03-01 12:00:00');
INSERT INTO pace (wiki, account, next_at) VALUES ('testwiki', 'WikicrewBot', '2026-03-01 12:00:00.250');
INSERT INTO edit_log (job, wiki, account, page_id, title, revid, kind, run_id, at)
VALUES ('matchbot', 'testwiki', 'WikicrewBot', 13, 'Project talk:Co-op/Éva', 3000000001, 'greeting', 1, '2026-03-01 12:00:01');
INSERT INTO cap_hold (job, wiki, account, settings_revid, reason, since)
VALUES ('matchbot', 'testwiki', 'WikicrewBot', 3000000000, 'max_edits_per_day', '2026-03-01 12:00:00');
INSERT INTO parked (job, wiki, item_key, reason, attempts, first_at, next_try)
VALUES ('coi-report', 'testwiki', 'rev:5', 'text hidden', 1, '2026-03-01 12:00:00', '2026-03-02 12:00:00');
