use super::*;
use crate::ranges::ip_range;
use proptest::prelude::*;

/// Ten additions on four pages that trip nothing.
fn calm() -> Facts {
    Facts {
        additions: 10,
        pages: 4,
        wikis: 2,
        editors: 5,
        top: 6,
        unnamed: 9,
        addresses: 2,
        ..Facts::default()
    }
}

fn words(facts: Facts) -> String {
    let words: Vec<_> = tripped(&facts, &Limits::default())
        .into_iter()
        .map(Rule::word)
        .collect();
    words.join(" ")
}

#[test]
fn each_rule_holds_from_its_number_on() {
    assert_eq!(words(calm()), "");
    assert_eq!(words(Facts::default()), "", "nothing was added");

    // More than 66 %: exactly 66 of 100 is not more.
    let of_100 = |top| Facts {
        additions: 100,
        unnamed: 0,
        top,
        ..calm()
    };
    assert_eq!(words(of_100(66)), "");
    assert_eq!(words(of_100(67)), "dominance");
    assert_eq!(words(Facts { top: 7, ..calm() }), "dominance");
    let most = Facts {
        additions: u64::MAX,
        top: u64::MAX,
        unnamed: 0,
        ..calm()
    };
    assert_eq!(words(most), "dominance");

    assert_eq!(words(Facts { unnamed: 10, ..calm() }), "unnamed-only");
    assert_eq!(
        words(Facts {
            one_network: true,
            ..calm()
        }),
        "close-addresses"
    );
    assert_eq!(
        words(Facts {
            one_network: true,
            addresses: 1,
            ..calm()
        }),
        "",
        "one address is not several"
    );
    assert_eq!(words(Facts { on_server: 2, ..calm() }), "");
    assert_eq!(words(Facts { on_server: 3, ..calm() }), "same-server");
    assert_eq!(
        words(Facts {
            is_shortener: true,
            ..calm()
        }),
        "shortener"
    );
    assert_eq!(
        words(Facts {
            is_listed: true,
            ..calm()
        }),
        "noticeboard"
    );

    let all = Facts {
        additions: 5,
        pages: 3,
        top: 5,
        unnamed: 5,
        one_network: true,
        on_server: 3,
        is_shortener: true,
        is_listed: true,
        ..calm()
    };
    let every: Vec<_> = Rule::ALL.into_iter().map(Rule::word).collect();
    assert_eq!(words(all.clone()), every.join(" "));
    // With one addition or page less, shares say nothing; the link's own rules stay.
    let few = Facts {
        additions: 4,
        top: 4,
        unnamed: 4,
        ..all.clone()
    };
    assert_eq!(words(few), "same-server shortener noticeboard");
    assert_eq!(
        words(Facts {
            pages: 2,
            ..all.clone()
        }),
        "same-server shortener noticeboard"
    );
    assert_eq!(
        words(Facts {
            additions: 0,
            ..all.clone()
        }),
        ""
    );
    assert_eq!(
        words(Facts {
            additions: 1,
            pages: 0,
            ..all
        }),
        "same-server shortener noticeboard"
    );
}

#[test]
fn numbers_of_the_settings_count() {
    let limits = Limits {
        dominance: 90,
        min_additions: 0,
        min_pages: 0,
        xwiki_from: 2,
        same_server: 0,
        cidr: 24,
    };
    let one = Facts {
        additions: 1,
        pages: 1,
        top: 1,
        ..Facts::default()
    };
    assert_eq!(
        tripped(&one, &limits),
        [Rule::Dominance],
        "no domain on no server is not several"
    );
    assert_eq!(
        tripped(
            &Facts {
                additions: 10,
                top: 9,
                ..one
            },
            &limits
        ),
        []
    );
    assert_eq!([1, 2, 3].map(|wikis| is_xwiki(wikis, &limits)), [false, true, true]);
    assert_eq!([2, 3].map(|wikis| is_xwiki(wikis, &Limits::default())), [false, true]);
}

#[test]
fn percent_never_says_all_or_nothing_of_a_part() {
    for (part, whole, wanted) in [
        (38, 41, 93),
        (1, 8, 13),
        (1, 3, 33),
        (2, 3, 67),
        (999, 1_000, 99),
        (1, 1_000, 1),
        (1_000, 1_000, 100),
        (0, 5, 0),
        (0, 0, 0),
        (3, 0, 0),
        (9, 5, 100),
        (u64::MAX - 1, u64::MAX, 99),
        (u64::MAX / 2, u64::MAX, 50),
    ] {
        assert_eq!(percent(part, whole), wanted, "{part} of {whole}");
    }
}

fn row(editor: u32, name: Option<&str>, page: u64) -> Added {
    Added {
        editor,
        is_unnamed: name.is_some(),
        address: name.and_then(ip_range),
        wiki: 1,
        page: PageId(page),
        times: 1,
    }
}

#[test]
fn networks_are_of_one_family_and_hold_whole_ranges() {
    let limits = Limits::default();
    let close = |names: &[&str]| {
        let rows: Vec<Added> = (1..).zip(names).map(|(i, name)| row(i, Some(name), i.into())).collect();
        Facts::from_rows(&rows, &limits).one_network
    };
    assert!(close(&["192.0.2.1", "192.0.2.254", "192.0.2.0/24"]));
    assert!(close(&["192.0.2.1", "::ffff:192.0.2.9"]));
    assert!(close(&["2001:db8:1::1", "2001:db8:1:ffff::2", "2001:db8:1::/48"]));
    assert!(!close(&["2001:db8:1::1", "2001:db8:2::1"]));
    assert!(!close(&["192.0.2.1", "192.0.3.1"]));
    assert!(!close(&["192.0.2.1", "192.0.2.0/23"]), "half of the range lies outside");
    assert!(!close(&["192.0.2.1", "2001:db8::1"]));
    assert!(close(&["192.0.2.1"]), "one address, of which the rule says nothing");
    assert!(!close(&[]));
    // A named account beside them does not matter, and an edit of the same address is the same address.
    let rows = [
        row(1, Some("192.0.2.1"), 1),
        row(1, Some("192.0.2.1"), 2),
        row(2, None, 3),
    ];
    let facts = Facts::from_rows(&rows, &limits);
    assert_eq!((facts.addresses, facts.one_network, facts.unnamed), (1, true, 2));
}

/// Editors with what they are: two accounts, a temporary one, addresses near and far.
const EDITORS: [(bool, &str); 7] = [
    (false, ""),
    (false, ""),
    (true, ""),
    (true, "192.0.2.1"),
    (true, "192.0.2.77"),
    (true, "198.51.100.4"),
    (true, "2001:db8::1"),
];

fn rows() -> impl Strategy<Value = Vec<Added>> {
    let from = prop_oneof![Just(0..EDITORS.len()), Just(0..1), Just(2..5), Just(3..5)];
    from.prop_flat_map(|editors| {
        let one = (editors, 0..3_u16, 0..4_u64, 1..4_u32).prop_map(|(editor, wiki, page, times)| Added {
            editor: editor as u32,
            is_unnamed: EDITORS[editor].0,
            address: ip_range(EDITORS[editor].1),
            wiki,
            page: PageId(page),
            times,
        });
        prop::collection::vec(one, 0..15)
    })
}

proptest! {
    /// The same by sorting and comparing everything with everything, link by link.
    #[test]
    fn facts_are_those_of_a_naive_count(rows in rows()) {
        let limits = Limits::default();
        let links: Vec<Added> = rows.iter().flat_map(|row| vec![*row; row.times as usize]).collect();
        let unique = |mut keys: Vec<(u64, u64)>| {
            keys.sort_unstable();
            keys.dedup();
            keys.len()
        };
        let count = |is: &dyn Fn(&Added) -> bool| links.iter().filter(|link| is(link)).count();
        let near = |a: &str, b: &str| a == b || a.rsplit_once('.').is_some_and(|(net, _)| b.starts_with(&format!("{net}.")));
        let names: Vec<&str> = links.iter().map(|l| EDITORS[l.editor as usize].1).filter(|name| !name.is_empty()).collect();

        let naive = Facts {
            additions: links.len() as u64,
            pages: unique(links.iter().map(|l| (l.wiki.into(), l.page.0)).collect()) as u64,
            wikis: unique(links.iter().map(|l| (l.wiki.into(), 0)).collect()) as u64,
            editors: unique(links.iter().map(|l| (l.editor.into(), 0)).collect()) as u64,
            top: (0..7).map(|editor| count(&|l| l.editor == editor)).max().unwrap_or(0) as u64,
            unnamed: count(&|l| l.editor >= 2) as u64,
            addresses: (3..7).filter(|editor| count(&|l| l.editor == *editor) > 0).count() as u64,
            one_network: !names.is_empty() && names.iter().all(|a| names.iter().all(|b| near(a, b))),
            ..Facts::default()
        };
        let facts = Facts::from_rows(&rows, &limits);
        prop_assert_eq!(&facts, &naive);

        // And the rules by their words: more than two thirds or so by one, only the unnamed, only neighbours.
        let is_enough = links.len() >= 5 && naive.pages >= 3;
        let by_one = (0..7).any(|editor| count(&|l| l.editor == editor) as f64 / links.len() as f64 > 0.66);
        let mut wanted = Vec::new();
        wanted.extend((is_enough && by_one).then_some(Rule::Dominance));
        wanted.extend((is_enough && links.iter().all(|l| l.is_unnamed)).then_some(Rule::UnnamedOnly));
        wanted.extend((is_enough && naive.addresses > 1 && naive.one_network).then_some(Rule::CloseAddresses));
        prop_assert_eq!(tripped(&facts, &limits), wanted);
    }

    #[test]
    fn percent_is_within_one_of_the_share(part in 0..2_000_u64, whole in 1..2_000_u64) {
        let share = part.min(whole) as f64 * 100.0 / whole as f64;
        let said = percent(part, whole) as f64;
        prop_assert!((said - share).abs() <= 0.5 || (share > 99.5 && said == 99.0) || (share < 0.5 && said == 1.0));
        prop_assert_eq!(said == 100.0, part >= whole);
        prop_assert_eq!(said == 0.0, part == 0);
    }
}
