use super::*;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use shared::core::types::{RevId, UserId as Id};
use shared::manual::offline_site;
use shared::page::{Protection, Revision};

use crate::settings::MatchLimit;

fn settings() -> Settings {
    let page = include_str!("../settings.example.wiki");
    let site = offline_site().unwrap();
    shared::settings::parse::<Settings>(page, "wikitext", "x", &site)
        .map_err(|p| format!("{p:?}"))
        .unwrap()
        .settings
}

fn profile(id: u64, owner: u64) -> Profile {
    Profile {
        page_id: PageId(id),
        title: Title {
            ns: 4,
            text: format!("Co-op/{id}"),
        },
        owner: Id(owner),
    }
}

fn user(id: u64) -> UserState {
    UserState {
        id: Id(id),
        name: format!("U{id}"),
        blocked: false,
        locked: false,
        is_bot: false,
        expired: false,
    }
}

fn users(ids: impl IntoIterator<Item = u64>) -> BTreeMap<Id, UserState> {
    ids.into_iter().map(|id| (Id(id), user(id))).collect()
}

#[test]
fn who_may_be_drawn_and_who_may_not() {
    let profiles: Vec<Profile> = [
        (1, 11),
        (2, 12),
        (3, 13),
        (4, 14),
        (5, 15),
        (6, 16),
        (7, 17),
        (8, 11),
        (9, 19),
    ]
    .map(|(page, owner)| profile(page, owner))
    .to_vec();
    let mut users = users(11..=18);
    users.get_mut(&Id(12)).unwrap().blocked = true;
    users.get_mut(&Id(13)).unwrap().is_bot = true;
    users.get_mut(&Id(14)).unwrap().locked = true;
    users.get_mut(&Id(15)).unwrap().expired = true;
    let mentors = Mentors {
        opted_out: [Id(16)].into(),
        ..Mentors::default()
    };
    let mut settings = settings();
    settings.max_matches_per_mentor = Some(MatchLimit { count: 2, days: 30 });
    let recent = [(Id(17), 2)].into();
    let pool = pool(&profiles, Id(99), &mentors, &users, &recent, &settings);
    let available: Vec<Id> = pool.available.iter().map(|p| p.owner).collect();
    assert_eq!(available, [Id(11)], "the user with two profiles is one mentor");
    let why: Vec<String> = pool
        .unavailable
        .iter()
        .map(|u| format!("{} {}", u.profile.owner, u.why))
        .collect();
    insta::assert_snapshot!(why.join("\n"), @r"
    12 is blocked
    13 is a bot
    14 is globally locked
    15 is an expired temporary account
    16 takes no new learners
    17 had 2 learners in the last 30 days
    19 has no account on this wiki any more
    ");
    let own = super::pool(&profiles, Id(11), &mentors, &users, &recent, &settings);
    assert!(own.available.is_empty(), "nobody is their own mentor");
}

proptest! {
    /// Whoever is drawn was available; with `fewest` nobody available has had fewer.
    #[test]
    fn a_draw_keeps_its_promises(counts in prop::collection::vec(0u32..4, 1..12), seed: u64) {
        let available: Vec<Profile> = (0..counts.len() as u64).map(|n| profile(n, n)).collect();
        let recent: BTreeMap<Id, u32> = counts.iter().enumerate().map(|(n, count)| (Id(n as u64), *count)).collect();
        for order in [Order::Random, Order::Fewest] {
            let drawn = draw(&available, order, &recent, &mut StdRng::seed_from_u64(seed)).unwrap();
            let again = draw(&available, order, &recent, &mut StdRng::seed_from_u64(seed)).unwrap();
            prop_assert_eq!(drawn, again, "a seed repeats the draw");
            if order == Order::Fewest {
                prop_assert_eq!(recent[&drawn.owner], *counts.iter().min().unwrap());
            }
        }
    }

    /// A section is added at the end, after exactly one blank line, and nothing before it changes.
    #[test]
    fn a_section_touches_nothing_before_it(page in "[a-z =\n{|]{0,40}", section in "\n{0,3}== [a-z]{1,5} ==\n[a-z]{1,9}") {
        let after = add_section(&page, &section);
        prop_assert!(after.ends_with(section.trim()));
        if page.trim().is_empty() {
            prop_assert_eq!(&after, section.trim());
        } else {
            prop_assert!(after.starts_with(&page));
            let before = &after[..after.len() - section.trim().len()];
            prop_assert!(before.ends_with("\n\n"));
            prop_assert!(page.ends_with("\n\n") || !before.ends_with("\n\n\n"));
        }
    }
}

#[test]
fn every_available_mentor_is_drawn_sooner_or_later_and_about_evenly() {
    let available: Vec<Profile> = (0..5).map(|n| profile(n, n)).collect();
    let mut rng = StdRng::seed_from_u64(7);
    let mut drawn = [0u32; 5];
    for _ in 0..5_000 {
        let profile = draw(&available, Order::Random, &BTreeMap::new(), &mut rng).unwrap();
        drawn[usize::try_from(profile.owner.0).unwrap()] += 1;
    }
    assert!(drawn.iter().all(|n| (850..1150).contains(n)), "{drawn:?}");
    assert_eq!(draw(&[], Order::Random, &BTreeMap::new(), &mut rng), None);
}

fn page(title: &str, text: Option<&str>) -> PageState {
    PageState {
        title: title.to_owned(),
        ns: 5,
        page_id: text.map(|_| PageId(1)),
        model: "wikitext".to_owned(),
        is_redirect: false,
        protection: Vec::new(),
        revision: text.map(|text| Revision {
            revid: RevId(1),
            parent: RevId(0),
            user: Some("A".to_owned()),
            user_id: Id(1),
            timestamp: chrono::DateTime::UNIX_EPOCH,
            sha1: String::new(),
            comment: String::new(),
            text: Some(text.to_owned()),
        }),
        categories: vec!["Category:R".to_owned()],
    }
}

type Change<'a> = &'a dyn Fn(&mut PageState, &mut PageState);

fn judge(change: Change<'_>) -> Result<Place, &'static str> {
    let (mut profile, mut talk) = (
        page("Project:Co-op/A", Some("Hi")),
        page("Project talk:Co-op/A", Some("Hello")),
    );
    change(&mut profile, &mut talk);
    let bot = Bot {
        account: "CoopBot",
        rights: &["edit".to_owned()],
        names: &BotsNames::default(),
    };
    let flow = FlowState {
        installed: true,
        may_create: false,
    };
    place(&profile, &talk, "Category:R", flow, &bot, &offline_site().unwrap()).map_err(|reason| reason.code())
}

#[test]
fn where_a_greeting_goes_and_where_it_does_not() {
    assert_eq!(judge(&|_, _| ()), Ok(Place::Section));
    assert_eq!(
        judge(&|_, talk| *talk = page("Project talk:Co-op/A", None)),
        Ok(Place::NewPage)
    );
    assert_eq!(
        judge(&|_, talk| talk.model = "flow-board".to_owned()),
        Ok(Place::FlowTopic)
    );
    let protected = |level: &str| {
        vec![Protection {
            action: "edit".to_owned(),
            level: level.to_owned(),
            expiry: None,
            source: None,
        }]
    };
    let refused: &[(&str, Change<'_>)] = &[
        ("withdrawn", &|profile, _| profile.categories.clear()),
        ("withdrawn", &|profile, _| profile.page_id = None),
        ("profile-redirect", &|profile, _| profile.is_redirect = true),
        ("profile-model", &|profile, _| profile.model = "javascript".to_owned()),
        ("talk-redirect", &|_, talk| talk.is_redirect = true),
        ("talk-model", &|_, talk| talk.model = "json".to_owned()),
        ("talk-protected", &|_, talk| talk.protection = protected("sysop")),
        ("talk-ends-open", &|_, talk| *talk = page("T", Some("a <!-- b"))),
        ("talk-ends-open", &|_, talk| {
            *talk = page("T", Some("a <includeonly> b"))
        }),
        ("hidden-text", &|_, talk| talk.revision.as_mut().unwrap().text = None),
        ("nobots", &|profile, _| {
            *profile = PageState {
                page_id: Some(PageId(2)),
                ..page("P", Some("{{nobots}}"))
            }
        }),
        ("nobots", &|_, talk| *talk = page("T", Some("{{bots|deny=CoopBot}}"))),
    ];
    for (code, change) in refused {
        assert_eq!(judge(change), Err(*code));
    }
    assert_eq!(
        judge(&|_, talk| *talk = page("T", Some("<nowiki>{{nobots}}</nowiki>"))),
        Ok(Place::Section)
    );
}

#[test]
fn nobody_is_guessed_as_the_owner() {
    let first = |user: Option<&str>, id: u64| FirstRevision {
        user: user.map(str::to_owned),
        user_id: Id(id),
    };
    assert_eq!(owner_problem(&first(Some("Ann"), 3), None), None);
    assert_eq!(owner_problem(&first(Some("Ann"), 3), Some("Ann")), None);
    for (first, namesake, part) in [
        (first(None, 3), None, "hidden"),
        (first(Some("en>Ann"), 0), None, "imported"),
        (first(Some("192.0.2.1"), 0), None, "IP address"),
        (first(Some("Ann"), 3), Some("Ben"), "named after Ben"),
    ] {
        let problem = owner_problem(&first, namesake).unwrap();
        assert!(problem.contains(part), "{problem}");
    }
}
