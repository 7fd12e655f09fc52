//! The text of a day's log page: one bullet per change, grouped by page, the group that was added to last on top.
//!
//! The bot's bullets carry an anchor, a comment with a name made of the revision and the field: so the page itself tells
//! what stands on it, even when the database was lost. Everything else on the page belongs to
//! people and stays as it is: notes below a bullet, struck lines, bullets moved elsewhere. A bullet that somebody took
//! away does not come back.

use shared::core::text::{Wikitext, literal};

/// What stands on every log page that the job wrote.
pub const MARKER: &str = "<!-- infobox-check log -->";

/// A bullet of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, letters and digits, the same for the same change of the same revision.
    pub anchor: String,
    /// The page it is about.
    pub page_id: u64,
    /// A link to that page.
    pub page: Wikitext,
    /// The page is to be named nowhere: `page` takes the place of its name above its lines.
    pub hides_page: bool,
    /// What happened.
    pub line: Wikitext,
    /// To be added; otherwise only brought up to date where it stands.
    pub is_new: bool,
    /// The edit was reverted since: what the line says about it.
    pub reverted: Option<Wikitext>,
    /// User or values were hidden since: the line is written anew without them.
    pub is_hidden: bool,
}

/// The page with the new bullets, and with the old ones brought up to date. `intro` begins a page that does not exist
/// yet. `entries`: newest first.
pub fn update(text: Option<&str>, intro: &Wikitext, entries: &[Entry]) -> String {
    let mut lines: Vec<String> = match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => text.trim_end().lines().map(str::to_owned).collect(),
        // The front page shows several days below each other, and has an introduction of its own.
        None => vec![
            format!("<noinclude>__NOINDEX__{MARKER}"),
            intro.to_string(),
            "</noinclude>".to_owned(),
        ],
    };
    for entry in entries {
        refresh(&mut lines, entry);
    }
    // The oldest first, each to the top: in the end the newest stands there.
    for entry in entries.iter().rev().filter(|entry| entry.is_new) {
        if find(&lines, &anchor(&entry.anchor)).is_none() {
            insert(&mut lines, entry);
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// Whether the bullet with this anchor stands on the page.
pub fn has(text: &str, name: &str) -> bool {
    text.contains(&anchor(name))
}

/// Everything up to where an anchor may go on.
fn anchor(name: &str) -> String {
    format!("<!--ib:{name} ")
}

fn anchor_of(entry: &Entry) -> String {
    let state = match (entry.is_hidden, &entry.reverted) {
        (true, _) => "hidden",
        (false, Some(_)) => "reverted",
        (false, None) => "",
    };
    format!("<!--ib:{} {state}-->", entry.anchor)
}

fn bullet(entry: &Entry) -> String {
    let mut line = literal("** ");
    line.push(&entry.line);
    if let Some(reverted) = &entry.reverted {
        line.push_literal(" ").push(reverted);
    }
    format!("{line}{}", anchor_of(entry))
}

fn heading_mark(entry: &Entry) -> String {
    format!("<!--ib-page {}-->", entry.page_id)
}

/// The line above the bullets of a page.
fn heading(entry: &Entry) -> String {
    format!("* {}{}", entry.page, heading_mark(entry))
}

fn find(lines: &[String], part: &str) -> Option<usize> {
    lines.iter().position(|line| line.contains(part))
}

/// Brings a bullet that stands on the page up to date. Where people changed the line only the words about the revert
/// are added; a hidden name or value goes in any case.
fn refresh(lines: &mut [String], entry: &Entry) {
    if entry.hides_page
        && let Some(place) = find(lines, &heading_mark(entry))
    {
        lines[place] = heading(entry);
    }
    let Some(place) = find(lines, &anchor(&entry.anchor)) else {
        return;
    };
    let line = &lines[place];
    let Some(start) = line.find(&anchor(&entry.anchor)) else {
        return;
    };
    let Some(end) = line[start..].find("-->").map(|i| start + i + 3) else {
        return;
    };
    let present = &line[start..end];
    if entry.is_hidden {
        if present != anchor_of(entry) {
            lines[place] = bullet(entry);
        }
    } else if let Some(reverted) = &entry.reverted
        && !present.contains("reverted")
    {
        lines[place] = format!("{} {reverted}{}{}", &line[..start], anchor_of(entry), &line[end..]);
    }
}

/// Puts a bullet at the top of its page's group, and the group at the top of the list.
fn insert(lines: &mut Vec<String>, entry: &Entry) {
    let head = heading_mark(entry);
    // Where the first group begins, this one among them.
    let top = find(lines, "<!--ib-page ").unwrap_or(lines.len());
    let group: Vec<String> = match find(lines, &head) {
        Some(start) => {
            let is_bullet = |line: &&String| line.starts_with("**") || line.starts_with("*:") || line.starts_with(':');
            let length = 1 + lines[start + 1..].iter().take_while(is_bullet).count();
            let mut group: Vec<String> = lines.drain(start..start + length).collect();
            group.insert(1, bullet(entry));
            group
        }
        None => vec![heading(entry), bullet(entry)],
    };
    lines.splice(top..top, group);
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::core::text::plain;

    fn entry(anchor: u64, page_id: u64, line: &str) -> Entry {
        Entry {
            anchor: anchor.to_string(),
            page_id,
            page: plain(&format!("Page {page_id}"), 40),
            hides_page: false,
            line: plain(line, 80),
            is_new: true,
            reverted: None,
            is_hidden: false,
        }
    }

    #[test]
    fn newest_on_top_grouped_by_page_and_nothing_twice() {
        let intro = literal("Intro.");
        let first = update(None, &intro, &[entry(2, 7, "two"), entry(1, 8, "one")]);
        assert_eq!(
            first,
            "<noinclude>__NOINDEX__<!-- infobox-check log -->\nIntro.\n</noinclude>\n\
             * Page 7<!--ib-page 7-->\n** two<!--ib:2 -->\n* Page 8<!--ib-page 8-->\n** one<!--ib:1 -->\n"
        );
        assert_eq!(
            update(Some(&first), &intro, &[entry(2, 7, "two"), entry(1, 8, "one")]),
            first
        );
        let second = update(Some(&first), &intro, &[entry(3, 8, "three")]);
        assert!(
            second.ends_with(
                "* Page 8<!--ib-page 8-->\n** three<!--ib:3 -->\n** one<!--ib:1 -->\n* Page 7<!--ib-page 7-->\n** two<!--ib:2 -->\n"
            ),
            "{second}"
        );
    }

    #[test]
    fn what_people_wrote_stays() {
        let intro = literal("Intro.");
        let page = "Ours!\n* Page 7<!--ib-page 7-->\n** <s>two</s> done<!--ib:2 --> --Ann\n*** I looked at it.\n\nMore of ours.\n";
        let mut old = entry(2, 7, "two");
        old.is_new = false;
        old.reverted = Some(literal("(reverted)"));
        let text = update(Some(page), &intro, &[entry(3, 7, "three"), old.clone()]);
        assert_eq!(
            text,
            "Ours!\n* Page 7<!--ib-page 7-->\n** three<!--ib:3 -->\n** <s>two</s> done (reverted)<!--ib:2 reverted--> --Ann\n*** I looked at it.\n\nMore of ours.\n"
        );
        // Said once; and a line that somebody took away stays away.
        assert_eq!(update(Some(&text), &intro, &[old.clone()]), text);
        assert_eq!(update(Some("Ours!\n"), &intro, &[old]), "Ours!\n");
    }

    #[test]
    fn what_was_hidden_goes_from_the_line_too() {
        let mut hidden = entry(2, 7, "(hidden)");
        hidden.is_new = false;
        hidden.is_hidden = true;
        let page = "* P<!--ib-page 7-->\n** secret<!--ib:2 reverted--> note\n";
        let text = update(Some(page), &literal(""), std::slice::from_ref(&hidden));
        assert_eq!(text, "* P<!--ib-page 7-->\n** (hidden)<!--ib:2 hidden-->\n");
        hidden.hides_page = true;
        hidden.page = literal("(hidden)");
        let text = update(Some(page), &literal(""), &[hidden]);
        assert_eq!(text, "* (hidden)<!--ib-page 7-->\n** (hidden)<!--ib:2 hidden-->\n");
    }
}
