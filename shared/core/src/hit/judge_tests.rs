//! Names, addresses, archives, and edits that are not judged.

use super::super::Rule;
use super::super::fixtures::{Scene, line, rows};
use super::*;
use crate::addition::NewUser;
use crate::overlap::NearMiss;

const NOTHING: &[&str] = &[];

#[test]
fn the_examples_of_the_bots_page() {
    let mut short = Scene::new("zxv", "Zyxwv");
    short.gives(&["page-overlap Zyxwv U->P 54 (short: the name has 3 characters that count, 4 are asked for)"]);
    short.config.min_name = 3;
    short.gives(&["page-overlap Zyxwv U->P 54"]);
    Scene::new("chocolatefan", "Chocolate chip cookie").gives(&["page-overlap Chocolate chip cookie U->P 35.5"]);
    Scene::adding("Example", &["http://www.example.com"]).gives(&["link-overlap example.com U->L 70 auto"]);
    let coibot = Scene::adding("COIBot", &["http://example.com"]);
    coibot.gives(NOTHING);
    let listed = coibot.with(&["bl COIBot example"]);
    listed.gives(&["user-keyword example.com R->L 70 =example"]);
    let story = listed.verdict().story.join("\n");
    for part in [
        "\"COIBot\" and \"example.com\" score 24.3% (U->L) and 18% (L->U), ratio 4.3%, which is not over the limit of 25%",
        "\"example\" and \"example.com\" score 100% (R->L) and 70% (L->R), ratio 70%, which is over the limit",
        "the blacklist has \"COIBot\" <-> \"example\" (added by Beetstra on 2026-01-02: spam)",
    ] {
        assert!(story.contains(part), "{story}");
    }
}

#[test]
fn names_beside_titles() {
    for (user, ns, title, expected) in [
        // 25 itself is not over the limit
        ("ab", 0, "Ba", None),
        ("Acme Widgets", 0, "Acme widgets", Some("100")),
        ("Acme Widgets", 4, "Acme widgets", Some("100")),
        ("Acme Widgets", 2, "Acme Widgets", None),
        ("Acme Widgets", 2, "Acme Widgets/Acme widgets", None),
        ("Acme Widgets", 3, "Acme Widgets/x", None),
        ("Acme Widgets", 2, "Acme Gadgets/Acme widgets", Some("47.8")),
        (
            "Bob",
            0,
            "Bobsleigh",
            Some("33.3 (short: the name has 3 characters that count, 4 are asked for)"),
        ),
        (
            "Bobby",
            0,
            "Bobbysoxer",
            Some("50 (contained: the title merely contains a short name)"),
        ),
        ("Bobby", 0, "Bobby Fi", Some("71.4")),
        // Long enough to be no accident
        ("Acmewidg", 0, "Acmewidgets", Some("72.7")),
        (
            "Abcd",
            0,
            "Abc",
            Some("75 (short: the string has 3 characters that count, 4 are asked for)"),
        ),
    ] {
        let mut scene = Scene::new(user, title);
        scene.ns = ns;
        let prefixed = scene.edit(|edit, _, site| site.prefixed(edit.title));
        let expected: Vec<String> = expected
            .iter()
            .map(|rest| format!("page-overlap {prefixed} U->P {rest}"))
            .collect();
        assert_eq!(scene.lines(), expected, "{user} {title}");
    }
    for user in ["~2026-12345-6", "192.0.2.7", "2001:db8::1"] {
        Scene::new(user, user.trim_start_matches('~')).gives(NOTHING);
    }
}

#[test]
fn names_beside_links() {
    for (user, url, expected) in [
        (
            "Acme Widgets",
            "https://www.acmewidgets.co.uk/x",
            "link-overlap acmewidgets.co.uk U->L 73.3 auto",
        ),
        (
            "Some Page",
            "https://facebook.com/Some.Page",
            "link-overlap facebook.com/some.page U->L 100 auto",
        ),
        (
            "Acme",
            "https://linkedin.com/company/acme",
            "link-overlap linkedin.com/company/acme U->L 100 auto",
        ),
        ("Acme Fan Club", "https://acme.example", ""),
        ("Facebook", "https://facebook.com/some.page", ""),
        (
            "Bücherei",
            "https://bücherei.example",
            "link-overlap bücherei.example U->L 53.3 auto",
        ),
        // Over the limit, but not so much that it is monitored
        (
            "JohnSmith",
            "http://smithjohn.org",
            "link-overlap smithjohn.org U->L 35.8",
        ),
    ] {
        let expected: Vec<&str> = [expected].into_iter().filter(|line| !line.is_empty()).collect();
        Scene::adding(user, &[url]).gives(&expected);
    }
    // Each event by itself
    let mut both = Scene::adding(
        "Acme Widgets",
        &[
            "http://acmewidgets.com/1",
            "http://acmewidgets.com/2",
            "http://x.example",
        ],
    );
    both.title = "Acme widgets";
    both.gives(&[
        "page-overlap Acme widgets U->P 100",
        "link-overlap acmewidgets.com U->L 78.5 x2 auto",
    ]);
    assert_eq!(both.verdict().hits[1].url.as_deref(), Some("http://acmewidgets.com/1"));
}

#[test]
fn what_is_monitored_by_itself() {
    let base = || Scene::adding("Acme Widgets", &["http://acmewidgets.com"]);
    let hit = "link-overlap acmewidgets.com U->L 78.5";
    for (lines, auto) in [
        (&[][..], true),
        (&["wl * acmewidgets.com"], false),
        (&["wl * widgets.com"], true),
        (&["wl Somebody acmewidgets.com"], true),
        (&["ml acmewidgets.com"], false),
        (&["ml acme.*\\.com"], false),
        (&["auto acmewidgets.com"], false),
    ] {
        base()
            .with(lines)
            .gives(&[&format!("{hit}{}", if auto { " auto" } else { "" })]);
    }
    let mut scene = base();
    scene.config.auto_ratio = None;
    scene.gives(&[hit]);
    scene.config.auto_ratio = Some(78.5);
    scene.gives(&[&format!("{hit} auto")]);
    scene.config.auto_ratio = Some(78.6);
    scene.gives(&[hit]);
}

#[test]
fn near_misses_are_off_by_default_and_marked() {
    let mut scene = Scene::adding("wa1er-pu4ps-be4lin", &["http://waterxpumpsxberlin.example.com"]);
    scene.gives(NOTHING);
    let mut scene_of = |domain: &[&str]| {
        scene.links = Some(Links::Rows(rows(domain)));
        scene.config.near = Some(NearMiss {
            threshold: 0.7,
            ..NearMiss::default()
        });
        scene.verdict().hits.iter().map(line).collect::<Vec<_>>()
    };
    let hits = scene_of(&["http://waterxpumpsxberlin.com"]);
    assert!(
        hits.len() == 1 && hits[0].contains(" near 72") && !hits[0].contains("auto"),
        "{hits:?}"
    );
    // What is compared is the registrable label
    assert_eq!(scene_of(&["http://waterxpumpsxberlin.example.com"]), NOTHING);
}

#[test]
fn addresses_near_the_server() {
    let base = |user| Scene::adding(user, &["http://acme.example/x"]);
    let near = "proximity acme.example U->L =192.0.2.0/24 new";
    base("192.0.2.7").server("acme.example", "192.0.2.99").gives(&[near]);
    base("192.0.2.7")
        .server("acme.example", "2001:db8::1")
        .server("acme.example", "192.0.2.99")
        .gives(&[near]);
    base("192.0.2.7")
        .server("acme.example", "::ffff:192.0.2.99")
        .gives(&[near]);
    base("192.0.2.7").server("acme.example", "192.0.3.99").gives(NOTHING);
    base("192.0.2.7")
        .server("shop.acme.example", "192.0.2.99")
        .gives(NOTHING);
    base("2001:DB8:0:0:1:0:0:1")
        .server("acme.example", "2001:db8::9")
        .gives(&["proximity acme.example U->L =2001:db8::/64 new"]);
    // No address of the editor is visible
    base("~2026-1-2").server("acme.example", "192.0.2.99").gives(NOTHING);
    base("Alice").server("acme.example", "192.0.2.99").gives(NOTHING);
    Scene::adding("192.0.2.7", &["http://192.0.2.9/x"]).gives(&["proximity 192.0.2.9 U->L =192.0.2.0/24 new"]);
}

#[test]
fn archives_are_judged_by_the_page_that_they_show() {
    let copy = "https://web.archive.org/web/2020/http://acmewidgets.com/x";
    let scene = |user| Scene::adding(user, &[copy]);
    scene("Acme Widgets").gives(&["link-overlap acmewidgets.com U->L 78.5 auto"]);
    scene("Web Archive").gives(NOTHING);
    scene("Zed")
        .with(&["ml acmewidgets\\.com"])
        .gives(&["monitored-link acmewidgets.com U->L =acmewidgets\\.com"]);
    scene("Zed")
        .with(&["bl Zed *"])
        .gives(&["user-keyword acmewidgets.com R->L =*"]);
    scene("Zed")
        .with(&["ml archive.org"])
        .gives(&["monitored-link web.archive.org U->L =archive.org"]);
    let refused = scene("Zed").blocked(copy, "acme");
    refused.gives(&["spam-blacklist web.archive.org U->L =acme"]);
    refused
        .blocked("http://acmewidgets.com/x", "acme")
        .gives(&["spam-blacklist acmewidgets.com U->L =acme"]);
    // A plain link to an archive is a link
    Scene::adding("Web Archive", &["https://web.archive.org/about"])
        .gives(&["link-overlap web.archive.org U->L 76.9 auto"]);
}

#[test]
fn reverts_bots_and_nobody() {
    let mut scene = Scene::adding("Acme Widgets", &["http://acmewidgets.com"]).with(&["bl Acme_Widgets *"]);
    scene.title = "Acme widgets";
    scene.is_revert = true;
    // A link that comes back is not this editor's, but what is said about the user holds.
    scene.gives(&[
        "page-overlap Acme widgets U->P 100",
        "user-keyword acmewidgets.com R->L =*",
    ]);
    assert!(
        scene
            .verdict()
            .story
            .iter()
            .any(|line| line.contains("the edit is a revert"))
    );
    scene.links = Some(Links::TooMany { links: 8_000, hosts: 3 });
    scene.gives(&["page-overlap Acme widgets U->P 100"]);
    scene.is_bot = true;
    scene.gives(NOTHING);
    scene.config.skip.bots = false;
    scene.gives(&["page-overlap Acme widgets U->P 100"]);
    for kind in [EditorKind::Foreign, EditorKind::Hidden] {
        scene.kind = kind;
        scene.gives(NOTHING);
    }
    let (mut judge, _) = scene.judge();
    let story = scene.edit(|edit, outside, site| {
        let of = crate::addition::RevisionFacts {
            performer: None,
            ..edit.of.clone()
        };
        let judged = judge.explain(&Edit { of: &of, ..*edit }, outside, site);
        judged.settle(&scene.config.skip, None, NewUser::default(), of.ts)
    });
    assert_eq!(story.hits, []);
    assert!(story.story[0].contains("hides the author"), "{story:?}");
}

/// The whole story of an edit in which nothing is found: each rule, and why not.
#[test]
fn the_story_is_whole_when_nothing_hit() {
    let scene = Scene::adding("Zed", &["http://acme.example/x"]);
    let story = scene.verdict().story;
    for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::Flood) {
        let start = format!("{}: ", rule.word());
        assert!(
            story.iter().any(|line| line.starts_with(&start)),
            "{rule:?}: {story:#?}"
        );
    }
    let (page, link) = (
        story.iter().position(|l| l == "The page \"Q\":"),
        story.iter().position(|l| l.starts_with("The link \"acme.example\"")),
    );
    assert!(page.unwrap() < link.unwrap());
    assert_eq!(story.last().unwrap(), "Nothing to record.");
    // After a hit nobody is asked
    let hit = Scene::adding("Acme", &["http://acme.example/x"]).verdict().story;
    assert!(
        !hit.iter().any(|line| line.starts_with("monitored-link: the")),
        "{hit:#?}"
    );
}

/// What nearly all edits are: no link, no hit.
#[test]
fn an_edit_without_links_and_hits_takes_no_memory() {
    let scene = Scene::new("Somebody else", "Quartz").with(&["wl Alice *", "bl Bob *", "ml example.com", "mu acme"]);
    let (mut judge, _) = scene.judge();
    scene.edit(|edit, outside, site| {
        let mut all = || assert!(!judge.judge(edit, outside, site).has_hits());
        all();
        assert_eq!(allocation_counter::measure(&mut all).count_total, 0);
    });
}
