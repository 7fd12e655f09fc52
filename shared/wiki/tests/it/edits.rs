//! Single edits on the real wiki: what it lets through and how it says no.

use crate::sandbox::{account, admin, bot, end_sessions, load, login, page, text, unique};
use serde_json::json;
use std::time::Duration;
use wikicrew_core::types::{RevId, Timestamp};
use wikicrew_wiki::Session;
use wikicrew_wiki::raw_edit::{Base, Body, Failed, RawEdit, Refusal, RefusalKind, Saved, raw_edit};

fn edit<'a>(title: &'a str, base: Base, text: &'a str) -> RawEdit<'a> {
    RawEdit {
        title,
        body: Body::Text(text),
        base,
        summary: "test (mb-abcdefghij)",
        bot: true,
        minor: false,
        tag: None,
        assert_bot: true,
        start_timestamp: None,
        start_before: None,
    }
}

fn refusal(result: Result<Saved, Failed>) -> Refusal {
    match result {
        Err(Failed::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

async fn revision(session: &Session, revid: RevId) -> serde_json::Value {
    let params = [
        ("list", "recentchanges"),
        ("rcprop", "flags|ids|comment|user|tags"),
        ("rclimit", "500"),
    ];
    let changes = session.list(&params, "recentchanges").await.unwrap();
    let found = changes.into_iter().find(|c| c["revid"] == revid.0);
    found.unwrap_or_else(|| panic!("no change {revid}"))
}

#[tokio::test]
async fn a_page_is_made_changed_and_added_to() {
    let session = bot().await;
    let title = format!("{}/A", unique());
    let made = raw_edit(&session, &edit(&title, Base::CreateOnly, "One."))
        .await
        .unwrap();
    assert!(made.created && !made.no_change);
    assert_eq!((made.old_revid, made.title.as_str()), (RevId(0), title.as_str()));
    let change = revision(&session, made.revid).await;
    assert_eq!(change["bot"], true);
    assert_eq!(change["minor"], false);
    assert_eq!(change["user"], session.account());
    assert_eq!(change["comment"], "test (mb-abcdefghij)");

    let again = raw_edit(&session, &edit(&title, Base::CreateOnly, "Two.")).await;
    let again = refusal(again);
    assert_eq!(
        (again.code.as_str(), again.kind),
        ("articleexists", RefusalKind::EditConflict)
    );

    // Decomposed: the wiki stores form C, and the check sum is of that.
    let mut second = edit(&title, Base::Revision(made.revid), "Cafe\u{301}.");
    (second.bot, second.minor) = (false, true);
    let second = raw_edit(&session, &second).await.unwrap();
    assert_eq!(second.old_revid, made.revid);
    assert_eq!(second.page_id, made.page_id);
    assert!(second.new_timestamp >= made.new_timestamp);
    let change = revision(&session, second.revid).await;
    assert_eq!((&change["bot"], &change["minor"]), (&json!(false), &json!(true)));

    let mut third = edit(&title, Base::Revision(second.revid), "");
    third.body = Body::Append("\n\nMore.");
    raw_edit(&session, &third).await.unwrap();
    assert_eq!(text(&session, &title).await, "Café.\n\nMore.");
    // The token was asked for once.
    assert_eq!(session.counts().retries, 0);
}

#[tokio::test]
async fn the_wiki_refuses_what_would_double_or_overwrite() {
    let session = bot().await;
    let title = format!("{}/A", unique());
    let base = page(&title, "First.\n\nMiddle.\n\nLast.");
    let append = RawEdit {
        body: Body::Append("\n\nHello."),
        ..edit(&title, Base::Revision(RevId(base)), "")
    };
    raw_edit(&session, &append).await.unwrap();
    // As if the answer had been lost and the same request came again.
    let again = refusal(raw_edit(&session, &append).await);
    assert_eq!(
        (again.code.as_str(), again.kind),
        ("editconflict", RefusalKind::EditConflict)
    );
    assert_eq!(text(&session, &title).await.matches("Hello.").count(), 1);

    // Somebody edits elsewhere on the page: merged, and that can be seen.
    let base = page(&title, "First.\n\nMiddle.\n\nLast.");
    let between = page(&title, "First!\n\nMiddle.\n\nLast.");
    let merged = edit(&title, Base::Revision(RevId(base)), "First.\n\nMiddle.\n\nLast!");
    let saved = raw_edit(&session, &merged).await.unwrap();
    assert_eq!(saved.old_revid, RevId(between));
    assert_eq!(text(&session, &title).await, "First!\n\nMiddle.\n\nLast!");

    let same = edit(&title, Base::Revision(saved.revid), "First!\n\nMiddle.\n\nLast!");
    let same = raw_edit(&session, &same).await.unwrap();
    assert!(same.no_change);
    assert_eq!(same.revid, saved.revid);
}

#[tokio::test]
async fn deleted_missing_and_protected_pages_end_the_page() {
    let session = bot().await;
    let prefix = unique();
    let title = format!("{prefix}/A");
    let base = page(&title, "x");
    let seen: Timestamp = {
        let answer = session.get(&[("meta", "siteinfo")]).await.unwrap();
        answer["curtimestamp"].as_str().unwrap().parse().unwrap()
    };
    tokio::time::sleep(Duration::from_millis(1100)).await;
    admin(&["action=delete", &format!("title={title}")]);
    let gone = raw_edit(&session, &edit(&title, Base::Revision(RevId(base)), "y")).await;
    let gone = refusal(gone);
    assert_eq!((gone.code.as_str(), gone.kind), ("missingtitle", RefusalKind::Page));
    let mut anew = edit(&title, Base::CreateOnly, "y");
    anew.start_timestamp = Some(seen);
    let anew = refusal(raw_edit(&session, &anew).await);
    assert_eq!((anew.code.as_str(), anew.kind), ("pagedeleted", RefusalKind::Page));

    let cascade = format!("{prefix}/C");
    let locked = load(&[
        json!({"title": format!("{prefix}/P"), "text": "x", "protect": "sysop"}),
        json!({"title": cascade, "text": "x"}),
        json!({"title": format!("{prefix}/D"), "text": format!("{{{{:{cascade}}}}}"),
            "protect": "sysop", "cascade": true}),
    ]);
    for (i, code) in [(0, "protectedpage"), (1, "cascadeprotected")] {
        let base = Base::Revision(RevId(locked[i]["revid"].as_u64().unwrap()));
        let title = locked[i]["title"].as_str().unwrap();
        let refused = refusal(raw_edit(&session, &edit(title, base, "y")).await);
        assert_eq!((refused.code.as_str(), refused.kind), (code, RefusalKind::Page));
    }
    let interface = edit("MediaWiki:Wikitest", Base::CreateOnly, "y");
    let refused = refusal(raw_edit(&session, &interface).await);
    assert_eq!(refused.code, "protectednamespace-interface");
    assert_eq!(refused.kind, RefusalKind::Page);
    let invalid = refusal(raw_edit(&session, &edit("[", Base::CreateOnly, "y")).await);
    assert_eq!(
        (invalid.code.as_str(), invalid.kind),
        ("invalidtitle", RefusalKind::Page)
    );
    let big = "x".repeat(usize::try_from(session.site().max_article_size()).unwrap() + 1);
    let big = refusal(raw_edit(&session, &edit(&title, Base::CreateOnly, &big)).await);
    assert_eq!((big.code.as_str(), big.kind), ("contenttoobig", RefusalKind::Page));
}

#[tokio::test]
async fn blacklists_end_the_page_and_say_what_they_found() {
    let session = login(account(&[])).await;
    let word = unique().to_lowercase();
    admin(&[
        "action=edit",
        "title=MediaWiki:Spam-blacklist",
        &format!("appendtext=\n{word}\\.example"),
    ]);
    admin(&[
        "action=edit",
        "title=MediaWiki:Titleblacklist",
        &format!("appendtext=\n.*Bad {word}.*"),
    ]);
    let title = format!("X{word}/A");
    let spam = format!("https://{word}.example/");
    let mut with_link = edit(&title, Base::CreateOnly, &spam);
    with_link.assert_bot = false;
    let refused = refusal(raw_edit(&session, &with_link).await);
    assert_eq!(
        (refused.code.as_str(), refused.kind),
        ("spamblacklist", RefusalKind::Page)
    );
    assert!(refused.detail.contains(&word), "{refused}");

    let title = format!("Bad {word}");
    let mut bad = edit(&title, Base::CreateOnly, "x");
    bad.assert_bot = false;
    let refused = refusal(raw_edit(&session, &bad).await);
    assert_eq!(refused.kind, RefusalKind::Page, "{refused}");
    assert!(refused.code.starts_with("titleblacklist-"), "{refused}");
    assert!(refused.detail.contains(&word), "{refused}");
}

#[tokio::test]
async fn lost_flags_rights_and_blocks_end_the_run() {
    let session = bot().await;
    let prefix = unique();
    let title = format!("{prefix}/A");
    let user = session.account().to_owned();

    let mut tagged = edit(&title, Base::CreateOnly, "x");
    tagged.tag = Some("no such tag");
    let refused = refusal(raw_edit(&session, &tagged).await);
    assert_eq!(refused.kind, RefusalKind::Stop, "{refused}");

    let group = [
        "action=userrights",
        &format!("user={user}"),
        "remove=bot",
        "reason=test",
    ];
    admin(&group);
    let plain = edit(&title, Base::CreateOnly, "x");
    let refused = refusal(raw_edit(&session, &plain).await);
    assert_eq!(
        (refused.code.as_str(), refused.kind),
        ("assertbotfailed", RefusalKind::Stop)
    );

    admin(&["action=block", &format!("user={user}"), "reason=Too fast"]);
    let mut plain = edit(&title, Base::CreateOnly, "x");
    plain.assert_bot = false;
    let refused = refusal(raw_edit(&session, &plain).await);
    assert_eq!((refused.code.as_str(), refused.kind), ("blocked", RefusalKind::Stop));
    assert!(refused.info.contains("Too fast"), "{refused}");

    end_sessions(&user);
    let refused = refusal(raw_edit(&session, &plain).await);
    assert_eq!(refused.kind, RefusalKind::Stop, "{refused}");
    assert!(refused.code.starts_with("assert"), "{refused}");
}
