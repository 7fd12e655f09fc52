use super::*;

fn at(hour: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    begin + TimeDelta::hours(hour)
}

fn note(since: i64, not_before: Option<i64>) -> Note {
    Note {
        since: at(since),
        at: not_before.map(at),
        unknown: None,
    }
}

#[test]
fn notes_are_looked_at_in_their_order() {
    let of = |key: &str, note| (key.to_owned(), note);
    let notes = Notes::from([
        of("com.a.", note(9, None)),
        of("com.b.", note(3, Some(10))),
        of("com.c.", note(1, Some(11))),
        of("com.d.", note(5, None)),
    ]);
    let keys: Vec<&String> = due(&notes, at(10)).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["com.b.", "com.d.", "com.a."]);
    let stored = serde_json::to_string(&notes).unwrap();
    assert_eq!(serde_json::from_str::<Notes>(&stored).unwrap(), notes);
}

#[test]
fn a_wiki_that_cannot_be_asked_is_waited_for_a_day() {
    let mut waits = note(0, None);
    for hour in 0..24 {
        assert!(!waits.is_out_of_patience(at(hour)), "{hour}");
        waits = waits.after(&Verdict::Unknown, at(hour)).unwrap();
        assert_eq!(
            (waits.since, waits.at, waits.unknown),
            (at(0), Some(at(hour + 1)), Some(at(0)))
        );
    }
    assert!(waits.is_out_of_patience(at(24)));
    // Waiting for another reason takes no patience.
    let later = note(0, None).after(&Verdict::Later(at(99)), at(1)).unwrap();
    assert_eq!((later.at, later.is_out_of_patience(at(99))), (Some(at(99)), false));
    assert_eq!(note(0, None).after(&Verdict::Not, at(1)), None);
}
