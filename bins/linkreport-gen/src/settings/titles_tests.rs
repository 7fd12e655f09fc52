use super::*;
use proptest::prelude::*;
use shared::core::link::{Key, PathHosts};

fn link(name: &str) -> Subject {
    Subject::Link(Key::from_name(name, &PathHosts::default()).unwrap())
}

fn user(name: &str) -> Subject {
    Subject::User(name.to_owned())
}

/// Those of hosts and users are the same as coi-report's day pages link to; what no title can hold is cut.
#[test]
fn titles_are_those_of_the_day_pages() {
    let settings = Settings::default();
    let range = |net: &str| Subject::range(net.parse().unwrap());
    for (subject, wanted) in [
        (link("example.com"), "LinkReports/example.com"),
        (link("bücher.example"), "LinkReports/xn--bcher-kva.example"),
        (link("facebook.com/Acme"), "LinkReports/facebook.com/acme"),
        (link("192.0.2.1"), "LinkReports/192.0.2.1"),
        (link("2001:db8::1"), "LinkReports/2001:db8::1"),
        (user("Ann Lee"), "UserReports/Ann Lee"),
        (user("~2026-12345-67"), "UserReports/~2026-12345-67"),
        (user("Éva: C&A 100% (?)"), "UserReports/Éva: C&A 100% (?)"),
        (Subject::Ip("192.0.2.7".parse().unwrap()), "UserReports/192.0.2.7"),
        // As MediaWiki writes it beside edits.
        (
            Subject::Ip("2001:db8::a".parse().unwrap()),
            "UserReports/2001:DB8:0:0:0:0:0:A",
        ),
        (range("192.0.2.0/24"), "RangeReports/192.0.2.0/24"),
        (range("2001:db8::/32"), "RangeReports/2001:db8::/32"),
        (Subject::Server("192.0.2.7".parse().unwrap()), "ServerReports/192.0.2.7"),
        (user("imported>Ann"), "UserReports/imported-Ann~"),
        (user("a/b"), "UserReports/a-b~"),
        (user(".."), "UserReports/~"),
        (user(""), "UserReports/~"),
        (user("x%41&amp;~~~~"), "UserReports/x-41-amp;----~"),
        (user("a_b  c"), "UserReports/a b c~"),
        (user(&"é".repeat(127)), &format!("UserReports/{}~", "é".repeat(114))),
    ] {
        let title = settings.title("Bot", &subject);
        let (text, made) = match wanted.strip_suffix('~') {
            Some(_) => title.text.split_at(title.text.len() - 10),
            None => (title.text.as_str(), ""),
        };
        assert_eq!(
            (title.ns, text),
            (2, format!("Bot/{wanted}").as_str()),
            "{subject:?} {made}"
        );
    }
    // Written down so that a change of the rule, which would leave reports behind, is seen.
    assert_eq!(
        settings.title("Bot", &user("a/b")).text,
        "Bot/UserReports/a-b~blcywsorxb"
    );
    assert_eq!(
        settings.reduced_title("Bot", &link("example.com")).text,
        "Bot/LinkReports/R-frk7syalvd"
    );
}

/// Nobody can take a name whose report would have the title of another's.
#[test]
fn a_name_that_looks_like_a_made_title_gets_another() {
    let settings = Settings::default();
    let ugly = user("a/b");
    let made = settings.title("Bot", &ugly).text;
    let like = user(made.strip_prefix("Bot/UserReports/").unwrap());
    assert_ne!(settings.title("Bot", &like).text, made);
    let reduced = settings.reduced_title("Bot", &ugly).text;
    let like = user(reduced.strip_prefix("Bot/UserReports/").unwrap());
    assert_ne!(settings.title("Bot", &like).text, reduced);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever a name is, its title is one that MediaWiki takes as it is, of at most 255 bytes, in its place; and two
    /// names never share one.
    #[test]
    fn hostile_names_have_titles(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "B", "é", "e\u{301}", "漢", "🙂", " ", "_", "/", "..", ".", "~", "~~~", "%41", "&amp;", "[", "]", "{{", "|",
            "<", ">", "#", ":", "\u{200E}", "\u{A0}", "\u{FFFD}", "\n", "\u{0}", "R-abcdefghij", "~abcdefghij", "User:",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ]), 1..12),
        other in "\\PC{0,40}",
        base in prop::sample::select(vec!["Bot", "Bot/Reports", "B"]),
    ) {
        let site = manual::offline_site().unwrap();
        let (one, two) = (user(&parts.concat()), user(&other));
        for name in [&one, &two] {
            let title = Settings::default().title(base, name);
            prop_assert!(title.text.len() <= 255);
            prop_assert_eq!(site.title(&site.prefixed(&title)), Ok(title.clone()));
            let above = Title { ns: 2, text: format!("{base}/UserReports") };
            prop_assert!(title.subpage_part(&above).is_some_and(|part| !part.contains('/')), "{}", title.text);
        }
        if one != two {
            prop_assert_ne!(Settings::default().title(base, &one), Settings::default().title(base, &two));
        }
    }
}
