//! The text of a day page: one numbered line per user, string and day, new accounts first, then by ratio.
//!
//! Each of the bot's lines ends in an anchor, a comment with a name made of the line's own facts, its rank, how many
//! hits it tells of and a check of its words: so the page itself says what stands on it, even when the database was lost,
//! and whether people changed a line. Everything else on the page belongs to people and stays as it is: comments below and
//! behind a line, struck lines, lines moved elsewhere. A line that somebody took away does not come back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use shared::core::intent::token;
use shared::core::text::Wikitext;

use super::strike::{struck, unpaired};

/// What stands on every day page that the job wrote: the end of its introduction.
pub const MARKER: &str = "<!-- coi-report day -->";
/// Begins an anchor.
const ANCHOR: &str = "<!--co:";
/// Characters that make a list item.
const LIST: [char; 4] = ['#', '*', ':', ';'];

/// Where a line stands among the others: the greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// A temporary account, an address, or a new account.
    pub is_new: bool,
    /// The ratio, in tenths of a percent.
    pub ratio: u32,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// What was found.
    This(Wikitext),
    /// Nothing but how many hits are hidden. Written in any case where the line stands; a line that stands nowhere is not
    /// added for it.
    Hidden(Wikitext),
    /// Nothing: the line is taken off the page, or, where people wrote below or behind it, says this.
    Off(Wikitext),
}

/// A line of a day page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, letters and digits.
    pub anchor: String,
    /// Its place.
    pub rank: Rank,
    /// How many hits it tells of.
    pub hits: u64,
    /// What it says.
    pub says: Says,
    /// To be added; otherwise only brought up to date where it stands.
    pub is_new: bool,
    /// Written anew where it stands, once, whatever people made of it: for what must not be read there any more.
    pub is_forced: bool,
}

/// A count at the end of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Its name, letters.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// The sentence.
    pub text: Wikitext,
    /// Whether it is added where it does not stand.
    pub is_new: bool,
}

/// The bot's part of a line.
struct Spot<'a> {
    name: &'a str,
    /// From behind the marks of the list to the end of the anchor.
    whole: Range<usize>,
    /// The words.
    body: &'a str,
    rank: Rank,
    hits: u64,
    is_hidden: bool,
    is_forced: bool,
    check: &'a str,
}

impl Spot<'_> {
    /// Whether the words are those that the bot wrote.
    fn is_untouched(&self) -> bool {
        !self.is_hidden && self.check == check(self.body)
    }
}

/// The page with the new lines, with the old ones brought up to date, and with the counts. `intro` begins a page that
/// does not exist yet. `entries` of the same rank come in the order in which they are given. `tags`: the wiki's extension
/// tags.
pub fn update(
    text: Option<&str>,
    intro: &Wikitext,
    entries: &[Entry],
    tails: &[Tail],
    tags: &HashSet<String>,
) -> String {
    let begun = format!("__NOINDEX__{intro}{MARKER}");
    let old = text
        .map(str::trim_end)
        .filter(|text| !text.is_empty())
        .unwrap_or(&begun);
    let lines = refreshed(old, entries, tails, tags);
    let standing = anchors(old);
    let mut new: Vec<&Entry> = entries
        .iter()
        .filter(|entry| {
            entry.is_new && matches!(entry.says, Says::This(_)) && !standing.contains(entry.anchor.as_str())
        })
        .collect();
    new.sort_by_key(|entry| std::cmp::Reverse(entry.rank));
    let mut seen = BTreeSet::new();
    new.retain(|entry| seen.insert(entry.anchor.as_str()));
    let tails: Vec<String> = tails
        .iter()
        .filter(|tail| tail.is_new && !old.contains(&tail_mark(tail.name)))
        .map(tail_line)
        .collect();
    let mut out = inserted(&lines, &new, &tails, tags).join("\n");
    out.push('\n');
    out
}

/// The anchors that stand on a page.
pub fn anchors(text: &str) -> BTreeSet<&str> {
    text.lines().flat_map(spots).map(|spot| spot.name).collect()
}

/// The anchors of the lines that people have struck through: the name, or at least half of the line.
pub fn struck_anchors(text: &str, tags: &HashSet<String>) -> BTreeSet<String> {
    let struck = struck(text, tags);
    let covered = |part: &Range<usize>| -> usize {
        let common = |range: &Range<usize>| range.end.min(part.end).saturating_sub(range.start.max(part.start));
        // Few parts of a page are struck; those that end before this line are passed over.
        let first = struck.partition_point(|range| range.end <= part.start);
        let near = struck[first..].iter().take_while(|range| range.start < part.end);
        near.map(common).sum()
    };
    let mut found = BTreeSet::new();
    let mut at = 0;
    for line in text.split('\n') {
        for spot in spots(line) {
            let start = at + spot.whole.start;
            let body = start..start + spot.body.len();
            let name = spot.body.find("<bdi>").and_then(|from| {
                let to = spot.body[from..].find("</bdi>")?;
                Some(start + from..start + from + to)
            });
            let is_name_struck = name.is_some_and(|name| covered(&name) >= name.len());
            if !body.is_empty() && (is_name_struck || covered(&body) * 2 >= body.len()) {
                found.insert(spot.name.to_owned());
            }
        }
        at += line.len() + 1;
    }
    found
}

/// The bot's parts of a line; a line that people joined with another has two.
fn spots(line: &str) -> Vec<Spot<'_>> {
    let mut found = Vec::new();
    let mut from = line.len() - line.trim_start_matches(LIST).trim_start().len();
    while let Some(at) = line[from..].find(ANCHOR).map(|at| from + at) {
        let Some(end) = line[at..].find("-->").map(|end| at + end + 3) else {
            break;
        };
        let mut fields = line[at + ANCHOR.len()..end - 3].split(' ');
        let name = fields.next().unwrap_or("");
        let state = fields.next().unwrap_or("");
        let ratio = fields.next().and_then(tenths).unwrap_or(0);
        let hits = fields.next().and_then(|hits| hits.parse().ok()).unwrap_or(0);
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            found.push(Spot {
                name,
                whole: from..end,
                body: &line[from..at],
                rank: Rank {
                    is_new: state.starts_with('n'),
                    ratio,
                },
                hits,
                is_hidden: state.starts_with('h'),
                is_forced: state.ends_with('f'),
                check: fields.next().unwrap_or(""),
            });
        }
        from = end;
    }
    found
}

fn tenths(text: &str) -> Option<u32> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(10)?
        .checked_add(tenth.parse().ok()?)
}

fn check(body: &str) -> String {
    let token = token("coi-report", "", body.trim());
    token.chars().skip(3).take(6).collect()
}

/// The words as one line.
fn body(text: &Wikitext) -> String {
    text.as_str().replace('\n', " ").trim().to_owned()
}

fn anchor(entry: &Entry, body: &str) -> String {
    let state = match &entry.says {
        Says::This(_) if entry.rank.is_new => "n",
        Says::This(_) => "k",
        Says::Hidden(_) | Says::Off(_) => "h",
    };
    let forced = if entry.is_forced { "f" } else { "" };
    format!(
        "{ANCHOR}{} {state}{forced} {}.{} {} {}-->",
        entry.anchor,
        entry.rank.ratio / 10,
        entry.rank.ratio % 10,
        entry.hits,
        check(body)
    )
}

/// The lines of the page, each of the bot's brought up to date.
fn refreshed(text: &str, entries: &[Entry], tails: &[Tail], tags: &HashSet<String>) -> Vec<String> {
    let by_name: HashMap<&str, &Entry> = entries.iter().map(|entry| (entry.anchor.as_str(), entry)).collect();
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out = Vec::with_capacity(lines.len());
    for (place, line) in lines.iter().enumerate() {
        let has_comment = lines.get(place + 1).is_some_and(|next| is_below(line, next));
        if let Some(line) = refreshed_line(line, &by_name, has_comment, tags) {
            out.push(refreshed_tail(line, tails));
        }
    }
    out
}

/// Whether `next` is what somebody wrote below `line`: an item further in, or a list of its own kind.
fn is_below(line: &str, next: &str) -> bool {
    let marks = |line: &str| line.len() - line.trim_start_matches(LIST).len();
    spots(next).is_empty() && marks(next) > 0 && (marks(next) > marks(line) || !next.starts_with('#'))
}

/// `None`: the line is taken off the page.
fn refreshed_line(
    line: &str,
    entries: &HashMap<&str, &Entry>,
    has_comment: bool,
    tags: &HashSet<String>,
) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut from = 0;
    for spot in spots(line) {
        let Some(entry) = entries.get(spot.name) else { continue };
        let is_alone =
            line[..spot.whole.start].trim_matches(LIST).trim().is_empty() && line[spot.whole.end..].trim().is_empty();
        let kept = unpaired(&line[spot.whole.clone()], tags);
        let words = match &entry.says {
            Says::Off(_) if is_alone && !has_comment && kept.is_empty() => return None,
            Says::This(words) => {
                let grew = entry.hits >= spot.hits && spot.is_untouched();
                // Once: what people write into the line after that stays.
                let must = entry.is_forced && (!spot.is_forced || entry.hits < spot.hits);
                Some(words).filter(|_| must || grew)
            }
            Says::Hidden(words) | Says::Off(words) => Some(words),
        };
        let Some(words) = words.map(body) else { continue };
        out.push_str(&line[from..spot.whole.start]);
        out.push_str(&kept);
        out.push_str(&words);
        out.push_str(&anchor(entry, &words));
        from = spot.whole.end;
    }
    out.push_str(&line[from..]);
    Some(out)
}

fn tail_mark(name: &str) -> String {
    format!("<!--co-{name} ")
}

fn tail_line(tail: &Tail) -> String {
    let words = body(&tail.text);
    format!("{words}{}{} {}-->", tail_mark(tail.name), tail.count, check(&words))
}

/// A count that people left as it was is brought up to date.
fn refreshed_tail(line: String, tails: &[Tail]) -> String {
    for tail in tails {
        let mark = tail_mark(tail.name);
        let Some(at) = line.find(&mark) else { continue };
        let Some(end) = line[at..].find("-->").map(|end| at + end + 3) else {
            continue;
        };
        let present = line[at + mark.len()..end - 3].split(' ').nth(1);
        if present == Some(check(&line[..at]).as_str()) {
            return format!("{}{}", tail_line(tail), &line[end..]);
        }
    }
    line
}

/// Puts the new lines (the greatest rank first) where they belong: above the first line of a lower rank that stands in
/// the list of the bot, which ends where people began a section of their own. Nothing is put between a line and what
/// people wrote below it, nor into what they struck.
fn inserted(lines: &[String], new: &[&Entry], tails: &[String], tags: &HashSet<String>) -> Vec<String> {
    let begin = lines
        .iter()
        .position(|line| line.contains(MARKER))
        .map_or(0, |at| at + 1);
    let section = lines[begin..].iter().position(|line| line.starts_with('='));
    let end = section.map_or(lines.len(), |at| begin + at);
    let is_open = open_lines(lines, tags);
    // Places where a line may be put, and the rank of what stands there.
    let ranked: Vec<(usize, Rank)> = (begin..end)
        .filter(|place| !is_open[*place])
        .filter_map(|place| Some((place, spots(&lines[place]).first()?.rank)))
        .collect();
    let last = end_of_list(lines, begin, end, &is_open);
    let mut at_place: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for entry in new {
        let Says::This(words) = &entry.says else { continue };
        let words = body(words);
        let line = format!("# {words}{}", anchor(entry, &words));
        let place = ranked
            .iter()
            .find(|(_, rank)| *rank < entry.rank)
            .map_or(last, |(place, _)| *place);
        at_place.entry(place).or_default().push(line);
    }
    if !tails.is_empty() {
        at_place.entry(last).or_default().extend(tails.iter().cloned());
    }
    let mut out = Vec::with_capacity(lines.len() + new.len() + tails.len());
    for (place, line) in lines.iter().enumerate() {
        out.extend(at_place.remove(&place).unwrap_or_default());
        out.push(line.clone());
    }
    out.extend(at_place.into_values().flatten());
    out
}

/// Behind the last of the bot's lines and what people wrote below it; without one, at the end of the area.
fn end_of_list(lines: &[String], begin: usize, end: usize, is_open: &[bool]) -> usize {
    let place = match (begin..end).rev().find(|place| !spots(&lines[*place]).is_empty()) {
        Some(last) => {
            last + 1
                + lines[last + 1..end]
                    .iter()
                    .take_while(|line| line.starts_with(LIST))
                    .count()
        }
        None => {
            let is_blank = |place: &usize| lines[place - 1].trim().is_empty();
            let is_tail = |place: &usize| lines[place - 1].contains("<!--co-");
            let back = (begin + 1..=end)
                .rev()
                .take_while(|place| is_blank(place) || is_tail(place))
                .count();
            end - back
        }
    };
    (place..lines.len())
        .find(|place| !is_open[*place])
        .unwrap_or(lines.len())
}

/// For each line whether it begins within something struck.
fn open_lines(lines: &[String], tags: &HashSet<String>) -> Vec<bool> {
    let struck = struck(&lines.join("\n"), tags);
    let mut at = 0;
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let next = struck.partition_point(|range| range.end <= at);
        out.push(struck.get(next).is_some_and(|range| range.start < at));
        at += line.len() + 1;
    }
    out
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
