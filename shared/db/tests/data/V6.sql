INSERT INTO realm (realm_id, name) VALUES (1, 'wikimedia'), (2, 'wiki.example.org/w');
INSERT INTO wiki (wiki_id, realm_id, name, dbname)
VALUES (1, 1, 'en.wikipedia.org/w', 'enwiki'), (2, 2, 'wiki.example.org/w', '');
INSERT INTO editor (editor_id, realm_id, kind, name, ip)
VALUES (1, 1, 1, 'Éva 😀', NULL), (2, 1, 3, '192.0.2.1', X'C0000201'),
       (3, 1, 3, '2001:db8::1', X'20010DB8000000000000000000000001'), (4, 2, 2, '~2026-1', NULL);
INSERT INTO host (host_id, rhost)
VALUES (1, 'com.example.shop.'), (2, 'com.facebook./some.page'), (3, '203.0.113.7');
INSERT INTO page (wiki_id, page_id, ns, title, rev_id) VALUES (1, 21, 0, 'Acétone', 3000000002), (2, 4294967295, -1, 'T', 1);
INSERT INTO link_addition (wiki_id, rev_id, n, ts, host_id, editor_id, page_id, flags, times, path)
VALUES (1, 3000000002, 0, '2026-03-01 12:00:00', 1, 1, 21, 16, 1, '/a?b=ü#c'),
       (1, 3000000002, 1, '2026-03-01 12:00:00', 2, 1, 21, 255, 65535, ''),
       (2, 1, 0, '2026-02-28 23:59:59', 1, 4, 4294967295, 0, 2, X'FF00');
INSERT INTO link_restored (wiki_id, rev_id, n, ts, host_id, editor_id, page_id, flags, times, path)
VALUES (1, 3000000003, 0, '2026-03-01 12:00:01', 3, 2, 21, 0, 1, '/');
INSERT INTO link_flood (wiki_id, rev_id, ts, editor_id, page_id, links, hosts)
VALUES (1, 3000000004, '2026-03-01 12:00:02', 3, 21, 8000, 7000);
INSERT INTO pair (host_id, editor_id, wiki_id, n, first_ts, last_ts)
VALUES (1, 1, 1, 1, '2026-03-01 12:00:00', '2026-03-01 12:00:00'), (2, 1, 1, 65535, '2026-03-01 12:00:00', '2026-03-01 12:00:00'),
       (1, 4, 2, 2, '2026-02-28 23:59:59', '2026-02-28 23:59:59');
INSERT INTO host_month (host_id, month, wiki_id, n) VALUES (1, 24314, 1, 1), (2, 24314, 1, 65535), (1, 24313, 2, 2);
INSERT INTO editor_wiki (editor_id, wiki_id, user_id, n) VALUES (1, 1, 5, 1), (2, 1, 0, 0), (4, 2, 9, 2);
INSERT INTO touched_host (host_id, wiki_id, since) VALUES (1, 1, '2026-03-01 12:00:00');
INSERT INTO host_ip (host_id, ip, first_ts, last_ts) VALUES (1, X'CB007107', '2026-03-01 12:00:00', '2026-03-02 12:00:00');
INSERT INTO host_asked (host_id, asked_at, outcome, next_at) VALUES (1, '2026-03-02 12:00:00', 0, '2026-04-01 12:00:00');
INSERT INTO link_since (what, since)
VALUES ('rows', '2025-11-01 00:00:00'), ('pairs', '2024-03-01 00:00:00'), ('names', '1970-01-01 00:00:00');
