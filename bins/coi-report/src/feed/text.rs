//! The line of a channel, after COIBot's live alert: user and contributions, what overlaps how far (or which rule found
//! it), the diff, how often the user was reported, the link with its four numbers. One line of plain text; what IRC or a
//! terminal would take for more than text, the sinks take out. It says what was observed and nothing else. Where room is
//! short, names and titles are cut, never the diff or a number, and nothing that people chose reads like the diff.

use shared::core::feed::Level;
use shared::core::hit::{Hit, Rule, Subject};
use shared::core::overlap::number;
use shared::core::text::{terminal, unhighlighted};
use shared::db::hit::{NewHit, Place};
use shared::db::links::questions::counts::Four;

/// How long what people chose may be: the first of these with which a line fits. The name as a link to the user page
/// stays whole longest, since the others are found by it.
const SIZES: [Size; 7] = [
    Size::of(120, 200, [255; 3]),
    Size::of(60, 80, [255, 255, 80]),
    Size::of(40, 40, [255, 255, 40]),
    Size::of(20, 20, [255, 255, 20]),
    Size::of(16, 16, [255, 40, 12]),
    Size::of(12, 12, [40, 16, 8]),
    Size::of(6, 6, [12, 6, 6]),
];
/// Of a user's hits within the hour a feed of level 1 tells the first and each so-many-th, as COIBot's `report every 5`.
const EVERY: u64 = 5;

/// Most characters of the parts of a line.
#[derive(Clone, Copy)]
struct Size {
    /// The link.
    link: usize,
    /// A title, keyword or pattern.
    string: usize,
    /// The user's name: as a link, as a link to the contributions, by itself.
    names: [usize; 3],
}

impl Size {
    const fn of(link: usize, string: usize, names: [usize; 3]) -> Size {
        Size { link, string, names }
    }
}

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
    /// Bytes into which names, titles and links are cut to fit.
    pub room: Option<usize>,
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
    let name = &one.user.as_ref()?.name;
    let with = |size: &Size| made(one, said, name, size);
    let fits = |line: &String| said.room.is_none_or(|room| line.len() <= room);
    SIZES.iter().map(with).find(fits).or_else(|| SIZES.last().map(with))
}

/// The line of this size.
fn made(one: &NewHit, said: &Said<'_>, name: &str, size: &Size) -> String {
    let shown = |name: String| match said.highlights {
        true => name,
        false => unhighlighted(&name),
    };
    let [most_of_user, most_of_contributions, most_of_name] = size.names;
    // In a link a name has its brackets as they are.
    let user = shown(short(&parted(name), most_of_user));
    let contributions = shown(short(&parted(name), most_of_contributions));
    let (lang, diff) = (said.lang, said.diff);
    let Place { recent, all, batch } = said.place;
    let mut line = format!(
        "ALERT! [[{lang}:user:{user}]]/[[{lang}:special:contributions/{contributions}]] {} ( {diff} ) (report \
         {recent}/{all}; {batch})",
        what(one, said, &shown(cut(name, most_of_name)), size.string)
    );
    if let Some(link) = link(&one.hit, size.link) {
        line += &format!(" {link}");
        if let Some(Four { a, b, c, d }) = said.numbers {
            line += &format!(" ({a}, {b}, {c}, {d})");
        }
    }
    line
}

/// A title that has the user's name in it would highlight as the name does.
fn title(one: &NewHit, said: &Said<'_>, title: &str) -> String {
    let name = one.user.as_ref().map_or("", |user| user.name.as_str());
    if said.highlights || name.is_empty() {
        return title.to_owned();
    }
    let (in_lower, name) = (title.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (mut shown, mut end) = (String::new(), 0);
    for (at, _) in in_lower.match_indices(&name) {
        shown += &title[end..at];
        end = at + name.len();
        shown += &unhighlighted(&title[at..end]);
    }
    shown + &title[end..]
}

/// Scores, or the rule and what matched.
fn what(one: &NewHit, said: &Said<'_>, name: &str, most: usize) -> String {
    let hit = &one.hit;
    let string = match hit.subject {
        Subject::Page => cut(&title(one, said, &hit.string), most),
        // People copy it.
        Subject::Link => cut(&hit.string, most),
    };
    let matched = hit.matched.as_deref().filter(|matched| *matched != hit.string);
    let mut what = match hit.rule {
        Rule::PageOverlap | Rule::LinkOverlap => String::new(),
        // The string says how many links.
        Rule::Flood => {
            let page = cut(&title(one, said, &one.title), most);
            return format!("{} of {string} on {page}", hit.rule.word());
        }
        rule => match matched {
            Some(matched) => format!("{} [{}]", rule.word(), cut(matched, most)),
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
                ('R', Some(keyword)) => cut(keyword, most),
                _ => name.to_owned(),
            };
            format!("{what} on {sought} <-> {string}")
        }
        None => format!("{what} on {string}"),
    }
}

/// The link that was added, without its scheme, so that nobody follows it by a slip.
fn link(hit: &Hit, most: usize) -> Option<String> {
    if hit.subject != Subject::Link || hit.rule == Rule::Flood {
        return None;
    }
    let url = hit.url.as_deref().filter(|url| !url.is_empty());
    let url = url.unwrap_or(&hit.string);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    Some(cut(rest.trim_start_matches('/'), most)).filter(|link| !link.is_empty())
}

/// What people chose, as it may stand in the line.
fn cut(text: &str, most: usize) -> String {
    short(&tame(text), most)
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// In one line, and no address that anybody could follow: a zero-width joiner parts its scheme from it.
fn parted(text: &str) -> String {
    terminal(text).replace("://", ":\u{200d}//")
}

/// And no space inside of round brackets: those of the diff have one.
fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in parted(text).chars() {
        match c {
            ' ' if out.ends_with('(') => continue,
            ')' => out.truncate(out.trim_end_matches(' ').len()),
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
