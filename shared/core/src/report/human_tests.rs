use super::*;
use crate::text::{literal, plain};
use crate::wikitext::MAX_BYTES;
use proptest::prelude::*;
use std::time::Instant;

fn names() -> Vec<String> {
    ["LinkStatus", "Link status"].map(str::to_owned).into()
}

/// What a test does with the words of a wiki that has the template, or has it not.
fn with_words<R>(has_template: bool, work: impl FnOnce(&Words<'_>) -> R) -> R {
    let tags = ["ref", "nowiki", "pre"].map(str::to_owned).into();
    work(&Words {
        templates: &names(),
        has_template,
        heading: "Status",
        label: "Status",
        tags: &tags,
    })
}

fn status(text: &str) -> Option<Status> {
    with_words(true, |words| Human(text).status(words))
}

fn changed(text: &str, to: Status) -> Option<String> {
    with_words(true, |words| Human(text).with_status(words, to))
}

/// What MediaWiki makes of a text when it is saved.
fn saved(text: &str) -> String {
    let composed: String = text.nfc().collect();
    let lines = composed.trim_end_matches(is_trimmed).replace("\r\n", "\n");
    lines.replace('\r', "\n")
}

fn parts(page: &str) -> (&str, &str) {
    match Page::read(page) {
        Page::Ours { bot, human } => (bot, human.0),
        other => panic!("{other:?} of {page:?}"),
    }
}

#[test]
fn a_new_page_reads_back_as_it_was_made() {
    let line = plain("[[x]] new", 50);
    for (has_template, wanted) in [
        (true, "== Status ==\n{{LinkStatus|open}}\n* &#91;&#91;x&#93;&#93; new"),
        (false, "== Status ==\n'''Status:''' open\n* &#91;&#91;x&#93;&#93; new"),
    ] {
        let human = with_words(has_template, |words| Human::fresh(words, Status::Open, &line));
        assert_eq!(human, wanted);
        assert_eq!(status(&human), Some(Status::Open));
        let page = Page::whole(&literal("What this is."), &human);
        assert_eq!(page, format!("What this is.\n{MARKER}\n{human}"));
        assert_eq!(
            saved(&page),
            page,
            "the wiki stores what was sent: equal text is no edit"
        );
        assert_eq!(parts(&page), (&*format!("What this is.\n{MARKER}\n"), &*human));
    }
    // A wiki without any name for the template.
    let tags = HashSet::new();
    let none = Words {
        templates: &[],
        has_template: true,
        heading: "H",
        label: "L",
        tags: &tags,
    };
    assert_eq!(
        Human::fresh(&none, Status::Added, &line),
        "== H ==\n'''L:''' added\n* &#91;&#91;x&#93;&#93; new"
    );
}

#[test]
fn only_a_line_of_its_own_is_a_marker_and_two_are_too_many() {
    assert_eq!(Page::read(""), Page::Empty);
    assert_eq!(Page::read(" \n\n"), Page::Empty);
    for text in [
        "x".to_owned(),
        format!("x {MARKER}"),
        format!("* see {MARKER} above"),
        format!("{MARKER} == Status =="),
        format!("<nowiki>{MARKER}</nowiki>"),
        "<!-- wikicrew-report-ending: x -->".to_owned(),
        "<!-- wikicrew-report-end-2 -->".to_owned(),
        "<!-- wikicrew-report-end".to_owned(),
        "<!-- wikicrew-report-end --> x <!-- y -->".to_owned(),
        "wikicrew-report-end".to_owned(),
        "<!-->".to_owned(),
    ] {
        assert_eq!(Page::read(&text), Page::NoMarker, "{text}");
    }
    for marker in [
        MARKER,
        "<!-- wikicrew-report-end -->",
        "<!--wikicrew-report-end: anders-->",
        &format!(" {MARKER}\t\r"),
    ] {
        let page = format!("bot\n{marker}\nhuman {MARKER}\n");
        assert_eq!(
            parts(&page),
            (&*format!("bot\n{marker}\n"), &*format!("human {MARKER}\n"))
        );
        for second in ["", "<nowiki>\n", "<!--\n"] {
            assert_eq!(
                Page::read(&format!("{page}{second}{MARKER}")),
                Page::Doubled,
                "{marker} {second}"
            );
        }
    }
    // Nothing behind or before it.
    assert_eq!(parts(MARKER), (MARKER, ""));
    assert_eq!(Page::whole(&Wikitext::new(), ""), MARKER);
    assert_eq!(Page::whole(&literal("a\n"), "b"), format!("a\n{MARKER}\nb"));
}

#[test]
fn a_digest_is_that_of_what_the_wiki_stores() {
    let digest = |page: &str| Page::digest(parts(page).0);
    // An e and its accent apart, white space at the end of the page, line ends of Windows.
    let page = format!("caf\u{65}\u{301}\r\n[\u{338}\n{MARKER}\n");
    let stored = saved(&page);
    assert_ne!(stored, page);
    assert_eq!(digest(&page), digest(&stored));
    assert_eq!(
        digest(&page),
        digest(&format!("{stored}\npeople's")),
        "people's part is not in it"
    );
    // One byte more or less in the bot's part, the marker line too.
    for other in [
        format!("café\n[\u{338} \n{MARKER}\n"),
        format!("\ncafé\n[\u{338}\n{MARKER}\n"),
        format!("café\n[\u{338}\n\n{MARKER}\n"),
        format!("cafe\n[\u{338}\n{MARKER}\n"),
        "café\n[\u{338}\n<!-- wikicrew-report-end -->\n".to_owned(),
        format!("<!-- café\n[\u{338}\n{MARKER}\n"),
    ] {
        assert_ne!(digest(&page), digest(&other), "{other}");
    }
}

#[test]
fn the_last_status_is_read_as_mediawiki_reads_it() {
    use Status::*;
    for (text, wanted) in [
        ("{{LinkStatus|open}}", Some(Open)),
        ("{{linkStatus| Closed\n}}", Some(Closed)),
        ("{{ Link_ status |ignore|note|x=y}}", Some(Ignore)),
        ("{{template:LinkStatus|1=added}}", Some(Added)),
        ("{{LinkStatus|open|1=stale}}", Some(Stale)),
        (
            "{{LinkStatus<!-- c -->|<!-- open -->clo<!-- x -->sed <!-- c -->}}",
            Some(Closed),
        ),
        ("<noinclude>{{LinkStatus|open}}</noinclude>", Some(Open)),
        // The last one counts, in whatever section or template.
        (
            "{{LinkStatus|open}}\n== More ==\n{{LinkStatus|closed}}\n== Thanks ==\nx",
            Some(Closed),
        ),
        ("{{box|{{LinkStatus|closed}}}}", Some(Closed)),
        ("{{LinkStatus|{{LinkStatus|closed}}}}", Some(Closed)),
        ("== {{LinkStatus|stale}} ==", Some(Stale)),
        ("}} {{ [[ {{LinkStatus|open}}", Some(Open)),
        // And says something that is none of our words.
        ("{{LinkStatus|open}} {{LinkStatus|done}}", None),
        ("{{LinkStatus|open}} {{LinkStatus}}", None),
        ("{{LinkStatus|open}} {{LinkStatus|}}", None),
        ("{{LinkStatus|open <nowiki/>}}", None),
        ("{{LinkStatus|{{x}}}}", None),
        ("{{LinkStatus|open|1=}}", None),
        ("{{LinkStatus|closed?}}", None),
        // Not there at all.
        ("", None),
        ("LinkStatus|open", None),
        ("{{LinkStatus2|open}}", None),
        ("{{tl|LinkStatus|open}}", None),
        ("{{LINKSTATUS|open}}", None),
        ("{{{LinkStatus|open}}}", None),
        ("{{LinkStatus|open", None),
        ("[[LinkStatus|open]]", None),
        // What is no wikitext does not count.
        ("{{LinkStatus|open}}<nowiki>{{LinkStatus|closed}}</nowiki>", Some(Open)),
        (
            "{{LinkStatus|open}}<pre>{{LinkStatus|closed}}</pre><!-- {{LinkStatus|stale}} -->",
            Some(Open),
        ),
        ("{{LinkStatus|open}}<ref>{{LinkStatus|closed}}</ref>", Some(Open)),
        (
            "{{LinkStatus|open}}<includeonly>{{LinkStatus|closed}}</includeonly>",
            Some(Open),
        ),
        ("{{LinkStatus|open}}<!-- {{LinkStatus|closed}}", Some(Open)),
        ("{{LinkStatus|open}}<nowiki>{{LinkStatus|closed}}", Some(Closed)),
        ("<!-- == Status ==\n{{LinkStatus|open}}", None),
        // The plain form.
        ("== Status ==\n'''Status:''' open", Some(Open)),
        ("'''Status:'''  Closed. --X\nx", Some(Closed)),
        ("'''Status:'''\topen\r\n", Some(Open)),
        ("'''Status:''' open\n\n'''Status:''' stale\n", Some(Stale)),
        ("'''Status:''' open\n* '''Status:''' closed", Some(Open)),
        ("'''Status:''' opened", None),
        ("'''Status:''' <s>open</s> closed", None),
        ("'''Status:'''\nopen", None),
        ("'''State:''' open", None),
        ("'''Status:''' open\n<!--\n'''Status:''' closed\n-->", Some(Open)),
        (
            "'''Status:''' open\n{{quote|\n'''Status:''' closed\n{{x}}\n}}",
            Some(Open),
        ),
        ("{{x}}{{y|{{z}}}}\n'''Status:''' open\n{{x}}", Some(Open)),
        // Whichever comes last of the two forms.
        ("'''Status:''' open\n{{LinkStatus|closed}}", Some(Closed)),
        ("{{LinkStatus|closed}}\n'''Status:''' open", Some(Open)),
    ] {
        assert_eq!(status(text), wanted, "{text}");
        assert_eq!(changed(text, Open).is_some(), wanted.is_some(), "{text}");
    }
    // Also where the caller does not know the wiki's tags.
    let tags = HashSet::new();
    let words = Words {
        templates: &names(),
        has_template: true,
        heading: "",
        label: "Status",
        tags: &tags,
    };
    let text = "{{LinkStatus|open}}<nowiki>{{LinkStatus|closed}}</nowiki><pre>\n'''Status:''' stale\n</pre>";
    assert_eq!(Human(text).status(&words), Some(Open));
}

#[test]
fn a_changed_status_is_a_changed_word_and_nothing_else() {
    for text in [
        "== Status ==\r\n{{ linkStatus\t|1= OLD <!-- by X -->\n|note={{x|y}} }}\n\n: no  \n<nowiki>{{LinkStatus|open}}</nowiki>  \n\n",
        "{{LinkStatus|stale}}<s>{{LinkStatus|<!-- was open -->OLD|open}}</s>'''Status:''' open",
        "'''Status:'''\t OLD\t(''was open'')\n{{unclosed|\n[[x",
        "{{LinkStatus|ignore}}\n'''Status:''' OLD. --~~~~\n",
        "}}-{ {{box|\n{{LinkStatus|OLD}}\n}} <!-- {{LinkStatus|open}}",
    ] {
        for old in ["Open", "closed"] {
            let before = text.replace("OLD", old);
            let now = Status::of_word(&old.to_lowercase());
            assert_eq!(status(&before), now, "{before}");
            for to in Status::ALL {
                let after = if Some(to) == now {
                    before.clone()
                } else {
                    text.replace("OLD", to.word())
                };
                assert_eq!(changed(&before, to).as_deref(), Some(&*after));
                assert_eq!(status(&after), Some(to));
            }
        }
    }
}

#[test]
fn a_line_goes_to_the_end_on_a_line_of_its_own() {
    let line = plain("{{new}}", 50);
    for (text, wanted) in [
        ("", "* &#123;&#123;new&#125;&#125;"),
        (" \n", "* &#123;&#123;new&#125;&#125;"),
        ("  a\n\n\n", "  a\n* &#123;&#123;new&#125;&#125;"),
        ("a \r\n \t", "a\n* &#123;&#123;new&#125;&#125;"),
        ("* a\u{A0}", "* a\u{A0}\n* &#123;&#123;new&#125;&#125;"),
    ] {
        assert_eq!(Human::with_line(text, &line), wanted, "{text:?}");
    }
}

/// Texts of 2 MB that keep bad scanners busy, and of more than is read at all.
#[test]
fn huge_and_hostile_texts_are_read_in_time() {
    let size = MAX_BYTES - 100;
    let fill = |unit: &str| unit.repeat(size / unit.len());
    let half = |unit: &str| unit.repeat(size / 2 / unit.len());
    let nested = "{{a|".repeat(40_000) + &"}}".repeat(40_000);
    let started = Instant::now();
    for (text, wanted) in [
        (fill("{{LinkStatus|") + "open}}", Some(Status::Open)),
        (fill("{{{{[[") + "\n'''Status:''' open", Some(Status::Open)),
        (fill("<!-- ") + "{{LinkStatus|open}}", None),
        (
            fill("\n'''Status:''' <nowiki>") + "{{LinkStatus|open}}",
            Some(Status::Open),
        ),
        (
            format!(
                "{{{{LinkStatus|open}}}}{{{{x|{nested}{}}}}}",
                half("\n'''Status:''' closed")
            ),
            Some(Status::Open),
        ),
        (fill(&format!("{{{{x|{}}}}}", "y".repeat(100))), None),
        (fill("{{LinkStatus|open}}"), None),
        (format!("{{{{LinkStatus|open}}}}{}", " ".repeat(MAX_BYTES)), None),
    ] {
        assert_eq!(status(&text), wanted, "{}", &text[..40]);
        let page = Page::whole(&literal("bot"), &text);
        assert_eq!(parts(&page).1, text);
    }
    let lines = format!("{MARKER} \n").repeat(10) + &fill("<!-- wikicrew-report-end\n");
    assert_eq!(Page::read(&lines), Page::Doubled);
    assert!(started.elapsed().as_secs() < 60, "took {:?}", started.elapsed());
}

const ATOMS: &[&str] = &[
    "{{LinkStatus|open}}",
    "{{LinkStatus|",
    "{{link status|1=closed",
    "{{x|",
    "}}",
    "|",
    "open",
    "stale",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\n'''Status:''' ",
    "\n'''Status:''' open",
    "<nowiki>",
    "</nowiki>",
    "<pre>",
    "</pre>",
    "<!--",
    "-->",
    "<!-- wikicrew-report-end -->",
    "[[",
    "]]",
    "{{{",
    "}}}",
    "-{",
    "}-",
    "\n== h ==\n",
    "=",
    "é",
    "\u{338}",
    "~~~~",
    "\t",
    "\0",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ATOMS), 0..25).prop_map(|atoms| atoms.concat())
}

fn bots() -> impl Strategy<Value = Wikitext> {
    let from = prop_oneof![any::<String>(), texts()];
    (from, any::<bool>()).prop_map(|(text, ends)| {
        let mut bot = plain(&text, 500);
        bot.push_literal(if ends { "\n* x\n" } else { "" });
        bot
    })
}

proptest! {
    /// Ten regenerations with a person's bytes behind them: what is saved first stays to the byte, and the bot's part is
    /// known as its own each time.
    #[test]
    fn peoples_bytes_survive_regenerations(first in texts(), bots in prop::collection::vec(bots(), 10)) {
        prop_assume!(!first.split('\n').any(is_marker));
        let mut human = first;
        for (i, bot) in bots.iter().enumerate() {
            let sent = Page::whole(bot, &human);
            prop_assert_eq!(parts(&sent).1, &human);
            let stored = saved(&sent);
            let (part, behind) = parts(&stored);
            prop_assert_eq!(Page::digest(part), Page::digest(parts(&sent).0));
            prop_assert_eq!(Page::digest(part), Page::digest(&Page::whole(bot, "")));
            if i > 0 {
                prop_assert_eq!(behind, &human, "what the wiki stored once stays");
                prop_assert_eq!(&sent, &stored, "the same again is no edit");
            } else {
                let alone = saved(&format!("x\n{human}"));
                prop_assert_eq!(Some(behind), alone.get(2..).or(Some("")));
            }
            human = behind.to_owned();
        }
    }

    /// Whatever stands in people's part: a status that was written is read back, with no byte outside of it changed,
    /// and never a panic.
    #[test]
    fn what_is_written_is_read_back(text in texts(), to in prop::sample::select(&Status::ALL[..])) {
        let after = changed(&text, to);
        if let Some(after) = &after {
            prop_assert_eq!(status(after), Some(to));
            let now = status(&text).map(Status::word).unwrap_or_default();
            // One word less and one word more in the same place.
            let same = text.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
            let rest = text.bytes().rev().zip(after.bytes().rev()).take_while(|(a, b)| a == b).count();
            prop_assert!(text == *after || text.len() <= same + rest + now.len(), "{:?} {:?}", text, after);
        } else {
            prop_assert!(status(&text).is_none(), "{text:?} cannot be changed");
        }
        let line = plain(&text, 50);
        let end = format!("* {line}");
        let longer = Human::with_line(&text, &line);
        prop_assert!(longer.starts_with(text.trim_end_matches(is_trimmed)) && longer.ends_with(&end));
    }
}
