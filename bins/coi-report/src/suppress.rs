//! `suppress`: users, pages, hosts and reports that stand on no page that this job writes; see [`shared::suppress`].

use anyhow::bail;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::link::{Key, PathHosts};
use shared::db::Db;
use shared::db::hit::{self, Forget};
use shared::db::hit_line;
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

struct Hits;

impl Names for Hits {
    type Kind = Kind;

    async fn make_stale(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<()> {
        match name.what {
            What::User => hit_line::make_stale(db, wiki, Forget::User(name.user_id, name.name)).await?,
            What::Page => hit_line::make_stale(db, wiki, Forget::Page(name.name)).await?,
            What::Host => {
                let (first, end) = range(name.name)?;
                hit_line::make_stale(db, wiki, Forget::Links(&first, &end)).await?
            }
            What::Report => 0,
        };
        Ok(())
    }

    async fn forget(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<u64> {
        Ok(match name.what {
            What::User => hit::forget(db, wiki, Forget::User(name.user_id, name.name)).await?,
            What::Page => hit::forget(db, wiki, Forget::Page(name.name)).await?,
            What::Host => {
                let (first, end) = range(name.name)?;
                hit::forget(db, wiki, Forget::Links(&first, &end)).await?
            }
            What::Report => bail!("a report is a page: delete it on the wiki"),
        })
    }
}

/// Stored keys of a host with its sub-domains.
fn range(host: &str) -> anyhow::Result<(String, String)> {
    let key = Key::from_name(host, &PathHosts::default()).map_err(anyhow::Error::msg)?;
    Ok(key.with_subdomains())
}

/// Carries out a command; false: there was nothing to take off the list. Errs when wiki or database cannot be reached.
pub async fn run(boot: &Boot, command: &Suppress, args: &CommonArgs) -> anyhow::Result<bool> {
    shared::suppress::run(boot, command, args, &Hits).await
}
