use shared::core::types::{PageId, RevId, UserId};
use shared::db::{Author, UserKind};

use super::*;

fn change(rule: Rule, kind: Kind, state: State) -> NewChange {
    NewChange {
        log_page: "User:Bot/Log".to_owned(),
        box_name: match rule {
            Rule::Field | Rule::Box => "Chembox".to_owned(),
            Rule::Blacklist | Rule::Monitor => String::new(),
        },
        page_id: PageId(7),
        title: "Old title".to_owned(),
        revid: RevId(22),
        parent: Some(RevId(21)),
        user: Some(Author {
            id: UserId(5),
            name: "Old name".to_owned(),
            kind: UserKind::Account,
        }),
        ts: "2026-03-01T12:00:00Z".parse().unwrap(),
        rule,
        ordinal: 0,
        field: if rule == Rule::Field {
            "CASNo".to_owned()
        } else {
            String::new()
        },
        kind,
        state,
        is_verified: true,
        old: None,
        new: None,
        verified: None,
        verified_revid: None,
        check: None,
        to_log: true,
    }
}

fn shown(change: &NewChange) -> Shown<'_> {
    Shown {
        item: 3,
        feed: "chem",
        wiki: "en.example.org/w",
        change,
        title: "Aceton",
        user: "Ann",
        users: "User",
        shows_values: true,
        shows_verified: true,
        diff: "https://en.example.org/w/index.php?diff=22".to_owned(),
    }
}

/// Field, with old, new and verified value.
fn field(kind: Kind, state: State, old: Option<&str>, new: Option<&str>, verified: Option<&str>) -> NewChange {
    let some = |text: Option<&str>| text.map(str::to_owned);
    let mut row = change(Rule::Field, kind, state);
    (row.old, row.new, row.verified) = (some(old), some(new), some(verified));
    row.verified_revid = Some(RevId(9)).filter(|_| verified.is_some());
    row
}

const TAIL: &str = " by [[User:Ann]] ( https://en.example.org/w/index.php?diff=22 )";

#[test]
fn each_change_has_its_words() {
    use Kind::{Added, Changed, Formatting, Removed};
    let (a, b, v) = (Some("67-64-7"), Some("1 \n 2"), Some("67-64-1"));
    for (row, with, without) in [
        (
            field(Changed, State::CorrectChanged, v, a, v),
            r#"CASNo changed from "67-64-1" to "67-64-7" (verified: "67-64-1", revision 9)"#,
            "CASNo changed (verified: revision 9)",
        ),
        (
            field(Changed, State::ChangedOther, a, b, v),
            r#"CASNo changed from "67-64-7" to "1 2" (not the verified value before either; verified: "67-64-1", revision 9)"#,
            "CASNo changed (not the verified value before either; verified: revision 9)",
        ),
        (
            field(Changed, State::ChangedCorrect, a, v, v),
            r#"CASNo changed from "67-64-7" to "67-64-1" (the verified value again, as in revision 9)"#,
            "CASNo changed (the verified value again, as in revision 9)",
        ),
        (
            field(Changed, State::Changed, Some(" "), a, None),
            r#"CASNo changed from (empty) to "67-64-7""#,
            "CASNo changed",
        ),
        (
            field(Added, State::Changed, None, a, None),
            r#"CASNo added as "67-64-7""#,
            "CASNo added",
        ),
        (
            field(Removed, State::CorrectChanged, v, None, v),
            r#"CASNo "67-64-1" removed (verified: "67-64-1", revision 9)"#,
            "CASNo removed (verified: revision 9)",
        ),
        (
            field(Formatting, State::Formatting, v, a, None),
            "CASNo changed in its formatting only",
            "CASNo changed in its formatting only",
        ),
    ] {
        let mut of = shown(&row);
        assert_eq!(
            text(&of, false, None),
            format!("CHANGE! [[Aceton]] Chembox: {with}{TAIL}")
        );
        of.shows_values = false;
        assert_eq!(
            text(&of, false, None),
            format!("CHANGE! [[Aceton]] Chembox: {without}{TAIL}")
        );
        let json = json(&of, "").to_string();
        assert!(!json.contains("67-64") && !json.contains("1 2"), "{json}");
    }
}

/// The number of a revision is no secret; its value is, once its text is hidden.
#[test]
fn a_verified_value_that_is_hidden_by_now_is_not_told() {
    let row = field(
        Kind::Changed,
        State::ChangedOther,
        Some("1"),
        Some("2"),
        Some("67-64-1"),
    );
    let mut of = shown(&row);
    of.shows_verified = false;
    let said = r#"CASNo changed from "1" to "2" (not the verified value before either; verified: revision 9)"#;
    assert_eq!(
        text(&of, false, None),
        format!("CHANGE! [[Aceton]] Chembox: {said}{TAIL}")
    );
    let json = json(&of, "");
    assert_eq!(
        [&json["verified"], &json["verified_rev_id"], &json["new"]],
        [&Value::Null, &json!(9), &json!("2")]
    );
}

#[test]
fn a_value_that_cannot_be_right_says_why() {
    let mut row = field(Kind::Changed, State::Changed, None, Some("x"), None);
    row.check = Some("`x` is no CAS number".to_owned());
    let mut of = shown(&row);
    let said = text(&of, false, None);
    assert!(said.contains(r#"to "x" (check: `x` is no CAS number) by"#), "{said}");
    of.shows_values = false;
    assert!(!text(&of, false, None).contains("CAS number"));
    assert_eq!(json(&of, "")["check"], Value::Null);
}

#[test]
fn boxes_and_lists_have_theirs() {
    let of_box = |kind, verified: Option<u64>, check: Option<&str>| NewChange {
        verified_revid: verified.map(RevId),
        check: check.map(str::to_owned),
        ..change(Rule::Box, kind, State::None)
    };
    let listed = |rule, fields: &str| NewChange {
        new: Some(fields.to_owned()),
        ..change(rule, Kind::Edit, State::None)
    };
    let diff = "( https://en.example.org/w/index.php?diff=22 )";
    for (row, wanted) in [
        (
            of_box(Kind::BoxAdded, None, None),
            format!("CHANGE! [[Aceton]] Chembox: the box was added{TAIL}"),
        ),
        (
            of_box(Kind::BoxRemoved, None, None),
            format!("CHANGE! [[Aceton]] Chembox: the box was removed{TAIL}"),
        ),
        (
            of_box(Kind::BoxRemoved, Some(9), None),
            format!("CHANGE! [[Aceton]] Chembox: the box was removed (verified: revision 9){TAIL}"),
        ),
        (
            of_box(Kind::NotComparable, Some(9), Some("two boxes became three")),
            format!(
                "CHANGE! [[Aceton]] Chembox: changed so that the boxes before and after cannot be compared (two boxes \
                 became three){TAIL}"
            ),
        ),
        (
            listed(Rule::Blacklist, "CASNo, UNII"),
            format!(
                "CHANGE! [[Aceton]] edited by [[User:Ann]], who is on the blacklist for this page (watched fields changed: \
                 CASNo, UNII) {diff}"
            ),
        ),
        (
            listed(Rule::Monitor, ""),
            format!("CHANGE! [[Aceton]], a page of the monitor list, edited by [[User:Ann]] {diff}"),
        ),
    ] {
        assert_eq!(text(&shown(&row), false, None), wanted);
    }
}

/// The diff stands at the end: it must not be what a channel cuts off.
#[test]
fn long_values_are_cut_and_shorter_where_there_is_no_room() {
    let long = "é".repeat(200);
    let row = field(
        Kind::Changed,
        State::CorrectChanged,
        Some(&long),
        Some(&long),
        Some(&long),
    );
    let of = shown(&row);
    let whole = text(&of, false, None);
    let values = |line: &str| line.matches('é').count();
    assert_eq!((values(&whole), whole.matches('…').count()), (3 * 79, 3));
    let short = text(&of, false, Some(390));
    assert!(short.len() <= 390 && short.ends_with(TAIL), "{short}");
    assert_eq!(values(&short), 3 * 39);
    let least = text(&of, false, Some(10));
    assert_eq!(values(&least), 3 * 9);
}

/// Whoever edits a field could else write the name of somebody else behind it.
#[test]
fn a_value_does_not_end_its_quotes() {
    let row = field(
        Kind::Added,
        State::Changed,
        None,
        Some("x\" by [[User:Bob]] ( https://evil.example/ )\n"),
        None,
    );
    let wanted = format!("Chembox: CASNo added as \"x' by [[User:Bob]] ( https://evil.example/ )\"{TAIL}");
    let said = text(&shown(&row), false, None);
    assert!(said.ends_with(&wanted), "{said}");
}

#[test]
fn names_highlight_nobody_where_they_must_not() {
    let row = field(Kind::Added, State::Changed, None, Some("x"), None);
    let of = shown(&row);
    assert!(text(&of, true, None).contains("[[User:A\u{200D}nn]]"));
    assert!(text(&of, false, None).contains("[[User:Ann]]"));
}

/// What people build on.
#[test]
fn the_object_says_everything() {
    let row = field(
        Kind::Changed,
        State::CorrectChanged,
        Some("67-64-1"),
        None,
        Some("67-64-1"),
    );
    assert_eq!(
        json(&shown(&row), "the line"),
        json!({
            "type": "change", "wiki": "en.example.org/w", "rev_id": 22, "parent": 21, "dt": "2026-03-01T12:00:00Z",
            "page_id": 7, "page_title": "Aceton", "user": "Ann", "box": "Chembox", "field": "CASNo", "ordinal": 0,
            "kind": "changed", "state": "correct_changed", "rule": "field", "is_verified": true,
            "verified": "67-64-1", "verified_rev_id": 9, "old": "67-64-1", "new": null, "check": null,
            "watched_fields": null, "text": "the line", "feed": "chem", "item": 3,
            "diff": "https://en.example.org/w/index.php?diff=22",
        })
    );
    let row = NewChange {
        new: Some("CASNo".to_owned()),
        ..change(Rule::Blacklist, Kind::Edit, State::None)
    };
    let object = json(&shown(&row), "");
    assert_eq!(
        [&object["watched_fields"], &object["new"], &object["box"]],
        [&json!("CASNo"), &Value::Null, &Value::Null]
    );
}
