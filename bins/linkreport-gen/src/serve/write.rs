//! One report page: the bot's part is replaced, people's part stays byte for byte but for the status word. Computed from
//! what the page says now, so nothing has to be remembered of an edit whose answer was lost.

use shared::core::report::{Human, Page, Status, Words};
use shared::core::site::Title;
use shared::core::text::{Wikitext, literal};
use shared::core::types::RevId;
use shared::editor::{Computed, Refused, State};
use shared::job::Run;

use crate::settings::Settings;

/// Begins every page of the job: a page without it is not the job's, or was taken away.
pub const HEAD: &str = "<!-- linkreport-gen: a bot writes this page down to the line where people's part begins -->";
/// Stands in the line that tells of new data on a page that the bot must not write over.
pub(super) const HELD: &str = "<!-- linkreport-gen: held -->";

/// What a page is to say.
pub struct Wanted<'a> {
    /// The page.
    pub title: &'a Title,
    /// The bot's part.
    pub part: &'a Wikitext,
    /// The status that was found, on which the part was made; `None`: there was no page.
    pub found: Option<Status>,
    /// The status that is to stand there.
    pub status: Status,
    /// What the bot says below it.
    pub line: Option<Wikitext>,
    /// Digests that the bot's part may have: those of what the bot wrote.
    pub ours: &'a [[u8; 32]],
    /// What is said once on a page that must not be written over.
    pub held: &'a Wikitext,
    /// That was said already, and people may have taken it away.
    pub is_told: bool,
    /// Whether people's part is written: not on copies.
    pub has_people: bool,
    /// A trusted person asks, also for a page that was taken away.
    pub asked_again: bool,
    /// What is done, for the edit summary.
    pub summary: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// It stands there, by this edit; `None`: it stood there already.
    Stands(Option<RevId>),
    /// Nothing was written over; that is said on the page, or was before. Key of the message that says why.
    Held(&'static str),
    /// The status changed meanwhile: to be decided again.
    Changed,
    /// The page refuses it: a code and the reason, for people.
    Refused(String, String),
    /// Not known; the next run looks.
    Unknown,
}

/// The bot's part as it is saved, its first line before it.
pub fn whole(part: &Wikitext) -> Wikitext {
    let mut text = Wikitext::new();
    text.push(&literal(HEAD)).push(&literal("\n")).push(part);
    text
}

/// Writes it. Errs when nothing more may be written in this run, or wiki or database cannot be reached.
pub async fn write(run: &mut Run<Settings>, words: &Words<'_>, wanted: &Wanted<'_>) -> anyhow::Result<Wrote> {
    let state = State {
        title: wanted.title,
        marker: Some(HEAD),
        is_status_page: false,
        asked_again: wanted.asked_again,
    };
    let part = whole(wanted.part);
    let mut other = None;
    let saved = run.editor.save_state(&state, |look| {
        other = None;
        // What was moved away left a redirect, which is nobody's text.
        let is_free = wanted.asked_again && look.target.is_redirect;
        let page = look.target.text().filter(|_| !is_free);
        let (text, outcome) = compute(page, &part, words, wanted);
        other = outcome;
        Ok(text.map(|text| Computed {
            text,
            summary: wanted.summary.to_owned(),
        }))
    });
    Ok(match saved.await {
        Ok(saved) => other.unwrap_or(Wrote::Stands(saved)),
        Err(Refused::Page { code, info }) => Wrote::Refused(code, info),
        Err(Refused::Unknown(why)) => {
            tracing::warn!("{why}");
            Wrote::Unknown
        }
        Err(refused) => return Err(refused.into()),
    })
}

/// The text that the page is to have, and what that means where it is not simply written.
fn compute(
    page: Option<&str>,
    part: &Wikitext,
    words: &Words<'_>,
    wanted: &Wanted<'_>,
) -> (Option<String>, Option<Wrote>) {
    let fresh = || match wanted.has_people {
        true => Human::fresh(words, wanted.status, wanted.line.as_ref().unwrap_or(&Wikitext::new())),
        false => String::new(),
    };
    let text = page.unwrap_or_default();
    let why = match Page::read(text) {
        Page::Empty => return (Some(Page::whole(part, &fresh())), None),
        Page::Ours { bot, human } => {
            let is_ours = wanted.ours.contains(&Page::digest(bot)) || Page::digest(bot) == digest(part);
            if is_ours && !wanted.has_people {
                return (Some(Page::whole(part, human.0)), None);
            }
            let said = human.status(words);
            if is_ours && said != wanted.found && said != Some(wanted.status) {
                return (None, Some(Wrote::Changed));
            }
            if is_ours {
                let people = people(human, words, wanted);
                return (Some(Page::whole(part, &people)), None);
            }
            "held-changed"
        }
        Page::NoMarker => "held-no-marker",
        Page::Doubled => "held-doubled",
    };
    let held = Some(Wrote::Held(why));
    if wanted.is_told || text.contains(HELD) {
        return (None, held);
    }
    let mut line = wanted.held.clone();
    line.push(&literal(" ")).push(&literal(HELD));
    (Some(Human::with_line(text, &line)), held)
}

/// People's part: only the word of the status changes, and a line of the bot's comes to its end.
fn people(human: Human<'_>, words: &Words<'_>, wanted: &Wanted<'_>) -> String {
    let text = match human.status(words) {
        Some(status) if status == wanted.status => return human.0.to_owned(),
        _ if wanted.found == Some(wanted.status) => return human.0.to_owned(),
        _ => human
            .with_status(words, wanted.status)
            .unwrap_or_else(|| human.0.to_owned()),
    };
    match &wanted.line {
        Some(line) => Human::with_line(&text, line),
        None => text,
    }
}

/// The digest of a part, as it is when it stands on a page.
pub fn digest(part: &Wikitext) -> [u8; 32] {
    match Page::read(&Page::whole(part, "")) {
        Page::Ours { bot, .. } => Page::digest(bot),
        _ => [0; 32],
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
