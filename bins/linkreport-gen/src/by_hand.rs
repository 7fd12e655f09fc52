//! Reports by hand: printed, or written to the wiki at once. What is printed is the same as on the page, and the rest of
//! the additions with `--output csv`.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::report::{Kind, Subject, is_xwiki};
use shared::core::types::Timestamp;
use shared::db::Access;
use shared::job;
use shared::manual;
use shared::others::Others;
use shared::settings::Verdict;
use shared::wiki::{Session, Stop};

use crate::gather::{self, Context, Gathered};
use crate::job::LinkreportGen;
use crate::model::Model;
use crate::naming::Naming;
use crate::settings::Settings;
use crate::{NAME, output};

/// How a report is given.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// As a page on the wiki, by a run that does nothing else
    Page,
    /// All of it, one JSON object
    Json,
    /// Every addition, one line each
    Csv,
}

/// Which report.
#[derive(clap::Args, Clone, Debug)]
pub struct About {
    /// The domain, user, address or range
    name: String,
    /// How it is given
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Only additions and hits since then: 2026-01-31, 2026-01-31T12:00:00Z, or a time back from now such as 30d. Sums
    /// are of everything. Not for pages
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
}

/// What was asked for.
pub struct Asked {
    /// The kind of subject.
    pub kind: Kind,
    /// The flags.
    pub about: About,
    /// Only where it is cross-wiki.
    pub only_cross_wiki: bool,
}

/// Gives the report. 0: done; 1: nothing is recorded, or it is not cross-wiki; 75: wiki or database do not answer; 78:
/// configuration; for a page as a scheduled run.
pub async fn run(asked: &Asked, args: &CommonArgs) -> ExitCode {
    let boot = match job::boot(NAME, args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    if asked.about.output == Output::Page {
        let subject = match of_page(asked, &boot, args).await {
            Ok(Some(subject)) => subject,
            Ok(None) => return ExitCode::from(1),
            Err(error) => return manual::exit(NAME, &Err(error)),
        };
        return job::run(&LinkreportGen::only(subject), args).await;
    }
    manual::exit(NAME, &print(asked, &boot, args).await)
}

/// The settings in force, or the defaults with a warning.
async fn settings(boot: &Boot, session: &Session) -> anyhow::Result<Settings> {
    Ok(match job::settings::<Settings>(boot, session, None).await?.verdict {
        Verdict::Accepted(accepted) => accepted.parsed.settings,
        Verdict::Rejected(_) | Verdict::NotTrusted(_) => {
            tracing::warn!("the settings are not accepted: the defaults are used");
            Settings::default()
        }
    })
}

fn subject(asked: &Asked, settings: &Settings) -> anyhow::Result<Subject> {
    Subject::from_name(asked.kind, &asked.about.name, &settings.path_hosts).map_err(anyhow::Error::msg)
}

/// The subject of a page to be written; `None`: it is not cross-wiki, which is said.
async fn of_page(asked: &Asked, boot: &Boot, args: &CommonArgs) -> anyhow::Result<Option<Subject>> {
    anyhow::ensure!(
        asked.about.since.is_none(),
        "--since is not for pages: a page tells of everything"
    );
    with(asked, boot, args, async |cx, subject| {
        if !asked.only_cross_wiki {
            return Ok(Some(subject));
        }
        let model = gather::recorded(cx, &subject, &[])
            .await?
            .map(|gathered| gathered.model);
        Ok(is_cross_wiki(asked, cx, model.as_ref()).then_some(subject))
    })
    .await
}

async fn print(asked: &Asked, boot: &Boot, args: &CommonArgs) -> anyhow::Result<bool> {
    let since = asked.about.since.as_deref();
    let since = since.map(|text| manual::moment(text, boot.clock.now())).transpose()?;
    with(asked, boot, args, async |cx, subject| {
        let gathered = gather::recorded(cx, &subject, &[]).await?;
        let Some(mut gathered) = gathered else {
            let naming = Naming::read(cx.db, &cx.records).await?;
            tracing::warn!("nothing is recorded of {}", naming.subject(&subject));
            return Ok(false);
        };
        if !is_cross_wiki(asked, cx, Some(&gathered.model)) {
            return Ok(false);
        }
        let format = if args.json { Output::Json } else { asked.about.output };
        if format == Output::Csv {
            table(cx, &subject, gathered, since).await?;
            return Ok(true);
        }
        gather::complete(cx, &mut gathered).await?;
        if let Some(since) = since {
            gathered.retain_rows_since(since);
        }
        let text = match format {
            Output::Json => output::json(&gathered.model).to_string() + "\n",
            _ => output::text(&gathered.model),
        };
        said(&text)
    })
    .await
}

/// Whoever stops reading has seen enough.
fn said(text: &str) -> anyhow::Result<bool> {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(true)
}

/// Every addition, in steps, so that a million of them need no memory. Wikis are asked for hidden revisions of each step.
async fn table(
    cx: &Context<'_>,
    subject: &Subject,
    gathered: Gathered,
    since: Option<Timestamp>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if out.write_all(output::header().as_bytes()).is_err() {
        return Ok(());
    }
    let mut steps = gather::Steps::new(cx, subject, gathered);
    let mut number = 0;
    while let Some(model) = steps.next().await? {
        for row in &model.rows {
            if since.is_some_and(|since| row.ts < since) {
                return Ok(());
            }
            number += 1;
            let mut row = row.clone();
            row.number = number;
            let wiki = model.wikis.get(row.wiki).map_or("", |wiki| wiki.name.as_str());
            if out.write_all(output::line(&row, wiki).as_bytes()).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn is_cross_wiki(asked: &Asked, cx: &Context<'_>, model: Option<&Model>) -> bool {
    let wikis = model.map_or(0, |model| model.totals.wikis);
    let rules = &cx.settings.rules;
    if asked.only_cross_wiki && !is_xwiki(wikis, rules) {
        let needed = rules.xwiki_from;
        tracing::warn!("it was added on {wikis} wikis; a report is cross-wiki from {needed} on");
        return false;
    }
    true
}

async fn with<T>(
    asked: &Asked,
    boot: &Boot,
    args: &CommonArgs,
    then: impl AsyncFnOnce(&Context<'_>, Subject) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let stop = Stop::new();
    let done = async {
        let session = job::login(boot, seed, stop.clone()).await?;
        let settings = settings(boot, &session).await?;
        let subject = subject(asked, &settings)?;
        let others = Others::new(boot, seed, &stop);
        let cx = Context::new(&db, &settings, &session, &others, None, boot.clock.now())
            .await
            .context("asking the wiki for its interwiki prefixes")?;
        then(&cx, subject).await
    };
    let done = done.await;
    db.close().await;
    done
}
