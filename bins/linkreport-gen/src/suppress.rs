//! `suppress`: users, pages, hosts and reports that stand on no page that this job writes; see [`shared::suppress`]. The
//! next run sees what is new on the list and writes the reports anew that may name it.

use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::link::PathHosts;
use shared::core::report::{Kind as Subjects, Subject};
use shared::db::Db;
use shared::db::report;
use shared::db::suppress::What;
use shared::suppress::{Named, Names};

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

impl Names for Reports {
    type Kind = Kind;

    async fn make_stale(&self, _db: &Db, _wiki: &str, _name: &Named<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    /// Reports about it, what asked for them, and which revisions they show. Additions and hits are coi-report's.
    async fn forget(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<u64> {
        let subjects: Vec<Subject> = match name.what {
            What::User => [Subjects::User, Subjects::Ip]
                .into_iter()
                .filter_map(|kind| Subject::from_key(kind, name.name))
                .collect(),
            What::Host => Subject::from_name(Subjects::Link, name.name, &PathHosts::default())
                .into_iter()
                .collect(),
            What::Report => {
                let titles = [name.name.to_owned()];
                let found = db.read(async |db| report::all_titled(db, wiki, &titles).await).await?;
                found.into_iter().map(|report| report.subject).collect()
            }
            What::Page => Vec::new(),
        };
        let mut forgotten = 0;
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
