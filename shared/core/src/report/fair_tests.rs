use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const BOUNDS: Bounds = Bounds {
    in_all: 20,
    each: 5,
    by_rules: 3,
};

/// `A B -`: asked by A, then B, then a rule.
fn asked(lines: &[&str]) -> Vec<Asked> {
    let one = |(index, line): (usize, &&str)| Asked {
        index,
        requesters: line
            .split_whitespace()
            .map(|word| (word != "-").then(|| word.to_owned()))
            .collect(),
    };
    lines.iter().enumerate().map(one).collect()
}

#[test]
fn turns_go_round_persons_first() {
    // Rules asked first and come after the persons of each round, up to their own bound.
    let lines = ["-", "A", "A", "-", "A", "B", "-", "A B", "", "C"];
    assert_eq!(choose(&asked(&lines), BOUNDS), [1, 5, 9, 0, 2, 7, 3, 4, 6]);
    // What a rule and a person asked for is the person's: the rules go on to the next.
    assert_eq!(choose(&asked(&["- A", "-"]), BOUNDS), [0, 1]);
    let flood: Vec<&str> = std::iter::repeat_n("A", 200).chain(["B", "A C"]).collect();
    assert_eq!(choose(&asked(&flood), BOUNDS), [0, 200, 201, 1, 2, 3, 4]);
    // At most `in_all`, also in the middle of a round; what waits comes in the next run.
    let many: Vec<String> = (0..30).map(|i| format!("P{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(choose(&asked(&many), BOUNDS), (0..20).collect::<Vec<_>>());
    assert_eq!(choose(&asked(&["A"]), Bounds { in_all: 0, ..BOUNDS }), [0; 0]);
    assert_eq!(
        choose(
            &asked(&["A", "-"]),
            Bounds {
                each: 0,
                by_rules: 0,
                ..BOUNDS
            }
        ),
        [0; 0]
    );
}

fn waiting() -> impl Strategy<Value = Vec<Asked>> {
    let who = prop_oneof![Just(None), (0..4_u8).prop_map(|n| Some(format!("P{n}")))];
    // Subjects come twice, too, under numbers that are no places in the list.
    let one = (0..60_usize, prop::collection::vec(who, 0..4)).prop_map(|(index, requesters)| Asked {
        index: index * 7,
        requesters,
    });
    prop::collection::vec(one, 0..80)
}

proptest! {
    #[test]
    fn bounds_hold_and_nobody_starves(asked in waiting(), in_all in 0..30_usize, each in 0..7_usize, by_rules in 0..7_usize) {
        let bounds = Bounds { in_all, each, by_rules };
        let chosen = choose(&asked, bounds);
        prop_assert_eq!(&chosen, &choose(&asked, bounds), "the same again");
        prop_assert_eq!(chosen.iter().collect::<HashSet<_>>().len(), chosen.len(), "none twice");
        prop_assert!(chosen.len() <= in_all);

        let mut of: BTreeMap<Option<&str>, HashSet<usize>> = BTreeMap::new();
        for one in &asked {
            let nobody = one.requesters.is_empty().then_some(None);
            for who in one.requesters.iter().map(Option::as_deref).chain(nobody) {
                of.entry(who).or_default().insert(one.index);
            }
        }
        for (who, subjects) in &of {
            let bound = if who.is_none() { by_rules } else { each };
            let got = chosen.iter().filter(|index| subjects.contains(index)).count();
            // What nobody else asked for is within the bound.
            let alone = |index: &usize| of.iter().all(|(other, theirs)| other == who || !theirs.contains(index));
            let own = chosen.iter().filter(|index| subjects.contains(index) && alone(index)).count();
            prop_assert!(own <= bound, "{who:?} got {own}");
            // As long as there is room, everybody gets as much as the bound allows.
            if chosen.len() < in_all {
                prop_assert!(got >= bound.min(subjects.len()), "{who:?} got {got}");
            }
            // Whoever asks is served in the first run, the rules after all persons.
            if in_all >= of.len() && bound > 0 {
                prop_assert!(got > 0, "{who:?} starves");
            }
        }
        // What is not asked for is never served, and nobody gets what only others may.
        prop_assert!(chosen.iter().all(|index| asked.iter().any(|one| one.index == *index)));
        let most = of.keys().map(|who| if who.is_none() { by_rules } else { each }).sum::<usize>();
        prop_assert!(chosen.len() <= most);
    }
}
