//! What happened on the real wiki, as the changes tell it.

use crate::sandbox::{account, admin, bot, hide, load, login, sql, unique};
use chrono::TimeDelta;
use serde_json::{Value, json};
use wikicrew_core::change::{Change, EditorKind, LogKind};
use wikicrew_core::types::{RevId, Timestamp};
use wikicrew_wiki::{Ask, Kind, Session, changes};

/// Namespaces that other tests leave alone.
const HELP_TALK: i32 = 13;
const CATEGORY_TALK: i32 = 15;
const FILE_TALK: i32 = 7;

async fn now(session: &Session) -> Timestamp {
    let answer = session.get(&[("meta", "siteinfo")]).await.unwrap();
    answer["curtimestamp"].as_str().unwrap().parse().unwrap()
}

/// Everything up to the very present.
fn all(since: Timestamp, namespaces: &[i32]) -> Ask<'_> {
    Ask {
        overlap: TimeDelta::zero(),
        margin: TimeDelta::zero(),
        ..Ask::new(since, namespaces)
    }
}

fn revid(answer: &Value) -> RevId {
    RevId(
        answer["edit"]["newrevid"]
            .as_u64()
            .unwrap_or_else(|| panic!("{answer}")),
    )
}

fn edit(title: &str, more: &[&str]) -> RevId {
    let title = format!("title={title}");
    let mut params = vec!["action=edit", &title];
    params.extend(more);
    revid(&admin(&params))
}

#[tokio::test]
async fn edits_are_told_with_who_and_how() {
    let session = bot().await;
    let word = unique();
    let title = format!("Help talk:{word}");
    let since = now(&session).await;
    let saved = load(&[
        json!({"title": title, "text": "One.", "user": format!("{word} A"), "summary": "first"}),
        json!({"title": title, "text": "One.\n\nTwo!", "user": format!("{word} B"), "bot": true, "minor": true}),
        json!({"title": title, "text": "Three.", "user": "192.0.2.7"}),
        // Another namespace.
        json!({"title": format!("Help:{word}"), "text": "x"}),
    ]);
    let ids: Vec<RevId> = saved
        .iter()
        .map(|page| RevId(page["revid"].as_u64().unwrap()))
        .collect();
    let temporary = revid(&admin(&[
        "--as",
        "anon",
        "action=edit",
        &format!("title={title}"),
        "text=Four.",
    ]));
    let undo = edit(&title, &[&format!("undo={temporary}"), "summary=undone"]);
    let bad = load(&[json!({"title": title, "text": "Bad.", "user": format!("{word} C")})]);
    let bad = RevId(bad[0]["revid"].as_u64().unwrap());
    admin(&["action=rollback", &format!("title={title}"), &format!("user={word} C")]);
    let manual = edit(&title, &["text=One.\n\nTwo!"]);

    let before = session.counts().total;
    let found = changes(&session, &all(since, &[HELP_TALK])).await.unwrap();
    assert_eq!(session.counts().total - before, 1, "one request");
    assert!(found.gap.is_none() && !found.has_more);
    let found: Vec<Change> = found.items.into_iter().filter(|c| c.title == title).collect();
    assert_eq!(found.len(), 8, "{found:#?}");

    let first = &found[0];
    assert_eq!((first.revid, first.parent, first.is_new), (ids[0], RevId(0), true));
    assert_eq!((first.ns, first.old_len, first.new_len), (HELP_TALK, Some(0), Some(4)));
    assert_eq!(first.user.as_deref(), Some(format!("{word} A").as_str()));
    assert!(first.user_id.0 > 0 && first.editor == EditorKind::Named && first.rcid.is_some());
    assert_eq!(first.comment.as_deref(), Some("first"));
    assert_eq!((first.bot, first.minor, first.log.is_none()), (false, false, true));
    let second = &found[1];
    assert_eq!((second.revid, second.parent, second.is_new), (ids[1], ids[0], false));
    assert_eq!((second.bot, second.minor), (true, true));
    assert_eq!((second.old_len, second.new_len), (Some(4), Some(10)));
    assert!(second.timestamp >= since && second.page_id == first.page_id && second.page_id.0 > 0);
    let ip = &found[2];
    assert_eq!((ip.user.as_deref(), ip.user_id.0), (Some("192.0.2.7"), 0));
    assert_eq!(ip.editor, EditorKind::Ip);
    let temp = &found[3];
    assert_eq!((temp.revid, temp.editor), (temporary, EditorKind::Temporary));
    assert!(temp.user_id.0 > 0 && temp.user.as_deref().unwrap().starts_with('~'));

    let ids: Vec<RevId> = found[4..].iter().map(|change| change.revid).collect();
    assert_eq!((ids[0], ids[1], ids[3]), (undo, bad, manual));
    assert_eq!(found[4].sha1, ip.sha1);
    let tag = |i: usize, tag: &str| found[i].tags.iter().any(|known| known == tag);
    for (i, name) in [(4, "mw-undo"), (6, "mw-rollback"), (7, "mw-manual-revert")] {
        assert!(tag(i, name), "{:?}", found[i]);
    }
    let reverted: Vec<bool> = (0..8).map(|i| tag(i, "mw-reverted")).collect();
    // Everything since the revision that came back.
    assert_eq!(reverted, [false, false, true, true, true, true, true, false]);
    assert_eq!(found[7].sha1, second.sha1);
    assert_eq!(second.sha1.as_ref().unwrap().len(), 40);

    // Only logs were asked for, and there are none.
    let logs = Ask {
        kinds: &[Kind::Moves, Kind::Deletions],
        ..all(since, &[HELP_TALK])
    };
    let logs = changes(&session, &logs).await.unwrap();
    assert!(!logs.items.iter().any(|c| c.title == title));
}

#[tokio::test]
async fn moves_deletions_and_what_is_hidden_are_told() {
    let word = unique();
    let title = |ns: &str, part: &str| format!("{ns}:{word} {part}");
    let session = bot().await;
    let since = now(&session).await;
    let [inside, to_inside, out, gone, elsewhere] = [
        title("Help talk", "inside"),
        title("User", "to inside"),
        title("Help talk", "out"),
        title("Help talk", "gone"),
        title("User", "elsewhere"),
    ];
    let made = load(&[
        json!({"title": inside, "text": "x", "protect": "sysop"}),
        json!({"title": to_inside, "text": "x"}),
        json!({"title": out, "text": "x"}),
        json!({"title": gone, "text": "x"}),
        json!({"title": elsewhere, "text": "x"}),
        json!({"title": inside, "text": "y", "summary": "secret"}),
        json!({"title": inside, "text": "z"}),
    ]);
    let page = |i: usize| made[i]["pageid"].as_u64().unwrap();
    let renamed = |from: &str, to: &str, more: &[&str]| {
        let (from, to) = (format!("from={from}"), format!("to={to}"));
        let mut params = vec!["action=move", &from, &to, "reason=why"];
        params.extend(more);
        let answer = admin(&params);
        assert!(answer["move"].is_object(), "{answer}");
    };
    let inside_now = title("Help talk", "inside now");
    let new_here = title("Help talk", "new here");
    let out_now = title("User", "out now");
    renamed(&inside, &inside_now, &[]);
    renamed(&to_inside, &new_here, &["noredirect=1"]);
    renamed(&out, &out_now, &[]);
    renamed(&elsewhere, &title("User", "elsewhere now"), &[]);
    admin(&["action=delete", &format!("title={gone}"), "reason=gone"]);
    let hidden = made[5]["revid"].as_u64().unwrap();
    hide(hidden);

    // Who may see what is hidden is given no more than anybody else.
    let admin_bot = login(account(&["bot", "sysop", "suppress"])).await;
    for session in [session, admin_bot] {
        let before = session.counts().total;
        let found = changes(&session, &all(since, &[HELP_TALK])).await.unwrap();
        assert_eq!(session.counts().total - before, 1, "one request");
        let found: Vec<Change> = found.items.into_iter().filter(|c| c.title.contains(&word)).collect();
        let moves: Vec<_> = found
            .iter()
            .filter_map(|c| Some((c, c.log.as_ref()?)))
            .filter(|(_, log)| log.kind == LogKind::Move)
            .map(|(c, log)| {
                let target = log.target.as_ref().unwrap();
                (
                    c.title.as_str(),
                    target.title.as_str(),
                    target.ns,
                    target.left_redirect,
                    c.page_id.0,
                )
            })
            .collect();
        assert_eq!(
            moves,
            [
                (inside.as_str(), inside_now.as_str(), HELP_TALK, true, page(0)),
                (&to_inside, &new_here, HELP_TALK, false, page(1)),
                (&out, &out_now, 2, true, page(2)),
            ]
        );
        let moved = found.iter().find(|c| c.log.is_some()).unwrap();
        assert_eq!(
            (moved.comment.as_deref(), moved.user.as_deref()),
            (Some("why"), Some("Admin"))
        );
        assert!(moved.revid.0 > hidden && moved.sha1.is_none() && moved.new_len.is_none());

        let deletions: Vec<_> = found
            .iter()
            .filter_map(|c| Some((c, c.log.as_ref().filter(|log| log.kind == LogKind::Delete)?)))
            .map(|(c, log)| (c.title.as_str(), log.action.as_str()))
            .collect();
        assert_eq!(deletions, [(gone.as_str(), "delete")]);

        let secret = found.iter().find(|c| c.revid.0 == hidden && c.log.is_none()).unwrap();
        assert_eq!(secret.editor, EditorKind::Hidden);
        assert_eq!(
            (&secret.user, secret.user_id.0, &secret.comment, &secret.sha1),
            (&None, 0, &None, &None)
        );
        // The protection and the page made in another namespace are not told.
        assert_eq!(found.len(), 3 + 1 + 4, "{found:#?}");
    }
}

#[tokio::test]
async fn many_changes_are_continued_and_cut() {
    // Without the bot flag an answer holds 500.
    let session = login(account(&[])).await;
    let word = unique();
    load(&[json!({"title": format!("Category talk:{word}"), "text": "x"})]);
    let since = now(&session).await - TimeDelta::minutes(6);
    // 1,200 copies of it in the list, four a second: as many edits would take the wiki a minute.
    sql(&format!(
        "INSERT INTO enwiki.recentchanges (rc_timestamp, rc_actor, rc_namespace, rc_title, rc_comment_id, rc_source,
            rc_old_len, rc_new_len, rc_cur_id, rc_this_oldid, rc_last_oldid)
        SELECT DATE_FORMAT(
                STR_TO_DATE(rc_timestamp, '%Y%m%d%H%i%s') - INTERVAL (1203 - seq) DIV 4 SECOND, '%Y%m%d%H%i%s'),
            rc_actor, rc_namespace, rc_title, rc_comment_id, 'mw.edit', 1, 1, rc_cur_id, 4000000000 + seq, rc_this_oldid
        FROM enwiki.recentchanges, enwiki.seq_1_to_1200 WHERE rc_title = '{word}' ORDER BY seq"
    ));
    let revids: Vec<RevId> = (1..=1200).map(|i| RevId(4_000_000_000 + i)).collect();
    let ask = all(since, &[CATEGORY_TALK]);
    let before = session.counts().total;
    let found = changes(&session, &ask).await.unwrap();
    let sent = usize::try_from(session.counts().total - before).unwrap();
    assert_eq!(sent, found.items.len().div_ceil(500));
    assert!(sent >= 3);
    let ids = |items: &[Change]| -> Vec<RevId> {
        let ours = items.iter().filter(|c| c.title.contains(&word) && !c.is_new);
        ours.map(|c| c.revid).collect()
    };
    assert_eq!(ids(&found.items), revids);
    assert!(!found.has_more && found.until == found.asked_at);

    // In pieces, each going on where the one before ended.
    let mut pieces = Vec::new();
    let mut ask = Ask { max: 300, ..ask };
    let mut has_more = true;
    while has_more {
        let piece = changes(&session, &ask).await.unwrap();
        assert!(piece.items.len() <= 800, "{}", piece.items.len());
        assert!(piece.items.iter().all(|c| c.timestamp <= piece.until));
        assert!(!piece.has_more || piece.until > ask.since, "no progress");
        pieces.extend(piece.items);
        has_more = piece.has_more;
        ask.since = piece.until;
        assert!(pieces.len() < 20_000);
    }
    let mut pieces = ids(&pieces);
    assert!(pieces.len() > revids.len(), "never cut");
    pieces.dedup();
    pieces.sort_unstable();
    pieces.dedup();
    assert_eq!(pieces, revids);
    sql(&format!("DELETE FROM enwiki.recentchanges WHERE rc_title = '{word}'"));
}

#[tokio::test]
async fn a_gap_is_told_and_filled_from_the_histories() {
    let session = bot().await;
    let word = unique();
    let title = format!("File talk:{word}");
    let saved = load(&[
        json!({"title": title, "text": "One.", "user": "192.0.2.7", "timestamp": "2004-03-01T00:00:00Z"}),
        json!({"title": title, "text": "Two.", "user": format!("{word} A"), "timestamp": "2004-03-02T00:00:00Z",
            "minor": true, "summary": "old"}),
        json!({"title": title, "text": "Three.", "user": format!("{word} A")}),
    ]);
    // As if the wiki had dropped them.
    sql(&format!(
        "DELETE FROM enwiki.recentchanges WHERE rc_title = '{word}' AND rc_timestamp < '2005'"
    ));
    let since: Timestamp = "2004-02-01T00:00:00Z".parse().unwrap();
    let ask = all(since, &[FILE_TALK]);
    let before = session.counts().total;
    let found = changes(&session, &ask).await.unwrap();
    assert_eq!(session.counts().total - before, 2, "and the oldest change");
    let gap = found.gap.unwrap();
    assert_eq!((gap.from, gap.filled), (since, false));
    assert!(gap.to > since + TimeDelta::days(1000), "{gap:?}");
    let titles = |items: &[Change]| items.iter().filter(|c| c.title == title).count();
    assert_eq!(titles(&found.items), 1);

    let before = session.counts().total;
    let filled = Ask { fill_gap: true, ..ask };
    let found = changes(&session, &filled).await.unwrap();
    assert_eq!(session.counts().total - before, 5, "history, moves, deletions");
    assert!(found.gap.unwrap().filled && !found.has_more);
    let of_page: Vec<&Change> = found.items.iter().filter(|c| c.title == title).collect();
    let ids: Vec<u64> = of_page.iter().map(|c| c.revid.0).collect();
    let saved: Vec<u64> = saved.iter().map(|page| page["revid"].as_u64().unwrap()).collect();
    assert_eq!(ids, saved);
    assert!(of_page[0].is_new && of_page[0].editor == EditorKind::Ip && of_page[0].rcid.is_none());
    assert!(!of_page[1].is_new && of_page[1].minor && of_page[1].parent.0 == saved[0]);
    assert_eq!(of_page[1].comment.as_deref(), Some("old"));
    assert_eq!((of_page[1].old_len, of_page[1].new_len), (None, Some(4)));
    assert!(of_page[2].rcid.is_some());

    // A quiet namespace is no gap, and within an hour it is not even asked.
    let quiet = all(now(&session).await - TimeDelta::minutes(2), &[829]);
    let before = session.counts().total;
    assert!(changes(&session, &quiet).await.unwrap().gap.is_none());
    assert_eq!(session.counts().total - before, 1);
}
