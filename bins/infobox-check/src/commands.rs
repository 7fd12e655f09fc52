//! Manual subcommands. What they share with those of the other jobs is in `shared::manual`.

use std::path::Path;
use std::process::ExitCode;

use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::feed::{Feed, Sink};
use shared::core::site::Site;
use shared::db::Access;
use shared::job;
use shared::manual;
use shared::settings::Parsed;
use shared::wiki::Stop;

use crate::Command;
use crate::errand::{self, Task};
use crate::job::InfoboxCheck;
use crate::settings::{BoxSettings, Settings};

/// Name of the job.
const NAME: &str = "infobox-check";

/// Runs a subcommand. 0: done; 1: it failed, or the draft has errors; 78: configuration.
pub async fn run(command: &Command, args: &CommonArgs) -> ExitCode {
    let result = match command {
        Command::CheckSettings { file } => {
            let not_checked = "whether the templates and pages exist and are no redirects";
            manual::check_settings::<Settings>(file, args.json, not_checked)
        }
        Command::Fields(fields) => crate::fields::run(fields, args).await,
        Command::ByHand(given) => crate::lists::run(given, args).await,
        Command::Feed(flags) => return shared::feeds::continuous(&InfoboxCheck::default(), args, flags).await,
        Command::Check { page } => return errand::run(Task::Check(page.clone()), args).await,
        Command::Suppress(what) => match job::boot(NAME, args) {
            Ok(boot) => crate::suppress::run(&boot, what, args).await,
            Err(code) => return code,
        },
        Command::Verify(verify) => return errand::run(Task::Verify(verify.clone()), args).await,
        command => {
            // Only here a draft can take the place of the settings page's title.
            let (args, draft) = match command {
                Command::Backtest(_) => crate::backtest::draft(args),
                _ => (args.clone(), None),
            };
            let boot = match job::boot(NAME, &args) {
                Ok(boot) => boot,
                Err(code) => return code,
            };
            with_boot(command, &args, &boot, draft.as_deref()).await
        }
    };
    manual::exit(NAME, &result)
}

async fn with_boot(command: &Command, args: &CommonArgs, boot: &Boot, draft: Option<&Path>) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let session = job::login(boot, seed, Stop::new()).await?;
    let done = match command {
        Command::ShowSettings => manual::show_settings(boot, &session, args.json, lines).await,
        Command::TrialReport => manual::trial_report(&session, &db, NAME).await,
        Command::Backtest(backtest) => crate::backtest::run(boot, &session, &db, args, backtest, draft).await,
        Command::Page { title } => crate::page::page(boot, &session, &db, args, title).await,
        Command::Audit(audit) => crate::audit::audit(boot, &session, &db, args, audit).await,
        Command::CheckSettings { .. }
        | Command::Fields(_)
        | Command::ByHand(_)
        | Command::Check { .. }
        | Command::Feed(_)
        | Command::Suppress(_)
        | Command::Verify(_) => Ok(true),
    };
    db.close().await;
    done
}

/// The job's own part of `show-settings`.
fn lines(parsed: &Parsed<Settings>, site: &Site) -> Vec<String> {
    let s = &parsed.settings;
    let name = |ns: &i32| match site.namespace_name(*ns) {
        Some("") | None => ns.to_string(),
        Some(name) => name.to_owned(),
    };
    let namespaces: Vec<String> = s.namespaces.iter().map(name).collect();
    let mut lines = vec![
        format!("namespaces   {}", namespaces.join(", ")),
        format!(
            "reports      level {}, {} bytes a log page",
            s.report_level, s.log_page_size
        ),
        format!(
            "marks        {}, after {} minutes without an edit",
            if s.edit {
                "where a box allows it"
            } else {
                "no (edit: false)"
            },
            s.settle.num_minutes()
        ),
        match &s.repair.approval {
            Some(approval) if s.repair.enabled => format!("repair       {} pages a day ({approval})", s.repair.per_day),
            _ => "repair       no".to_owned(),
        },
        format!(
            "limits       {} edits per run, {} per day",
            parsed.common.max_edits_per_run, parsed.common.max_edits_per_day
        ),
    ];
    lines.extend(s.boxes.iter().map(|one| line(s, one, site)));
    lines.extend(s.feeds.iter().map(feed));
    lines
}

fn feed(feed: &Feed) -> String {
    let sink = match &feed.sink {
        Sink::Irc(irc) => format!("{} on {}:{}", irc.channel, irc.server, irc.port),
        // Its address may be a secret of the receiver.
        Sink::Webhook(_) => "a webhook".to_owned(),
        Sink::Stdout => "standard output".to_owned(),
    };
    format!(
        "feed         {}: {sink}, report level {}",
        feed.name,
        feed.level.number()
    )
}

fn line(s: &Settings, one: &BoxSettings, site: &Site) -> String {
    let index: Vec<String> = one.index.iter().map(|page| site.prefixed(page)).collect();
    let index = if index.is_empty() {
        "none".to_owned()
    } else {
        index.join(", ")
    };
    format!(
        "box          {}: {} watched, {} verified fields, index {index}, log {}, report level {}, {}",
        one.def.name,
        one.def.watched.len(),
        one.def.verified.len(),
        site.prefixed(&one.log),
        s.report_level_of(one),
        if s.edits(one) {
            "articles are edited"
        } else {
            "no article is edited"
        }
    )
}
