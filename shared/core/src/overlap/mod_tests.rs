use super::*;

/// 300 pairs with the numbers of COIBot's published code.
const TABLE: &str = include_str!("../../testdata/overlap.tsv");

fn row(user: &str, text: &str) -> String {
    let score = score(user, text);
    let numbers = [score.ut, score.tu, score.test_ratio(), score.report_ratio()].map(number);
    format!("{user}\t{text}\t{}", numbers.join("\t"))
}

#[test]
fn gives_the_published_codes_numbers() {
    assert_eq!(TABLE.lines().count(), 300);
    for line in TABLE.lines() {
        let mut columns = line.split('\t');
        let (user, text) = (columns.next().unwrap(), columns.next().unwrap());
        assert_eq!(row(user, text), line);
    }
}

#[test]
fn gives_the_numbers_of_the_bots_page_and_of_old_reports() {
    let rows = [
        "zxv\tzyxwv\t90\t60\t54\t54",
        "chocolatefan\tchocolate_chip_cookie\t75\t47.36\t35.52\t35.5",
        "example\texample.com\t100\t70\t70\t70",
        "Terra\tTyler kay\t63.18\t48.75\t30.8\t30.8",
        "COIBot\texample.com\t24.3\t18\t4.37\t4.3",
        "Duo535\t12d.co.uk\t27\t23.14\t6.24\t6.2",
        "WaldoMinny\t2008.paraglidingworldcup.org\t16.35\t11.12\t1.81\t1.8",
        "JohnSmith\tjohnsmith.com\t100\t75\t75\t75",
        "JohnSmith\tsmithjohn.org\t86\t41.66\t35.82\t35.8",
        "Acme Widgets\tacmewidgets.co.uk\t100\t73.33\t73.33\t73.3",
        "Acme_Widgets_Ltd\tacme-widgets.com\t78.57\t73.33\t57.61\t57.6",
        "seo.expert\tbest-seo-experts.net\t72.9\t47.36\t34.52\t34.5",
        "Bob\tBobsleigh\t100\t33.33\t33.33\t33.3",
        "Bob\tList of bobsleigh championships\t100\t10.71\t10.71\t10.7",
        "ab\tba\t50\t50\t25\t25",
        "abab\tab\t50\t100\t50\t50",
        "aab\tab\t66.66\t100\t66.66\t66.6",
        "Beetstra\tbeetstra.nl\t100\t80\t80\t80",
        "Foo (bar)\tfoo*bar[baz]\t100\t66.66\t66.66\t66.6",
        "192.0.2.17\texample.com\t0\t0\t0\t0",
    ];
    for expected in rows {
        let (user, text) = expected.split_once('\t').unwrap();
        let text = text.split('\t').next().unwrap();
        assert_eq!(row(user, text), expected);
    }
}

#[test]
fn counts_characters_and_folds_all_of_unicode() {
    // On bytes this would be 71.42.
    assert_eq!(row("éclair", "eclair.fr"), "éclair\teclair.fr\t83.33\t62.5\t52.08\t52");
    assert_eq!(score("ÉCLAIR", "éclair"), Score { ut: 100.0, tu: 100.0 });
    assert_eq!(score("МАГАЗИН", "магазин.рф").ut, 100.0);
    assert_eq!(score("日本語", "日本語版").tu, 75.0);
    // A no-break space is white space, too.
    assert_eq!(score("acme\u{a0}ltd", "acme_ltd").tu, 100.0);
}

#[test]
fn takes_special_characters_as_they_are() {
    for name in ["a^b", "$ab", "a|b", "a+b?", "\\d{2}", "a\0b", "^", "|"] {
        assert_eq!(score(name, name), Score { ut: 100.0, tu: 100.0 }, "{name:?}");
    }
    assert_eq!(score("a|b", "ab").ut, 66.66);
    assert_eq!(score("^", "abc"), Score::default());
}

#[test]
fn nothing_scores_nothing() {
    for (user, text) in [
        ("", "example"),
        ("example", ""),
        (" ._<>[]*()\t\n", "example"),
        ("", ""),
    ] {
        assert_eq!(score(user, text), Score::default());
    }
}

#[test]
fn cuts_what_is_too_long() {
    let long = "ab".repeat(MAX_CHARS);
    let cut = &long[..MAX_CHARS];
    assert_eq!(score(&long, "abc"), score(cut, "abc"));
    assert_eq!(score("x", &long), score("x", cut));
    assert_eq!(score(&long, cut), Score { ut: 100.0, tu: 100.0 });
}

#[test]
fn prints_no_zeros_at_the_end() {
    let printed = [0.0, 90.0, 100.0, 47.36, 35.5, 0.05, 10.0].map(number);
    assert_eq!(printed, ["0", "90", "100", "47.36", "35.5", "0.05", "10"]);
}
