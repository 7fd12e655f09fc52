//! `suppress`: users, pages, hosts and reports that stand on no page that this job writes; see [`shared::suppress`]. The
//! next run sees what is new on the list and writes the reports anew that may name it.

use std::collections::BTreeSet;

use anyhow::ensure;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::link::{Key, PathHosts};
use shared::core::report::{Kind as Subjects, Subject};
use shared::db::Db;
use shared::db::report::{self, Report};
use shared::db::report_ask;
use shared::db::report_page::{self, Page as PageRow, State};
use shared::db::suppress::What;
use shared::suppress::{Named, Names};

use crate::asks;

/// What is to be shown nowhere.
pub type Suppress = shared::suppress::Suppress<Kind>;

/// What a name is the name of.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user
    User,
    /// A page
    Page,
    /// A host or domain, with all sub-domains
    Host,
    /// A report page
    Report,
}

impl From<Kind> for What {
    fn from(kind: Kind) -> What {
        match kind {
            Kind::User => What::User,
            Kind::Page => What::Page,
            Kind::Host => What::Host,
            Kind::Report => What::Report,
        }
    }
}

struct Reports;

impl Reports {
    /// Erases a user as who asked for reports.
    async fn forget_requester(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<u64> {
        if name.what != What::User {
            return Ok(0);
        }
        let account = name.user_id.map(|id| asks::requester(wiki, Some(id.0)));
        let guests = asks::requester(wiki, None);
        let erased = db
            .transaction("erasing who asked for reports", async |tx| {
                let mut erased = report_ask::forget_guest(tx, wiki, &guests, name.name).await?;
                if let Some(account) = &account {
                    erased += report_ask::forget_requester(tx, wiki, account).await?;
                }
                Ok(erased)
            })
            .await?;
        Ok(erased)
    }
}

/// Whether a page of a report was written and, as far as is known, says more than that nothing is shown.
fn still_says(report: &Report, page: &PageRow) -> bool {
    let is_empty = report.additions == 0 && report.newest.is_none();
    let shows_that = page.target == report.home || page.content == report.digest;
    page.saved_at.is_some()
        && match page.state {
            State::Gone => false,
            // A person may have changed anything there.
            State::Held => true,
            State::Ok => !(is_empty && shows_that),
        }
}

impl Names for Reports {
    type Kind = Kind;

    async fn make_stale(&self, _db: &Db, _wiki: &str, _name: &Named<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    /// Reports about it, what asked for them, which revisions they show, and a user as who asked for others. Additions and
    /// hits are coi-report's. Errs while a page says something: without what is known of it nothing would ever take that
    /// away.
    async fn forget(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<u64> {
        let key = (name.what == What::Host)
            .then(|| Key::from_name(name.name, &PathHosts::default()))
            .and_then(Result::ok);
        let between = key.as_ref().map(Key::with_subdomains);
        let mut subjects: BTreeSet<Subject> = BTreeSet::new();
        if name.what == What::User {
            let kinds = [Subjects::User, Subjects::Ip];
            subjects.extend(kinds.into_iter().filter_map(|kind| Subject::from_key(kind, name.name)));
        }
        let known = Vec::from_iter(subjects.iter().cloned());
        let (reports, pages) = db
            .read(async |db| {
                let mut reports = match (name.what, &between) {
                    (What::Report, _) => report::all_titled(db, wiki, &[name.name.to_owned()]).await?,
                    (_, Some((from, to))) => report::links_between(db, wiki, from, to).await?,
                    _ => Vec::new(),
                };
                for subject in &known {
                    reports.extend(report::get(db, wiki, subject).await?);
                }
                let ids: Vec<u64> = reports.iter().map(|report| report.id).collect();
                let pages = report_page::of_reports(db, &ids).await?;
                Ok((reports, pages))
            })
            .await?;
        let says = pages.iter().filter(|page| {
            let report = reports.iter().find(|report| report.id == page.report_id);
            report.is_some_and(|report| still_says(report, page))
        });
        let says = says.count();
        ensure!(
            says == 0,
            "{says} report pages may still say something about it: put it on the list (`suppress add`), let the job run \
             until it has emptied them (have those deleted that it must not write), and forget it then"
        );
        subjects.extend(reports.into_iter().map(|report| report.subject));
        let mut forgotten = self.forget_requester(db, wiki, name).await?;
        if let Some((from, to)) = &between {
            forgotten += db
                .transaction("erasing what asked for reports", async |tx| {
                    report::forget_asks_between(tx, wiki, from, to).await
                })
                .await?;
        }
        for subject in &subjects {
            let was_there = db
                .transaction("erasing a report", async |tx| report::forget(tx, wiki, subject).await)
                .await?;
            forgotten += u64::from(was_there);
        }
        Ok(forgotten)
    }
}

/// Carries out a command; false: there was nothing to take off the list. Errs when wiki or database cannot be reached.
pub async fn run(boot: &Boot, command: &Suppress, args: &CommonArgs) -> anyhow::Result<bool> {
    shared::suppress::run(boot, command, args, &Reports).await
}

#[cfg(test)]
mod tests {
    use shared::core::report::Status;
    use shared::core::types::Timestamp;

    use super::*;

    #[test]
    fn a_report_is_forgotten_only_when_its_pages_say_nothing() {
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let subject = Subject::User("Ann".to_owned());
        let mut report = Report::new("home/w", subject, report::BY_PERSON, &[], now);
        (report.status, report.digest, report.additions) = (Some(Status::Open), Some([7; 32]), 3);
        let saved = |target: &str| PageRow {
            saved_at: Some(now),
            content: Some([7; 32]),
            ..PageRow::new(0, target)
        };
        let (home, copy) = (saved("home/w"), saved("copy/w"));
        assert!(still_says(&report, &home) && still_says(&report, &copy));
        // It was emptied at home, and the copy comes with its own wiki's next run.
        (report.additions, report.digest) = (0, Some([8; 32]));
        assert!(!still_says(&report, &home) && still_says(&report, &copy));
        assert!(!still_says(
            &report,
            &PageRow {
                content: Some([8; 32]),
                ..copy.clone()
            }
        ));
        let stands = |state| still_says(&report, &PageRow { state, ..home.clone() });
        assert!(stands(State::Held) && !stands(State::Gone));
        // One that was never written.
        assert!(!still_says(&report, &PageRow::new(0, "home/w")));
    }
}
