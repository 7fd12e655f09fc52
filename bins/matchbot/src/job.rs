//! What makes matchbot a job: its name, scope, warnings, status lines and log files.

use chrono::TimeDelta;
use shared::args::CommonArgs;
use shared::core::site::Site;
use shared::core::text::{Wikitext, page_link, plain};
use shared::core::types::{Problem, Timestamp};
use shared::db::request::{self, Request, State};
use shared::db::{Db, memo};
use shared::editor::Scope;
use shared::job::{End, Job, Lines, Report, Run};
use shared::messages::Messages;
use shared::wiki::{Error, Session};

use crate::mentors::SHRUNK;
use crate::reason::Reason;
use crate::runlog;
use crate::settings::Settings;

/// Longest reason shown on the status page, in characters.
const SHOWN: usize = 300;

/// The job.
pub struct MatchBot;

impl Job for MatchBot {
    type Settings = Settings;
    const NAME: &'static str = "matchbot";
    const PHASES: [&'static str; 4] = ["fixed", "learners", "mentors", "safety"];

    fn scope(settings: &Settings, account: &str) -> Scope {
        Scope::own_pages(account).and_below(settings.talk.clone())
    }

    async fn warnings(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        let site = session.site();
        let mut titles: Vec<String> = settings
            .skills
            .iter()
            .flat_map(|skill| [&skill.request, &skill.mentor])
            .chain([&settings.general, &settings.optout])
            .map(|category| site.prefixed(category))
            .collect();
        titles.push(site.prefixed(&settings.maintainer));
        titles.sort();
        titles.dedup();
        let missing = shared::settings::missing_pages(session, &titles).await?;
        let warning = |title: &String| Problem::warning("categories", format!("the page `{title}` does not exist"));
        Ok(missing.iter().map(warning).collect())
    }

    async fn work(&self, run: &mut Run<Settings>) -> anyhow::Result<Report> {
        crate::run::work(run).await
    }

    async fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Lines> {
        let mut conn = db.conn().await?;
        let cases = request::in_states(&mut conn, wiki, &[State::Person, State::GivenUp], 1_000).await?;
        let mut waiting = Vec::new();
        let shrunk = memo::get(&mut conn, Self::NAME, wiki, SHRUNK).await?;
        for list in shrunk.iter().flat_map(|memo| memo.value.lines()) {
            waiting.push(messages.say("shrunk", &[("list", &plain(list, SHOWN))]));
        }
        waiting.extend(cases.iter().map(|case| line(case, site, messages)));
        let states = request::counts(&mut conn, wiki).await?;
        let count = |state: State| plain(&states.get(&state).copied().unwrap_or(0).to_string(), SHOWN);
        let mut done = Vec::new();
        for (span, hours) in [("span-day", 24), ("span-week", 7 * 24)] {
            let [made, unmade] =
                shared::db::matches::counts_since(&mut conn, wiki, now - TimeDelta::hours(hours)).await?;
            let number = |n: u64| plain(&n.to_string(), SHOWN);
            let span = messages.say(span, &[]);
            done.push(messages.say(
                "greetings-done",
                &[
                    ("span", &span),
                    ("matched", &number(made)),
                    ("unmatched", &number(unmade)),
                ],
            ));
        }
        for (reason, count) in request::reasons_since(&mut conn, wiki, now - TimeDelta::days(7)).await? {
            let count = plain(&count.to_string(), SHOWN);
            let span = messages.say("span-week", &[]);
            done.push(messages.say(
                "left-done",
                &[("span", &span), ("count", &count), ("reason", &plain(&reason, SHOWN))],
            ));
        }
        done.push(messages.say(
            "requests-now",
            &[
                ("waiting", &count(State::Waiting)),
                ("before", &count(State::BeforeStart)),
            ],
        ));
        Ok(Lines { done, waiting })
    }

    fn log(&self, args: &CommonArgs, end: &End<'_>) {
        let Some(dir) = args.log_dir.as_deref().filter(|_| !args.dry_run) else {
            return;
        };
        let line = runlog::run_line(
            end.started,
            end.edited,
            end.wrote_db,
            !end.errors.is_empty(),
            &end.counts.replace(' ', "\t"),
        );
        let mut result = runlog::append_run(dir, &line, end.now);
        for error in end.errors {
            result = result.and(runlog::append_error(dir, error, end.now));
        }
        if let Err(error) = result {
            tracing::warn!(%error, "the log files in {} could not be written", dir.display());
        }
    }
}

fn line(case: &Request, site: &Site, messages: &Messages<'_>) -> Wikitext {
    let profile = match site.title(&case.title) {
        Ok(title) => page_link(site, &title, None),
        Err(_) => plain(&case.title, SHOWN),
    };
    messages.say(
        "person-line",
        &[
            ("profile", &profile),
            ("category", &plain(&case.category, SHOWN)),
            ("reason", &plain(case.reason.as_deref().unwrap_or(""), SHOWN)),
            ("advice", &plain(Reason::advice(&case.reason_code), SHOWN)),
            ("since", &messages.time(case.cat_ts.unwrap_or(case.first_seen))),
        ],
    )
}
