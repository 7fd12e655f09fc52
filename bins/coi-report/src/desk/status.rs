//! `status`, `stats` and `test`.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::core::lists::List;
use shared::core::overlap::{Scorer, number};
use shared::core::types::Timestamp;
use shared::db::checkpoint::{self, Checkpoint};
use shared::db::hit::{self, RuleCounts};
use shared::db::list;
use shared::db::run::{self as run_record, Run};
use shared::recent;

use super::{Answer, Channel, Desk};
use crate::NAME;
use crate::figures::{self, Figures};
use crate::sources::stream;

/// Days of `stats` where nobody says otherwise.
const STATS: TimeDelta = TimeDelta::days(7);
/// Days for which `status` tells how often rules were right.
const STATUS: TimeDelta = TimeDelta::days(30);

#[derive(Default)]
struct Status {
    last: Option<Run>,
    /// By wiki, or what else a source is called.
    sources: Vec<(String, Checkpoint)>,
    lists: Vec<(List, usize)>,
    rules: Vec<RuleCounts>,
}

impl Desk<'_> {
    pub(super) async fn status(&self, now: Timestamp) -> anyhow::Result<Answer> {
        let home = self.home;
        let found = self
            .db
            .read_if_there(async |db| {
                let rows = list::all_for(db, NAME, home).await?;
                let of = |list: List| rows.iter().filter(|row| row.list == list.command()).count();
                Ok(Status {
                    last: run_record::last_finished(db, NAME, home).await?,
                    sources: checkpoint::all(db, NAME, home).await?,
                    lists: List::ALL.into_iter().map(|list| (list, of(list))).collect(),
                    rules: hit::counts(db, home, now - STATUS).await?,
                })
            })
            .await?;
        let mut lines = vec![match &found.last {
            Some(run) => format!(
                "Last run: {} UTC, {}, {} edits, {} errors.",
                run.started.format("%Y-%m-%d %H:%M"),
                if run.success { "it did its work" } else { "it failed" },
                run.edits,
                run.errors
            ),
            None => "No run has ended so far.".to_owned(),
        }];
        // Where only the first lines are shown, what people switched is among them.
        let (feeds, switches) = self.all_feeds().await?;
        lines.extend(feeds);
        let mut sources = Vec::new();
        for (source, checkpoint) in &found.sources {
            let until = reached(checkpoint);
            let behind = until.map(|until| (now - until).num_seconds().max(0));
            lines.push(match (until, behind) {
                (Some(until), Some(behind)) => format!(
                    "{source}: read up to {} UTC, {} behind",
                    until.format("%Y-%m-%d %H:%M:%S"),
                    span(behind)
                ),
                _ => format!("{source}: nothing was read so far"),
            });
            sources.push(json!({"source": source, "until": until, "lag_seconds": behind}));
        }
        let counts: Vec<String> = found
            .lists
            .iter()
            .map(|(list, n)| format!("{}: {n}", list.name()))
            .collect();
        lines.push(counts.join(", "));
        if !found.rules.is_empty() {
            lines.push(format!("Rules in {} days:", STATUS.num_days()));
            lines.extend(found.rules.iter().map(figures::rule));
        }
        let last = found.last.map(|run| {
            json!({
                "started": run.started, "finished": run.finished, "success": run.success, "edits": run.edits,
                "errors": run.errors,
            })
        });
        let lists: serde_json::Map<String, Value> = found
            .lists
            .iter()
            .map(|(list, n)| (list.command().to_owned(), json!(n)))
            .collect();
        let json = json!({
            "last_run": last, "sources": sources, "lists": lists, "rules": figures::rules_json(&found.rules),
            "feeds": switches,
        });
        Ok(Answer::new(lines, json))
    }

    pub(super) async fn stats(&self, now: Timestamp) -> anyhow::Result<Answer> {
        let figures = self
            .db
            .read_if_there(async |db| {
                Figures::read(db, self.home, (now - STATS, now), self.is_private)
                    .await
                    .map(Some)
            })
            .await?;
        // Nobody looked whether their wikis hide the edits of these by now.
        let figures = match self.channel {
            Some(_) => figures.map(Figures::without_hosts),
            None => figures,
        };
        Ok(match figures {
            Some(figures) => Answer::new(figures.lines(), figures.json()),
            None => Answer::nothing("Nothing was read so far.".to_owned(), json!({})),
        })
    }

    pub(super) fn test(&self, user: &str, string: &str) -> Answer {
        let score = Scorer::new(self.config.deterioration).score(user, string);
        let (ratio, limit) = (score.report_ratio(), self.config.limit);
        let over = ratio > limit;
        let name = self.shown_name(user);
        let who = match self.channel {
            Some(Channel { lang, .. }) => {
                format!("TEST: [[{lang}:User:{name}]]/[[{lang}:Special:Contributions/{name}]]")
            }
            None => name,
        };
        let mut lines = vec![format!(
            "{who} scores {}% (U->T) and {}% (T->U) (ratio {}%) on string {string}",
            number(score.ut),
            number(score.tu),
            number(score.test_ratio())
        )];
        // COIBot said one line in a channel.
        if self.channel.is_none() {
            lines.push(match over {
                true => format!("Over the limit: {}% is more than {}%.", number(ratio), number(limit)),
                false => format!(
                    "Not over the limit: {}% is not more than {}%.",
                    number(ratio),
                    number(limit)
                ),
            });
        }
        let json = json!({
            "user": user, "text": string, "ut": score.ut, "tu": score.tu, "test_ratio": score.test_ratio(),
            "report_ratio": ratio, "over": over,
        });
        Answer::new(lines, json)
    }
}

/// The time up to which a source was read: what the wiki said, where the position tells.
fn reached(checkpoint: &Checkpoint) -> Option<Timestamp> {
    let bytes = checkpoint.pos.as_deref()?;
    let of_wiki = recent::Position::from_bytes(bytes).ok().map(|position| position.until);
    of_wiki.or_else(|| stream::Position::from_bytes(bytes).and_then(|position| position.at))
}

/// Seconds for people.
fn span(seconds: i64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
