//! History of the settings page.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::types::{RevId, UserId};
use wikicrew_db::Lease;
use wikicrew_db::settings_rev::{self, Kind, Seen, SettingsRev, Verdict};

const SEEN: Seen<'static> = Seen {
    kind: Kind::Settings,
    revid: RevId(3_000_000_000),
    user: Some("Ädmin"),
    user_id: Some(UserId(1)),
    text_user: Some("Bob"),
    saved_at: None,
    verdict: Verdict::Accepted,
    problems: "[]",
    yaml: Some("enabled: true\n# 😀\n"),
    sha: "ab12",
};

async fn record(test: &TestDb, lease: &Lease, seen: &Seen<'_>, now: i64) {
    test.write(lease, async |tx| settings_rev::record(tx, seen, t(now)).await)
        .await
        .unwrap();
}

async fn get(test: &TestDb, kind: Kind, revid: u64) -> Option<SettingsRev> {
    let mut conn = test.db.conn().await.unwrap();
    settings_rev::get(&mut conn, "matchbot", WIKI, kind, RevId(revid))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_revision_keeps_what_was_first_and_learns_what_is_new() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let first = Seen {
        verdict: Verdict::Untrusted,
        problems: r#"["unprotected"]"#,
        yaml: None,
        sha: "",
        ..SEEN
    };
    record(&test, &lease, &first, 10).await;
    let row = get(&test, Kind::Settings, 3_000_000_000).await.unwrap();
    assert_eq!(
        (row.verdict, row.accepted_at, row.first_seen),
        (Verdict::Untrusted, None, t(10))
    );

    record(
        &test,
        &lease,
        &Seen {
            saved_at: Some(t(-5)),
            ..SEEN
        },
        20,
    )
    .await;
    let row = get(&test, Kind::Settings, 3_000_000_000).await.unwrap();
    assert_eq!(
        (row.verdict, row.accepted_at, row.first_seen),
        (Verdict::Accepted, Some(t(20)), t(10))
    );
    assert_eq!((row.yaml.as_deref(), row.sha.as_str()), (SEEN.yaml, "ab12"));
    assert_eq!((row.user.as_deref(), row.user_id), (Some("Ädmin"), Some(UserId(1))));
    assert_eq!((row.text_user.as_deref(), row.saved_at), (Some("Bob"), Some(t(-5))));

    let rejected = Seen {
        verdict: Verdict::Rejected,
        user: None,
        sha: "other",
        ..SEEN
    };
    record(&test, &lease, &rejected, 30).await;
    let row = get(&test, Kind::Settings, 3_000_000_000).await.unwrap();
    assert_eq!((row.verdict, row.accepted_at), (Verdict::Rejected, Some(t(20))));
    assert_eq!((row.user.as_deref(), row.sha.as_str()), (Some("Ädmin"), "ab12"));
}

#[tokio::test]
async fn the_last_accepted_the_newest_and_the_first() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for (kind, revid, verdict, saved) in [
        (Kind::Settings, 0, Verdict::Untrusted, None),
        (Kind::Settings, 5, Verdict::Rejected, Some(t(1))),
        (Kind::Settings, 6, Verdict::Accepted, Some(t(2))),
        (Kind::Settings, 7, Verdict::Accepted, Some(t(3))),
        (Kind::Settings, 8, Verdict::Rejected, Some(t(4))),
        (Kind::Draft, 9, Verdict::Accepted, Some(t(-99))),
    ] {
        let seen = Seen {
            kind,
            revid: RevId(revid),
            verdict,
            saved_at: saved,
            ..SEEN
        };
        record(&test, &lease, &seen, 10).await;
    }
    let mut conn = test.db.conn().await.unwrap();
    let last = settings_rev::last_accepted(&mut conn, "matchbot", WIKI, Kind::Settings).await;
    assert_eq!(last.unwrap().unwrap().revid, RevId(7));
    let newest = settings_rev::newest(&mut conn, "matchbot", WIKI, Kind::Settings).await;
    assert_eq!(newest.unwrap().unwrap().revid, RevId(8));
    let draft = settings_rev::newest(&mut conn, "matchbot", WIKI, Kind::Draft).await;
    assert_eq!(draft.unwrap().unwrap().revid, RevId(9));
    let stop = settings_rev::newest(&mut conn, "matchbot", WIKI, Kind::Stop).await;
    assert_eq!(stop.unwrap(), None);
    let first = settings_rev::first_accepted_saved_at(&mut conn, "matchbot", WIKI).await;
    assert_eq!(first.unwrap(), Some(t(2)), "drafts and rejected ones do not count");
    let none = settings_rev::first_accepted_saved_at(&mut conn, "matchbot", "dewiki").await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn exit_78_once_per_revision_and_then_every_24_hours() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for revid in [0, 5] {
        record(
            &test,
            &lease,
            &Seen {
                revid: RevId(revid),
                verdict: Verdict::Rejected,
                ..SEEN
            },
            0,
        )
        .await;
    }
    let day = 24 * 3600;
    for (revid, now, told) in [
        (5, 0, true),
        (5, 300, false),
        (0, 300, true),
        (5, day - 1, false),
        (5, day, true),
        (5, day + 300, false),
        (77, 300, false),
    ] {
        let asked = test
            .write(&lease, async |tx| {
                settings_rev::take_alarm(tx, Kind::Settings, RevId(revid), t(now - day), t(now)).await
            })
            .await;
        assert_eq!(asked.unwrap(), told, "revision {revid} at {now}");
    }
    let row = get(&test, Kind::Settings, 5).await.unwrap();
    assert_eq!((row.last_alarm, row.reported), (Some(t(day)), None));
    test.write(&lease, async |tx| {
        settings_rev::mark_reported(tx, Kind::Settings, RevId(5), t(7)).await
    })
    .await
    .unwrap();
    assert_eq!(get(&test, Kind::Settings, 5).await.unwrap().reported, Some(t(7)));
}
