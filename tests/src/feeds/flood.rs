//! Floods: many numbered lines in the queue at once, what people hear of them, and a gate before a server that can be
//! shut.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::Instant;

use super::{COIBOT, CoiFeeds};
use crate::ircd::IrcPerson;
use crate::net;

/// How long nothing may be heard while something is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// What stands before a line that may have come already.
const AGAIN: &str = "(perhaps again) ";
/// What stands before the number of a line.
const MARK: &str = " no";

/// Queues a line for each number, for all feeds of the newest line: copies of the newest hit, which an earlier run found,
/// with the number behind what it found.
pub async fn flood(scene: &CoiFeeds, numbers: RangeInclusive<u64>) -> Result<()> {
    let world = &scene.coi.world;
    let columns = "SELECT COLUMN_NAME FROM information_schema.columns WHERE table_schema = DATABASE() \
                   AND table_name = 'hit' AND COLUMN_NAME NOT IN ('id', 'string', 'string_hash')";
    let columns = world.rows(columns).await?.concat().join(", ");
    let (from, to) = (numbers.start(), numbers.end());
    let before: u64 = world.rows("SELECT MAX(id) FROM hit").await?[0][0].parse()?;
    world
        .execute(&format!(
            "INSERT INTO hit ({columns}, string, string_hash) SELECT {columns}, \
             CONCAT(SUBSTRING_INDEX(string, '{MARK}', 1), '{MARK}', seq), UNHEX(MD5(seq)) \
             FROM hit JOIN seq_{from}_to_{to} WHERE id = {before} ORDER BY seq"
        ))
        .await?;
    world
        .execute(&format!(
            "INSERT INTO feed_line (job, wiki, feed, item, queued, state) \
             SELECT l.job, l.wiki, l.feed, h.id, UTC_TIMESTAMP(), 'waiting' FROM hit h JOIN \
             (SELECT DISTINCT job, wiki, feed FROM feed_line) l WHERE h.id > {before} ORDER BY h.id, l.feed"
        ))
        .await
}

/// What was heard of a flood, in its order: numbers, and whether the line said that it may have come already.
#[derive(Clone, Default, Debug)]
pub struct Flood {
    /// Each line.
    pub heard: Vec<(u64, bool)>,
}

impl Flood {
    /// Hears until this number has come.
    pub async fn until(&mut self, person: &mut IrcPerson, number: u64) -> Result<()> {
        while self.heard.last().is_none_or(|(last, _)| *last < number) {
            ensure!(self.next(person).await?, "nothing more after {:?}", self.heard.last());
        }
        Ok(())
    }

    /// Hears until all numbers up to this one have come.
    pub async fn whole(&mut self, person: &mut IrcPerson, last: u64) -> Result<()> {
        loop {
            let missing = self.missing(last);
            if missing.is_empty() {
                return Ok(());
            }
            if !self.next(person).await? {
                bail!("{} of {last} did not come: {missing:?}", missing.len());
            }
        }
    }

    /// What has reached a person whose connection is gone, or who has heard nothing for so long.
    pub async fn rest(&mut self, person: &mut IrcPerson, quiet: Duration) -> Result<()> {
        while let Some(heard) = person.heard(quiet).await {
            self.take(&heard.nick, &heard.text)?;
        }
        Ok(())
    }

    async fn next(&mut self, person: &mut IrcPerson) -> Result<bool> {
        match person.heard(PATIENCE).await {
            Some(heard) => self.take(&heard.nick, &heard.text).map(|()| true),
            None => Ok(false),
        }
    }

    fn take(&mut self, nick: &str, text: &str) -> Result<()> {
        ensure!(nick.starts_with(COIBOT), "{nick} says {text}");
        let (_, rest) = text.rsplit_once(MARK).with_context(|| format!("no number in {text}"))?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        self.heard.push((digits.parse()?, text.starts_with(AGAIN)));
        Ok(())
    }

    fn missing(&self, last: u64) -> Vec<u64> {
        let mut there = vec![false; last as usize + 1];
        for (number, _) in &self.heard {
            if let Some(there) = there.get_mut(*number as usize) {
                *there = true;
            }
        }
        (1..=last).filter(|number| !there[*number as usize]).collect()
    }

    /// Errs unless all numbers up to this one came, the first of each in their order, and every further one said so. How
    /// many lines said that they may have come already.
    pub fn judged(&self, last: u64) -> Result<usize> {
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        let mut newest = 0;
        for (at, (number, is_again)) in self.heard.iter().enumerate() {
            let times = times.entry(*number).or_default();
            *times += 1;
            if *times == 1 {
                ensure!(*number > newest, "{number} came after {newest}: {:?}", self.around(at));
                newest = *number;
            } else {
                ensure!(
                    *is_again,
                    "{number} came twice and did not say so: {:?}",
                    self.around(at)
                );
            }
        }
        let missing = self.missing(last);
        ensure!(missing.is_empty(), "these did not come: {missing:?}");
        ensure!(newest == last, "{newest} came, and was not there");
        Ok(self.doubts())
    }

    /// How many lines said that they may have come already.
    pub fn doubts(&self) -> usize {
        self.heard.iter().filter(|(_, is_again)| *is_again).count()
    }

    fn around(&self, at: usize) -> &[(u64, bool)] {
        &self.heard[at.saturating_sub(3)..(at + 3).min(self.heard.len())]
    }
}

/// A gate before a server: connections through it are refused while it is shut.
pub struct Gate {
    door: net::Door,
}

impl Gate {
    /// To this port of loopback.
    pub async fn to(port: u16) -> Result<Self> {
        let door = net::Door::open(0, move |mut outer| async move {
            if let Ok(mut inner) = net::connect("127.0.0.1", port).await {
                // Either side may hang up.
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            }
        });
        Ok(Self { door: door.await? })
    }

    /// To a server that takes connections and says nothing, however long one waits.
    pub async fn to_silence() -> Result<Self> {
        let door = net::Door::open(0, |stream| async move {
            let _open = stream;
            std::future::pending::<()>().await;
        });
        Ok(Self { door: door.await? })
    }

    /// To something that speaks no IRC and does not stop speaking.
    pub async fn to_rubbish() -> Result<Self> {
        let door = net::Door::open(0, |mut stream| async move {
            use tokio::io::AsyncWriteExt as _;
            let mut rubbish: Vec<u8> = (0..=255_u8).cycle().take(20_000).collect();
            rubbish.extend(b"\r\n: : :\r\n@=;= :! 999999\r\nPING\r\n:a 001\r\n\0\0\r\n");
            while stream.write_all(&rubbish).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        Ok(Self { door: door.await? })
    }

    /// Where it is.
    pub fn port(&self) -> u16 {
        self.door.address().port()
    }

    /// New connections are refused; those that exist stay.
    pub async fn shut(&self) -> Result<()> {
        self.door.shut().await
    }

    /// Takes connections again.
    pub async fn open(&self) -> Result<()> {
        self.door.reopen().await
    }
}

/// Waits until something is so, at most 20 s; `what` names it.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let begin = Instant::now();
    while !is_so().await? {
        ensure!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
