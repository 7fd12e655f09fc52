//! What is to be seen of feeds: rows of the queue, what is known of each feed, and what people of a channel hear.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::Instant;

use crate::ircd::IrcPerson;
use crate::world::World;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A row of the queue.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct QueueRow {
    /// The feed's name.
    pub feed: String,
    /// Number of `hit` or `field_change`.
    pub item: u64,
    /// `waiting`, `sending`, `sent`, `withheld`, `dropped`, `telling`, `told`.
    pub state: String,
    /// Whether it may have arrived once already.
    pub in_doubt: bool,
    /// How often it was put back.
    pub tries: u64,
}

/// All rows of the queue, of whatever job, oldest first.
pub async fn queue(world: &impl AsRef<World>) -> Result<Vec<QueueRow>> {
    let sql = "SELECT feed, item, state, in_doubt, tries FROM feed_line ORDER BY id";
    let rows = world.as_ref().rows(sql).await?;
    let read = |row: &Vec<String>| {
        Ok(QueueRow {
            feed: row[0].clone(),
            item: row[1].parse().context("an item that is no number")?,
            state: row[2].clone(),
            in_doubt: row[3] == "1",
            tries: row[4].parse().context("tries that are no number")?,
        })
    };
    rows.iter().map(read).collect()
}

/// How many rows of each feed stand how, in alphabetical order: `spam sent 3, spam waiting 1`.
pub async fn queue_told(world: &impl AsRef<World>) -> Result<String> {
    let sql = "SELECT CONCAT(feed, ' ', state, ' ', COUNT(*)) FROM feed_line GROUP BY feed, state ORDER BY 1";
    Ok(world.as_ref().rows(sql).await?.concat().join(", "))
}

/// Waits until [`queue_told`] is this.
pub async fn until_queue(world: &impl AsRef<World>, wanted: &str) -> Result<()> {
    let begin = Instant::now();
    loop {
        let found = queue_told(world).await?;
        if found == wanted {
            return Ok(());
        }
        ensure!(begin.elapsed() < PATIENCE, "the queue is {found:?}, not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Rows of `feed_state` by feed: every column as text, NULL as `NULL`.
pub async fn feed_states(world: &impl AsRef<World>) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let rows = world.as_ref().records("SELECT * FROM feed_state ORDER BY feed").await?;
    Ok(rows.into_iter().map(|row| (row["feed"].clone(), row)).collect())
}

/// Waits until somebody comes into a channel that the person is in. Texts before that are dropped.
pub async fn arrives(person: &mut IrcPerson, nick: &str) -> Result<()> {
    line_of(person, nick, &["JOIN"]).await.map(drop)
}

/// Waits until somebody is gone from the channel or the network; how: the server's line. Texts before are dropped.
pub async fn leaves(person: &mut IrcPerson, nick: &str) -> Result<String> {
    line_of(person, nick, &["PART", "QUIT"]).await
}

async fn line_of(person: &mut IrcPerson, nick: &str, commands: &[&str]) -> Result<String> {
    let (end, mut others) = (Instant::now() + PATIENCE, Vec::new());
    while let Some(line) = person.next(end - Instant::now()).await {
        let bare = match line.strip_prefix('@') {
            Some(tagged) => tagged.split_once(' ').map_or("", |(_, rest)| rest),
            None => &line,
        };
        let mut words = bare.split(' ');
        let is_by = words.next().is_some_and(|from| from.starts_with(&format!(":{nick}!")));
        if is_by && words.next().is_some_and(|word| commands.contains(&word)) {
            return Ok(line);
        }
        others.push(line);
    }
    bail!("no {commands:?} of {nick}, but {others:#?}")
}

/// The next `count` texts of this nick that the person hears, without the channel. Errs when they do not come in time.
pub async fn told(person: &mut IrcPerson, nick: &str, count: usize) -> Result<Vec<String>> {
    let (end, mut texts) = (Instant::now() + PATIENCE, Vec::new());
    while texts.len() < count {
        let Some(heard) = person.heard(end - Instant::now()).await else {
            bail!("{} texts of {nick} instead of {count}: {texts:#?}", texts.len())
        };
        if heard.nick == nick {
            texts.push(heard.text);
        }
    }
    Ok(texts)
}

/// Everything this nick says until it says nothing for so long.
pub async fn all_told(person: &mut IrcPerson, nick: &str, quiet: Duration) -> Vec<String> {
    let heard = person.all_heard(quiet).await;
    heard
        .into_iter()
        .filter(|heard| heard.nick == nick)
        .map(|heard| heard.text)
        .collect()
}

/// Errs when this nick says anything within that time.
pub async fn silent(person: &mut IrcPerson, nick: &str, time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    while let Some(heard) = person.heard(end - Instant::now()).await {
        ensure!(heard.nick != nick, "{nick} says: {}", heard.text);
    }
    Ok(())
}
