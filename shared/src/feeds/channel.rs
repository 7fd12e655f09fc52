//! What people say in the channels: the commands of COIBot and CheMoBot, by the same grammar as in the shell and on the
//! commands page. Everybody may ask; what changes something is for accounts that the network's services know and the
//! settings trust. A nick proves nothing, so only the account that the server itself tells counts.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::center::Center;
use super::lane::THROWN_OUT;
use super::operator::Place;
use super::outlet::Network;
use super::{Desk as _, FeedJob, Given};
use crate::core::channel::{May, Rate, addressed, is_same_nick, whole};
use crate::core::feed::{Feed, Irc, Level, Sink, Switched};
use crate::core::lists::Level as Asked;
use crate::core::lists::feeds::{FeedCommand, FeedOrder, parse_feeds};
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::feed_state;
use crate::sink::irc::{Event, Events, Priority, parts};

/// Lines of one answer; the shell and the commands page have more room.
const LINES: usize = 6;

/// Commands of one connection that are carried out at once.
const AT_ONCE: usize = 5;
/// So long the wiki and the database may take for one.
const PATIENCE: Duration = Duration::from_secs(45);

/// Somebody who speaks.
struct Speaker {
    nick: String,
    /// Of the network's services.
    account: Option<String>,
}

/// Listens to a connection until it is gone. A sender that does not stay takes no commands.
pub(super) async fn listen<J: FeedJob>(center: Rc<Center<J>>, place: Place, network: Network, mut events: Events) {
    let mut rate = Rate::new();
    // They end with this task.
    let mut answers = JoinSet::new();
    // The lines of one answer stay together.
    let floor = Rc::new(Mutex::new(()));
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            Some(_) = answers.join_next(), if !answers.is_empty() => continue,
        };
        match event {
            None => break,
            Some(Event::Said {
                channel,
                nick,
                from,
                account,
                text,
            }) if center.stays => {
                let Some(command) = addressed(&text, &[&network.client.nick()]) else {
                    continue;
                };
                let heard = Heard {
                    center: center.clone(),
                    place: place.clone(),
                    network: network.clone(),
                    channel,
                    speaker: Speaker { nick, account },
                    at: center.clock.now(),
                };
                let may = match heard.trusted(&heard.feeds()) {
                    // Strangers who ask a lot keep nobody from `quiet`.
                    Ok(_) => May::Yes,
                    Err(()) => rate.may(&heard.person(&from), &heard.channel, heard.at),
                };
                match may {
                    May::Yes if answers.len() < AT_ONCE => {
                        let command = whole(command);
                        let floor = floor.clone();
                        answers.spawn_local(async move {
                            let lines = heard.answer(&command).await;
                            let _held = floor.lock().await;
                            heard.say(&lines).await;
                        });
                    }
                    May::Yes | May::TellOnce => {
                        let why = format!("{}: that is too much at once; wait a minute.", heard.speaker.nick);
                        answers.spawn_local(async move { heard.say(&[why]).await });
                    }
                    May::No => {}
                }
            }
            Some(Event::Said { .. }) => {}
            Some(Event::Out { channel, by, why, .. }) => {
                tracing::info!(
                    "{place}: {} took it out of {channel}: {}",
                    terminal(&by),
                    terminal(&why)
                );
                // Who did it is for the channel's own people to know, not for a page of the wiki.
                let why = format!("it was removed from {channel}");
                network.is_thrown_out(&channel, &why);
                let told = thrown_out(&center, &place, &channel, &why).await;
                network.is_written_down(&channel);
                if let Err(error) = told {
                    tracing::warn!("{place}: {}", terminal(&error.to_string()));
                }
            }
            Some(Event::Gone(why)) => tracing::info!("{place}: the connection is gone: {}", terminal(&why)),
        }
    }
    // Only what is said by now is said there.
    answers.abort_all();
}

/// Whoever is thrown out stays out for a while: people of the channel have their reasons.
async fn thrown_out<J: FeedJob>(center: &Center<J>, place: &Place, channel: &str, why: &str) -> crate::db::Result<()> {
    let feeds = feeds_of(center, place, channel);
    tracing::warn!("{place}: {}; it stays out for an hour", terminal(why));
    let next_try = center.clock.now() + THROWN_OUT;
    center
        .trouble(&feeds.iter().map(|(feed, _)| feed).collect::<Vec<_>>(), why, next_try)
        .await
}

/// The feeds of a channel, with what they say of it.
fn feeds_of<J: FeedJob>(center: &Center<J>, place: &Place, channel: &str) -> Vec<(Feed, Irc)> {
    let feeds = center.feeds_of(place).into_iter();
    let with = feeds.filter_map(|feed| match &feed.sink {
        Sink::Irc(irc) if is_same_nick(&irc.channel, channel) => {
            let irc = irc.clone();
            Some((feed, irc))
        }
        _ => None,
    });
    with.collect()
}

/// A command that was heard.
struct Heard<J: FeedJob> {
    center: Rc<Center<J>>,
    place: Place,
    network: Network,
    channel: String,
    speaker: Speaker,
    at: Timestamp,
}

impl<J: FeedJob> Heard<J> {
    /// The feeds of the channel.
    fn feeds(&self) -> Vec<(Feed, Irc)> {
        feeds_of(&self.center, &self.place, &self.channel)
    }

    /// Who asks: the account where there is one, else the host, since anybody can take any nick and user name.
    fn person(&self, from: &str) -> String {
        let host = from.rsplit('@').next().unwrap_or(from);
        match &self.speaker.account {
            Some(account) => format!("@{account}"),
            None => host.to_owned(),
        }
    }

    async fn say(&self, lines: &[String]) {
        for text in lines.iter().flat_map(|line| parts(line, LINES)).take(LINES + 1) {
            if self
                .network
                .client
                .say(&self.channel, &text, Priority::Answer)
                .await
                .is_err()
            {
                break;
            }
        }
    }

    /// What is said to it, the first line to the one who asked.
    async fn answer(&self, command: &str) -> Vec<String> {
        let speaker = &self.speaker;
        let word = command.split_whitespace().next().unwrap_or_default();
        tracing::info!("a command in {}: {}", terminal(&self.channel), terminal(word));
        // Names may stand in it that are named nowhere.
        tracing::debug!("{}: {}", terminal(&speaker.nick), terminal(command));
        let carried_out = tokio::time::timeout(PATIENCE, self.carry_out(speaker, command, self.at)).await;
        let carried_out = carried_out.unwrap_or_else(|_| Err(anyhow::anyhow!("it took too long")));
        let mut lines = match carried_out {
            Ok(lines) => lines,
            Err(error) => {
                tracing::warn!("a command in a channel: {}", terminal(&format!("{error:#}")));
                self.center.look_at(&error);
                vec!["This cannot be done now: the wiki or the database does not answer. Try again later.".to_owned()]
            }
        };
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        if more > 0 {
            let what = if more == 1 { "line" } else { "lines" };
            lines.push(format!(
                "… and {more} more {what}; the commands page and the shell have room for them."
            ));
        }
        if let Some(first) = lines.first_mut() {
            *first = format!("{}: {first}", speaker.nick);
        }
        lines
    }

    async fn carry_out(&self, speaker: &Speaker, command: &str, now: Timestamp) -> anyhow::Result<Vec<String>> {
        let feeds = self.feeds();
        if let Some(of_feeds) = parse_feeds(command) {
            return match of_feeds {
                Ok(order) => self.switch(speaker, feeds, &order, now).await,
                Err(why) => Ok(why.lines().map(str::to_owned).collect()),
            };
        }
        let Some(current) = self.center.current() else {
            return Ok(vec![
                "The settings are not in force: nothing can be done now.".to_owned(),
            ]);
        };
        let mut desk = current.desk.lock().await;
        let trusted = self.trusted(&feeds);
        let given = Given {
            // Lists name who added an entry: this is a name on the network, not on the wiki.
            by: format!("{} (IRC)", trusted.as_ref().unwrap_or(&speaker.nick)),
            highlights: !feeds.is_empty() && feeds.iter().all(|(_, irc)| irc.highlights),
            at: now,
        };
        let answer = desk.look(command, &given).await?;
        if let Some(effect) = &answer.effect {
            if trusted.is_err() {
                return Ok(vec![self.refusal(speaker)]);
            }
            self.center
                .db
                .fenced(&self.center.fence, "carrying out a command", async |tx| {
                    desk.write(tx.tx(), &given, effect).await
                })
                .await?;
        }
        Ok(answer.lines)
    }

    /// The account, if commands of it may change something here: one that every feed of the channel trusts.
    fn trusted(&self, feeds: &[(Feed, Irc)]) -> Result<String, ()> {
        let account = self
            .speaker
            .account
            .as_ref()
            .filter(|_| self.network.client.tells_accounts())
            .ok_or(())?;
        let is_trusted = |irc: &Irc| irc.trusted.iter().any(|of| of.eq_ignore_ascii_case(account));
        let by_all = !feeds.is_empty() && feeds.iter().all(|(_, irc)| is_trusted(irc));
        by_all.then(|| account.clone()).ok_or(())
    }

    /// As COIBot said it, and what would help.
    fn refusal(&self, speaker: &Speaker) -> String {
        let refused = format!("User {} is not on my list of trusted users", speaker.nick);
        match (&speaker.account, self.network.client.tells_accounts()) {
            (_, false) => format!("{refused}: this server does not tell me who is identified to services."),
            (None, true) => format!("{refused}: identify to services first. I go by accounts, not by nicks."),
            (Some(account), true) => {
                format!("{refused}: account {account} is not among `trusted` of this feed's settings.")
            }
        }
    }

    /// `quiet`, `report`, `reportlevel`: for the feeds of this channel, until undone.
    async fn switch(
        &self,
        speaker: &Speaker,
        mut feeds: Vec<(Feed, Irc)>,
        order: &FeedOrder,
        now: Timestamp,
    ) -> anyhow::Result<Vec<String>> {
        let (of, command) = (self.center.queue(), order.what);
        if let Some(name) = &order.feed {
            feeds.retain(|(feed, _)| feed.name.eq_ignore_ascii_case(name));
            if feeds.is_empty() {
                return Ok(vec![format!("No feed of this channel is called {name}.")]);
            }
        }
        if command == FeedCommand::Level(Asked::Tell) {
            let states = self.center.db.read(async |db| feed_state::all(db, of).await).await?;
            let level = |feed: &Feed| {
                let switches = states
                    .get(&feed.name)
                    .map(|state| state.switches.clone())
                    .unwrap_or_default();
                format!("{}: report level {}", feed.name, switches.level_of(feed).number())
            };
            return Ok(feeds.iter().map(|(feed, _)| level(feed)).collect());
        }
        let Ok(account) = self.trusted(&feeds) else {
            return Ok(vec![self.refusal(speaker)]);
        };
        let by = Switched {
            by: format!("{account} (IRC)"),
            at: now,
        };
        self.center
            .db
            .fenced(&self.center.fence, "switching feeds", async |tx| {
                for (feed, _) in &feeds {
                    match command {
                        FeedCommand::Quiet => feed_state::quiet(tx.tx(), of, &feed.name, Some(&by)).await?,
                        FeedCommand::Report => feed_state::quiet(tx.tx(), of, &feed.name, None).await?,
                        FeedCommand::Level(Asked::Set(number)) => {
                            let level = Level::of_number(number).unwrap_or(feed.level);
                            feed_state::level(tx.tx(), of, &feed.name, Some((level, &by))).await?;
                        }
                        FeedCommand::Level(Asked::Settings) => {
                            feed_state::level(tx.tx(), of, &feed.name, None).await?;
                        }
                        FeedCommand::Level(Asked::Tell) => {}
                    }
                }
                Ok(())
            })
            .await?;
        let mut lines = vec![match command {
            FeedCommand::Quiet => "Nothing is reported here any more until `report`.".to_owned(),
            FeedCommand::Report => "Reports come here again.".to_owned(),
            FeedCommand::Level(Asked::Set(number)) => {
                format!("Report level {number} here, until `reportlevel settings`.")
            }
            FeedCommand::Level(_) => "The settings page says the report level here again.".to_owned(),
        }];
        if command != FeedCommand::Quiet
            && let Some(current) = self.center.current()
        {
            lines.extend(current.desk.lock().await.held().await?);
        }
        Ok(lines)
    }
}
