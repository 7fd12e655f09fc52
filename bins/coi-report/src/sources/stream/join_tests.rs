use super::*;
use shared::core::addition::{LinksChange, Performer, RevisionFacts};
use shared::core::change::{Change, EditorKind};
use shared::core::hit::UserFacts;
use shared::core::types::{PageId, UserId};
use shared::wiki::stream::Resume;

const BOUNDS: Bounds = Bounds {
    window: Duration::from_secs(60),
    longest: Duration::from_secs(300),
    waiting: 100,
    remembered: 100,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_168_800 + second, 0).unwrap()
}

fn change_of(rev: u64, second: i64, user: &str) -> Box<StreamChange> {
    Box::new(StreamChange {
        wiki: "de.wikipedia.org/w".to_owned(),
        dbname: "dewiki".to_owned(),
        domain: "de.wikipedia.org".to_owned(),
        script_path: "/w".to_owned(),
        dt: at(second),
        change: Change {
            rcid: Some(rev),
            revid: RevId(rev),
            parent: RevId(rev - 1),
            page_id: PageId(0),
            ns: 0,
            title: "A".to_owned(),
            user: Some(user.to_owned()),
            user_id: UserId(0),
            editor: EditorKind::Named,
            bot: false,
            minor: false,
            timestamp: at(second),
            tags: Vec::new(),
            sha1: None,
            comment: None,
            old_len: None,
            new_len: None,
            is_new: false,
            log: None,
        },
    })
}

fn links_of(rev: u64, second: i64, user: Option<&str>, added: &str) -> Box<StreamLinks> {
    Box::new(StreamLinks {
        dbname: "dewiki".to_owned(),
        domain: "de.wikipedia.org".to_owned(),
        links: LinksChange {
            of: RevisionFacts {
                wiki: "de.wikipedia.org/w".to_owned(),
                dbname: "dewiki".to_owned(),
                realm: "wikimedia".to_owned(),
                rev: RevId(rev),
                page: PageId(5),
                ns: 0,
                title: "A".to_owned(),
                ts: at(second),
                performer: user.map(|name| Performer {
                    name: name.to_owned(),
                    kind: EditorKind::Named,
                    user_id: UserId(7),
                    is_bot: false,
                    edits: Some(3),
                    registered: None,
                }),
            },
            added: vec![added.to_owned()],
        },
        facts: user.map(|_| UserFacts {
            edits: Some(3),
            registered: None,
            groups: Vec::new(),
            is_global: false,
        }),
    })
}

/// A joiner with a clock of seconds.
struct Test {
    joiner: Joiner,
    now: u64,
}

impl Test {
    fn new(bounds: Bounds) -> Self {
        Self {
            joiner: Joiner::new(bounds),
            now: 0,
        }
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.now)
    }

    fn edit(&mut self, id: &str, rev: u64, second: i64) {
        let now = self.now();
        self.joiner.change(id, change_of(rev, second, "Alice"), now);
        self.joiner.look(now);
    }

    fn link(&mut self, id: &str, rev: u64, second: i64, user: Option<&str>, added: &str) {
        let now = self.now();
        self.joiner.link(id, links_of(rev, second, user, added), now);
        self.joiner.look(now);
    }

    /// Revisions with their links (`-`: none, `?`: not known), and the id to go on after.
    fn take(&mut self) -> (Vec<String>, Option<String>) {
        let (edits, position) = self.joiner.take();
        let show = |edit: StreamEdit| {
            let links = match (&edit.links, edit.knows_links) {
                (Some(links), _) => links.added.join("+"),
                (None, true) => "-".to_owned(),
                (None, false) => "?".to_owned(),
            };
            let late = if edit.is_late { " late" } else { "" };
            format!("{} {links}{late}", edit.change.revid)
        };
        (
            edits.into_iter().map(show).collect(),
            position.map(|position| position.id),
        )
    }
}

fn id(id: &str) -> Option<String> {
    Some(id.to_owned())
}

#[test]
fn both_halves_meet_in_any_order_and_the_place_is_behind_all_that_was_given() {
    let mut test = Test::new(BOUNDS);
    test.joiner.other("a", Some(at(0)));
    test.edit("b", 2, 1);
    test.link("c", 3, 2, Some("Alice"), "x");
    assert_eq!(test.take(), (vec![], id("a")));
    assert_eq!(test.take(), (vec![], None), "it has not moved");
    test.edit("d", 3, 2);
    // `b` waits, so nothing behind it is a place to go on from, and nothing behind it is given.
    assert_eq!(test.take(), (vec![], None));
    test.joiner.other("e", Some(at(3)));
    test.link("f", 2, 4, Some("Alice"), "y");
    assert_eq!(test.take(), (vec!["2 y".to_owned(), "3 x".to_owned()], id("f")));
    let counts = test.joiner.counts();
    assert_eq!(counts, Counts::default());
}

#[test]
fn an_edit_goes_without_links_when_their_stream_is_past_it() {
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.edit("b", 2, 59);
    test.joiner.links_reached(at(59));
    test.joiner.look(test.now());
    assert_eq!(test.take().0, Vec::<String>::new());
    test.joiner.links_reached(at(60));
    test.joiner.look(test.now());
    assert_eq!(test.take(), (vec!["1 -".to_owned()], id("a")));
    // Late, once; then it is only a repetition, as is the edit.
    test.link("c", 1, 90, Some("Alice"), "x");
    test.link("d", 1, 90, Some("Alice"), "x");
    test.edit("e", 1, 0);
    assert_eq!(test.take(), (vec![], None), "2 waits");
    test.joiner.links_reached(at(119));
    test.joiner.look(test.now());
    assert_eq!(test.take(), (vec!["2 -".to_owned(), "1 x late".to_owned()], id("e")));
    let counts = test.joiner.counts();
    assert_eq!((counts.late, counts.repeated, counts.unsure), (1, 2, 0));
}

#[test]
fn where_the_stream_of_links_is_behind_or_silent_the_texts_have_to_tell() {
    // Its own stream is far past it.
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.edit("b", 2, 299);
    assert_eq!(test.take().0, Vec::<String>::new());
    test.edit("c", 3, 300);
    assert_eq!(test.take(), (vec!["1 ?".to_owned()], id("a")));
    // Nothing comes for a minute.
    test.now = 60;
    test.joiner.look(test.now());
    assert_eq!(test.take(), (vec!["2 ?".to_owned(), "3 ?".to_owned()], id("c")));
    // What comes later tells nothing new: the texts are read anyway.
    test.link("d", 3, 301, Some("Alice"), "x");
    assert_eq!(test.take(), (vec![], id("d")));

    // More than may wait.
    let mut test = Test::new(Bounds { waiting: 2, ..BOUNDS });
    for rev in 1..=4 {
        test.edit(&format!("e{rev}"), rev, 0);
    }
    assert_eq!(test.take(), (vec!["1 ?".to_owned(), "2 ?".to_owned()], id("e2")));
    assert_eq!(test.joiner.counts().unsure, 2);
}

#[test]
fn a_stream_of_links_that_is_a_little_behind_is_believed_when_nothing_came_for_the_whole_wait() {
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.edit("b", 2, 50);
    // As in life: each stream tells of what was a second or two ago.
    test.joiner.links_reached(at(58));
    test.now = 60;
    test.joiner.look(test.now());
    assert_eq!(test.take(), (vec!["1 -".to_owned(), "2 ?".to_owned()], id("b")));
    assert_eq!(test.joiner.counts().unsure, 1);
}

#[test]
fn links_that_come_in_the_next_run_are_those_of_an_edit_that_was_given_without() {
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.edit("b", 2, 1);
    test.edit("c", 3, 150);
    test.edit("d", 4, 151);
    test.joiner.links_reached(at(250));
    test.joiner.look(test.now());
    // Given again before the run ends: nothing is left to be told.
    test.link("e", 3, 251, Some("Alice"), "x");
    let (edits, position) = test.joiner.take();
    assert_eq!(edits.len(), 5);
    let position = Position::from_bytes(&position.unwrap().to_bytes()).unwrap();
    let alone = position.alone.get("dewiki").unwrap();
    assert_eq!((alone.wiki.as_str(), position.alone.len()), ("de.wikipedia.org/w", 1));
    assert_eq!(
        alone.revs,
        [RevId(4)].into(),
        "what is older than two minutes is not waited for"
    );

    let mut test = Test::new(BOUNDS);
    test.joiner = Joiner::after(BOUNDS, &position);
    test.edit("d", 4, 151);
    test.link("f", 4, 253, Some("Bob"), "template");
    test.link("g", 4, 254, Some("Alice"), "x");
    test.link("h", 3, 255, Some("Alice"), "y");
    let (edits, after) = test.joiner.take();
    let shown: Vec<_> = edits
        .iter()
        .map(|edit| {
            (
                edit.change.revid.0,
                edit.change.user.as_deref(),
                edit.is_bare && edit.is_late,
            )
        })
        .collect();
    assert_eq!(shown, [(4, Some("Bob"), true), (4, Some("Alice"), true)]);
    assert_eq!(edits[1].links.as_ref().unwrap().added, ["x"]);
    assert_eq!(
        (edits[1].wiki.as_str(), edits[1].change.page_id),
        ("de.wikipedia.org/w", PageId(5))
    );
    assert_eq!(test.joiner.counts().repeated, 1);
    // The links of 3 wait for their edit; 4 has what it waited for.
    let after = after.unwrap();
    assert_eq!((after.id.as_str(), after.alone.len()), ("g", 0));
}

#[test]
fn links_that_ran_far_ahead_of_their_edit_are_not_forgotten() {
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.link("b", 9, 200, Some("Alice"), "x");
    test.joiner.links_reached(at(600));
    test.joiner.look(test.now());
    assert_eq!(test.take(), (vec!["1 -".to_owned()], id("b")));
    test.edit("c", 9, 200);
    assert_eq!(test.take(), (vec!["9 ?".to_owned()], id("c")));
    assert_eq!(test.joiner.counts().without_edit, 1);
}

#[test]
fn links_by_somebody_else_are_those_of_a_template() {
    let mut test = Test::new(BOUNDS);
    test.edit("a", 1, 0);
    test.link("b", 1, 5, Some("Bob"), "template");
    test.link("c", 2, 5, Some("Bob"), "template");
    test.edit("d", 2, 6);
    assert_eq!(test.take().0, Vec::<String>::new());
    test.link("e", 1, 7, Some("Alice"), "own");
    test.link("f", 2, 7, Some("Alice"), "own");
    assert_eq!(test.take(), (vec!["1 own".to_owned(), "2 own".to_owned()], id("f")));
    // Nobody is named: the texts will tell.
    test.edit("g", 3, 8);
    test.link("h", 3, 8, None, "unnamed");
    // Both came before the edit; addresses are compared as such.
    test.link("i", 4, 8, Some("Bob"), "template");
    test.link("j", 4, 8, Some("2001:db8::1"), "own");
    let now = test.now();
    test.joiner.change("k", change_of(4, 8, "2001:DB8:0:0:0:0:0:1"), now);
    let (edits, position) = test.joiner.take();
    assert_eq!(position.unwrap().id, "k");
    let [unnamed, address] = &edits[..] else {
        panic!("{edits:?}")
    };
    assert_eq!(unnamed.links.as_ref().unwrap().added, ["unnamed"]);
    assert!(unnamed.who.is_none());
    assert_eq!(address.links.as_ref().unwrap().added, ["own"]);
    assert_eq!((address.change.page_id, address.change.user_id), (PageId(5), UserId(7)));
    assert_eq!(address.who.as_ref().unwrap().edits, Some(3));
    assert_eq!(test.joiner.counts().without_edit, 3);
}

/// Whatever comes twice and in whatever order: what was given and what is read again from the place that was told are
/// together all edits, with all their links; and nothing is given by two runs but what the server repeats.
#[test]
fn a_run_that_goes_on_from_any_told_place_loses_nothing() {
    let mut random = 1_u64;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for _ in 0..50 {
        // (is_edit, rev, second), each edit and, for even ones, its links; shuffled a little, some repeated.
        let mut events: Vec<(bool, u64, i64)> = Vec::new();
        for rev in 1..=120_u64 {
            let second = i64::try_from(rev * 3).unwrap();
            events.push((true, rev, second));
            if rev % 2 == 0 {
                events.push((false, rev, second + 2));
            }
        }
        // Edits never further than the wait for links is long, some links later than that.
        let mut places: Vec<(u64, (bool, u64, i64))> = Vec::new();
        for (place, event) in (0..).zip(events) {
            let late = if !event.0 && next(8) == 0 {
                16 + next(30)
            } else {
                next(16)
            };
            places.push((place + late, event));
            if next(10) == 0 {
                places.push((place + next(100), event));
            }
        }
        places.sort_by_key(|(place, _)| *place);
        let events: Vec<_> = places.into_iter().map(|(_, event)| event).collect();
        let mut given: HashMap<u64, bool> = HashMap::new();
        let mut from = 0;
        let mut place = Position::default();
        while from < events.len() {
            let mut joiner = Joiner::after(BOUNDS, &place);
            let stop = (from + 20 + usize::try_from(next(100)).unwrap()).min(events.len());
            let mut batch_end = from;
            for (number, (is_edit, rev, second)) in events.iter().enumerate().take(stop).skip(from) {
                let id = number.to_string();
                match is_edit {
                    true => joiner.change(&id, change_of(*rev, *second, "Alice"), Duration::ZERO),
                    false => joiner.link(&id, links_of(*rev, *second, Some("Alice"), "x"), Duration::ZERO),
                }
                joiner.look(Duration::ZERO);
                if next(5) == 0 || number + 1 == stop {
                    // Stored together; what is given after the last place is given again.
                    let (edits, position) = joiner.take();
                    for edit in edits {
                        let has_links = edit.links.is_some() || !edit.knows_links;
                        *given.entry(edit.change.revid.0).or_default() |= has_links;
                    }
                    if let Some(position) = position.filter(|position| !position.id.is_empty()) {
                        batch_end = position.id.parse::<usize>().unwrap() + 1;
                        place = position;
                    }
                }
            }
            if stop == events.len() {
                // The stream stays silent: everything waits its time.
                joiner.look(Duration::from_secs(60));
                for edit in joiner.take().0 {
                    let has_links = edit.links.is_some() || !edit.knows_links;
                    *given.entry(edit.change.revid.0).or_default() |= has_links;
                }
                break;
            }
            assert!(batch_end >= from);
            from = batch_end;
        }
        for rev in 1..=120 {
            assert_eq!(given.get(&rev).map(|links| *links || rev % 2 == 1), Some(true), "{rev}");
        }
    }
}

#[test]
fn memory_is_bounded_while_nothing_is_wanted() {
    let mut joiner = Joiner::new(BOUNDS);
    for number in 0..10_000_i64 {
        joiner.other(&number.to_string(), Some(at(number)));
    }
    assert_eq!(joiner.slots.len(), 1);
    for rev in 1..=10_000_u64 {
        let second = i64::try_from(rev).unwrap();
        joiner.change(&rev.to_string(), change_of(rev, second, "Alice"), Duration::ZERO);
        joiner.links_reached(at(second));
        joiner.look(Duration::ZERO);
        joiner.take();
    }
    assert!(joiner.halves.len() <= 61 && joiner.given.len() <= 100 && joiner.slots.len() <= 62);
    assert!(joiner.edits.len() <= 61 && joiner.given_order.len() <= 100);
}

#[test]
fn a_position_survives_the_database() {
    let mut joiner = Joiner::new(BOUNDS);
    joiner.change("[{\"a\":1}]", change_of(1, 7, "Alice"), Duration::ZERO);
    // Nothing is finished: the time of the first event is a place, too.
    let begin = joiner.take().1.unwrap();
    assert_eq!(begin.resume(), Resume::Since(at(7)));
    joiner.links_reached(at(100));
    joiner.look(Duration::ZERO);
    let position = joiner.take().1.unwrap();
    assert_eq!(Position::from_bytes(&position.to_bytes()), Some(position.clone()));
    let expected = Resume::After {
        id: "[{\"a\":1}]".to_owned(),
        at: Some(at(7)),
    };
    assert_eq!(position.resume(), expected);
    assert_eq!(Position::from_bytes(b"2026"), None);
}

#[test]
fn a_short_run_waits_less() {
    let window = |seconds| Bounds::for_run(Duration::from_secs(seconds)).window.as_secs();
    assert_eq!([window(1), window(40), window(240), window(600)], [1, 10, 60, 120]);
}
