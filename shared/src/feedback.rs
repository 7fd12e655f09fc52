//! The status page (`<settings page>/Status`): what admins see of a job. Five short parts, each a function of plain
//! values. It is a state edit: saved when the first or fourth part changes, else once a day, so that a
//! date older than two days means that the job is down. Nobody is notified: no signature, no link to a user page.

use chrono::TimeDelta;

use crate::core::site::{Site, Title};
use crate::core::text::{Wikitext, code, literal, page_link, plain, user};
use crate::core::types::{Problem, RevId, Timestamp};
use crate::messages::Messages;

/// What stands on every status page that a job wrote.
pub const MARKER: &str = "<!-- wikicrew status -->";
/// An unchanged page is saved again after this time.
const REFRESH: TimeDelta = TimeDelta::hours(24);
/// Longest list on the page; the rest is counted.
const MANY: usize = 100;
/// Lines of difference shown for a draft.
const DIFF_LINES: usize = 40;
/// Longest text of a user shown in a line.
const SHOWN: usize = 300;

/// Who saved which revision when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedBy {
    /// The revision.
    pub revid: RevId,
    /// Who saved it.
    pub user: String,
    /// When.
    pub at: Timestamp,
}

/// The first part: what is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InForce {
    /// The settings are obeyed.
    Accepted {
        /// The revision.
        saved: SavedBy,
        /// Who wrote the text, if another.
        written_by: Option<String>,
        /// End of the protection, where it is near.
        ends: Option<Timestamp>,
        /// Warnings.
        warnings: Vec<Problem>,
        /// Why nothing is written all the same: stop page, cap, trial.
        halted: Option<String>,
    },
    /// `enabled: false`.
    Off(SavedBy),
    /// Malformed.
    Rejected(SavedBy, Vec<Problem>),
}

/// What is thought of the draft page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The revision looked at.
    pub saved: SavedBy,
    /// Lines that differ from the settings in force (`-` and `+` first), or the problems.
    pub verdict: Result<Vec<String>, Vec<Problem>>,
    /// What it would have done lately, where the job can tell.
    pub tested: Option<String>,
}

/// Edits and errors in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Edits.
    pub edits: u64,
    /// Errors, handled ones too.
    pub errors: u64,
}

/// Everything the page says.
pub struct Status<'a> {
    /// The wiki.
    pub site: &'a Site,
    /// Sentences.
    pub messages: Messages<'a>,
    /// Name of the job.
    pub job: &'a str,
    /// The bot's account.
    pub bot: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// The settings page.
    pub settings: &'a Title,
    /// The stop page.
    pub stop: &'a Title,
    /// First part.
    pub in_force: InForce,
    /// The draft, where there is one.
    pub draft: Option<Draft>,
    /// When the last run finished.
    pub last_run: Option<Timestamp>,
    /// When the next one is expected.
    pub next_run: Option<Timestamp>,
    /// User name of the operator.
    pub operator: Option<&'a str>,
    /// The wiki's time at the start of this run.
    pub newest: Timestamp,
    /// Last 24 hours and last 7 days.
    pub totals: [Totals; 2],
    /// Lines of the job's own for the third part.
    pub done: Vec<Wikitext>,
    /// Lines of the fourth part.
    pub waiting: Vec<Wikitext>,
}

impl Status<'_> {
    /// The whole page.
    pub fn page(&self) -> String {
        let m = &self.messages;
        let mut page = format!("__NOINDEX__{MARKER}\n");
        let running = plain(m.text("heading-running"), SHOWN);
        let intro = m.say(
            "status-intro",
            &[
                ("bot", &user(self.bot)),
                ("job", &plain(self.job, SHOWN)),
                ("running", &running),
            ],
        );
        page.push_str(intro.as_str());
        let parts = [
            ("in-force", self.in_force_part()),
            ("running", vec![self.running_line()]),
            ("done", self.done_part()),
            ("waiting", self.waiting_part()),
            ("stop", self.stop_part()),
        ];
        for (name, lines) in parts {
            let heading = plain(m.text(&format!("heading-{name}")), SHOWN);
            page.push_str(&format!("\n\n== {heading} ==\n{}\n", part_marker(name)));
            page.push_str(&lines.iter().map(Wikitext::as_str).collect::<Vec<_>>().join("\n"));
        }
        page.push('\n');
        page
    }

    fn saved(&self, key: &str, saved: &SavedBy) -> Wikitext {
        let values = [
            ("revision", &revision_link(saved.revid)),
            ("user", &user(&saved.user)),
            ("time", &self.messages.time(saved.at)),
        ];
        self.messages.say(key, &values)
    }

    fn in_force_part(&self) -> Vec<Wikitext> {
        let m = &self.messages;
        let mut lines = Vec::new();
        match &self.in_force {
            InForce::Off(saved) => lines.push(self.saved("off", saved)),
            InForce::Rejected(saved, problems) => {
                lines.push(self.saved("rejected", saved));
                lines.extend(self.bullets(problems.iter().map(|p| plain(&p.to_string(), SHOWN)).collect()));
            }
            InForce::Accepted {
                saved,
                written_by,
                ends,
                warnings,
                halted,
            } => {
                lines.push(self.saved("in-force", saved));
                if let Some(author) = written_by {
                    lines.push(m.say("in-force-text-by", &[("user", &user(author))]));
                }
                if let Some(halted) = halted {
                    lines.push(paragraph(m.say("halted", &[("reason", &plain(halted, SHOWN))])));
                }
                if let Some(ends) = ends {
                    lines.push(paragraph(m.say("protection-ends", &[("time", &m.time(*ends))])));
                }
                if !warnings.is_empty() {
                    lines.push(paragraph(m.say("warnings", &[])));
                    lines.extend(self.bullets(warnings.iter().map(|p| plain(&p.to_string(), SHOWN)).collect()));
                }
            }
        }
        if let Some(draft) = &self.draft {
            lines.extend(self.draft_lines(draft));
        }
        lines
    }

    fn draft_lines(&self, draft: &Draft) -> Vec<Wikitext> {
        let tested = draft.tested.as_deref().map(|told| plain(told, SHOWN));
        let mut lines = self.draft_verdict_lines(draft);
        lines.extend(tested);
        lines
    }

    fn draft_verdict_lines(&self, draft: &Draft) -> Vec<Wikitext> {
        let (key, bullets) = match &draft.verdict {
            Ok(changed) if changed.is_empty() => ("draft-same", Vec::new()),
            Ok(changed) => ("draft-accepted", changed.iter().map(|line| code(line, SHOWN)).collect()),
            Err(problems) => (
                "draft-rejected",
                problems.iter().map(|p| plain(&p.to_string(), SHOWN)).collect(),
            ),
        };
        let line = self.messages.say(
            key,
            &[
                ("revision", &revision_link(draft.saved.revid)),
                ("user", &user(&draft.saved.user)),
                ("count", &plain(&bullets.len().to_string(), SHOWN)),
            ],
        );
        let mut lines = vec![paragraph(line)];
        lines.extend(self.bullets(bullets));
        lines
    }

    fn running_line(&self) -> Wikitext {
        let m = &self.messages;
        let newest = m.time(self.newest);
        let version = plain(self.version, SHOWN);
        let last = match self.last_run {
            Some(time) => m.say(
                "last-run",
                &[("time", &m.time(time)), ("newest", &newest), ("version", &version)],
            ),
            None => m.say("no-run", &[("newest", &newest), ("version", &version)]),
        };
        match self.next_run {
            Some(time) => Wikitext::join([&last, &m.say("next-run", &[("time", &m.time(time))])], " "),
            None => last,
        }
    }

    fn done_part(&self) -> Vec<Wikitext> {
        let mut lines = Vec::new();
        for (span, totals) in ["span-day", "span-week"].iter().zip(self.totals) {
            let number = |n: u64| plain(&n.to_string(), SHOWN);
            let span = self.messages.say(span, &[]);
            lines.push(self.messages.say(
                "done",
                &[
                    ("span", &span),
                    ("edits", &number(totals.edits)),
                    ("errors", &number(totals.errors)),
                    ("runs", &number(totals.runs)),
                ],
            ));
        }
        lines.extend(self.done.iter().cloned());
        self.bullets(lines)
    }

    fn waiting_part(&self) -> Vec<Wikitext> {
        if self.waiting.is_empty() {
            return vec![self.messages.say("nobody-waits", &[])];
        }
        self.bullets(self.waiting.clone())
    }

    fn stop_part(&self) -> Vec<Wikitext> {
        let link = |title: &Title| page_link(self.site, title, None);
        let talk = Title {
            ns: 3,
            text: self.bot.to_owned(),
        };
        let draft = crate::settings::below(self.settings, "draft");
        let mut lines = vec![
            self.messages.say(
                "stop-all",
                &[("settings", &link(self.settings)), ("stop", &link(self.stop))],
            ),
            paragraph(
                self.messages
                    .say("stop-help", &[("draft", &link(&draft)), ("talk", &link(&talk))]),
            ),
        ];
        if let Some(operator) = self.operator {
            lines.push(paragraph(self.messages.say("operator", &[("user", &user(operator))])));
        }
        if let Some(approval) = self.messages.approval() {
            let page = self
                .site
                .title(approval)
                .map_or_else(|_| plain(approval, SHOWN), |title| link(&title));
            lines.push(self.messages.say("approval", &[("page", &page)]));
        }
        lines
    }

    fn bullets(&self, lines: Vec<Wikitext>) -> Vec<Wikitext> {
        let more = lines.len().saturating_sub(MANY);
        let mut bullets: Vec<Wikitext> = lines
            .iter()
            .take(MANY)
            .map(|line| Wikitext::concat([&literal("* "), line]))
            .collect();
        if more > 0 {
            let count = plain(&more.to_string(), SHOWN);
            bullets.push(Wikitext::concat([
                &literal("* "),
                &self.messages.say("more", &[("count", &count)]),
            ]));
        }
        bullets
    }
}

fn revision_link(revid: RevId) -> Wikitext {
    crate::core::text::diff_link(revid, &revid.to_string())
}

fn paragraph(line: Wikitext) -> Wikitext {
    Wikitext::concat([&literal("\n"), &line])
}

fn part_marker(name: &str) -> String {
    format!("<!-- {name} -->")
}

/// One part of a status page, without its heading.
fn part<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&part_marker(name))?;
    let end = rest.find("\n==").unwrap_or(rest.len());
    Some(rest[..end].trim())
}

/// The lines in which a draft differs from the settings in force, each after `-` or `+`; the first ones.
pub fn changed_lines(old: &str, new: &str) -> Vec<String> {
    let diff = similar::TextDiff::from_lines(old, new);
    let changes = diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal);
    changes
        .take(DIFF_LINES)
        .map(|change| format!("{}{}", change.tag(), change.value().trim_end()))
        .collect()
}

/// Whether the page is to be saved: there is none, its first or fourth part says something else now, or it was saved
/// a day ago.
pub fn is_due(old: Option<&str>, saved: Option<Timestamp>, new: &str, now: Timestamp) -> bool {
    let (Some(old), Some(saved)) = (old, saved) else {
        return true;
    };
    let differs = |name: &str| part(old, name) != part(new, name);
    differs("in-force") || differs("waiting") || now - saved >= REFRESH
}

#[cfg(test)]
#[path = "feedback_tests.rs"]
mod tests;
