//! The feeds on the status page: how much went out, what waits, and what people switched. Switches last until somebody
//! undoes them, so the page says who and when. What changes with every run (numbers, the next try) stands under *Done*
//! only: the page is saved again whenever what waits for a person changes.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::core::text::{Wikitext, plain, user};
use crate::core::types::Timestamp;
use crate::db::Db;
use crate::db::feed_line::{self, Count, Queue};
use crate::db::feed_state::{self, State};
use crate::messages::Messages;

/// Longest reason and name shown, in characters.
const SHOWN: usize = 300;
/// The numbers are those of so long.
const SPAN: TimeDelta = TimeDelta::hours(24);
/// A sink that fails for less long needs no person: servers restart.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// For *Done*: of each feed what was sent, waits and was dropped in 24 hours, and when a failing one is tried again. Errs
/// when the database cannot be reached.
pub async fn done(
    db: &Db,
    job: &str,
    wiki: &str,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let (counts, states) = both(db, Queue { job, wiki }, now).await?;
    Ok(done_lines(&counts, &states, messages, now))
}

/// For *Waiting for a person*: feeds that somebody made quiet or set to another level (who, since when, how to undo it),
/// and sinks that have failed for a while (since when, why). Errs when the database cannot be reached.
pub async fn waiting(
    db: &Db,
    job: &str,
    wiki: &str,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let (counts, states) = both(db, Queue { job, wiki }, now).await?;
    Ok(waiting_lines(&counts, &states, messages, now))
}

async fn both(db: &Db, of: Queue<'_>, now: Timestamp) -> anyhow::Result<(Vec<Count>, BTreeMap<String, State>)> {
    let counts = db.read(async |db| feed_line::counts(db, of, now - SPAN).await).await?;
    let states = db.read(async |db| feed_state::all(db, of).await).await?;
    Ok((counts, states))
}

fn done_lines(
    counts: &[Count],
    states: &BTreeMap<String, State>,
    messages: &Messages<'_>,
    now: Timestamp,
) -> Vec<Wikitext> {
    let number = |n: u64| plain(&n.to_string(), 20);
    let mut lines = Vec::new();
    for count in counts {
        let feed = plain(&count.feed, SHOWN);
        lines.push(messages.say(
            "feed-done",
            &[
                ("feed", &feed),
                ("span", &plain(messages.text("span-day"), SHOWN)),
                ("sent", &number(count.sent)),
                ("waiting", &number(count.waiting)),
                ("dropped", &number(count.dropped)),
            ],
        ));
        let state = states.get(&count.feed).filter(|state| state.trouble.is_some());
        if let Some(next) = state.and_then(|state| state.next_try).filter(|next| *next > now) {
            lines.push(messages.say("feed-next-try", &[("feed", &feed), ("time", &messages.time(next))]));
        }
    }
    lines
}

fn waiting_lines(
    counts: &[Count],
    states: &BTreeMap<String, State>,
    messages: &Messages<'_>,
    now: Timestamp,
) -> Vec<Wikitext> {
    let mut lines = Vec::new();
    for (name, state) in states {
        let feed = plain(name, SHOWN);
        if let Some(quiet) = &state.switches.quiet {
            let (by, time) = (user(&quiet.by), messages.time(quiet.at));
            lines.push(messages.say("feed-quiet", &[("feed", &feed), ("user", &by), ("time", &time)]));
        }
        if let Some((level, set)) = &state.switches.level {
            let level = plain(&level.number().to_string(), SHOWN);
            let (by, time) = (user(&set.by), messages.time(set.at));
            let values = [("feed", &feed), ("level", &level), ("user", &by), ("time", &time)];
            lines.push(messages.say("feed-level", &values));
        }
        let since = state.trouble_since.filter(|since| now - *since >= PATIENCE);
        if let (Some(why), Some(since)) = (&state.trouble, since) {
            // A feed that the settings no longer name is tried no more and has nothing to send: nobody need do anything.
            let count = counts.iter().find(|count| count.feed == *name);
            let has_lines = count.is_some_and(|count| count.waiting > 0 || count.dropped > 0);
            if has_lines || state.next_try.is_some_and(|next| now - next < SPAN) {
                let (why, time) = (plain(why, SHOWN), messages.time(since));
                lines.push(messages.say("feed-trouble", &[("feed", &feed), ("time", &time), ("why", &why)]));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::feed::{Level, Switched, Switches};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn by(name: &str, minutes: i64) -> Switched {
        Switched {
            by: name.to_owned(),
            at: at(minutes),
        }
    }

    fn counted(feed: &str, waiting: u64) -> Count {
        Count {
            feed: feed.to_owned(),
            waiting,
            sent: 12,
            dropped: 3,
            ..Count::default()
        }
    }

    fn failing(since: i64, next: i64) -> State {
        State {
            trouble: Some("<b>kicked</b> by [[User:X]]".to_owned()),
            trouble_since: Some(at(since)),
            next_try: Some(at(next)),
            ..State::default()
        }
    }

    fn text(lines: &[Wikitext]) -> String {
        lines.iter().map(Wikitext::as_str).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn switches_and_sinks_that_fail_stand_with_who_and_when() {
        let messages = Messages::new(None, &[]);
        let switches = Switches {
            quiet: Some(by("{{~~~~}} (IRC)", 5)),
            level: Some((Level::High, by("Beetstra", 6))),
        };
        let states = BTreeMap::from([
            (
                "spam_1".to_owned(),
                State {
                    switches,
                    ..failing(100, 121)
                },
            ),
            ("brief".to_owned(), failing(110, 121)),
            ("fine".to_owned(), State::default()),
        ]);
        let counts = [counted("fine", 0), counted("spam_1", 7)];
        insta::assert_snapshot!(text(&waiting_lines(&counts, &states, &messages, at(120))), @r#"
        The feed spam&#95;1 is quiet since 1970&#45;01&#45;01 00&#58;05 (UTC) by <bdi>&#123;&#123;&#126;&#126;&#126;&#126;&#125;&#125; (IRC)</bdi>, until somebody says <code>report feed spam&#95;1</code>.
        The feed spam&#95;1 has report level 1 since 1970&#45;01&#45;01 00&#58;06 (UTC) by <bdi>Beetstra</bdi>, until somebody says <code>reportlevel settings spam&#95;1</code>.
        The feed spam&#95;1 cannot be sent since 1970&#45;01&#45;01 01&#58;40 (UTC): &#60;b&#62;kicked&#60;&#47;b&#62; by &#91;&#91;User&#58;X&#93;&#93;. What waits too long meanwhile is dropped.
        "#);
        insta::assert_snapshot!(text(&done_lines(&counts, &states, &messages, at(120))), @r#"
        Feed fine, 24 hours: 12 lines sent, 0 wait, 3 dropped because they had waited too long.
        Feed spam&#95;1, 24 hours: 12 lines sent, 7 wait, 3 dropped because they had waited too long.
        Feed spam&#95;1 could not be sent; the next try is about 1970&#45;01&#45;01 02&#58;01 (UTC).
        "#);
    }

    /// The part is compared with the page: what differs from run to run would save it again and again.
    #[test]
    fn what_waits_for_a_person_stays_the_same_while_lines_and_tries_go_on() {
        let messages = Messages::new(None, &[]);
        let lines = |waiting, next, now| {
            let states = BTreeMap::from([("spam".to_owned(), failing(0, next))]);
            text(&waiting_lines(&[counted("spam", waiting)], &states, &messages, at(now)))
        };
        let first = lines(1, 20, 15);
        assert!(!first.is_empty());
        assert_eq!(first, lines(900, 95, 90));
        assert_eq!(lines(1, 20, 14), "", "servers restart");
        // A feed that is gone is not told of for ever.
        let gone = BTreeMap::from([("gone".to_owned(), failing(0, 20))]);
        assert!(!waiting_lines(&[], &gone, &messages, at(21)).is_empty());
        assert!(waiting_lines(&[], &gone, &messages, at(20 + 24 * 60)).is_empty());
    }
}
