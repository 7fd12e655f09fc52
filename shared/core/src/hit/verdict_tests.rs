//! Who is passed over, and who is new.

use super::super::fixtures::{Scene, at, now};
use super::super::{Config, UserFacts};
use super::*;
use chrono::TimeDelta;

fn skip() -> Skip {
    Skip {
        groups: vec!["sysop".to_owned()],
        tags: vec!["mw-undo".to_owned()],
        ..Skip::default()
    }
}

fn scene(edits: Option<u64>, days: Option<i64>) -> Scene {
    let mut scene = Scene::adding("Acme Widgets", &["http://acmewidgets.com"]);
    scene.config = Config {
        skip: skip(),
        ..Config::default()
    };
    (scene.edits, scene.registered) = (edits, days.map(|days| now() - TimeDelta::days(days)));
    scene
}

fn reason(scene: &Scene) -> Option<String> {
    let hits = scene.verdict().hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].starts_monitoring, hits[0].skip.is_none());
    hits[0].skip.clone()
}

#[test]
fn edits_and_age_skip_together_or_alone() {
    for (edits_over, age_over, edits, days, expected) in [
        (Some(500), Some(30), Some(501), Some(31), Some("501 edits, 31 days")),
        (Some(500), Some(30), Some(500), Some(31), None),
        (Some(500), Some(30), Some(501), Some(30), None),
        (Some(500), Some(30), None, Some(31), None),
        (Some(500), Some(30), Some(501), None, None),
        (Some(500), None, Some(501), Some(0), Some("501 edits")),
        (Some(500), None, None, Some(999), None),
        (None, Some(30), Some(0), Some(31), Some("31 days")),
        (None, None, Some(9_999), Some(999), None),
    ] {
        let mut scene = scene(edits, days);
        scene.config.skip.edits_over = edits_over;
        scene.config.skip.age_over = age_over.map(TimeDelta::days);
        let expected = expected.map(|figures| format!("established: {figures}"));
        assert_eq!(
            reason(&scene),
            expected,
            "{edits_over:?} {age_over:?} {edits:?} {days:?}"
        );
    }
}

#[test]
fn what_is_known_better_stands_before_what_the_edit_said() {
    let mut scene = scene(Some(100), Some(100));
    assert_eq!(reason(&scene), None);
    scene.facts = Some(UserFacts {
        edits: Some(1_200),
        is_global: true,
        ..UserFacts::default()
    });
    assert_eq!(reason(&scene).as_deref(), Some("established: 1200 edits, 100 days"));
    scene.facts = Some(UserFacts {
        groups: vec!["user".into(), "sysop".into()],
        ..UserFacts::default()
    });
    assert_eq!(reason(&scene).as_deref(), Some("group: sysop"));
    scene.tags = vec!["visualeditor".into(), "mw-undo".into()];
    assert_eq!(reason(&scene).as_deref(), Some("tag: mw-undo"));
    scene.config.min_name = 99;
    assert!(reason(&scene).unwrap().starts_with("short: "));
}

#[test]
fn the_user_is_asked_for_only_when_it_matters() {
    let needs = |scene: &Scene| {
        let (mut judge, _) = scene.judge();
        scene.edit(|edit, outside, site| judge.judge(edit, outside, site).needs_user())
    };
    assert!(needs(&scene(Some(100), Some(100))));
    assert!(needs(&scene(None, None)));
    assert!(!needs(&scene(Some(501), Some(31))), "skipped already");
    let mut tagged = scene(None, Some(1));
    tagged.tags = skip().tags;
    assert!(!needs(&tagged));
    let mut nothing = scene(Some(100), Some(100));
    nothing.config.skip = Skip {
        edits_over: None,
        age_over: None,
        ..Skip::default()
    };
    assert!(!needs(&nothing));
    nothing.edits = None;
    assert!(!needs(&nothing), "the age is known");
    nothing.registered = None;
    assert!(needs(&nothing), "whether the account is new is not");
    let other = |user, line| Scene {
        edits: None,
        registered: None,
        ..Scene::adding(user, &["http://x.example"]).with(&[line])
    };
    assert!(needs(&other("Zed", "ml x.example")));
    assert!(!needs(&other("Zed", "mu zed")), "not shown");
    assert!(!needs(&other("Zed", "ml y.example")), "no hit");
    assert!(!needs(&other("192.0.2.1", "ml x.example")));
}

#[test]
fn global_figures_are_asked_for_only_where_local_ones_settle_nothing() {
    let settled = |scene: &Scene, edits: u64, days: i64, group: &str| {
        let facts = UserFacts {
            edits: Some(edits),
            registered: Some(now() - TimeDelta::days(days)),
            groups: vec![group.to_owned()],
            is_global: false,
        };
        let (mut judge, _) = scene.judge();
        let judged = scene.edit(|edit, outside, site| judge.judge(edit, outside, site));
        judged.is_settled(&scene.config.skip, &facts, NewUser::default(), now())
    };
    let overlap = scene(None, None);
    assert!(settled(&overlap, 501, 31, "user"), "an old hand here");
    assert!(settled(&overlap, 100, 100, "sysop"));
    assert!(!settled(&overlap, 501, 29, "user") && !settled(&overlap, 500, 31, "user"));
    assert!(!settled(&overlap, 501, 1, "sysop"), "new here, which pages say");
    let listed = Scene::adding("Zed", &["http://x.example"]).with(&["ml x.example"]);
    assert!(settled(&listed, 100, 100, "user"), "nothing to be skipped");
    assert!(!settled(&listed, 3, 100, "user"), "new here");
    assert!(settled(&Scene::new("Zed", "Q"), 0, 0, "user"), "no hit");
}

#[test]
fn a_skipped_overlap_is_recorded_beside_the_later_hit() {
    let established = scene(Some(501), Some(31)).with(&["ml acmewidgets.com", "mu acme"]);
    established.gives(&[
        "link-overlap acmewidgets.com U->L 78.5 (established: 501 edits, 31 days)",
        "monitored-user acmewidgets.com U->L =acme hidden",
        "monitored-link acmewidgets.com U->L =acmewidgets.com",
    ]);
    let story = established.verdict().story;
    assert!(
        story
            .iter()
            .any(|line| line.contains("recorded only; the questions go on")),
        "{story:#?}"
    );
    assert_eq!(story.last().unwrap(), "Hits to record: 3, of them skipped: 1.");
    // Not skipped: nothing after it counts
    let fresh = scene(Some(5), Some(1)).with(&["ml acmewidgets.com", "mu acme"]);
    fresh.gives(&["link-overlap acmewidgets.com U->L 78.5 new"]);
}

#[test]
fn who_is_new() {
    let is_new = |user, edits, made: Option<&str>| {
        let mut scene = Scene::adding(user, &["http://x.example"]).with(&["ml x.example"]);
        (scene.edits, scene.registered) = (edits, made.map(at));
        scene.verdict().hits[0].is_new
    };
    assert!(is_new("192.0.2.1", Some(9_999), None));
    assert!(is_new("~2026-1-2", Some(9_999), None));
    assert!(is_new("Zed", Some(9), Some("2020-01-01T00:00:00Z")));
    assert!(is_new("Zed", Some(99), Some("2026-11-19T00:00:00Z")));
    assert!(!is_new("Zed", Some(99), Some("2020-01-01T00:00:00Z")));
    assert!(!is_new("Zed", None, None));
}
