//! The line of a channel, after COIBot's live alert: user and contributions, what overlaps how far (or which rule found
//! it), the diff, how often the user was reported, the link with its four numbers. One line of plain text; what IRC or a
//! terminal would take for more than text, the sinks take out. It says what was observed and nothing else.

use shared::core::feed::Level;
use shared::core::hit::{Hit, Rule, Subject};
use shared::core::overlap::number;
use shared::core::text::unhighlighted;
use shared::db::hit::{NewHit, Place};
use shared::db::links::questions::counts::Four;

/// Longest link shown, in characters.
const LINK: usize = 120;
/// Longest title, keyword or pattern shown, in characters.
const STRING: usize = 200;
/// Of a user's hits within the hour a feed of level 1 tells the first and each so-many-th, as COIBot's `report every 5`.
const EVERY: u64 = 5;

/// What a line says, beside the hit.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The wiki, as links name it.
    pub lang: &'a str,
    /// Full address of the diff.
    pub diff: &'a str,
    /// How often the user was reported.
    pub place: Place,
    /// The four numbers of user and link, where they are known.
    pub numbers: Option<Four>,
    /// Whether the name may highlight its bearer in the channel.
    pub highlights: bool,
}

/// Whether a feed of this level tells a hit that stands so among those of its user.
pub fn is_told(level: Level, place: Place) -> bool {
    match level {
        Level::Silent => false,
        Level::High => place.recent == 1 || place.recent.is_multiple_of(EVERY),
        Level::All => true,
    }
}

/// The line; `None` without a user.
pub fn line(one: &NewHit, said: &Said<'_>) -> Option<String> {
    let (hit, user) = (&one.hit, one.user.as_ref()?);
    let name = match said.highlights {
        true => user.name.clone(),
        false => unhighlighted(&user.name),
    };
    let (lang, diff) = (said.lang, said.diff);
    let Place { recent, all, batch } = said.place;
    let mut line = format!(
        "ALERT! [[{lang}:user:{name}]]/[[{lang}:special:contributions/{name}]] {} ( {diff} ) (report {recent}/{all}; \
         {batch})",
        what(one, &name)
    );
    if let Some(link) = link(hit) {
        line += &format!(" {link}");
        if let Some(Four { a, b, c, d }) = said.numbers {
            line += &format!(" ({a}, {b}, {c}, {d})");
        }
    }
    Some(line)
}

/// Scores, or the rule and what matched.
fn what(one: &NewHit, name: &str) -> String {
    let hit = &one.hit;
    let string = cut(&hit.string, STRING);
    let matched = hit.matched.as_deref().filter(|matched| *matched != hit.string);
    let mut what = match hit.rule {
        Rule::PageOverlap | Rule::LinkOverlap => String::new(),
        // The string says how many links.
        Rule::Flood => return format!("{} of {string} on {}", hit.rule.word(), cut(&one.title, STRING)),
        rule => match matched {
            Some(matched) => format!("{} [{}]", rule.word(), cut(matched, STRING)),
            None => rule.word().to_owned(),
        },
    };
    match hit.score {
        Some((there, back, ratio)) => {
            let (a, b) = hit.words;
            if !what.is_empty() {
                what += " ";
            }
            what += &format!(
                "scores {}% ({a}->{b}) & {}% ({b}->{a}) (ratio: {}%)",
                number(there),
                number(back),
                number(ratio)
            );
            if let Some(near) = hit.near {
                what += &format!(" nearly the same: {}%", number(near));
            }
            // `R`: it is not the name that was compared.
            let sought = match (a, &hit.matched) {
                ('R', Some(keyword)) => cut(keyword, STRING),
                _ => name.to_owned(),
            };
            format!("{what} on {sought} <-> {string}")
        }
        None => format!("{what} on {string}"),
    }
}

/// The link that was added, without its scheme, so that nobody follows it by a slip.
fn link(hit: &Hit) -> Option<String> {
    if hit.subject != Subject::Link || hit.rule == Rule::Flood {
        return None;
    }
    let url = hit.url.as_deref().filter(|url| !url.is_empty());
    let url = url.unwrap_or(&hit.string);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    Some(cut(rest.trim_start_matches('/'), LINK)).filter(|link| !link.is_empty())
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
