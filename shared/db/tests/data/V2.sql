INSERT INTO settings_rev (job, wiki, kind, revid, user, user_id, saved_at, first_seen, verdict, accepted_at, problems, yaml, sha)
VALUES ('matchbot', 'testwiki', 'settings', 3000000000, 'Ädmin', 1, '2026-03-01 11:00:00', '2026-03-01 12:00:00', 'accepted', '2026-03-01 12:00:00', '[]', 'enabled: true', ''),
       ('matchbot', 'testwiki', 'settings', 0, NULL, NULL, NULL, '2026-03-01 10:00:00', 'untrusted', NULL, '["no page"]', NULL, ''),
       ('matchbot', 'testwiki', 'stop', 12, 'Bob', 2, '2026-03-01 11:00:00', '2026-03-01 12:00:00', 'accepted', '2026-03-01 12:00:00', '[]', NULL, '');
