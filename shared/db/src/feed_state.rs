//! What people switched about feeds, and how their sinks do.
//!
//! A feed that nobody switched and that never sent anything has no row. Switches last until somebody undoes them; the
//! names of those who switched are text from users.

use crate::error::Result;
use crate::feed_line::Queue;
use crate::session::{Fields, FromFields, Session, at, bounded};
use crate::transaction::{FencedTx, Tx};
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::feed::{Level, Switched, Switches};
use wikicrew_core::types::Timestamp;

/// Longest stored name of somebody who switched something, in bytes.
const MAX_NAME: usize = 255;
/// Longest stored reason for trouble, in bytes.
const MAX_TROUBLE: usize = 512;

/// What is known of a feed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct State {
    /// What people switched.
    pub switches: Switches,
    /// The sink is not to be tried before; `None`: nothing is wrong with it.
    pub next_try: Option<Timestamp>,
    /// How often it failed since it last took something.
    pub failures: u32,
    /// Why it failed last; `None`: nothing is wrong with it.
    pub trouble: Option<String>,
    /// Since when it fails.
    pub trouble_since: Option<Timestamp>,
    /// When it last took something.
    pub last_sent: Option<Timestamp>,
}

struct Row {
    feed: String,
    state: State,
}

impl FromFields for Row {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let mut switched = |by, at| -> Result<Option<Switched>> {
            let (by, at) = (f.get::<Option<String>>(by)?, f.time_opt(at)?);
            Ok(by.zip(at).map(|(by, at)| Switched { by, at }))
        };
        let (quiet, level_by) = (switched("quiet_by", "quiet_at")?, switched("level_by", "level_at")?);
        let level = match f.get::<Option<u8>>("level")? {
            Some(n) => Some(Level::of_number(n).ok_or_else(|| f.bad("level", format!("there is no level {n}")))?),
            None => None,
        };
        Ok(Self {
            feed: f.get("feed")?,
            state: State {
                switches: Switches {
                    quiet,
                    level: level.zip(level_by),
                },
                next_try: f.time_opt("next_try")?,
                failures: f.get("failures")?,
                trouble: f.get("trouble")?,
                trouble_since: f.time_opt("trouble_since")?,
                last_sent: f.time_opt("last_sent")?,
            },
        })
    }
}

/// What is known of the feeds, by name; also of those that the settings no longer name.
pub async fn all(session: &mut impl Session, of: Queue<'_>) -> Result<BTreeMap<String, State>> {
    // Handler reads: the feeds that ever were.
    const SQL: &str = "SELECT feed, quiet_by, quiet_at, level, level_by, level_at, next_try, failures, trouble, \
        trouble_since, last_sent FROM feed_state WHERE job = :job AND wiki = :wiki";
    let params = params! { "job" => of.job, "wiki" => of.wiki };
    let rows: Vec<Row> = session.conn().rows("asking how feeds do", SQL, params).await?;
    Ok(rows.into_iter().map(|row| (row.feed, row.state)).collect())
}

/// Makes a feed quiet, or ends that. By hand: whoever gives the command has no lease.
pub async fn quiet(tx: &mut Tx<'_>, of: Queue<'_>, feed: &str, by: Option<&Switched>) -> Result<()> {
    const SQL: &str = "INSERT INTO feed_state (job, wiki, feed, quiet_by, quiet_at) VALUES (?, ?, ?, ?, ?) \
        ON DUPLICATE KEY UPDATE quiet_by = VALUES(quiet_by), quiet_at = VALUES(quiet_at)";
    let [by, at] = switched(by);
    let values = vec![of.job.into(), of.wiki.into(), feed.into(), by, at];
    tx.conn().run("switching a feed", SQL, values).await?;
    Ok(())
}

/// Sets how much a feed tells; `None`: what the settings say.
pub async fn level(tx: &mut Tx<'_>, of: Queue<'_>, feed: &str, to: Option<(Level, &Switched)>) -> Result<()> {
    const SQL: &str = "INSERT INTO feed_state (job, wiki, feed, level, level_by, level_at) VALUES (?, ?, ?, ?, ?, ?) \
        ON DUPLICATE KEY UPDATE level = VALUES(level), level_by = VALUES(level_by), level_at = VALUES(level_at)";
    let level = Value::from(to.map(|(level, _)| level.number()));
    let [by, at] = switched(to.map(|(_, by)| by));
    let values = vec![of.job.into(), of.wiki.into(), feed.into(), level, by, at];
    tx.conn().run("setting the level of a feed", SQL, values).await?;
    Ok(())
}

fn switched(by: Option<&Switched>) -> [Value; 2] {
    by.map_or([Value::NULL, Value::NULL], |by| {
        [Value::from(bounded(&by.by, MAX_NAME).into_owned()), at(by.at)]
    })
}

/// The sink failed: it is not tried before `next_try`, nor before an earlier trouble lets it, which stays then (an hour
/// after a kick is an hour, whatever the connection does meanwhile). Since when it fails stays as it is until [`fine`] or
/// [`well_again`]; the reason is cut at 512 bytes.
pub async fn trouble(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    feed: &str,
    why: &str,
    next_try: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "INSERT INTO feed_state (job, wiki, feed, next_try, failures, trouble, trouble_since) \
        VALUES (:job, :wiki, :feed, :next_try, 1, :why, :now) \
        ON DUPLICATE KEY UPDATE trouble = IF(next_try > VALUES(next_try), trouble, VALUES(trouble)), \
        next_try = GREATEST(COALESCE(next_try, VALUES(next_try)), VALUES(next_try)), failures = failures + 1, \
        trouble_since = COALESCE(trouble_since, VALUES(trouble_since))";
    let params = params! {
        "job" => of.job, "wiki" => of.wiki, "feed" => feed, "next_try" => at(next_try),
        "why" => bounded(why, MAX_TROUBLE).into_owned(), "now" => at(now),
    };
    tx.conn().run("noting that a feed is in trouble", SQL, params).await?;
    Ok(())
}

/// The sink took something: no trouble any more, but for one that came since and forbids to try.
pub async fn fine(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, now: Timestamp) -> Result<()> {
    const SQL: &str = "INSERT INTO feed_state (job, wiki, feed, last_sent) VALUES (:job, :wiki, :feed, :now) \
        ON DUPLICATE KEY UPDATE last_sent = VALUES(last_sent), failures = IF(next_try > VALUES(last_sent), failures, 0), \
        trouble = IF(next_try > VALUES(last_sent), trouble, NULL), \
        trouble_since = IF(next_try > VALUES(last_sent), trouble_since, NULL), \
        next_try = IF(next_try > VALUES(last_sent), next_try, NULL)";
    let params = params! { "job" => of.job, "wiki" => of.wiki, "feed" => feed, "now" => at(now) };
    tx.conn().run("noting that a feed does well", SQL, params).await?;
    Ok(())
}

/// The sink can be reached again, though nothing was sent yet: no trouble any more, but for one that forbids to try.
pub async fn well_again(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE feed_state SET next_try = NULL, failures = 0, trouble = NULL, trouble_since = NULL \
        WHERE job = :job AND wiki = :wiki AND feed = :feed AND (next_try IS NULL OR next_try <= :now)";
    let params = params! { "job" => of.job, "wiki" => of.wiki, "feed" => feed, "now" => at(now) };
    tx.conn().run("noting that a feed does well", SQL, params).await?;
    Ok(())
}
