use super::*;

fn waiting(name: &str, asks: &[(Option<&str>, Reason)]) -> Waiting {
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let ask = |(requester, reason): &(Option<&str>, Reason)| Ask {
        id: 1,
        requester: requester.map(str::to_owned),
        requester_name: None,
        reason: *reason,
        detail: None,
        asked_at: now,
        tries: 0,
        next_try: now,
        error: None,
    };
    Waiting {
        subject: Subject::User(name.to_owned()),
        asks: asks.iter().map(ask).collect(),
    }
}

fn many(name: &str, n: usize, asks: &[(Option<&str>, Reason)]) -> Vec<Waiting> {
    (0..n).map(|n| waiting(&format!("{name} {n}"), asks)).collect()
}

/// How many of which there are, in the order of the first.
fn told(cleaning: &[Waiting], waiting: &[Waiting], room: Room) -> Vec<(String, usize)> {
    let mut told: Vec<(String, usize)> = Vec::new();
    for one in in_order(cleaning, waiting, room) {
        let name = one.subject.to_string();
        let name = name.split(' ').next().unwrap_or_default().to_owned();
        match told.iter_mut().find(|(known, _)| *known == name) {
            Some((_, n)) => *n += 1,
            None => told.push((name, 1)),
        }
    }
    told
}

fn of(told: &[(&str, usize)]) -> Vec<(String, usize)> {
    told.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

const ROOM: Room = Room {
    in_all: 20,
    by_rules: 100,
    by_anybody: 100,
};

#[test]
fn cleaning_comes_first_and_takes_half_where_others_wait() {
    let cleaning = many("Clean", 30, &[(None, Reason::Hidden)]);
    let rules = many("Rule", 30, &[(None, Reason::Rule)]);
    let room = |in_all| Room { in_all, ..ROOM };
    assert_eq!(told(&cleaning, &rules, ROOM), of(&[("Clean", 10), ("Rule", 10)]));
    assert_eq!(told(&cleaning, &rules[..3], ROOM), of(&[("Clean", 17), ("Rule", 3)]));
    assert_eq!(told(&cleaning[..4], &rules, ROOM), of(&[("Clean", 4), ("Rule", 16)]));
    assert_eq!(told(&cleaning, &[], ROOM), of(&[("Clean", 20)]));
    assert_eq!(told(&cleaning, &rules, room(1)), of(&[("Clean", 1)]));
    // The same subject once, although it is on both lists.
    let both = [&rules[..3], &cleaning[..5]].concat();
    assert_eq!(told(&cleaning[..5], &both, ROOM), of(&[("Clean", 5), ("Rule", 3)]));
}

#[test]
fn what_anybody_writes_has_a_bound_in_a_day_and_takes_no_turns_of_others() {
    let people: Vec<Waiting> = (0..40)
        .flat_map(|n| many(&format!("P{n}"), 1, &[(Some(&format!("p{n}")), Reason::Summary)]))
        .collect();
    let trusted = waiting("Poke", &[(Some("p1"), Reason::Summary), (Some("admin"), Reason::Poke)]);
    let mut all = people.clone();
    all.push(trusted);
    all.extend(many("Rule", 30, &[(None, Reason::Rule)]));
    let count = |by_anybody: usize| {
        let room = Room { by_anybody, ..ROOM };
        let told = told(&[], &all, room);
        let of = |begins: &str| {
            let is = |one: &&(String, usize)| one.0.starts_with(begins);
            told.iter().filter(is).map(|one| one.1).sum::<usize>()
        };
        (of("P") - of("Poke"), of("Poke"), of("Rule"))
    };
    assert_eq!(count(100), (20, 0, 0), "in turns");
    assert_eq!(count(5), (5, 1, 14));
    assert_eq!(count(0), (0, 1, 19));
}
