use super::*;
use crate::infobox::fixtures::{chembox, only, verified};

/// The CAS number and boiling point of a box, before and after; `None` for
/// no box. The verified revision has 67-64-1 and 56.
fn told(old: Option<&str>, new: Option<&str>) -> Vec<(String, Kind, State, bool)> {
    let def = chembox();
    let read = |fields: &str| only(&format!("{{{{chembox|{fields}}}}}"), &def);
    let (old, new) = (old.map(read), new.map(read));
    let right = verified("{{chembox|CASNo=67-64-1|BoilingPt=56}}", &def);
    let with = changes(&def, old.as_ref(), new.as_ref(), Some(&right), 3);
    let without = changes(&def, old.as_ref(), new.as_ref(), None, 3);
    // A verified revision makes no change and hides none.
    assert_eq!(with.len(), without.len());
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(
            (with.kind, &with.field, with.ordinal),
            (without.kind, &without.field, 3)
        );
        assert_eq!(without.verified, None);
        let unknown = if without.kind == Kind::Formatting {
            State::Formatting
        } else {
            State::Changed
        };
        assert_eq!(without.state, unknown);
    }
    with.into_iter()
        .map(|one| (one.field, one.kind, one.state, one.check.is_some()))
        .collect()
}

#[test]
fn states_follow_the_verified_revision() {
    use Kind::*;
    use State::{ChangedToCorrect, ChangedToOther, CorrectToChanged};
    let cas = |kind, state, fails| vec![("CASNo".to_owned(), kind, state, fails)];
    for (old, new, expected) in [
        ("CASNo=67-64-1", "CASNo=67-64-7", cas(Changed, CorrectToChanged, true)),
        ("CASNo=67-64-7", "CASNo=67-64-1", cas(Changed, ChangedToCorrect, false)),
        ("CASNo=67-64-7", "CASNo=50-00-0", cas(Changed, ChangedToOther, false)),
        ("CASNo=67-64-1", "CASNo=", cas(Removed, CorrectToChanged, false)),
        ("CASNo=67-64-1", "x=", cas(Removed, CorrectToChanged, false)),
        (
            "CASNo=67-64-1",
            "CASNo=<ref>x</ref>",
            cas(Removed, CorrectToChanged, false),
        ),
        ("x=", "CASNo=67-64-1", cas(Added, ChangedToCorrect, false)),
        ("CASNo=", "CASNo=7", cas(Added, ChangedToOther, true)),
        (
            "CASNo=67-64-1",
            "CASNo=67-64-1<ref>a</ref>",
            cas(Formatting, State::Formatting, false),
        ),
        ("CASNo=67-64-1", "CASNo=067-64-1", cas(Changed, CorrectToChanged, true)),
        ("CASNo=", "x=", vec![]),
        ("CASNo=67-64-1|y=1", "y=2|CASNo = 67-64-1 ", vec![]),
        // Another verified field, not in the verified revision: nothing was right.
        (
            "x=",
            "CASNo1=67-64-1",
            vec![("CASNo1".to_owned(), Added, CorrectToChanged, false)],
        ),
        (
            "BoilingPt=56",
            "BoilingPt=57",
            vec![("BoilingPt".to_owned(), Changed, State::Changed, false)],
        ),
        (
            "BoilingPt=56",
            "BoilingPt=56<ref>a</ref>",
            vec![("BoilingPt".to_owned(), Changed, State::Changed, false)],
        ),
        (
            "BoilingPt=a b",
            "BoilingPt=a  b<!-- c -->",
            vec![("BoilingPt".to_owned(), Formatting, State::Formatting, false)],
        ),
        (
            "BoilingPt=k",
            "BoilingPt=K",
            vec![("BoilingPt".to_owned(), Changed, State::Changed, false)],
        ),
    ] {
        assert_eq!(told(Some(old), Some(new)), expected, "{old} -> {new}");
    }
}

#[test]
fn an_added_or_removed_box_tells_each_field() {
    let all = "CASNo=67-64-1|BoilingPt=56|unwatched=1";
    let fields =
        |told: Vec<(String, Kind, State, bool)>| told.into_iter().map(|one| (one.0, one.1, one.2)).collect::<Vec<_>>();
    assert_eq!(
        fields(told(Some(all), None)),
        [
            ("CASNo".to_owned(), Kind::Removed, State::CorrectToChanged),
            ("BoilingPt".to_owned(), Kind::Removed, State::Changed)
        ]
    );
    assert_eq!(
        fields(told(None, Some(all))),
        [
            ("CASNo".to_owned(), Kind::Added, State::ChangedToCorrect),
            ("BoilingPt".to_owned(), Kind::Added, State::Changed)
        ]
    );
    assert_eq!(told(None, None), []);
}

#[test]
fn values_are_told_as_they_stand() {
    let def = chembox();
    let old = only("{{chembox|CASNo= 67-64-1 <!-- ok -->}}", &def);
    let new = only("{{chembox|CASNo=<ref>a</ref>\n}}", &def);
    let right = verified("{{chembox|BoilingPt=56}}", &def);
    let told = changes(&def, Some(&old), Some(&new), Some(&right), 0);
    assert_eq!(told[0].old.as_deref(), Some("67-64-1 <!-- ok -->"));
    assert_eq!(told[0].new.as_deref(), Some("<ref>a</ref>"));
    assert_eq!(told[0].verified, Some(None));
    assert_eq!(told[0].state, State::ChangedToCorrect);
}

#[test]
fn what_differs_now_is_listed_and_the_verified_box_can_be_kept() {
    let def = chembox();
    let right = verified(
        "{{chembox|CASNo=67-64-1<ref>a</ref>|BoilingPt=56|Name=x|Section1={{Chembox P|CASNo1=}}}}",
        &def,
    );
    let json = serde_json::to_string(&right).unwrap();
    assert_eq!(json, r#"{"BoilingPt":"56","CASNo":"67-64-1<ref>a</ref>","CASNo1":""}"#);
    assert_eq!(serde_json::from_str::<VerifiedBox>(&json).unwrap(), right);
    assert_eq!(
        differing(
            &def,
            &only("{{chembox|CASNo= 67-64-1|BoilingPt=56<!-- x -->}}", &def),
            &right
        ),
        []
    );
    let one = |field: &str, value: Option<&str>, verified: Option<&str>, is_verified| Differing {
        field: field.to_owned(),
        value: value.map(str::to_owned),
        verified: verified.map(str::to_owned),
        is_verified,
    };
    assert_eq!(
        differing(&def, &only("{{chembox|CASNo3=1|BoilingPt=}}", &def), &right),
        [
            one("CASNo", None, Some("67-64-1<ref>a</ref>"), true),
            one("CASNo3", Some("1"), None, true),
            one("BoilingPt", Some(""), Some("56"), false),
        ]
    );
}

#[test]
fn the_reading_key_tells_definitions_apart() {
    let key = chembox().reading_key();
    assert_eq!(key, chembox().reading_key());
    let mut others = [chembox(), chembox(), chembox()];
    others[0].watched.pop();
    others[1].aliases.insert("CAS".to_owned(), "CASNo".to_owned());
    others[2].names = crate::infobox::fixtures::drugbox().names;
    for other in others {
        assert_ne!(other.reading_key(), key);
    }
    let mut same = chembox();
    same.checks.clear();
    assert_eq!(same.reading_key(), key);
}
