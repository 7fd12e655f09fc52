INSERT INTO hit (id, home, wiki, rev_id, subject, rule, string_hash, string, rhost, matched, ut, tu, ratio, near, words, url,
  times, skip, is_shown, is_reported, is_new, edits, ts, user_id, user_name, user_kind, user_ip, fades, page_id, ns, title,
  settings_revid, recorded, line_key, user_hidden, text_hidden)
VALUES (1, 'en.wikipedia.org/w', 'en.wikipedia.org/w', 3000000002, 'link', 'link-overlap', UNHEX(LEFT(SHA2('shop.example.com', 256), 32)),
  'shop.example.com', 'com.example.shop.', NULL, 10000, 8750, 8750, NULL, 'UL', 'https://shop.example.com/a?b=ü#c',
  1, NULL, 1, 1, 1, 3, '2026-03-01 12:00:00', 5, 'Éva 😀', 'account', NULL, NULL, 21, 0, 'Acétone',
  77, '2026-03-01 12:05:00', REPEAT(X'01', 16), 0, 0),
  (2, 'de.wikipedia.org/w', 'en.wikipedia.org/w', 3000000003, 'page', 'flood', REPEAT(X'02', 16),
  NULL, NULL, REPEAT('x', 1024), NULL, NULL, NULL, 9999, 'UP', NULL, 4294967295, 'bot', 0, 0, 0, NULL, '2026-02-28 23:59:59',
  0, '192.0.2.1', 'address', X'C0000201', 'address', 4294967295, -1, NULL, 1, '2026-03-01 12:05:00', REPEAT(X'02', 16), 0, 1);
INSERT INTO hit_line (id, target, line_key, day, wiki, user_id, user_name, user_kind, fades, subject, string, anchor, state,
  title, revid, shown_hits, changed_at, is_dirty, recorded, struck_at, struck_by)
VALUES (1, 'en.wikipedia.org/w', REPEAT(X'01', 16), '2026-03-01', 'en.wikipedia.org/w', 5, 'Éva 😀', 'account', NULL, 'link',
  'shop.example.com', 'abcdefghij', 'shown', 'User:Bot/COIReports/2026, Mar 1', 3000000009, 1, '2026-03-01 12:06:00', 0,
  '2026-03-01 12:05:00', '2026-03-01 13:00:00', 'Ürsula');
INSERT INTO wiki_edits (home, wiki, day, edits, additions, hits)
VALUES ('en.wikipedia.org/w', 'de.wikipedia.org/w', '2026-03-01', 5000000000, 12, 1);
INSERT INTO source_page (job, wiki, title, revid, checked, body)
VALUES ('coi-report', 'en.wikipedia.org/w', 'MediaWiki:Spam-blacklist', 9, '2026-03-01 12:00:00', X'5C62FF');
INSERT INTO link_batch (job, wiki, shard, epoch, n) VALUES ('coi-report', 'en.wikipedia.org/w', '', 3, 9);
INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires, auto_wiki, auto_rev)
VALUES ('coi-report', '*', 'ml', '', 'shop.example.com', 'coi-report', '2026-03-01 12:00:00', '', '2026-09-01 12:00:00',
  'en.wikipedia.org/w', 3000000002);
