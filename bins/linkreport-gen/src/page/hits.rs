//! What coi-report recorded: name overlaps and listed links, newest first.

use shared::core::text::{Wikitext, literal};

use super::pen::Pen;
use crate::model::{HitRow, MOST_HITS, Model};

/// Hits that the report of a link or server shows; that of a user, address or range has all that the model has.
const OF_LINK: usize = 50;
/// The rules' words that have a sentence of their own.
const RULES: [&str; 12] = [
    "page-overlap",
    "link-overlap",
    "proximity",
    "user-keyword",
    "link-keyword",
    "monitored-user",
    "monitored-link",
    "auto-monitored",
    "noticeboard",
    "spam-blacklist",
    "blocked-domain",
    "flood",
];

/// Those that are listed, if there is room.
pub fn listed(model: &Model) -> &[HitRow] {
    let most = match model.subject.kind().is_editor() {
        true => model.hits.len(),
        false => OF_LINK,
    };
    &model.hits[..model.hits.len().min(most)]
}

/// The section; empty where there is none of a link.
pub fn hits(pen: &Pen<'_>) -> Wikitext {
    let is_editor = pen.model.subject.kind().is_editor();
    if pen.model.all_hits == 0 && !is_editor {
        return Wikitext::new();
    }
    let mut text = pen.heading("heading-hits");
    text.push(&literal("<div id=\"lr-hits\"></div>\n"));
    if pen.model.all_hits == 0 {
        text.push(&pen.words("hits-none")).push_literal("\n");
        return text;
    }
    let hits = listed(pen.model);
    // A page without rows is one for which there was no room.
    let shown = &hits[..if pen.rows == 0 { hits.len().min(10) } else { hits.len() }];
    text.push(&pen.words("hits-intro")).push_literal("\n");
    if pen.model.all_hits > shown.len() as u64 {
        let (n, all) = (
            pen.number(shown.len() as u64),
            counted(pen, &pen.number(pen.model.all_hits)),
        );
        text.push_literal("\n")
            .push(&pen.say("hits-newest", &[("shown", &n), ("all", &all)]))
            .push_literal("\n");
    }
    let items: Vec<Wikitext> = shown.iter().map(|hit| line(pen, hit)).collect();
    text.push(&Pen::wrapped(&Pen::list(&items)));
    text
}

/// The number of hits, `n`: more than so many are not counted.
pub fn counted(pen: &Pen<'_>, n: &Wikitext) -> Wikitext {
    match pen.model.all_hits >= MOST_HITS {
        true => pen.say("or-more", &[("n", n)]),
        false => n.clone(),
    }
}

fn line(pen: &Pen<'_>, hit: &HitRow) -> Wikitext {
    let rule = match RULES.contains(&hit.rule.as_str()) {
        true => pen.words(&format!("hit-{}", hit.rule)),
        false => pen.quoted(&hit.rule),
    };
    let mut what = rule;
    if let Some(string) = &hit.string {
        what.push_literal(": ").push(&pen.code(string));
    }
    if let Some(matched) = &hit.matched {
        what.push(&pen.say("hit-matched", &[("matched", &pen.code(matched))]));
    }
    if let Some((there, back, ratio)) = hit.score {
        let values = [
            ("there", &pen.score(there)),
            ("back", &pen.score(back)),
            ("ratio", &pen.score(ratio)),
        ];
        what.push(&pen.say("hit-score", &values));
    }
    if let Some(skip) = &hit.skip {
        what.push(&pen.say("hit-skipped", &[("why", &pen.quoted(skip))]));
    }
    let page = match &hit.title {
        Some(title) => pen.page(title, hit.wiki),
        None => pen.say("page-unknown", &[("wiki", &pen.wiki(hit.wiki))]),
    };
    pen.say(
        "hit-line",
        &[
            ("time", &pen.moment(hit.ts)),
            ("user", &pen.who(&hit.who, hit.wiki)),
            ("what", &what),
            ("page", &page),
            ("diff", &pen.diff(hit.rev, hit.wiki)),
        ],
    )
}
