//! `suppress`: users and pages that stand on no page that this job writes; see [`shared::suppress`].

use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::db::Db;
use shared::db::forget::{self, About};
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
}

impl From<Kind> for What {
    fn from(kind: Kind) -> What {
        match kind {
            Kind::User => What::User,
            Kind::Page => What::Page,
        }
    }
}

struct Changes;

impl Names for Changes {
    type Kind = Kind;

    async fn make_stale(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<()> {
        forget::make_stale(db, wiki, about(name)).await?;
        Ok(())
    }

    async fn forget(&self, db: &Db, wiki: &str, name: &Named<'_>) -> anyhow::Result<u64> {
        Ok(forget::forget(db, wiki, about(name)).await?)
    }
}

fn about<'a>(name: &Named<'a>) -> About<'a> {
    match name.what {
        What::User => About::User(name.user_id, name.name),
        _ => About::Page(name.name),
    }
}

/// Carries out a command; false: there was nothing to take off the list. Errs when wiki or database cannot be reached.
pub async fn run(boot: &Boot, command: &Suppress, args: &CommonArgs) -> anyhow::Result<bool> {
    shared::suppress::run(boot, command, args, &Changes).await
}
