use super::*;

fn given(reason: Option<&str>) -> Given {
    Given {
        by: "Olga".to_owned(),
        since: timestamp("2026-01-02T03:04:05Z").unwrap(),
        reason: reason.map(str::to_owned),
    }
}

fn after(switches: &[Switch]) -> Overrides {
    let mut rows = BTreeMap::new();
    for switch in switches {
        let (name, value) = switch.stored().unwrap();
        let stored = json!({"value": value, "by": "Olga", "since": "2026-01-02T03:04:05Z", "reason": null});
        rows.insert(name, stored.to_string());
    }
    Overrides::read(rows.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap()
}

#[test]
fn a_switch_holds_until_it_is_undone() {
    use Silence::{Quiet, Quit};
    let off = |name: &str, off| Switch::Off(Some(name.to_owned()), off);
    let state = |switches: &[Switch]| {
        let now = after(switches);
        (
            now.may_write(),
            now.is_quiet(),
            now.may_edit("Chembox"),
            now.may_edit("Infobox drug"),
            now.level(),
        )
    };
    for (switches, expected) in [
        (vec![], (true, false, true, true, None)),
        (vec![Switch::Silence(Some(Quiet))], (true, true, true, true, None)),
        (vec![Switch::Silence(Some(Quit))], (false, true, false, false, None)),
        (
            vec![Switch::Silence(Some(Quit)), Switch::Silence(None)],
            (true, false, true, true, None),
        ),
        (vec![Switch::Level(Some(0))], (true, false, true, true, Some(0))),
        (
            vec![Switch::Level(Some(1)), Switch::Level(None)],
            (true, false, true, true, None),
        ),
        (vec![off("Infobox drug", true)], (true, false, true, false, None)),
        (
            vec![Switch::Off(None, true), off("Chembox", false)],
            (true, false, false, false, None),
        ),
        (
            vec![off("Chembox", true), Switch::Off(None, false)],
            (true, false, false, true, None),
        ),
        (
            vec![off("Chembox", true), off("Chembox", false)],
            (true, false, true, true, None),
        ),
    ] {
        assert_eq!(state(&switches), expected, "{switches:?}");
    }
    assert!(off(&"x".repeat(243), true).stored().is_err());
}

#[test]
fn who_and_when_and_why_are_told() {
    let mut all = after(&[
        Switch::Silence(Some(Silence::Quit)),
        Switch::Off(Some("Chembox".to_owned()), true),
    ]);
    assert_eq!(all.silence, Some((Silence::Quit, given(None))));
    all.off_boxes.insert("Chembox".to_owned(), given(Some("see talk")));
    let said: Vec<String> = all.said().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "quit: nothing is written on the wiki, since 2026-01-02 03:04 UTC by Olga",
            "off Chembox: no article is edited for this box, since 2026-01-02 03:04 UTC by Olga (see talk)",
        ]
    );
    let json = all.json();
    assert_eq!(
        (&json["report"], &json["report_set"]["since"]),
        (&json!("quit"), &json!("2026-01-02T03:04:05Z"))
    );
    assert_eq!(json["off_boxes"]["Chembox"]["reason"], "see talk");
}

/// What cannot be read must not be taken for "nothing was switched".
#[test]
fn what_cannot_be_read_is_an_error() {
    for (name, value) in [
        (REPORT, r#"{"value":"loud","by":"Olga","since":"2026-01-02T03:04:05Z"}"#),
        (LEVEL, r#"{"value":"x","by":"Olga","since":"2026-01-02T03:04:05Z"}"#),
        (LEVEL, r#"{"value":"3","by":"Olga","since":"2026-01-02T03:04:05Z"}"#),
        (OFF, r#"{"value":"yes","by":"Olga","since":"2026-01-02T03:04:05Z"}"#),
        (OFF, r#"{"value":"off","since":"2026-01-02T03:04:05Z"}"#),
        (OFF, "off"),
        (
            "override.other",
            r#"{"value":"off","by":"Olga","since":"2026-01-02T03:04:05Z"}"#,
        ),
    ] {
        let said = Overrides::read([(name, value)]).unwrap_err().to_string();
        assert!(said.contains(name) && said.contains("switch it again"), "{said}");
    }
}

/// Feeds hear nothing after `quiet` and `quit`, and no more than the level that was set for log and feeds together.
#[test]
fn feeds_are_told_no_more_than_the_operator_wants() {
    use Silence::{Quiet, Quit};
    for (switches, most) in [
        (vec![], Level::All),
        (vec![Switch::Silence(Some(Quiet))], Level::Silent),
        (vec![Switch::Silence(Some(Quit)), Switch::Level(Some(2))], Level::Silent),
        (vec![Switch::Level(Some(0))], Level::Silent),
        (vec![Switch::Level(Some(1))], Level::High),
        (vec![Switch::Level(Some(1)), Switch::Level(None)], Level::All),
        (vec![Switch::Off(None, true)], Level::All),
    ] {
        assert_eq!(after(&switches).most_for_feeds(), most, "{switches:?}");
    }
}
