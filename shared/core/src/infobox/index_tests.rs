use super::*;
use crate::types::UserId;
use proptest::prelude::*;
use serde_json::json;

fn site() -> Site {
    let ns = |id: i32, name: &str, canonical: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": canonical, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "de", "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {
            "-1": ns(-1, "Spezial", "Special"), "0": ns(0, "", ""), "1": ns(1, "Diskussion", "Talk"),
            "2": ns(2, "Benutzer", "User"), "4": ns(4, "Projekt", "Project"), "10": ns(10, "Vorlage", "Template"),
        },
        "namespacealiases": [{"id": 4, "alias": "Wikipedia"}],
        "extensiontags": ["<pre>", "<nowiki>", "<ref>"],
    }))
    .unwrap()
}

fn title(text: &str) -> Title {
    site().title(text).unwrap()
}

/// `title revid copy` of every line, and the problems.
fn told(text: &str) -> (Vec<String>, Vec<String>) {
    let index = parse(text, &site());
    let lines = index.lines.iter().map(|line| {
        let copy = line
            .copy
            .as_ref()
            .map_or(String::new(), |copy| format!(" {}", site().prefixed(copy)));
        assert_eq!(
            text.split('\n').nth(line.line - 1).unwrap().trim_end_matches('\r'),
            line.source
        );
        format!("{} {}{copy}", site().prefixed(&line.title), line.revid)
    });
    (
        lines.collect(),
        index.problems.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn every_form_is_read() {
    for (line, expected) in [
        ("* [[Special:PermanentLink/266420980|Acetone]]", "Acetone 266420980"),
        (
            "* [[Spezial:permalink/266420980|acetone]] checked by [[User:X|X]], 5 = 5",
            "Acetone 266420980",
        ),
        ("[[:special:PermaLink/7|''N,N&#39;-Bis&#8202;x'']]", "N,N'-Bis x 7"),
        ("* [[Acetone]] {{oldid|Acetone|266420980}}", "Acetone 266420980"),
        (
            "# '''[[acetone|the ketone]]''': {{Oldid|2=5|1=Acetone|label=x}}<!-- yes -->",
            "Acetone 5",
        ),
        ("{{oldid|Wikipedia:Acetone|5}}<ref>checked</ref>", "Projekt:Acetone 5"),
        ("* [{{fullurl:Acetone|oldid=266420980}} Acetone]", "Acetone 266420980"),
        ("* [[Acetone]] {{FULLURL:Acetone|action=raw&oldid=5}}", "Acetone 5"),
        ("Acetone=266420980", "Acetone 266420980"),
        (" *  [[Acetone]] = 0012\r", "!"),
        ("* [[Acetone]] = 0012\r", "Acetone 12"),
        ("E=mc²=12", "E=mc² 12"),
        ("Ace<!-- x -->tone = 12<!-- y -->", "Acetone 12"),
        (
            "Acetone = Wikipedia:WikiProject Chemicals/Verified/Acetone@12345",
            "Acetone 12345 Projekt:WikiProject Chemicals/Verified/Acetone",
        ),
        ("* A=B = [[Project:A=B]]@5", "A=B 5 Projekt:A=B"),
    ] {
        let (lines, problems) = told(&format!("== Ketones ==\n{line}\nprose\n"));
        if expected == "!" {
            assert_eq!((lines.len(), problems.len()), (0, 1), "{line}");
        } else {
            assert_eq!((lines, problems), (vec![expected.to_owned()], vec![]), "{line}");
        }
    }
}

#[test]
fn what_is_no_line_of_the_index_is_passed_over() {
    let text = "__NOTOC__ {{shortcut|A=5}}\n{{DEFAULTSORT:A=5}}\n= A=5 =\n== Ketones ==\nProse with [[Acetone]] and 5.\n\
        Verified on 5 May = good work by many\nThe last state was [[Special:PermanentLink/5|this]].\n\
        <!-- Acetone=5 --><nowiki>Acetone=5</nowiki>\n<pre>\n* [[Special:PermanentLink/5|Acetone]]\n</pre>\n\
        <!--\nAcetone=5\n-->\n{| class=wikitable\n| A = 5\n|}\n{{Header\n|a=5\nAcetone=5\n}}\n* [[Acetone]] is fine\n\
        * see [https://example.org/?a=b there]\n[[Category:X]]\n<div style=color:red>\n* \n";
    assert_eq!(told(text), (vec![], vec![]));
}

#[test]
fn what_cannot_be_read_is_told() {
    for (line, why) in [
        ("* [[Special:PermanentLink/0|Acetone]]", "there is no revision 0"),
        ("* [[Special:PermanentLink/12a|Acetone]]", "`12a` is no number"),
        ("* [[Special:PermanentLink/5]]", "no label"),
        ("* [[Special:PermanentLink/5|Acetone]", "brackets and braces"),
        ("* [[Special:PermanentLink/5|Ace{tone]]", "`{` is not allowed"),
        ("* [[Special:PermanentLink/99999999999999999999|A]]", "too large"),
        ("* {{oldid|Acetone}}", "number of the revision is missing"),
        ("* {{oldid||5}}", "it is empty"),
        ("* {{oldid|Acetone|{{x}}}}", "is no number"),
        (
            "* [[Ethanol]] {{oldid|Acetone|5}}",
            "two pages, `Ethanol` and `Acetone`",
        ),
        ("* {{oldid|Acetone|5}} {{oldid|Acetone|6}}", "more than one revision"),
        (
            "* [https://x.example/w/index.php?title=Acetone&oldid=5 Acetone]",
            "by a web address",
        ),
        ("* [[Acetone]] 266420980", "not marked as a revision"),
        ("Acetone=", "number of the revision is missing"),
        ("Acetone=abc", "`abc` is no number"),
        ("Acetone = 5 (checked)", "`5 (checked)` is no number"),
        ("Acetone = Ethanol@5", "outside the article namespace"),
        ("Acetone#History = 5", "names a section"),
        ("Special:Log = 5", "special page"),
        (" Acetone = 5", "begins with a space"),
        (
            "{{columns|\n* [[Special:PermanentLink/5|Acetone]]\n}}",
            "lies inside a template",
        ),
        ("Acetone = 5<!--\n-->6", "reaches into it"),
        ("* [[Special:PermanentLink/5|Ace<nowiki/>tone]]", "reaches into it"),
    ] {
        let (lines, problems) = told(&format!("Benzene=1\n{line}\n"));
        assert_eq!(lines, ["Benzene 1"], "{line}");
        assert!(problems.len() == 1 && problems[0].contains(why), "{line}: {problems:?}");
        assert!(
            problems[0].starts_with(if line.contains("columns") { "line 3" } else { "line 2" }),
            "{problems:?}"
        );
    }
}

#[test]
fn two_revisions_for_a_title_are_none() {
    let text = "Acetone=5\nBenzene=6\n* [[Special:PermanentLink/7|acetone]]\nBenzene=6\nX=Project:A@1\nX=Project:B@1";
    let (lines, problems) = told(text);
    assert_eq!(lines, ["Benzene 6"]);
    let [revisions, copies] = &problems[..] else {
        panic!("{problems:?}")
    };
    assert_eq!(
        revisions,
        "line 3, column 1: lines 1 and 3 name different revisions, 5 and 7, for `Acetone`: neither counts until one \
         of them is removed"
    );
    assert!(copies.starts_with("line 6, column 1: lines 5 and 6 name different copies for `X`"));

    // A proposed line takes nothing away.
    let (index, proposed) = read(text, &site()).part(&site(), |line| line.line != 3);
    let counting: Vec<usize> = index.lines.iter().map(|line| line.line).collect();
    assert_eq!((counting, proposed.len(), proposed[0].line), (vec![1, 2], 1, 3));
}

#[test]
fn too_large_a_page_is_refused() {
    let (lines, problems) = told(&"A=5\n".repeat(MAX_LINES));
    assert_eq!(lines.len(), 0);
    assert!(problems[0].contains("50001 lines"), "{problems:?}");
    assert!(told(&"x".repeat(2_100_000)).1[0].contains("bytes"));
    assert_eq!(told(&"A=x\n".repeat(500)).1.len(), 201);
    // These take seconds if something is looked for again and again.
    for piece in [
        "{{",
        "[[",
        "[http",
        "=",
        "&",
        "{{oldid",
        "[[Special:PermanentLink/",
        "<!--",
        "* {{oldid|\n",
    ] {
        let line = format!("* {}=5\n", piece.repeat(7_000 / piece.len()));
        parse(&line.repeat(60), &site());
        parse(&format!("* {}", piece.repeat(400_000 / piece.len())), &site());
    }
}

#[test]
fn a_line_is_put_at_its_place() {
    let page = "Intro <!-- x -->\n== A ==\n* [[Special:PermanentLink/1|Acetone]]\n== B ==\n* {{oldid|Benzene|2}} by [[User:X]]\r\n\n[[Category:Index]]\n";
    let put = |text: &str, name: &str, revid: u64, copy: Option<&str>| {
        let copy = copy.map(title);
        with_line(text, &site(), &title(name), RevId(revid), copy.as_ref())
    };
    let new = |name: &str, revid: u64| format!("* [[Special:PermanentLink/{revid}|{name}]]");
    for (name, revid, old, now) in [
        ("acetone", 5, new("Acetone", 1), new("Acetone", 5)),
        (
            "Benzene",
            5,
            "* {{oldid|Benzene|2}} by [[User:X]]".to_owned(),
            new("Benzene", 5),
        ),
        (
            "Aspirin",
            5,
            new("Acetone", 1),
            format!("{}\n{}", new("Acetone", 1), new("Aspirin", 5)),
        ),
        (
            "Bacon",
            5,
            "* {{oldid".to_owned(),
            format!("{}\n* {{{{oldid", new("Bacon", 5)),
        ),
        (
            "Aacon",
            5,
            new("Acetone", 1),
            format!("{}\n{}", new("Aacon", 5), new("Acetone", 1)),
        ),
        (
            "Zinc",
            5,
            "\r\n\n[[Cat".to_owned(),
            format!("\r\n{}\n\n[[Cat", new("Zinc", 5)),
        ),
    ] {
        assert_eq!(
            put(page, name, revid, None),
            Ok(Some(page.replacen(&old, &now, 1))),
            "{name}"
        );
    }
    assert_eq!(put(page, "benzene", 2, None), Ok(None));
    assert_eq!(put("", "A", 2, None), Ok(Some(new("A", 2))));
    assert_eq!(put("x", "A", 2, None), Ok(Some(format!("x\n{}", new("A", 2)))));
    assert_eq!(
        put("A=1\nB=1\nA=2\nC=3\na=1", "A", 2, Some("Project:A'b")),
        Ok(Some("* A = Projekt:A&#39;b@2\nB=1\nC=3".to_owned()))
    );
    assert!(put("A = 1", "Special:X", 2, None).is_err());
    for open in ["<!-- open", "{{x|\n* {{oldid|A|1}}\n<nowiki>", "x <pre>\n"] {
        let said = put(open, "A", 2, None);
        let reads = |text: &str| parse(text, &site()).lines.iter().any(|line| line.revid == RevId(2));
        assert!(
            said.as_ref().is_err() || reads(said.as_ref().unwrap().as_ref().unwrap()),
            "{open}: {said:?}"
        );
    }
    assert!(
        put("<!-- open", "A", 2, None)
            .unwrap_err()
            .contains("Write there by hand: * [[Special:")
    );
    assert!(
        put("* [[Special:PermanentLink/1|A]] <!-- note\n -->", "A", 2, None)
            .unwrap_err()
            .contains("line 1")
    );
}

fn saved<'a>(revision: u64, user: &'a str, sha1: &'a str, text: &'a str) -> Saved<'a> {
    Saved {
        revision: RevId(revision),
        user: Some(user),
        user_id: Some(UserId(revision)),
        sha1,
        text: Some(text),
        is_first_known: false,
    }
}

/// Lines belong to who brought them; the table is one history of a page.
#[test]
fn a_line_belongs_to_who_brought_it() {
    let site = site();
    let mut blame = Blame::new(&site, ["manager_M", "bad|name"]);
    let mut step = |saved: Saved<'_>, expected: &[(&str, u64)]| {
        blame.add(&site, &saved);
        let lines = ["A=1", "B=2", "B=3", "* [[Special:PermanentLink/4|C]]", "D=5"];
        let owned: Vec<_> = lines
            .iter()
            .filter_map(|line| blame.author(line).map(|author| (*line, author.revision.0)))
            .collect();
        assert_eq!(owned, expected, "revision {}", saved.revision);
    };
    let c = "* [[Special:PermanentLink/4|C]]";
    step(saved(1, "Anna", "a", "A=1"), &[("A=1", 1)]);
    step(saved(2, "Manager M", "b", "Intro\nA=1\nB=2"), &[("A=1", 1), ("B=2", 2)]);
    // Changed by another; moved lines stay whose they were.
    step(saved(3, "Anna", "c", "B=3\nA=1"), &[("A=1", 1), ("B=3", 3)]);
    // Back to the manager's newest state, by anybody.
    step(saved(4, "Bob", "b", "Intro\nA=1\nB=2"), &[("A=1", 1), ("B=2", 2)]);
    step(saved(5, "Bob", "d", "A=1"), &[("A=1", 1)]);
    // Not that state, so the line is Bob's now.
    step(saved(6, "Bob", "e", "A=1\nB=2"), &[("A=1", 1), ("B=2", 6)]);
    // A line in a comment is none; who frees it brings it.
    step(
        saved(7, "Manager M", "f", &format!("A=1\n<!--\n{c}\n-->")),
        &[("A=1", 1)],
    );
    step(saved(8, "Bob", "g", &format!("A=1\n{c}")), &[("A=1", 1), (c, 8)]);
    // The state before the manager's newest one gives nothing back.
    step(saved(9, "Bob", "b", "Intro\nA=1\nB=2"), &[("A=1", 1), ("B=2", 9)]);
    // After a hidden text nobody knows whose a new line is.
    step(
        Saved {
            text: None,
            ..saved(10, "Bob", "h", "")
        },
        &[("A=1", 1), ("B=2", 9)],
    );
    step(saved(11, "Manager M", "i", "A=1\nB=2\nD=5"), &[("A=1", 1), ("B=2", 9)]);
    step(
        Saved {
            user: None,
            ..saved(12, "", "j", "A=1\nD=5\nB=3")
        },
        &[("A=1", 1)],
    );

    let mut cut = Blame::new(&site, []);
    cut.add(
        &site,
        &Saved {
            is_first_known: true,
            ..saved(1, "Anna", "a", "A=1")
        },
    );
    cut.add(&site, &saved(2, "Bob", "b", "A=1\nB=2"));
    assert_eq!(cut.author("A=1"), None);
    assert_eq!(cut.author(" B=2 ").map(|author| author.user.as_str()), Some("Bob"));

    // Stored between runs.
    let back = |blame: &Blame, approved: &'static str| {
        let mut back: Blame = serde_json::from_value(serde_json::to_value(blame).unwrap()).unwrap();
        back.approve(&site, [approved]);
        back
    };
    let mut kept = back(&blame, "manager M");
    kept.approve(&site, ["manager_M", "bad|name"]);
    assert_eq!(kept, blame);
    let restored = |mut blame: Blame| {
        blame.add(&site, &saved(13, "Bob", "k", "Vandalised"));
        blame.add(&site, &saved(14, "Bob", "i", "A=1\nB=2\nD=5"));
        blame.author("B=2").map(|author| author.revision.0)
    };
    assert_eq!((restored(kept), restored(back(&blame, "Anna"))), (Some(9), Some(14)));
    assert!(
        serde_json::from_value::<Blame>(json!({"lines": [[null, "+f"]], "good": null, "after_gap": false})).is_err()
    );

    // Known from before, and restored to that.
    let mut later = Blame::new(&site, ["Bob"]);
    later.resume(&site, &saved(2, "Bob", "b", "A=1\nB=2"), |line| {
        cut.author(line).cloned()
    });
    later.add(&site, &saved(3, "Cleo", "c", "B=3"));
    later.add(&site, &saved(4, "Dora", "b", "A=1\nB=2"));
    assert_eq!(later.author("A=1"), None);
    assert_eq!(later.author("B=2").map(|author| author.revision), Some(RevId(2)));
}

fn any_page() -> impl Strategy<Value = String> {
    let pieces = vec![
        "* [[Special:PermanentLink/5|Acetone]]\n",
        "* {{oldid|Benzene|6}}\n",
        "Zinc = 7\n",
        "A=B=Project:Z@8\n",
        "Acetone=9\n",
        "== B ==\n",
        "\n",
        " ",
        "x",
        "<!--",
        "-->",
        "<nowiki>",
        "</nowiki>",
        "{{",
        "}}",
        "|",
        "\r\n",
        "[[",
        "]]",
        "é",
        "*",
        "=5",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The page says what was put there, everything else says what it said, and nothing else was touched.
    #[test]
    fn putting_a_line_changes_that_line_only(
        text in any_page(), name in "[A-Za-z0-9éß'\"*;,=()&!~ -]{1,12}", copy in prop::option::of("Project:[A-Za'=@ ]{1,8}"), revid in 1..u64::MAX
    ) {
        let site = site();
        let (Ok(title), Ok(copy)) = (site.title(&name), copy.map(|copy| site.title(&copy)).transpose()) else {
            return Ok(());
        };
        let line = canonical(&site, &title, RevId(revid), copy.as_ref()).into_string();
        prop_assert!(!line.contains('\n'));
        let alone = parse(&line, &site);
        prop_assert_eq!(alone.lines.len(), 1, "{}: {:?}", line, alone.problems);
        prop_assert_eq!((&alone.lines[0].title, alone.lines[0].revid, &alone.lines[0].copy), (&title, RevId(revid), &copy));

        let before = read(&text, &site);
        match with_line(&text, &site, &title, RevId(revid), copy.as_ref()) {
            Ok(Some(new)) => {
                let found: Vec<_> = read(&new, &site).lines.into_iter().filter(|line| line.title == title).collect();
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!((found[0].revid, &found[0].copy), (RevId(revid), &copy));
                let drop = |text: &str, lines: Vec<usize>| -> Vec<String> {
                    let kept = text.split('\n').enumerate().filter(|(i, _)| !lines.contains(&(i + 1)));
                    kept.map(|(_, line)| line.to_owned()).collect()
                };
                let old: Vec<usize> = before.lines.iter().filter(|line| line.title == title).map(|line| line.line).collect();
                let (mut old, mut rest) = (drop(&text, old), drop(&new, vec![found[0].line]));
                // A new last line needs an end of the line before it.
                old.retain(|line| !line.is_empty());
                rest.retain(|line| !line.is_empty() && line != "\r" || old.contains(line));
                prop_assert_eq!(old, rest);
                prop_assert_eq!(with_line(&new, &site, &title, RevId(revid), copy.as_ref()), Ok(None));
            }
            Ok(None) => prop_assert!(before.lines.iter().any(|line| line.title == title && line.revid == RevId(revid))),
            Err(why) => prop_assert!(why.contains("by hand")),
        }
    }
}
