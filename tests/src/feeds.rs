//! Feeds: worlds whose settings send hits to sinks, edits that make hits, the continuous job as a value, and what the
//! queue and the people of a channel know of it.
//!
//! Nothing of other tests comes into a feed: coi-report sees the wiki through a proxy that leaves out their edits, and
//! infobox-check looks at its own boxes only.

mod door;
mod flood;
mod look;
mod sender;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::boxes::Boxes;
use crate::coi::Coi;
use crate::ircd::Ircd;
use crate::proxy::FaultProxy;
use crate::rules::{Fault, When};
use crate::run::{Job, Run};
use crate::sandbox::NewPage;
use crate::settings::Settings;
use crate::world::World;

pub use door::Door;
pub use flood::{Flood, Gate, flood, until};
pub use look::{QueueRow, all_told, arrives, feed_states, leaves, queue, queue_told, silent, told, until_queue};
pub use sender::Sender;

/// The nick of coi-report's feeds.
pub const COIBOT: &str = "COIBot";
/// The nick of infobox-check's feeds.
pub const CHEMOBOT: &str = "CheMoBot";

// ---- settings

/// A feed with everything else left out.
pub fn feed(name: &str, sink: Value) -> Value {
    json!({ "name": name, "sink": sink })
}

/// A channel of a server, without TLS.
pub fn irc(ircd: &Ircd, channel: &str) -> Value {
    irc_at(ircd.port(), channel)
}

/// A channel of whatever listens on this port of loopback, without TLS.
pub fn irc_at(port: u16, channel: &str) -> Value {
    json!({ "type": "irc", "server": "127.0.0.1", "port": port, "tls": false, "channel": channel })
}

/// Lets a job speak to sinks on loopback, by this nick.
pub fn speaking(job: Job, nick: &str) -> Job {
    job.env("WIKICREW_FEED_HOSTS", "127.0.0.1")
        .env("WIKICREW_IRC_NICK", nick)
}

// ---- coi-report

/// Who, on which page, with which text.
pub type Edit<'a> = (&'a str, &'a str, &'a str);

/// coi-report with feeds: see the module.
pub struct CoiFeeds {
    /// Accounts, settings, tables.
    pub coi: Coi,
    /// Through which the job, and the feeds, see the wiki.
    pub http: FaultProxy,
}

impl AsRef<World> for CoiFeeds {
    fn as_ref(&self) -> &World {
        &self.coi.world
    }
}

impl CoiFeeds {
    /// Settings with these feeds, and a first run, which looks at no edit.
    pub async fn new(feeds: Value) -> Result<Self> {
        Self::of(Coi::new().await?, feeds).await
    }

    /// The same in a given world.
    pub async fn of(mut coi: Coi, feeds: Value) -> Result<Self> {
        coi.settings = coi.settings.clone().set("feeds", feeds);
        coi.save_settings(&coi.settings).await?;
        let http = FaultProxy::start(&coi.world.wiki.api).await?;
        let scene = Self { coi, http };
        scene.only_own();
        scene.coi.first_run(&scene.job()).await?;
        Ok(scene)
    }

    /// Of recent changes and of the log only this world's.
    fn only_own(&self) {
        for list in ["recentchanges", "logevents"] {
            let words = [self.coi.world.prefix.clone(), self.coi.exact("")];
            let is_own = move |title: &Value| {
                let title = title.as_str().unwrap_or_default();
                words.iter().any(|word| title.contains(word.as_str()))
            };
            let filter = Fault::rewrite(move |answer| {
                if let Some(changes) = answer["query"][list].as_array_mut() {
                    changes.retain(|change| is_own(&change["title"]));
                }
            });
            self.http.rule(When::module(list), filter);
        }
    }

    /// Other feeds, and nothing else changed.
    pub async fn set_feeds(&self, feeds: Value) -> Result<u64> {
        self.save(&self.coi.settings.clone().set("feeds", feeds)).await
    }

    /// Saves a settings page.
    pub async fn save(&self, settings: &Settings) -> Result<u64> {
        self.coi.save_settings(settings).await
    }

    /// The scheduled job. It may speak to sinks on loopback.
    pub fn job(&self) -> Job {
        let urls = [self.http.url(), &self.coi.de.api];
        let hosts = urls.map(|url| url.split('/').nth(2).unwrap_or_default());
        let job = self.coi.job().through(&self.http);
        speaking(job.env("WIKICREW_API_HOSTS", &hosts.join(",")), COIBOT)
    }

    /// One scheduled run to its end.
    pub async fn run(&self) -> Result<Run> {
        self.job().run_ok().await
    }

    /// The continuous job at work.
    pub fn sender(&self) -> Result<Sender> {
        Sender::start(&self.job())
    }

    /// Saves pages under exact titles in exact names (see [`Coi::exact`]); the revisions. A user `Acmewidgets` on a page
    /// `Hinges` with a link to `acmewidgets.example` makes one hit, `link-overlap`; a user `Alphabeta` on the page
    /// `Alphabeta` makes one, `page-overlap`.
    pub async fn edit(&self, edits: &[Edit<'_>]) -> Result<Vec<u64>> {
        let page = |(user, title, text): &Edit| NewPage::new(&self.coi.exact(title), text).by(&self.coi.exact(user));
        let pages: Vec<NewPage> = edits.iter().map(page).collect();
        let loaded = self.coi.world.wiki.load(&pages).await?;
        Ok(loaded.iter().map(|page| page.revid).collect())
    }

    /// So many edits of new pages, by one user each, that make one hit each (`page-overlap`), and the run that finds
    /// them. The revisions. `word`: letters, another one for each call.
    pub async fn hits(&self, word: &str, count: usize) -> Result<Vec<u64>> {
        let names: Vec<String> = (0..count).map(|n| format!("{word}{}", letters(n))).collect();
        let edits: Vec<Edit> = names
            .iter()
            .map(|name| (name.as_str(), name.as_str(), "Text."))
            .collect();
        let revs = self.edit(&edits).await?;
        let run = self.run().await?;
        for rev in &revs {
            let found = self.coi.world.count(&format!("hit WHERE rev_id = {rev}")).await?;
            anyhow::ensure!(found == 1, "revision {rev} made {found} hits\n{run}");
        }
        Ok(revs)
    }
}

/// A number as a word that no other number has: `aaab`.
fn letters(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + (number / 26_usize.pow(place) % 26) as u8);
    (0..4).rev().map(letter).collect()
}

// ---- infobox-check

/// infobox-check with feeds, and the articles Acetone and Paracetamol (by Ann, verified): see the module.
pub struct BoxFeeds {
    /// Boxes, settings, tables.
    pub boxes: Boxes,
}

impl AsRef<World> for BoxFeeds {
    fn as_ref(&self) -> &World {
        &self.boxes.world
    }
}

impl BoxFeeds {
    /// Settings with these feeds, the articles, and a first run, which looks at no edit.
    pub async fn new(feeds: Value) -> Result<Self> {
        let mut boxes = Boxes::new().await?;
        boxes.settings = boxes.settings.clone().set("feeds", feeds);
        boxes.save_settings(&boxes.settings).await?;
        let scene = Self { boxes };
        scene.boxes.article("Acetone", &acetone("67-64-1"), "Ann").await?;
        scene.boxes.article("Paracetamol", PARACETAMOL, "Ann").await?;
        scene.boxes.verify("Acetone").await?;
        scene.boxes.verify_in(&scene.boxes.drug, "Paracetamol").await?;
        scene.run().await?;
        Ok(scene)
    }

    /// The scheduled job. It may speak to sinks on loopback.
    pub fn job(&self) -> Job {
        speaking(self.boxes.job(), CHEMOBOT)
    }

    /// One scheduled run to its end.
    pub async fn run(&self) -> Result<Run> {
        self.job().run_ok().await
    }

    /// The continuous job at work.
    pub fn sender(&self) -> Result<Sender> {
        Sender::start(&self.job())
    }

    /// A user (made if unknown) gives Acetone another CAS number, which makes one row; the revision. No run.
    pub async fn change(&self, user: &str, value: &str) -> Result<u64> {
        self.boxes.edit("Acetone", user, &acetone(value), "").await
    }

    /// Saves a settings page.
    pub async fn save(&self, settings: &Settings) -> Result<u64> {
        self.boxes.save_settings(settings).await
    }

    /// The settings with other feeds.
    pub fn with_feeds(&self, feeds: Value) -> Settings {
        self.boxes.settings.clone().set("feeds", feeds)
    }
}

/// The other article, with the other box.
const PARACETAMOL: &str = "{{Drugbox\n| CAS_number = 103-90-2\n}}\nA drug.";

/// The article Acetone with this CAS number.
fn acetone(cas: &str) -> String {
    format!(
        "{{{{chembox\n| Name = Acetone\n| Section1={{{{Chembox Identifiers\n| CASNo = {cas}\n }}}}\n}}}}\nA solvent."
    )
}

/// The revision of the diff that a line names.
pub fn diff_in(line: &str) -> Result<u64> {
    let (_, rest) = line
        .split_once("?diff=")
        .or_else(|| line.split_once("?oldid="))
        .with_context(|| format!("no diff in {line}"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("no revision in {line}"))
}
