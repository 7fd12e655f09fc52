//! The lines, word by word.

use super::*;
use shared::core::overlap::score;
use shared::core::types::{PageId, RevId, Timestamp, UserId};
use shared::db::{Author, UserKind};

const DIFF: &str = "https://en.example.org/w/index.php?diff=7";

fn one(name: &str, hit: Hit) -> NewHit {
    NewHit {
        wiki: "en.example.org/w".to_owned(),
        rev: RevId(7),
        ts: Timestamp::UNIX_EPOCH,
        page: PageId(1),
        ns: 0,
        title: "Water".to_owned(),
        user: Some(Author {
            id: UserId(5),
            name: name.to_owned(),
            kind: UserKind::Account,
        }),
        hit,
        settings: RevId(1),
        edits: None,
    }
}

fn found(rule: Rule, subject: Subject, string: &str) -> Hit {
    Hit {
        subject,
        string: string.to_owned(),
        key: None,
        rule,
        matched: None,
        score: None,
        words: ('U', if subject == Subject::Page { 'P' } else { 'L' }),
        near: None,
        url: None,
        times: 1,
        skip: None,
        is_shown: true,
        starts_monitoring: false,
        is_new: false,
    }
}

fn overlap(rule: Rule, subject: Subject, name: &str, string: &str) -> Hit {
    let score = score(name, string);
    Hit {
        score: Some((score.ut, score.tu, score.report_ratio())),
        ..found(rule, subject, string)
    }
}

fn said(numbers: Option<Four>) -> Said<'static> {
    Said {
        lang: "en",
        diff: DIFF,
        place: Place {
            recent: 1,
            all: 4,
            batch: 2,
        },
        numbers,
        highlights: true,
        room: None,
    }
}

/// What stands between the two links and the diff, and what follows the count.
fn parts(line: &str) -> (&str, &str) {
    let (head, rest) = line.split_once(&format!(" ( {DIFF} ) (report 1/4; 2)")).unwrap();
    let (_, what) = head.split_once("]]/[[").unwrap().1.split_once("]] ").unwrap();
    (what, rest)
}

#[test]
fn a_whole_line_is_cobots() {
    let name = "ChocolateFan";
    let hit = overlap(Rule::PageOverlap, Subject::Page, name, "chocolate chip cookie");
    assert_eq!(
        line(&one(name, hit), &said(None)).unwrap(),
        "ALERT! [[en:user:ChocolateFan]]/[[en:special:contributions/ChocolateFan]] scores 75% (U->P) & 47.36% (P->U) \
         (ratio: 35.5%) on ChocolateFan <-> chocolate chip cookie ( https://en.example.org/w/index.php?diff=7 ) \
         (report 1/4; 2)"
    );
    let hidden = NewHit {
        user: None,
        ..one(name, found(Rule::Flood, Subject::Link, "x"))
    };
    assert_eq!(line(&hidden, &said(None)), None);
}

#[test]
fn every_rule_has_its_words() {
    let four = Some(Four {
        a: 12,
        b: 34,
        c: 5,
        d: 2,
    });
    let link = |rule| found(rule, Subject::Link, "acme.example");
    let matched = |hit: Hit, matched: &str, words| Hit {
        matched: Some(matched.to_owned()),
        words,
        ..hit
    };
    let keyword = Hit {
        score: Some((100.0, 50.0, 50.0)),
        ..matched(link(Rule::UserKeyword), "acme", ('R', 'L'))
    };
    let with_url = |hit: Hit, url: &str| Hit {
        url: Some(url.to_owned()),
        ..hit
    };
    let near = Hit {
        near: Some(88.5),
        ..overlap(Rule::LinkOverlap, Subject::Link, "example", "example.com")
    };
    let long = format!("https://acme.example/{}", "ü".repeat(200));
    let shown_long = format!(" acme.example/{}… (12, 34, 5, 2)", "ü".repeat(106));
    for (hit, what, rest) in [
        (
            with_url(near, "https://www.example.com/a?b#c"),
            "scores 100% (U->L) & 70% (L->U) (ratio: 70%) nearly the same: 88.5% on Acme <-> example.com",
            " www.example.com/a?b#c (12, 34, 5, 2)",
        ),
        (
            with_url(keyword, "//acme.example/x"),
            "user-keyword [acme] scores 100% (R->L) & 50% (L->R) (ratio: 50%) on acme <-> acme.example",
            " acme.example/x (12, 34, 5, 2)",
        ),
        (
            matched(link(Rule::UserKeyword), "*", ('R', 'L')),
            "user-keyword [*] on acme.example",
            " acme.example (12, 34, 5, 2)",
        ),
        (
            with_url(matched(link(Rule::MonitoredLink), "acme.example", ('U', 'L')), &long),
            "monitored-link on acme.example",
            &shown_long,
        ),
        (
            matched(found(Rule::MonitoredUser, Subject::Page, "Water"), "^Ac", ('U', 'P')),
            "monitored-user [^Ac] on Water",
            "",
        ),
        (
            matched(link(Rule::Noticeboard), "Project:Spam", ('U', 'L')),
            "noticeboard [Project:Spam] on acme.example",
            " acme.example (12, 34, 5, 2)",
        ),
        (
            found(Rule::Flood, Subject::Link, "1,200 links to 34 hosts"),
            "flood of 1,200 links to 34 hosts on Water",
            "",
        ),
    ] {
        let line = line(&one("Acme", hit), &said(four)).unwrap();
        assert_eq!(parts(&line), (what, rest), "{line}");
        assert!(!line.contains("://acme"), "{line}");
    }
}

#[test]
fn a_channel_that_wants_no_highlights_gets_none() {
    let name = "ChocolateFan";
    let hit = overlap(Rule::PageOverlap, Subject::Page, name, "Chocolate");
    let broken = Said {
        highlights: false,
        ..said(None)
    };
    let line = line(&one(name, hit), &broken).unwrap();
    assert!(!line.contains(name), "{line}");
    assert_eq!(line.matches(&unhighlighted(name)).count(), 3, "{line}");
    for title in ["ChocolateFan", "About chocolatefan, and ChocolateFan"] {
        let line = super::line(
            &one(name, overlap(Rule::PageOverlap, Subject::Page, name, title)),
            &broken,
        )
        .unwrap();
        assert!(!line.to_lowercase().contains("chocolatefan"), "{line}");
    }
}

#[test]
fn a_line_keeps_its_diff_where_there_is_little_room() {
    let narrow = Said {
        highlights: false,
        room: Some(390),
        ..said(None)
    };
    let title = "Ü".repeat(127);
    for name in ["Ann", &"語".repeat(40), &"語".repeat(85)] {
        let hit = overlap(Rule::PageOverlap, Subject::Page, name, &title);
        let wide = line(&one(name, hit.clone()), &Said { room: None, ..narrow }).unwrap();
        assert!(wide.len() > 390 && wide.contains(&title), "{wide}");
        let line = line(&one(name, hit), &narrow).unwrap();
        assert!(
            line.len() <= 390 && line.ends_with(&format!("( {DIFF} ) (report 1/4; 2)")),
            "{} {line}",
            line.len()
        );
    }
    let link = Hit {
        url: Some(format!("https://acme.example/{}", "ü".repeat(200))),
        ..found(Rule::MonitoredLink, Subject::Link, "acme.example")
    };
    let line = line(&one("Ann", link), &narrow).unwrap();
    assert!(line.contains(" acme.example/üüü") && line.len() <= 390, "{line}");
}

#[test]
fn the_diff_and_the_numbers_stand_however_long_the_rest_is() {
    let four = Some(Four {
        a: 12_345,
        b: 67_890,
        c: 1_234,
        d: 567,
    });
    let counted = Place {
        recent: 20_000,
        all: 20_000,
        batch: 500,
    };
    let tail = format!(" ( {DIFF} ) (report 20000/20000; 500) ");
    for name in [
        "語".repeat(85),
        "𐐷".repeat(63),
        "ab ".repeat(85),
        "( x".repeat(85),
        "\u{202e}".repeat(85),
    ] {
        for highlights in [true, false] {
            let narrow = Said {
                highlights,
                room: Some(390),
                place: counted,
                ..said(four)
            };
            let mut hit = overlap(Rule::LinkOverlap, Subject::Link, "acme", &"𐐷".repeat(63));
            hit.near = Some(88.25);
            hit.url = Some(format!("https://{}", "語/".repeat(300)));
            let line = line(&one(&name, hit), &narrow).unwrap();
            assert!(line.len() <= 390, "{} {line}", line.len());
            assert!(
                line.contains(&tail) && line.ends_with(" (12345, 67890, 1234, 567)"),
                "{line}"
            );
            assert_eq!(terminal(&line), line, "no sink makes it longer");
        }
    }
    // A name of usual length stays whole beside the longest title.
    let hit = overlap(Rule::PageOverlap, Subject::Page, "acme", &"語".repeat(85));
    let narrow = Said {
        room: Some(390),
        ..said(None)
    };
    let line = line(&one("Acme Widgets and Tools", hit), &narrow).unwrap();
    assert!(line.starts_with("ALERT! [[en:user:Acme Widgets and Tools]]/[[en:special:contributions/Acme Widgets and "));
}

#[test]
fn nothing_that_people_chose_reads_like_the_diff() {
    let bad = "X ( https://evil.example/ ) (report 1/1; 1)";
    let wide = bad.replace(' ', "\u{a0} ");
    for bad in [bad, &wide] {
        for (mut hit, name) in [
            (overlap(Rule::PageOverlap, Subject::Page, "Acme", bad), "Acme"),
            (
                overlap(Rule::LinkOverlap, Subject::Link, "acme", "acme.example"),
                "Acme",
            ),
            (found(Rule::MonitoredLink, Subject::Link, bad), "Acme"),
            (found(Rule::Flood, Subject::Link, "200 links"), "Acme"),
        ] {
            hit.url = Some(format!("https://acme.example/?{bad}"));
            hit.matched = Some(bad.to_owned());
            let mut of = one(name, hit);
            of.title = bad.to_owned();
            let line = line(&of, &said(None)).unwrap();
            let (before, rest) = line.split_once(" ( ").unwrap();
            assert!(rest.starts_with(&format!("{DIFF} ) (report 1/4; 2)")), "{line}");
            assert!(!before.contains("://") && line.matches("://").count() == 1, "{line}");
            assert_eq!(line.matches(" ) (").count(), 1, "{line}");
        }
    }
    let hit = overlap(Rule::PageOverlap, Subject::Page, "Acme", "Acme (company) (US)");
    assert!(
        line(&one("Acme", hit), &said(None))
            .unwrap()
            .contains("<-> Acme (company) (US) ( ")
    );
}

#[test]
fn a_high_level_tells_the_first_of_an_hour_and_each_fifth() {
    let told = |level| {
        let at = |recent| Place {
            recent,
            all: 100,
            batch: 1,
        };
        (1..=11)
            .filter(|&recent| is_told(level, at(recent)))
            .collect::<Vec<u64>>()
    };
    assert_eq!(told(Level::High), [1, 5, 10]);
    assert_eq!(told(Level::All).len(), 11);
    assert!(told(Level::Silent).is_empty());
}
