INSERT INTO box_page (wiki, box, page_id, ns, title, seen_at)
VALUES ('testwiki', 'Chembox', 21, 0, 'Acétone', '2026-03-01 12:00:00');
INSERT INTO field_change (wiki, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, check_result, to_log)
VALUES ('testwiki', 'Project:Chem/Log', 'Chembox', 21, 'Acétone', 3000000002, 3000000001, 5, 'Éva', 'account', '2026-03-01 12:00:00', 'field', 0, 'CASNo', 'changed', 'correct_changed', 1, '67-64-1', '67-64-7 😀', '67-64-1', 266420980, 'check digit: 1 expected', 1),
       ('testwiki', 'Project:Chem/Log', '', 22, 'Water', 3000000003, NULL, NULL, NULL, NULL, '2026-03-01 12:00:01', 'monitor', 0, '', 'edit', 'none', 0, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO open_field (wiki, box, page_id, ordinal, field, title, value, verified_value, verified_revid, is_verified, since, revid, user_id, user_name, user_kind)
VALUES ('testwiki', 'Chembox', 21, 0, 'CASNo', 'Acétone', '67-64-7', '67-64-1', 266420980, 1, '2026-03-01 12:00:00', 3000000002, 5, 'Éva', 'account');
INSERT INTO verified_rev (wiki, box, revid, page_id, boxes, state, checked_at)
VALUES ('testwiki', 'Chembox', 266420980, 21, '[{"CASNo":"67-64-1"}]', 'ok', '2026-03-01 12:00:00'),
       ('testwiki', 'Chembox', 7, NULL, NULL, 'missing', '2026-03-01 12:00:00');
INSERT INTO index_line (wiki, box, index_title, line_no, page_id, title, revid, copy_title, author_id, author, state, problem)
VALUES ('testwiki', 'Chembox', 'Project:Chem/Index', 3, 21, 'Acétone', 266420980, NULL, 6, 'Ädmin', 'in_force', NULL),
       ('testwiki', 'Chembox', 'Project:Chem/Index', 4, NULL, '', NULL, NULL, NULL, NULL, 'problem', 'no revision number');
INSERT INTO index_page (wiki, box, index_title, revid, checked_at, blame)
VALUES ('testwiki', 'Chembox', 'Project:Chem/Index', 3000000000, '2026-03-01 12:00:00', 0x00FF7B7D);
INSERT INTO page_mark (wiki, page_id, box, title, revid, due_at, reason, differs, is_stale, stale, marked_revid, looked_at)
VALUES ('testwiki', 21, 'Chembox', 'Acétone', 3000000002, '2026-03-01 13:00:00', 'edited', 1, 1, 'CASNo_Ref', NULL, '2026-03-01 12:00:00');
INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires)
VALUES ('infobox-check', 'testwiki', 'white', 'Éva', '', 'Ädmin', '2026-03-01 12:00:00', 'knows the field', NULL);
INSERT INTO suppress (wiki, what, name, user_id, added_by, since, reason)
VALUES ('testwiki', 'user', 'Bob', 7, 'operator', '2026-03-01 12:00:00', 'asked for it');
