use super::*;
use proptest::prelude::*;
use shared::core::text::{code, literal, plain, user};

fn rank(is_new: bool, ratio: u32) -> Rank {
    Rank { is_new, ratio }
}

fn entry(anchor: &str, ratio: u32, words: &str) -> Entry {
    Entry {
        anchor: anchor.to_owned(),
        rank: rank(false, ratio),
        hits: 1,
        says: Says::This(plain(words, 80)),
        is_new: true,
        is_forced: false,
    }
}

fn old(mut entry: Entry) -> Entry {
    entry.is_new = false;
    entry
}

fn says(says: Says, anchor: &str) -> Entry {
    Entry {
        rank: Rank::default(),
        says,
        is_forced: true,
        ..old(entry(anchor, 0, ""))
    }
}

fn up(text: Option<&str>, entries: &[Entry]) -> String {
    update(text, &literal("Intro."), entries, &[], &HashSet::new())
}

/// The page without the anchors.
fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--co") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn new_accounts_first_then_by_ratio_and_nothing_twice() {
    let mut new = entry("dd", 10, "new account");
    new.rank.is_new = true;
    let entries = [
        entry("aa", 308, "low"),
        entry("bb", 600, "high"),
        new,
        entry("cc", 308, "later"),
    ];
    let page = up(None, &entries);
    assert_eq!(
        shown(&page),
        "__NOINDEX__Intro.<!-- coi-report day -->\n# new account\n# high\n# low\n# later\n"
    );
    assert!(page.contains("<!--co:bb k 60.0 1 "), "{page}");
    assert_eq!(up(Some(&page), &entries), page);
    assert_eq!(up(Some(page.trim_end()), &entries), page);
    let page = up(Some(&page), &[entry("ee", 400, "between"), entry("ff", 0, "last")]);
    assert_eq!(
        shown(&page).lines().skip(1).collect::<Vec<_>>(),
        ["# new account", "# high", "# between", "# low", "# later", "# last"]
    );
}

#[test]
fn a_line_grows_where_nobody_changed_it() {
    let page = up(None, &[entry("aa", 300, "one"), entry("bb", 200, "two")]);
    let mut more = old(entry("aa", 300, "one and 12 pages"));
    more.hits = 13;
    let grown = up(Some(&page), std::slice::from_ref(&more));
    assert!(grown.contains("# one and 12 pages<!--co:aa k 30.0 13 "), "{grown}");
    assert_eq!(up(Some(&grown), std::slice::from_ref(&more)), grown);
    // A database that forgot some hits does not make the line smaller.
    assert_eq!(up(Some(&grown), &[old(entry("aa", 300, "one"))]), grown);
    // Words that people changed stay.
    let edited = page.replace("# one", "# One, handled!");
    assert_eq!(up(Some(&edited), &[more]), edited);
}

#[test]
fn what_people_wrote_struck_or_moved_stays() {
    let page = up(
        None,
        &[
            entry("aa", 600, "one"),
            entry("bb", 300, "two"),
            entry("cc", 100, "three"),
        ],
    );
    let line = |name: &str| {
        page.lines()
            .find(|line| line.contains(&format!(":{name} ")))
            .unwrap()
            .to_owned()
    };
    let (one, two, three) = (line("aa"), line("bb"), line("cc"));
    let page = format!(
        "Ours!\n{}\n{one} --Ann\n#: I looked.\n#:: Me too.\n<s>{}\n{}</s>\n\n== Handled ==\n{two}\n# human\n",
        page.lines().next().unwrap(),
        "# struck by hand",
        three,
    );
    let text = up(Some(&page), &[entry("dd", 500, "new"), entry("ee", 50, "low")]);
    let lines: Vec<String> = shown(&text).lines().map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            "Ours!",
            "__NOINDEX__Intro.<!-- coi-report day -->",
            "# one --Ann",
            "#: I looked.",
            "#:: Me too.",
            "<s># struck by hand",
            "# three</s>",
            "# new",
            "# low",
            "",
            "== Handled ==",
            "# two",
            "# human",
        ]
    );
    // A line that somebody took away does not come back, and one that was moved is not doubled.
    let without = text.replace(&one, "");
    let again = up(Some(&without), &[old(entry("aa", 600, "one")), entry("bb", 300, "two")]);
    assert_eq!(again.trim_end(), without.trim_end());
}

#[test]
fn what_is_hidden_goes_wherever_it_stands_and_words_of_people_stay() {
    let page = up(None, &[entry("aa", 600, "secret name"), entry("bb", 300, "two")]);
    let page = page
        .replace("# secret name", "# <s>secret name, surely")
        .replace(" 60.0 1 ", " 60.0 1 x")
        .replacen("-->\n# two", "--></s> done --Ann\n#: note\n# two", 1);
    let copied = format!(
        "{page}\n* see {}\n",
        page.lines().find(|line| line.contains(":aa ")).unwrap()
    );
    let hidden = says(Says::Hidden(literal("2 hits hidden")), "aa");
    let text = up(Some(&copied), std::slice::from_ref(&hidden));
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(shown(&text).matches("<s>2 hits hidden</s> done --Ann").count(), 2);
    assert!(text.contains("#: note") && text.contains("# two"));
    assert_eq!(up(Some(&text), std::slice::from_ref(&hidden)), text);
    // It stays hidden whatever the database says later, and never makes a line of its own.
    assert_eq!(up(Some(&text), &[old(entry("aa", 600, "secret name"))]), text);
    let mut new = hidden;
    (new.is_new, new.anchor) = (true, "zz".to_owned());
    assert_eq!(up(Some(&text), &[new]), text);
}

#[test]
fn what_is_named_nowhere_goes_with_its_line() {
    let page = up(
        None,
        &[
            entry("aa", 600, "one"),
            entry("bb", 300, "two"),
            entry("cc", 100, "three"),
        ],
    );
    let page = page.replacen("\n# three", "\n#: about two\n# three", 1);
    let off = |name: &str| says(Says::Off(literal("A line was taken off.")), name);
    let text = up(Some(&page), &[off("aa"), off("bb"), off("cc")]);
    assert_eq!(
        shown(&text),
        "__NOINDEX__Intro.<!-- coi-report day -->\n# A line was taken off.\n#: about two\n"
    );
    assert_eq!(up(Some(&text), &[off("aa"), off("bb"), off("cc")]), text);
}

#[test]
fn a_line_is_forced_once() {
    let page = up(None, &[entry("aa", 600, "Ann did it")]);
    let page = page.replace("# Ann did", "# Note: Ann did");
    let mut faded = old(entry("aa", 600, "somebody did it"));
    faded.is_forced = true;
    let text = up(Some(&page), std::slice::from_ref(&faded));
    assert!(!text.contains("Ann") && text.contains("# somebody did it"), "{text}");
    let noted = text.replace("# somebody", "# (checked) somebody");
    assert_eq!(up(Some(&noted), &[faded]), noted);
}

#[test]
fn counts_stand_at_the_end_and_are_brought_up_to_date() {
    let tail = |count: u64, is_new| Tail {
        name: "more",
        count,
        text: plain(&format!("{count} more"), 40),
        is_new,
    };
    let none = HashSet::new();
    let write =
        |page: Option<&str>, entries: &[Entry], tail: Tail| update(page, &literal("Intro."), entries, &[tail], &none);
    let page = write(None, &[entry("aa", 600, "one")], tail(3, true));
    assert_eq!(shown(&page).lines().skip(1).collect::<Vec<_>>(), ["# one", "3 more"]);
    let page = write(Some(&page), &[entry("bb", 100, "two")], tail(5, false));
    assert_eq!(
        shown(&page).lines().skip(1).collect::<Vec<_>>(),
        ["# one", "# two", "5 more"]
    );
    assert!(page.contains("<!--co-more 5 "));
    // What people made of it stays, and what they took away stays away.
    let edited = page.replace("5 more", "Lots more");
    assert_eq!(write(Some(&edited), &[], tail(9, true)), edited);
    let without: String = page
        .lines()
        .filter(|line| !line.contains("co-more"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(write(Some(&without), &[], tail(9, false)), without);
}

#[test]
fn strikes_are_read_from_the_page() {
    let none = HashSet::new();
    let mut page = up(
        None,
        &["aa", "bb", "cc", "dd", "ee", "ff", "gg"]
            .map(|name| entry(name, 100, &format!("about {name} and more words"))),
    );
    for (from, to) in [
        ("# about aa", "# <s>about aa"),
        ("\n# about bb and", "</s>\n#<del>about bb and</del> "),
        // A word is not the line.
        ("# about cc", "# about <s>c</s>c"),
        ("# about dd", "# <nowiki><s></nowiki>about dd<nowiki></s></nowiki>"),
        ("# about ee", "<strike>\n# about ee"),
        ("\n# about gg", "\n</strike>\n# <s>about gg"),
    ] {
        assert!(page.contains(from));
        page = page.replacen(from, to, 1);
    }
    let struck: Vec<String> = struck_anchors(&page, &none).into_iter().collect();
    assert_eq!(struck, ["aa", "bb", "ee", "ff", "gg"]);
    // The name alone is enough.
    let line = "# at noon: <s><bdi>Ann</bdi></s> changed a page with a very long title indeed<!--co:aa k 1.0 1 x-->\n";
    assert_eq!(struck_anchors(line, &none).len(), 1);
}

/// Bits of what people write between and around lines.
fn foreign() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "# my own line",
        "#: reply",
        "* bullet",
        "== Section ==",
        "",
        "<s>",
        "</s>",
        "<del>x",
        "{{cot}}",
        "<!-- note",
        "-->",
        "<nowiki>",
        "</nowiki>",
        "<!--co:",
        "<!--co:zz k 1.0 1 abc-->",
        "<!--co-more 1 x-->",
        "Ünïcödé 🦀",
        "|}",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn updates_lose_no_foreign_byte_and_can_be_repeated(
        before in prop::collection::vec(foreign(), 0..8),
        names in prop::collection::btree_set(0..9_u32, 1..8),
        split in 0..8_usize,
        cuts in prop::collection::vec((0..40_usize, foreign()), 0..12),
    ) {
        let entries: Vec<Entry> = names.iter().map(|name| {
            let mut entry = entry(&format!("n{name}"), name * 97 % 50, &format!("words of {name}"));
            entry.rank.is_new = name % 3 == 0;
            entry
        }).collect();
        let (first, later) = entries.split_at(split.min(entries.len()));
        let mut lines: Vec<String> = up(None, first).lines().map(str::to_owned).collect();
        for (at, text) in cuts {
            let at = at % (lines.len() + 1);
            lines.insert(at, text);
        }
        lines.extend(before);
        let page = lines.join("\n");
        let text = up(Some(&page), later);
        prop_assert_eq!(&up(Some(&text), later), &text);
        // Nothing is changed: lines are put in between.
        let mut kept = text.trim_end().split('\n').peekable();
        let mut added = 0;
        for line in page.trim_end().split('\n').filter(|_| !page.trim_end().is_empty()) {
            while kept.peek().is_some_and(|next| *next != line) {
                prop_assert!(kept.next().unwrap().contains("<!--co:n"));
                added += 1;
            }
            prop_assert!(kept.next().is_some(), "lost: {line}");
        }
        prop_assert!(kept.all(|line| line.contains("<!--co:n") || line.starts_with("__NOINDEX__")));
        prop_assert!(added <= later.len());
        for entry in later {
            prop_assert_eq!(text.matches(&format!("<!--co:{} ", entry.anchor)).count().max(1), 1);
        }
    }

    #[test]
    fn hostile_words_never_leave_their_line(text in "\\PC{0,40}|[<>\\[\\]{}|#*:!\\-s/=\n~_&;']{0,40}") {
        let mut words = user(&text);
        words.push_literal(" ").push(&code(&text, 60)).push_literal(" ").push(&plain(&text, 60));
        let hostile = Entry { says: Says::This(words), ..entry("aa", 1, "") };
        let page = up(None, &[hostile.clone(), entry("bb", 0, "two")]);
        prop_assert_eq!(page.lines().count(), 3);
        prop_assert_eq!(anchors(&page).into_iter().collect::<Vec<_>>(), ["aa", "bb"]);
        prop_assert!(struck_anchors(&page, &HashSet::new()).is_empty());
        let gone = up(Some(&page), &[says(Says::Off(Wikitext::new()), "aa")]);
        prop_assert_eq!(gone.lines().count(), 2);
    }
}
