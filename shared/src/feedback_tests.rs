use super::*;
use chrono::TimeZone;
use serde_json::json;

fn at(hours: i64) -> Timestamp {
    chrono::Utc
        .timestamp_opt(1_800_000_000 + hours * 3600, 0)
        .single()
        .unwrap()
}

fn site() -> Site {
    let ns = |id: i32, name: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "subpages": true, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Test", "server": "http://localhost", "lang": "en", "wikiid": "testwiki", "generator": "MediaWiki 1.43.9", "case": "first-letter"},
        "namespaces": {"0": ns(0, ""), "1": ns(1, "Talk"), "2": ns(2, "User"), "3": ns(3, "User talk")},
        "namespacealiases": [], "extensiontags": [], "extensions": [],
    }))
    .unwrap()
}

fn page(in_force: InForce, waiting: Vec<Wikitext>, newest: Timestamp) -> String {
    let site = site();
    let title = |text: &str| site.title(text).unwrap();
    Status {
        site: &site,
        messages: Messages::new(None, &[]),
        job: "matchbot",
        bot: "CoopBot",
        version: "0.1.0",
        settings: &title("User:CoopBot/matchbot/Settings"),
        stop: &title("User:CoopBot/matchbot/Stop"),
        in_force,
        draft: None,
        last_run: Some(at(-1)),
        next_run: Some(at(1)),
        operator: Some("Olga"),
        newest,
        totals: [
            Totals {
                runs: 288,
                edits: 3,
                errors: 0,
            },
            Totals {
                runs: 2016,
                edits: 20,
                errors: 1,
            },
        ],
        done: vec![plain("3 greetings", 100)],
        waiting,
    }
    .page()
}

fn accepted() -> InForce {
    InForce::Accepted {
        saved: SavedBy {
            revid: RevId(12),
            user: "Ann".to_owned(),
            at: at(-5),
        },
        written_by: None,
        ends: None,
        warnings: Vec::new(),
        halted: None,
    }
}

#[test]
fn the_page_as_an_admin_reads_it() {
    insta::assert_snapshot!(page(accepted(), vec![plain("Wikipedia:Co-op/Ben: no", 100)], at(0)));
}

#[test]
fn a_rejected_revision_lists_every_problem_and_no_text_is_markup() {
    let problem = Problem::error("greetings", "`{{subst:Evil}}` [[User:Ann]] ~~~~");
    let saved = SavedBy {
        revid: RevId(13),
        user: "'''Mallory'''".to_owned(),
        at: at(-1),
    };
    let page = page(InForce::Rejected(saved, vec![problem]), Vec::new(), at(0));
    assert!(page.contains("'''rejected'''"));
    for markup in ["{{", "[[User:Ann", "~~~~", "'''Mallory"] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
}

#[test]
fn saved_when_the_first_or_fourth_part_changes_else_daily() {
    let old = page(accepted(), Vec::new(), at(0));
    let later = page(accepted(), Vec::new(), at(5));
    assert_ne!(old, later, "the second part tells the time");
    assert!(!is_due(Some(&old), Some(at(0)), &later, at(5)));
    assert!(is_due(Some(&old), Some(at(0)), &later, at(24)));
    assert!(is_due(None, None, &later, at(5)));
    let waiting = page(accepted(), vec![plain("Ben", 9)], at(5));
    assert!(is_due(Some(&old), Some(at(0)), &waiting, at(5)));
    let off = page(
        InForce::Off(SavedBy {
            revid: RevId(14),
            user: "Ann".to_owned(),
            at: at(4),
        }),
        Vec::new(),
        at(5),
    );
    assert!(is_due(Some(&old), Some(at(0)), &off, at(5)));
}
