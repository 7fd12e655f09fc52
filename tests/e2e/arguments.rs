//! The proof that text from users stays text where templates, links, tables and `nowiki` take it: hostile strings as
//! values of parameters, as labels, in cells, and what MediaWiki's own parser makes of them.

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_core::text;
use wikicrew_tests::world::World;

use crate::hostile::{Numbers, expected, words};
use crate::seen::text_of_html;

const STRINGS: usize = 3_000;
const PER_PAGE: usize = 100;
const SHOWN: usize = 60;

/// A template that shows its values where a list or table could begin.
const TEMPLATE: &str = "<div>{{{1}}}</div>\n<div>\n{{{named}}}\n</div>\n<div>{{{named}}}</div>";

/// What the places of one value read, in their order, and the wikitext with all of them.
fn placed(template: &str, page: &str, value: &text::Wikitext, reads: &str) -> (String, Vec<String>) {
    let source = format!(
        "{{{{{template}|{value}| named = {value} }}}}\n<div>[[:{page}|x {value}]]</div>\n<div>\n{{|\n| class=\"c\" | {value}\n|}}\n\
         </div>\n<div><nowiki>{value}</nowiki></div>\n"
    );
    let in_link = format!("x {reads}");
    (
        source,
        [reads, reads, reads, &in_link, reads, reads].map(words).to_vec(),
    )
}

#[tokio::test]
async fn hostile_strings_stay_text_inside_of_markup() -> Result<()> {
    let seed = option_env!("WIKICREW_HOSTILE_SEED").and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
    println!("seed {seed}: to repeat, build this test with WIKICREW_HOSTILE_SEED={seed}");
    let world = World::new().await?;
    let mut numbers = Numbers(seed);
    let (template, page) = (world.own("Template:Arguments"), world.own("Arguments"));
    world.admin.edit(&template, TEMPLATE, "").await?;
    world.admin.edit(&page, "A page.", "").await?;
    for part in 0..STRINGS / PER_PAGE {
        let strings: Vec<String> = (0..PER_PAGE).map(|_| numbers.string()).collect();
        let (mut source, mut wanted) = (String::new(), Vec::new());
        for string in &strings {
            let whole = expected(string, usize::MAX);
            for (value, reads) in [
                (text::plain(string, SHOWN), expected(string, SHOWN)),
                (text::argument(string), whole),
            ] {
                let (more, reads) = placed(&template, &page, &value, &reads);
                source += &more;
                wanted.extend(reads);
            }
        }
        let props = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";
        let parsed = world
            .admin
            .parse_text(&world.own(&format!("Arguments {part}")), &source, props)
            .await?;
        let context = || format!("seed {seed}, one of {strings:?}");
        for key in [
            "categories",
            "images",
            "externallinks",
            "iwlinks",
            "langlinks",
            "sections",
        ] {
            ensure!(parsed[key] == json!([]), "{key}: {}\n{}", parsed[key], context());
        }
        for (key, only) in [("links", &page), ("templates", &template)] {
            let titles: Vec<_> = parsed[key]
                .as_array()
                .into_iter()
                .flatten()
                .map(|t| &t["title"])
                .collect();
            ensure!(
                titles == [&Value::from(only.as_str())],
                "{key}: {titles:?}\n{}",
                context()
            );
        }
        let html = parsed["text"].as_str().context("no text")?;
        let read: Vec<String> = html
            .split("<div>")
            .skip(1)
            .map(|part| words(&text_of_html(part.split("</div>").next().unwrap_or(""))))
            .collect();
        ensure!(
            read.len() == wanted.len(),
            "{} places: one was closed or opened\n{}",
            read.len(),
            context()
        );
        for (n, (read, wanted)) in read.iter().zip(&wanted).enumerate() {
            ensure!(
                read == wanted,
                "{:?} place {}\nreads  {read:?}\nwanted {wanted:?}\nseed {seed}",
                strings[n / 12],
                n % 12
            );
        }
    }
    Ok(())
}
