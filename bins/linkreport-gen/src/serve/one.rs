//! One report from asking to saving: what stands there, what is to be done about it, what is known, and the page. People's
//! status is read before anything is decided.

use std::time::Instant;

use shared::core::report::{Rule, Status, Subject};
use shared::core::text::{Wikitext, plain};
use shared::core::types::Timestamp;
use shared::daypage::taken;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::report_page::{self, Form as Stored, Page as PageRow, State};
use shared::job::Run;
use shared::messages::Messages;
use shared::wiki::Phase;

use super::decide::{Decision, Known, Said, decide, is_person, is_trusted};
use super::left::{self, note, opened};
use super::place::Place;
use super::standing::{self, Before};
use super::told::{gathered, seen, told};
use super::write::{self, Wanted, Wrote};
use crate::gather::Context;
use crate::model::Model;
use crate::naming::Naming;
use crate::page::{self, Form};
use crate::reduced;
use crate::settings::Settings;
use crate::words::MESSAGES;

/// How often a status that changes meanwhile is decided again.
const AGAIN: usize = 3;
/// Longest reason that is stored, in characters.
const SHOWN: usize = 300;

/// A subject whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The subject.
    pub subject: Subject,
    /// Numbers of what asked for it.
    pub asks: Vec<u64>,
    /// Why; at least one.
    pub reasons: Vec<Reason>,
    /// Rules that asked, in their order.
    pub rules: Vec<Rule>,
    /// What a filter said that warned of the whole report when it was tried last.
    pub warning: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The page was edited.
    Saved,
    /// It says all of it already.
    Same,
    /// What people decided, or did to the page, leaves it as it is: why.
    Left(String),
    /// Nothing is recorded that may be shown.
    Nothing,
    /// Not before this moment.
    Later(Timestamp),
    /// Not written over; a person has to look.
    Held,
    /// The wiki refuses it: why.
    Refused(String),
    /// Not known, or it changed all the time.
    Again(String),
}

/// What is known of a report before it is served.
pub(super) struct Kept {
    /// The report.
    pub(super) report: Option<Report>,
    /// Its page.
    pub(super) page: Option<PageRow>,
}

/// Serves it. Errs when nothing more may be written in this run, or wiki or database cannot be reached.
pub async fn one(run: &mut Run<Settings>, cx: &Context<'_>, place: &Place, turn: &Turn) -> anyhow::Result<Ended> {
    for _ in 0..AGAIN {
        if let Some(ended) = once(run, cx, place, turn).await? {
            return Ok(ended);
        }
    }
    Ok(Ended::Again("its status was changed again and again".to_owned()))
}

async fn stored(run: &Run<Settings>, subject: &Subject) -> anyhow::Result<Kept> {
    let wiki = run.wiki.as_str();
    let report = run
        .db
        .read_if_there(async |db| report::get(db, wiki, subject).await)
        .await?;
    let id = report.as_ref().map_or(0, |report| report.id);
    let page = run
        .db
        .read_if_there(async |db| report_page::get(db, id, wiki).await)
        .await?;
    Ok(Kept { report, page })
}

/// `None`: the status changed meanwhile.
async fn once(run: &mut Run<Settings>, cx: &Context<'_>, place: &Place, turn: &Turn) -> anyhow::Result<Option<Ended>> {
    let now = run.clock.now();
    let settings = cx.settings;
    let kept = stored(run, &turn.subject).await?;
    let Kept { report, page } = &kept;
    if report.is_none() && is_covered(run, turn).await? {
        return Ok(Some(Ended::Left("a domain above it has a report".to_owned())));
    }
    let mut is_reduced = page.as_ref().is_some_and(|page| page.form == Stored::Reduced);
    if is_reduced && turn.reasons.iter().copied().any(is_person) {
        // Filters change: a person's request tries the full report again.
        is_reduced = false;
    }
    let known_title = page.as_ref().and_then(|page| page.title.as_deref());
    let title = match known_title.and_then(|title| run.session.site().title(title).ok()) {
        Some(title) => title,
        None => place.title(settings, &turn.subject, is_reduced),
    };
    run.session.count_as(Phase::Safety);
    let stands = standing::page(&run.session, &title).await?;
    let words = place.words(settings);
    let before = Before {
        status: report.as_ref().and_then(|report| report.status),
        digest: page.as_ref().and_then(|page| page.digest),
    };
    let standing = standing::standing(&run.session, (&run.db, &turn.subject), &stands, &words, before).await?;
    let status = standing
        .is_there
        .then(|| standing.status.or(before.status).unwrap_or(Status::Open));
    let known = Known {
        status,
        saved_at: report.as_ref().and_then(|report| report.saved_at),
    };
    let (new, said) = match decide(&turn.reasons, known, settings.limits.regenerate_every, now) {
        Decision::Write(status, said) => (status, said),
        Decision::Nothing(why) => {
            left::left(run, turn, &kept, &stands, &standing, status).await?;
            return Ok(Some(Ended::Left(why.to_owned())));
        }
        Decision::Later(next) => return Ok(Some(Ended::Later(next))),
    };
    let shown = run.session.site().prefixed(&title);
    let (model, renamed) = gathered(cx, &turn.subject, &turn.rules, &[&shown]).await?;
    if let Some(renamed) = renamed {
        // Under the new name only; what stands under the old one goes.
        ask_again(run, turn, renamed).await?;
        if !standing.is_there {
            return Ok(Some(Ended::Left("the user has another name now".to_owned())));
        }
    }
    if model.is_none() && !standing.is_there {
        return Ok(Some(Ended::Nothing));
    }
    if said == Said::Stale && is_fresh(model.as_ref(), now - settings.stale_after) {
        // Added since it was asked.
        return Ok(Some(Ended::Left("it is not stale".to_owned())));
    }
    let mut form = if is_reduced { Form::Reduced } else { Form::Full };
    let mut title = title;
    let mut objection = page
        .as_ref()
        .filter(|page| page.state == State::Ok)
        .and_then(|page| page.why.clone());
    if let Some(warning) = &turn.warning {
        (form, objection) = (Form::Reduced, Some(warning.clone()));
    }
    let asked_again = turn.reasons.iter().copied().any(is_trusted);
    loop {
        let part = part(run, place, model.as_ref(), form, new);
        let content = write::digest(&write::whole(&part));
        let line = line(run, said, model.as_ref());
        let held = held(run, model.as_ref());
        let ours: Vec<[u8; 32]> = standing.ours.into_iter().chain(before.digest).collect();
        let summary = page::summary(model.as_ref(), &run.accepted.parsed.common);
        let wanted = Wanted {
            title: &title,
            part: &part,
            found: standing.said,
            // What a newcomer wrote there does not count, and is not taken away either.
            status: if status == Some(new) {
                standing.said.unwrap_or(new)
            } else {
                new
            },
            line,
            ours: &ours,
            held: &held,
            is_told: page.as_ref().is_some_and(|page| page.noted_at.is_some()),
            has_people: true,
            asked_again,
            summary: &summary,
        };
        let wrote = write::write(run, &words, &wanted).await?;
        let mut row = page.clone().unwrap_or_else(|| PageRow::new(0, &run.wiki));
        let shown = run.session.site().prefixed(&title);
        let ended = match wrote {
            Wrote::Stands(saved) => {
                let mut new_report = report.clone().unwrap_or_else(|| opened(run, turn, now));
                new_report = seen(new_report, &standing, status, now);
                // A run before made this edit and did not come to noting it.
                let is_unnoted = standing.ours.is_some() && standing.ours != before.digest;
                told(
                    &mut new_report,
                    model.as_ref(),
                    settings,
                    content,
                    said,
                    saved.is_some() || is_unnoted,
                    now,
                );
                new_report.title = Some(shown.clone());
                new_report.status = Some(new);
                new_report.page_revid = Some(saved.unwrap_or(standing.revid)).filter(|rev| rev.0 > 0);
                row = PageRow {
                    title: Some(shown),
                    revid: saved.or(row.revid.filter(|_| !is_unnoted)).or(new_report.page_revid),
                    digest: Some(content),
                    form: if form == Form::Full {
                        Stored::Full
                    } else {
                        Stored::Reduced
                    },
                    state: State::Ok,
                    why: objection.filter(|_| form == Form::Reduced),
                    noted_at: None,
                    saved_at: if saved.is_some() || is_unnoted {
                        Some(now)
                    } else {
                        row.saved_at
                    },
                    content: Some(content),
                    status_shown: Some(new),
                    ..row
                };
                note(run, new_report, Some(row), model.as_ref().map(|model| (model, form))).await?;
                if saved.is_some() { Ended::Saved } else { Ended::Same }
            }
            Wrote::Held(why) => {
                row.state = State::Held;
                row.why = Some(why.to_owned());
                row.noted_at = row.noted_at.or(Some(now));
                row.title.get_or_insert(shown);
                let known = left::known(run, turn, &kept, &stands, now);
                note(run, seen(known, &standing, status, now), Some(row), None).await?;
                Ended::Held
            }
            Wrote::Changed => return Ok(None),
            Wrote::Unknown => Ended::Again("an edit was sent, and its answer never came".to_owned()),
            Wrote::Refused(code, info) if form == Form::Full && is_filter(&code) => {
                tracing::warn!("the wiki refuses a full report ({code}): it is saved without names");
                form = Form::Reduced;
                let told = reduced::objection(&code, &info);
                if reduced::is_warning(&code) {
                    return Ok(Some(Ended::Again(reduced::warned(&told))));
                }
                objection = Some(told);
                if code.starts_with("titleblacklist") {
                    title = place.title(settings, &turn.subject, true);
                }
                continue;
            }
            Wrote::Refused(code, info) => {
                // The status page tells of it once: as a page that is gone, for as long as it is so, or as one that could
                // not be saved.
                if left::is_of_people(&code) {
                    row.state = State::Gone;
                    row.why = Some(info.chars().take(SHOWN).collect());
                    row.title.get_or_insert(shown);
                    let known = left::known(run, turn, &kept, &stands, now);
                    note(run, known, Some(row), None).await?;
                } else if !Naming::read(&run.db, &run.wiki).await?.hides(&turn.subject) {
                    taken::note(run, now, &shown, &format!("{info} ({code})")).await?;
                }
                Ended::Refused(info)
            }
        };
        return Ok(Some(ended));
    }
}

fn is_fresh(model: Option<&Model>, since: Timestamp) -> bool {
    let last = model.and_then(|model| model.totals.last);
    last.is_some_and(|last| last >= since)
}

/// Asks for the report under the present name.
async fn ask_again(run: &Run<Settings>, turn: &Turn, renamed: Subject) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let now = run.clock.now();
    let ask = NewAsk {
        home: run.wiki.clone(),
        origin: format!("rename {}", turn.asks.iter().max().copied().unwrap_or(0)),
        subject: renamed,
        requester: None,
        requester_name: None,
        reason: Reason::Rename,
        detail: None,
    };
    run.db
        .fenced(&fence, "asking for a report under the present name", async |tx| {
            report_ask::ask(tx, std::slice::from_ref(&ask), now).await.map(|_| ())
        })
        .await?;
    Ok(())
}

/// Whether only rules ask for it, and a domain above it has a report by now.
async fn is_covered(run: &Run<Settings>, turn: &Turn) -> anyhow::Result<bool> {
    let Subject::Link(key) = &turn.subject else {
        return Ok(false);
    };
    if turn.reasons.iter().any(|reason| *reason != Reason::Rule) {
        return Ok(false);
    }
    let (wiki, hosts) = (run.wiki.as_str(), [key.stored().to_owned()]);
    let above = run
        .db
        .read_if_there(async |db| report::of_hosts_domain(db, wiki, &hosts).await)
        .await?;
    Ok(!above.is_empty())
}

/// Refusals of what a page says, not of the page: it may say less.
pub fn is_filter(code: &str) -> bool {
    [
        "abusefilter",
        "spamblacklist",
        "spamdetected",
        "titleblacklist",
        "hookaborted",
        "contenttoobig",
    ]
    .iter()
    .any(|begins| code.starts_with(begins))
}

fn part(run: &Run<Settings>, place: &Place, model: Option<&Model>, form: Form, status: Status) -> Wikitext {
    let around = place.around(run, status, None);
    let begun = Instant::now();
    let part = match model {
        Some(model) => page::render(model, &around, form),
        None => page::empty(&around),
    };
    let (ms, bytes) = (begun.elapsed().as_millis() as u64, part.as_str().len());
    tracing::debug!(ms, bytes, "made the page");
    part
}

fn messages(run: &Run<Settings>) -> Messages<'_> {
    Messages::new(Some(&run.accepted.parsed.common), MESSAGES)
}

fn line(run: &Run<Settings>, said: Said, model: Option<&Model>) -> Option<Wikitext> {
    let key = match said {
        Said::Nothing => return None,
        Said::Made => "human-made",
        Said::Reopened => "human-reopened",
        Said::Stale => "human-stale",
    };
    let messages = messages(run);
    let last = model.and_then(|model| model.totals.last);
    let last = last.map_or_else(Wikitext::new, |last| messages.time(last));
    let live = model.map_or(0, |model| model.fates.live);
    let values = [
        ("bot", &plain(run.session.account(), SHOWN)),
        ("time", &messages.time(run.clock.now())),
        ("last", &last),
        ("live", &plain(&live.to_string(), SHOWN)),
    ];
    Some(messages.say(key, &values))
}

fn held(run: &Run<Settings>, model: Option<&Model>) -> Wikitext {
    let messages = messages(run);
    let additions = model.map_or(0, |model| model.totals.additions);
    let values = [
        ("bot", &plain(run.session.account(), SHOWN)),
        ("time", &messages.time(run.clock.now())),
        ("additions", &plain(&additions.to_string(), SHOWN)),
    ];
    messages.say("human-held", &values)
}
