//! The proof that text from users is never markup: 20,000 hostile strings through `plain`, `user` and `code`, and what
//! MediaWiki's own parser and its pre-save transform make of them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use unicode_normalization::UnicodeNormalization;
use wikicrew_core::text;
use wikicrew_tests::world::World;

use crate::seen::text_of_html;

const STRINGS: usize = 20_000;
const PER_PAGE: usize = 200;
/// Longest text shown; a good part of the strings is longer.
const SHOWN: usize = 60;

/// What vandals, copying newcomers and broken programs write.
const ATOMS: &[&str] = &[
    "[[",
    "]]",
    "{{",
    "}}",
    "{{{",
    "}}}",
    "|",
    "''",
    "'''",
    "'''''",
    "<nowiki>",
    "</nowiki>",
    "<nowiki/>",
    "<!--",
    "-->",
    "<ref>",
    "</ref>",
    "<references/>",
    "<pre>",
    "</pre>",
    "</code>",
    "</bdi>",
    "</div>",
    "<div>",
    "<b>",
    "<br/>",
    "<script>",
    "</script>",
    "<math>",
    "<gallery>",
    "<syntaxhighlight lang=\"x\">",
    "<includeonly>",
    "</includeonly>",
    "<onlyinclude>",
    "<noinclude>",
    "<section begin=a/>",
    "~~~",
    "~~~~",
    "~~~~~",
    "{{subst:PAGENAME}}",
    "{{PAGENAME}}",
    "{{!}}",
    "{{=}}",
    "{{#if:1|x}}",
    "{{DISPLAYTITLE:x}}",
    "{{DEFAULTSORT:x}}",
    "{{User:Admin}}",
    "[[File:A.png|thumb]]",
    "[[Category:X]]",
    "[[:Category:X]]",
    "[[User:Admin]]",
    "[[User:Admin|]]",
    "[[|x]]",
    "[[w:de:x]]",
    "[[de:x]]",
    "[[Special:Diff/1]]",
    "[http://x.example y]",
    "[//x.example]",
    "http://",
    "https://x.example/a?b=c&d",
    "//x.example",
    "mailto:a@b.example",
    "news:a",
    "ftp://x",
    "www.x.example",
    "x.example",
    "\n",
    "\n\n",
    "\n* ",
    "\n# ",
    "\n:",
    "\n;",
    "\n ",
    "\n== H ==\n",
    "\n----\n",
    "\n{|\n|-\n|",
    "\n|}\n",
    "\r\n",
    "\t",
    "=",
    "==",
    "*",
    "#",
    ":",
    ";",
    " ",
    "  ",
    "_",
    "__TOC__",
    "__NOTOC__",
    "__NOINDEX__",
    "__FORCETOC__",
    "#REDIRECT [[X]]",
    "ISBN 9780306406157",
    "RFC 2616",
    "PMID 12",
    "&",
    "&amp;",
    "&lt;",
    "&#91;",
    "&#x5b;",
    "&nbsp;",
    "&#0;",
    "&zwnj",
    "-{",
    "}-",
    "-{zh:a}-",
    "%5B",
    "\u{7f}'\"`UNIQ--nowiki-00000000-QINU`\"'\u{7f}",
    "\u{0}",
    "\u{1}",
    "\u{1b}[31m",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{200e}",
    "\u{200f}",
    "\u{202e}",
    "\u{2028}",
    "\u{2066}",
    "\u{2069}",
    "\u{fdd0}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{1f600}",
    "\u{301}",
    "\u{338}",
    "\u{20e3}",
    "e\u{301}",
    "\u{1100}",
    "\u{1161}",
    "ÅΩ",
    "مرحبا",
    "ﷺ",
    "日本",
    "a",
    "B",
    "z9",
    "(",
    ")",
    ",",
    ".",
    "..",
    "!",
    "?",
    "»",
    "«",
    "\"",
    "'",
    "`",
    "$1",
    "\\",
    "/",
    "@",
    "+",
    "-",
    "–",
    "^",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "(mb-aaaaaaaaaa)",
    "Alice",
    "javascript:alert(1)",
    "onclick=x",
    "style=\"position:fixed\"",
];

/// Numbers that a seed repeats (xorshift).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % n
    }

    pub(crate) fn string(&mut self) -> String {
        let mut out = String::new();
        for _ in 0..=self.below(9) {
            match self.below(12) {
                0 => out.extend(char::from_u32(u32::try_from(self.below(0x11_0000)).unwrap_or(0))),
                1 => out.extend(char::from_u32(u32::try_from(self.below(0x300)).unwrap_or(0))),
                _ => out.push_str(ATOMS[self.below(ATOMS.len())]),
            }
        }
        out
    }
}

/// What a reader should see, by the rules that `text` documents, written a second time: form C, white space as one
/// space and none at the ends, what cannot be seen by its name, a mark where it was cut.
pub(crate) fn expected(text: &str, most: usize) -> String {
    let mut named = String::new();
    for c in text.nfc() {
        let n = u32::from(c);
        let is_direction = [0x61c, 0x200e, 0x200f, 0xfeff].contains(&n)
            || (0x202a..=0x202e).contains(&n)
            || (0x2066..=0x206f).contains(&n);
        let is_none = (0xfdd0..=0xfdef).contains(&n) || n % 0x1_0000 >= 0xfffe || (0xfff9..=0xfffb).contains(&n);
        match c {
            c if c.is_whitespace() => named.push(' '),
            c if c.is_control() || is_direction || is_none => named += &format!("⟨U+{n:04X}⟩"),
            c => named.push(c),
        }
    }
    let one_line = named
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match one_line.chars().count() {
        n if n <= most => one_line,
        _ => {
            one_line
                .chars()
                .take(most - 1)
                .collect::<String>()
                .trim_end()
                .to_owned()
                + "…"
        }
    }
}

/// A string in the three ways, each in a place of a page where something else could become of it.
fn placed(n: usize, string: &str) -> (String, Vec<String>) {
    let ways = [
        (text::plain(string, SHOWN), expected(string, SHOWN)),
        (text::user(string), expected(&string.replace('_', " "), 255)),
        (text::code(string, SHOWN), expected(string, SHOWN)),
    ];
    let (mut page, mut shown) = (String::new(), Vec::new());
    for (way, (wikitext, reads)) in ways.into_iter().enumerate() {
        let (place, reads) = match (n + way) % 5 {
            0 => (format!("\n{wikitext}\n"), reads),
            1 => (format!("\n* {wikitext}\n"), reads),
            2 => (format!("\n{{|\n| {wikitext}\n|}}\n"), reads),
            3 => (format!("'''a {wikitext} b'''"), format!("a {reads} b")),
            _ => (format!("\n; a : x{wikitext}y\n"), format!("a\nx{reads}y")),
        };
        page += &format!("<div>{place}</div>\n");
        shown.push(reads);
    }
    (page, shown)
}

pub(crate) fn words(text: &str) -> String {
    text.split(|c: char| c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn twenty_thousand_hostile_strings_stay_text() -> Result<()> {
    let seed = option_env!("WIKICREW_HOSTILE_SEED").and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
    println!("seed {seed}: to repeat, build this test with WIKICREW_HOSTILE_SEED={seed}");
    let world = World::new().await?;
    let mut numbers = Numbers(seed);
    let places = Arc::new(Semaphore::new(3));
    let mut pages = JoinSet::new();
    for page in 0..STRINGS / PER_PAGE {
        let strings: Vec<String> = (0..PER_PAGE).map(|_| numbers.string()).collect();
        let (admin, places, title) = (
            world.admin.clone(),
            places.clone(),
            world.own(&format!("Hostile {page}")),
        );
        pages.spawn(async move {
            let _place = places.acquire_owned().await?;
            let (source, shown): (Vec<String>, Vec<Vec<String>>) =
                (0..).zip(&strings).map(|(n, s)| placed(n, s)).unzip();
            let source = source.concat();
            let props = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";
            let parsed = admin.parse_text(&title, &source, props).await?;
            for key in [
                "links",
                "templates",
                "categories",
                "images",
                "externallinks",
                "iwlinks",
                "langlinks",
                "sections",
            ] {
                ensure!(
                    parsed[key] == json!([]),
                    "{key}: {}\nof one of {strings:?}",
                    parsed[key]
                );
            }
            ensure!(
                parsed["properties"].as_object().is_none_or(serde_json::Map::is_empty),
                "{}",
                parsed["properties"]
            );
            let html = parsed["text"].as_str().context("no text")?;
            let read: Vec<String> = html
                .split("<div>")
                .skip(1)
                .map(|part| words(&text_of_html(part.split("</div>").next().unwrap_or(""))))
                .collect();
            ensure!(
                read.len() == PER_PAGE * 3,
                "{} places: some string closed one, or opened one",
                read.len()
            );
            for (n, (read, wanted)) in read.iter().zip(shown.concat()).enumerate() {
                ensure!(
                    *read == words(&wanted),
                    "{:?} way {}\nreads  {read:?}\nwanted {wanted:?}",
                    strings[n / 3],
                    n % 3
                );
            }
            anyhow::Ok((page % 10 == 0).then_some((title, source)))
        });
    }
    let mut to_save = Vec::new();
    while let Some(page) = pages.join_next().await {
        to_save.extend(page?.with_context(|| format!("seed {seed}"))?);
    }
    // Nothing is substituted, signed or cleaned up when such a page is saved.
    let person = world.login(&world.person("Saver").await?).await?;
    for (title, source) in to_save {
        person.edit(&title, &source, "").await?;
        let stored = person.text(&title).await?.context("it was saved")?;
        ensure!(
            stored == source.trim_end(),
            "{title} was changed by saving it: seed {seed}"
        );
    }
    Ok(())
}
