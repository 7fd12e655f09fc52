use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_168_800 + second, 0).unwrap()
}

fn position(id: &str, second: Option<i64>) -> Position {
    Position {
        id: id.to_owned(),
        at: second.map(at),
        ..Position::default()
    }
}

#[test]
fn a_part_begins_where_everything_had_been_read() {
    let place = |own: &str, known: &[(&str, Option<i64>)]| {
        let known: Vec<_> = known
            .iter()
            .map(|(name, second)| ((*name).to_owned(), position(name, *second)))
            .collect();
        place_of(&known, own).map(|position| position.id)
    };
    let found = |name: &str| Some(name.to_owned());
    let (whole, one, two) = ("eventstreams", "eventstreams 1/2", "eventstreams 2/2");
    assert_eq!(place(whole, &[]), None);
    // Its own; what other divisions read before is no matter.
    assert_eq!(
        place(whole, &[(whole, Some(9)), (one, Some(3)), (two, Some(5))]),
        found(whole)
    );
    assert_eq!(
        place(one, &[(whole, Some(2)), (one, Some(3)), (two, Some(9))]),
        found(one)
    );
    // Divided otherwise: where the last of all the parts was, also when this part has a place from long ago.
    assert_eq!(place(whole, &[(one, Some(7)), (two, Some(5))]), found(two));
    assert_eq!(
        place(whole, &[(whole, Some(4)), (one, Some(7)), (two, Some(5))]),
        found(two)
    );
    assert_eq!(
        place("eventstreams 3/3", &[(whole, Some(6)), (one, Some(7)), (two, Some(5))]),
        found(whole)
    );
    // Half a division has not read everything, and a place without a time is not known to be further.
    assert_eq!(place(whole, &[(whole, Some(4)), (one, Some(7))]), found(whole));
    assert_eq!(place(whole, &[(one, Some(7))]), found(one));
    assert_eq!(
        place(whole, &[(whole, Some(4)), (one, None), (two, Some(5))]),
        found(whole)
    );
    assert_eq!(place("eventstreams 3/3", &[(one, None), (two, Some(5))]), found(two));
}

#[test]
fn a_wiki_that_was_read_from_its_recent_changes_is_read_on_from_there() {
    const DAY: i64 = 86_400;
    let alone = br#"{"id": "", "at": null, "alone": {"enwiki": {"wiki": "en.example.org/w", "revs": [3]}}}"#;
    let alone = Position::from_bytes(alone).unwrap().alone;
    let from = |second: Option<i64>| Position {
        alone: alone.clone(),
        ..position("x", second)
    };
    let switch = |before: Option<Position>, untils: &[i64], all: usize| {
        let mut begin = Begin {
            from: before,
            gaps: Vec::new(),
            switched: Vec::new(),
        };
        let untils: Vec<Timestamp> = untils.iter().map(|second| at(*second)).collect();
        begin.switch(&untils, all, at(3 * DAY));
        let gaps: Vec<_> = begin.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        let from = begin.from.map(|from| (from.id, from.at.unwrap(), from.alone.len()));
        (from, gaps)
    };
    let since = |second: i64, alone: usize| Some((String::new(), at(second), alone));
    assert_eq!(switch(None, &[], 2), (None, vec![]));
    assert_eq!(
        switch(None, &[3 * DAY - 60, 3 * DAY - 90], 2),
        (since(3 * DAY - 90, 0), vec![])
    );
    // The streams of others are further, or not so far.
    assert_eq!(
        switch(Some(from(Some(3 * DAY))), &[3 * DAY - 90], 2),
        (since(3 * DAY - 90, 1), vec![])
    );
    let kept = Some(("x".to_owned(), at(5), 1));
    assert_eq!(switch(Some(from(Some(5))), &[3 * DAY - 90], 2), (kept.clone(), vec![]));
    assert_eq!(
        switch(Some(from(Some(5))), &[3 * DAY - 90], 1),
        (since(3 * DAY - 90, 1), vec![])
    );
    // Not more than a day is made up for, and the rest told.
    let told = vec![(at(0), at(2 * DAY))];
    assert_eq!(switch(Some(from(Some(3 * DAY))), &[0], 2), (since(2 * DAY, 1), told));
    assert_eq!(switch(Some(from(Some(5))), &[0], 2), (kept, vec![(at(0), at(5))]));
}
