//! Whitelist, blacklist, monitor list and what else is watched, by tables.

use super::super::fixtures::{Scene, WIKI, at, entry, now, watched};
use super::super::{Rule, Watched};
use super::*;
use crate::addition::Links;
use std::collections::HashSet;

const NOTHING: &[&str] = &[];

#[test]
fn keywords_of_users() {
    let hit = |matched: &str| format!("user-keyword acme.example R->L ={matched}");
    let link =
        |lines: &[&str]| Scene::adding("Bob_Jones".replace('_', " ").leak(), &["http://acme.example"]).with(lines);
    link(&["bl Bob_Jones *"]).gives(&[&hit("*")]);
    link(&["bl bob_Jones *"]).gives(&[&hit("*")]);
    link(&["bl Bob_jones *"]).gives(NOTHING);
    link(&["bl Bob_Jones zebra"]).gives(NOTHING);
    link(&["bl Bob_Jones zebra", "bl Bob_Jones acme"]).gives(&["user-keyword acme.example R->L 36.3 =acme"]);
    // For an address in another spelling, too
    Scene::adding("2001:db8::1", &["http://acme.example"])
        .with(&["bl 2001:DB8:0:0:0:0:0:1 *"])
        .gives(&["user-keyword acme.example R->L =* new"]);
    // The whole key and the owner's part are both compared
    for keyword in ["some.page", "facebook.com/some"] {
        let scene = Scene::adding("Bob", &["http://facebook.com/some.page"]).with(&[&format!("bl Bob {keyword}")]);
        assert_eq!(scene.verdict().hits[0].rule, Rule::UserKeyword, "{keyword}");
    }
    let page = |lines: &[&str]| Scene::new("Bob", "Chocolate").with(lines);
    page(&["bl Bob chocolate"]).gives(&["user-keyword Chocolate R->P 100 =chocolate"]);
    // `*` is about links; and the user is never compared with the user
    page(&["bl Bob *", "bl Bob Bob"]).gives(NOTHING);
}

#[test]
fn keywords_of_links() {
    for (user, lines, expected) in [
        ("Widgetmaker", &["bl example.com widgets"][..], "R->U 46.7 =widgets"),
        ("Widgetmaker", &["bl shop.example.com widgets"], "R->U 46.7 =widgets"),
        ("Widgetmaker", &["bl other.example.com widgets"], ""),
        ("Zzyzx", &["bl example.com widgets"], ""),
        ("Zzyzx", &["bl example.com *"], "R->U =*"),
        ("~2026-1-2", &["bl example.com *"], "R->U =* new"),
        ("~2026-1-2", &["bl example.com 2026-1-2"], ""),
        ("10.1.2.3", &["bl example.com 10.1.0.0/16"], "R->U =10.1.0.0/16 new"),
        (
            "10.1.2.3",
            &["bl example.com 10.0.0.200-10.2.0.1"],
            "R->U =10.0.0.200-10.2.0.1 new",
        ),
        ("10.1.2.3", &["bl example.com 10.1.2.3"], "R->U =10.1.2.3 new"),
        (
            "10.2.2.3",
            &["bl example.com 10.1.0.0/16", "bl example.com 10.0.0.200-10.2.0.1"],
            "",
        ),
        ("10.1.2.3", &["bl example.com acme"], ""),
        // A range is no keyword
        ("10-1-0-0-16", &["bl example.com 10.1.0.0/16"], ""),
    ] {
        let expected: Vec<String> = [expected]
            .into_iter()
            .filter(|rest| !rest.is_empty())
            .map(|rest| format!("link-keyword shop.example.com {rest}"))
            .collect();
        let scene = Scene::adding(user, &["http://shop.example.com"]).with(lines);
        assert_eq!(scene.lines(), expected, "{user} {lines:?}");
    }
    // A user of that name is meant, too
    Scene::adding("Seo.expert", &["http://acme.example"])
        .with(&["bl Seo.expert *"])
        .gives(&["user-keyword acme.example R->L =*"]);
}

#[test]
fn what_is_watched() {
    let link = || Scene::adding("Zed", &["http://shop.example.com/Some/Path?q"]);
    let hit = |rest: &str| rest.replacen(' ', " shop.example.com U->L ", 1);
    for (scene, expected) in [
        (link().with(&["ml example.com"]), "monitored-link =example.com"),
        (link().with(&["ml WWW.Example.com"]), "monitored-link =WWW.Example.com"),
        (link().with(&["ml ample.com"]), ""),
        (link().with(&["ml ample\\.com"]), "monitored-link =ample\\.com"),
        (link().with(&["ml SHOP\\..*/some"]), "monitored-link =SHOP\\..*/some"),
        (
            link().with(&["ml example.com/some"]),
            "monitored-link =example.com/some",
        ),
        (link().with(&["ml example.com/other"]), ""),
        (
            link().with(&["auto example.com", "ml xample"]),
            "monitored-link =xample",
        ),
        (link().with(&["auto example.com"]), "auto-monitored =example.com"),
        (
            link().noticeboard("example.com", "Project:Spam"),
            "noticeboard =Project:Spam",
        ),
        (
            link().blocked("http://shop.example.com/Some/Path?q", "shop\\."),
            "spam-blacklist =shop\\.",
        ),
        (link().blocked("http://example.com/", "example"), ""),
        (
            link().blocked_domain("example.com", "spam ring"),
            "blocked-domain =spam ring",
        ),
        (link().blocked_domain("other.example.com", "spam ring"), ""),
        (
            link()
                .blocked_domain("example.com", "x")
                .blocked("http://shop.example.com/Some/Path?q", "y")
                .noticeboard("example.com", "z"),
            "noticeboard =z",
        ),
    ] {
        let expected: Vec<String> = [expected]
            .iter()
            .filter(|rest| !rest.is_empty())
            .map(|rest| hit(rest))
            .collect();
        assert_eq!(scene.lines(), expected, "{:?}", scene.entries);
    }
    // Pages are no links
    Scene::new("Zed", "Example.com")
        .with(&["ml example.com", "mu zed"])
        .gives(NOTHING);
}

#[test]
fn what_is_collected_about_names_hides_nothing() {
    let scene = Scene::adding("Acme Marketing", &["http://x.example", "http://y.example"]);
    let names = [
        "monitored-user x.example U->L =^acme_ hidden",
        "monitored-user y.example U->L =^acme_ hidden",
    ];
    scene.clone().with(&["mu ^acme_"]).gives(&names);
    scene.clone().with(&["mu ^ACME.market"]).gives(&[
        "monitored-user x.example U->L =^ACME.market hidden",
        "monitored-user y.example U->L =^ACME.market hidden",
    ]);
    scene.clone().with(&["mu ^market"]).gives(NOTHING);
    scene
        .with(&["mu ^acme_", "ml x.example"])
        .gives(&[names[0], "monitored-link x.example U->L =x.example", names[1]]);
}

#[test]
fn the_whitelist_comes_first() {
    let everything = || {
        let mut scene = Scene::adding("Acme Widgets", &["http://acmewidgets.com/x", "http://zebra.example"]);
        scene.title = "Acme widgets";
        scene.with(&[
            "bl Acme_Widgets *",
            "bl Acme_Widgets widgets",
            "ml zebra.example",
            "mu acme",
        ])
    };
    let (page, link) = (
        "page-overlap Acme widgets U->P 100",
        "link-overlap acmewidgets.com U->L 78.5 auto",
    );
    let zebra = "user-keyword zebra.example R->L =*";
    everything().gives(&[page, link, zebra]);
    for line in ["wl acme_Widgets *", "wl Acme_Widgets *"] {
        let scene = everything().with(&[line]);
        scene.gives(NOTHING);
        assert!(
            scene
                .verdict()
                .story
                .iter()
                .any(|line| line.contains("no rule is asked"))
        );
    }
    everything()
        .with(&["wl Acme_Widgets acme_widgets"])
        .gives(&[link, zebra]);
    everything()
        .with(&["wl Acme_Widgets WWW.AcmeWidgets.com"])
        .gives(&[page, zebra]);
    everything()
        .with(&["wl Acme_Widgets widgets.com", "wl Bob *", "wl Acme_widgets *"])
        .gives(&[page, link, zebra]);
    // A sub-domain is covered, a word without a dot is no domain
    let sub = Scene::adding("Acme Widgets", &["http://shop.acmewidgets.com"]);
    assert_eq!(sub.lines().len(), 1);
    sub.clone().with(&["wl Acme_Widgets acmewidgets.com"]).gives(NOTHING);
    assert_eq!(sub.with(&["wl Acme_Widgets com"]).lines().len(), 1);
    // Whitelisted users have no floods either
    let mut flood = everything();
    flood.links = Some(Links::TooMany { links: 8_000, hosts: 3 });
    flood.gives(&[page, "flood 8,000 links to 3 hosts U->L x8000"]);
    flood.clone().with(&["wl Acme_Widgets *"]).gives(NOTHING);
    flood.is_bot = true;
    flood.gives(NOTHING);
}

#[test]
fn entries_count_where_and_while_they_say() {
    let change = |line: &str, change: fn(&mut ListEntry)| {
        let mut entry = entry(line);
        change(&mut entry);
        Scene {
            entries: vec![entry],
            ..Scene::adding("Zed", &["http://x.example"])
        }
    };
    for line in [
        "bl Zed *",
        "bl x.example *",
        "ml x.example",
        "ml x.ex+ample",
        "mu zed",
        "auto x.example",
    ] {
        assert_eq!(change(line, |_| ()).lines().len(), 1, "{line}");
        assert_eq!(
            change(line, |e| e.wiki = Some("en.wikipedia.org/w".into()))
                .lines()
                .len(),
            1,
            "{line}"
        );
        assert_eq!(
            change(line, |e| e.wiki = Some("de.wikipedia.org/w".into()))
                .lines()
                .len(),
            0,
            "{line}"
        );
        assert_eq!(change(line, |e| e.expires = Some(now())).lines().len(), 0, "{line}");
        assert_eq!(
            change(line, |e| e.expires = Some(at("2026-11-20T10:00:01Z")))
                .lines()
                .len(),
            1,
            "{line}"
        );
    }
    for line in ["wl Zed *", "wl Zed x.example"] {
        let with = |change: fn(&mut ListEntry)| {
            let mut white = entry(line);
            change(&mut white);
            let mut scene = Scene::adding("Zed", &["http://x.example"]).with(&["ml x.example"]);
            scene.entries.push(white);
            scene.lines().len()
        };
        assert_eq!(with(|_| ()), 0, "{line}");
        assert_eq!(with(|e| e.wiki = Some("de.wikipedia.org/w".into())), 1, "{line}");
        assert_eq!(with(|e| e.expires = Some(now())), 1, "{line}");
    }
    let mut scene = Scene::adding("Zed", &["http://x.example"]);
    scene.watched = Watched {
        noticeboards: vec![watched("x.example", "Here")],
        ..Watched::default()
    };
    assert_eq!(scene.lines().len(), 1);
    scene.watched.noticeboards[0].wiki = Some("de.wikipedia.org/w".into());
    scene.gives(NOTHING);
}

#[test]
fn entries_that_cannot_be_asked_are_told() {
    let lines = ["ml a(?=b)", "mu (", "wl * *", "bl * acme", "ml *", "ml good.example"];
    let (_, not_checked) = Scene::new("Zed", "Q").with(&lines).judge();
    let told: HashSet<_> = not_checked
        .iter()
        .map(|not| (not.entry.user.clone(), not.entry.string.clone()))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        (None, some("a(?=b)")),
        (some("("), None),
        (None, None),
        (None, some("acme")),
    ]
    .into_iter()
    .collect();
    assert_eq!(told, expected);
    assert_eq!(not_checked.len(), 5);
    assert!(not_checked.iter().all(|not| !not.why.is_empty()));
}

#[test]
fn what_one_wiki_blocks_and_other_lists_change_nothing_else() {
    let scene = Scene::adding("Zed", &["http://a.example", "http://b.example"])
        .with(&["ml b.example"])
        .blocked_domain("c.example", "everywhere");
    let (mut judge, _) = scene.judge();
    let rules = |judge: &mut crate::hit::Judge| -> Vec<String> {
        let judged = scene.edit(|edit, outside, site| judge.judge(edit, outside, site));
        let verdict = judged.settle(&scene.config.skip, None, crate::addition::NewUser::default(), now());
        verdict
            .hits
            .iter()
            .map(|hit| format!("{} {}", hit.rule.word(), hit.string))
            .collect()
    };
    assert_eq!(rules(&mut judge), ["monitored-link b.example"]);
    judge.block("de.wikipedia.org/w", vec![watched("a.example", "there")]);
    assert_eq!(rules(&mut judge), ["monitored-link b.example"], "another wiki");
    judge.block(WIKI, vec![watched("a.example", "here")]);
    assert_eq!(
        rules(&mut judge),
        ["blocked-domain a.example", "monitored-link b.example"]
    );
    let left_out = judge.set_lists(vec![entry("ml a.example"), entry("ml (?=x)")], now());
    assert_eq!(left_out.len(), 1);
    assert_eq!(rules(&mut judge), ["monitored-link a.example"]);
    judge.set_lists(Vec::new(), now());
    assert_eq!(rules(&mut judge), ["blocked-domain a.example"]);
    judge.block(WIKI, Vec::new());
    assert_eq!(rules(&mut judge), [""; 0]);
}
