use super::*;
use proptest::prelude::*;
use shared::core::hit::Hit;
use shared::core::types::{PageId, UserId};
use shared::db::UserKind;
use shared::db::hit::NewHit;

const HOME: &str = "en.wikipedia.org/w";

fn site() -> Site {
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "P", "server": "s", "lang": "en", "wikiid": "p", "generator": "g"},
        "namespaces": {
            "-1": {"id": -1, "case": "first-letter", "name": "Special", "canonical": "Special"},
            "0": {"id": 0, "case": "first-letter", "name": ""},
            "2": {"id": 2, "case": "first-letter", "name": "User", "canonical": "User"},
            "3": {"id": 3, "case": "first-letter", "name": "User talk", "canonical": "User talk"},
            "6": {"id": 6, "case": "first-letter", "name": "File", "canonical": "File"},
        }
    }))
    .unwrap()
}

fn row(name: &str, title: &str, hit: Hit) -> hit::Row {
    hit::Row {
        id: 1,
        home: HOME.to_owned(),
        of: NewHit {
            wiki: HOME.to_owned(),
            rev: RevId(77),
            ts: chrono::DateTime::from_timestamp(1_795_351_267, 0).unwrap(),
            page: PageId(5),
            ns: 0,
            title: title.to_owned(),
            user: Some(shared::db::Author {
                id: UserId(9),
                name: name.to_owned(),
                kind: UserKind::Account,
            }),
            hit,
            settings: RevId(1),
            edits: None,
        },
        kind: Some(UserKind::Account),
        recorded: chrono::DateTime::UNIX_EPOCH,
        user_hidden: false,
        text_hidden: false,
    }
}

fn overlap(string: &str) -> Hit {
    Hit {
        subject: Subject::Page,
        string: string.to_owned(),
        key: None,
        rule: Rule::PageOverlap,
        matched: None,
        score: Some((63.18, 48.75, 30.8)),
        words: ('U', 'P'),
        near: None,
        url: None,
        times: 1,
        skip: None,
        is_shown: true,
        starts_monitoring: false,
        is_new: true,
    }
}

fn link_hit(rule: Rule, url: &str) -> Hit {
    Hit {
        subject: Subject::Link,
        key: Some("com.example.shop.".to_owned()),
        rule,
        score: None,
        url: Some(url.to_owned()),
        ..overlap("shop.example.com")
    }
}

fn facts<'a>(wiki: &'a str, rows: &[&'a hit::Row]) -> Facts<'a> {
    Facts {
        anchor: "abc",
        wiki,
        hits: rows.to_vec(),
        pages: 1,
        edits: 1,
        hidden: 0,
        is_off: false,
        is_faded: false,
        counts: (1, 4),
    }
}

fn with<T>(work: impl FnOnce(&Words<'_>) -> T) -> T {
    let site = site();
    let report = site.title("User:Bot/COIReports").unwrap();
    let status = site.title("User:Bot/coi-report/Settings/Status").unwrap();
    let elsewhere = Elsewhere::with_prefixes(&[("de.wikipedia.org/w", "de")]);
    let common = Common::default();
    work(&Words {
        site: &site,
        wiki: HOME,
        common: &common,
        report: &report,
        status: &status,
        elsewhere: &elsewhere,
    })
}

fn said(entry: Entry) -> String {
    match entry.says {
        Says::This(words) | Says::Hidden(words) | Says::Off(words) => words.into_string(),
    }
}

/// Decimal entities as a reader sees them.
fn read(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        let (number, after) = after.split_once(';').unwrap();
        out.push_str(before);
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

#[test]
fn lines_are_as_the_original_wrote_them() {
    let line = |facts: Facts<'_>| with(|words| read(&said(words.entry(&facts, true))));
    let page = row("Ann_Lee", "Acme Widgets", overlap("Acme Widgets"));
    assert_eq!(
        line(facts(HOME, &[&page])),
        "12:41:07: [[Special:Contributions/Ann Lee|<bdi>Ann Lee</bdi>]] ([[:User talk:Ann Lee|talk]], \
         [[:Special:Contributions/Ann Lee|contribs]]; 1/4) scores 63.18% (U→P) & 48.75% (P→U) (ratio: 30.8%) on \
         <bdi>Ann Lee</bdi> ↔ Acme Widgets ([[:Acme Widgets|Acme Widgets]] – [[Special:Diff/77|diff]] – \
         [[:User:Bot/UserReports/Ann Lee|user report]])"
    );
    let link = row(
        "Ann",
        "Datei:X",
        link_hit(Rule::MonitoredLink, "https://shop.example.com/a_b?c='''d'''"),
    );
    let mut elsewhere = facts("de.wikipedia.org/w", &[&link]);
    (elsewhere.pages, elsewhere.edits, elsewhere.hidden) = (13, 14, 1);
    assert_eq!(
        line(elsewhere),
        "12:41:07: [[:de:User:Ann|<bdi>Ann</bdi>]] @ de ([[:de:User talk:Ann|talk]], \
         [[:de:Special:Contributions/Ann|contribs]]; 1/4) Monitored link – shop.example.com – added \
         <code><nowiki>shop.example.com/a_b?c='''d'''</nowiki></code> + 12 pages; 1 hit hidden \
         ([[:de:Datei:X|Datei:X]] – [[:de:Special:Diff/77|diff]] – [[:User:Bot/UserReports/Ann|user report]] – \
         [[:User:Bot/LinkReports/example.com|link report]])"
    );
    let mut nowhere = facts("fr.wikipedia.org/w", &[&link]);
    nowhere.is_faded = true;
    assert_eq!(
        line(nowhere),
        "12:41:07: temporary account @ fr.wikipedia.org/w (1/4) Monitored link – shop.example.com – added \
         <code><nowiki>shop.example.com/a_b?c='''d'''</nowiki></code> (Datei:X – diff 77 – \
         [[:User:Bot/LinkReports/example.com|link report]])"
    );
}

#[test]
fn what_is_hidden_is_counted_and_what_is_off_is_not() {
    with(|words| {
        let mut hidden = facts(HOME, &[]);
        hidden.hidden = 2;
        assert_eq!(
            words.entry(&hidden, true).says,
            Says::Hidden(literal("2 hits hidden").to_owned())
        );
        hidden.is_off = true;
        assert!(matches!(words.entry(&hidden, true).says, Says::Off(_)));
    });
}

#[test]
fn days_have_titles_of_their_own() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    with(|words| {
        assert_eq!(words.day(day("2026-11-22")).text, "Bot/COIReports/2026, Nov 22");
        assert_eq!(words.day(day("2026-05-03")).text, "Bot/COIReports/2026, May 3");
    });
}

#[test]
fn percentages_have_no_zeros_behind_them() {
    for (value, text) in [
        (90.0, "90"),
        (47.36, "47.36"),
        (35.5, "35.5"),
        (0.0, "0"),
        (100.0, "100"),
        (30.799_99, "30.8"),
    ] {
        assert_eq!(percent(value).as_str(), text);
    }
}

proptest! {
    /// Whatever users call themselves, their pages and links: one line, and the bot's links only.
    #[test]
    fn hostile_names_titles_and_urls_make_no_markup(
        name in "\\PC{1,30}|[\\[\\]{}|<>~'#:/_&;%]{1,20}",
        title in "\\PC{1,30}|[\\[\\]{}|<>~'#:/_&;%]{1,20}",
        url in "https?://\\PC{0,30}|//[\\[\\]{}|<>~' #:/_&;%.]{0,20}",
        rule in prop::sample::select(Rule::ALL.to_vec()),
    ) {
        let mut hit = link_hit(rule, &url);
        (hit.string, hit.matched, hit.score) = (title.clone(), Some(name.clone()), Some((1.5, 2.0, 0.1)));
        let row = row(&name, &title, hit);
        for wiki in [HOME, "de.wikipedia.org/w", "fr.wikipedia.org/w"] {
            let line = with(|words| said(words.entry(&facts(wiki, &[&row]), true)));
            // A page may be called `//…`: behind the colon of its wiki the target of its link is no address.
            let mut parts = line.split("[[");
            let first = parts.next().unwrap().to_owned();
            let outside = parts.fold(first, |all, part| all + part.split_once('|').unwrap().1);
            prop_assert!(!line.contains('\n') && !outside.contains("://"), "{}", line);
            prop_assert!(!line.contains("{{") && !line.contains("~~~"), "{}", line);
            prop_assert!(!line.contains("[http") && !line.contains("[//") && !line.contains("'''"), "{}", line);
            let mut rest = line.as_str();
            while let Some((_, after)) = rest.split_once("[[") {
                let (inner, after) = after.split_once("]]").unwrap();
                prop_assert!(inner.starts_with(':') || inner.starts_with("Special:"), "{}", inner);
                prop_assert_eq!(inner.matches('|').count(), 1);
                prop_assert!(!inner.contains('['), "{}", inner);
                rest = after;
            }
            let without = ["<bdi>", "</bdi>", "<code>", "</code>", "<nowiki>", "</nowiki>", "<nowiki/>"]
                .iter()
                .fold(line.clone(), |line, tag| line.replace(tag, ""));
            prop_assert!(!without.contains(['<', '>']), "{}", line);
        }
    }
}
