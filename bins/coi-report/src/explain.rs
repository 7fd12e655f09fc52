//! `explain`: the whole story of one edit, hit or not: what it added, what every rule compared, and why that is a hit or
//! none, by the settings and lists of this moment; then what was recorded when the edit was read.

use anyhow::ensure;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::addition::Links;
use shared::core::link::Key;
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::suppress::{self, Suppressed, What};
use shared::db::{Access, hit};
use shared::job::{self, Run};
use shared::wiki::{Stop, wiki_id_of};

use crate::judging;
use crate::nearby::seen;
use crate::offline::run_of;
use crate::readers::Readers;
use crate::settings::{Place, Settings, Wikis};
use crate::texts::{self, Looked};
use crate::{NAME, show};

/// Flags of `explain`.
#[derive(clap::Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The revision
    #[arg(value_name = "REVID")]
    revid: u64,
    /// Whose: the key of a watched wiki as `status` prints it, or a part of it [default: the settings page's own]
    #[arg(long, value_name = "WIKI")]
    wiki: Option<String>,
    /// Also what is suppressed
    #[arg(long)]
    private: bool,
}

/// Prints the story. Errs when the wiki does not answer or is none of those that are watched.
pub async fn run(explain: &ExplainArgs, boot: &Boot, args: &CommonArgs) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let session = job::login(boot, seed, Stop::new()).await?;
    let (mut run, problems) = run_of(boot, &session, &db, args, None).await?;
    for problem in problems {
        eprintln!("{NAME}: {}", terminal(&problem.to_string()));
    }
    let done = story(explain, &mut run, args.json).await;
    db.close().await;
    done
}

/// The `api.php` of a watched wiki; `None`: the run's own.
fn place(run: &Run<Settings>, wiki: &str) -> anyhow::Result<Option<(String, Option<Vec<i32>>)>> {
    let Wikis::List(list) = &run.accepted.parsed.settings.wikis else {
        return Ok(Some((wiki.to_owned(), None)));
    };
    let mut keys = vec![run.wiki.clone()];
    for watched in list {
        if let Place::Api(url) = &watched.place {
            let key = wiki_id_of(url, &[]).unwrap_or_else(|_| url.clone());
            if key.contains(wiki) || url == wiki {
                return Ok(Some((url.clone(), watched.namespaces.clone())));
            }
            keys.push(key);
        }
    }
    ensure!(
        run.wiki.contains(wiki),
        "{} is none of the watched wikis: {}",
        terminal(wiki),
        keys.join(", ")
    );
    Ok(None)
}

async fn story(explain: &ExplainArgs, run: &mut Run<Settings>, as_json: bool) -> anyhow::Result<bool> {
    let place = match &explain.wiki {
        Some(wiki) => place(run, wiki)?,
        None => None,
    };
    let (session, namespaces) = match place {
        Some((url, namespaces)) => (run.others.open(&url).await?, namespaces),
        None => (run.session.clone(), None),
    };
    let mut readers = Readers::new(run).await?;
    let by = readers.by();
    let reader = readers.of(&session, namespaces.as_deref()).await?;
    let (rev, wiki) = (RevId(explain.revid), reader.key.clone());
    let home = run.wiki.clone();
    let recorded = run
        .db
        .read_if_there(async |db| hit::of_revision(db, &home, &wiki, rev).await)
        .await?;
    let seen = seen(&session, &[rev]).await?;
    let Some(change) = seen.first().map(|seen| seen.change.clone()) else {
        println!("Revision {rev} of {wiki}: the wiki has no such revision, or it was deleted.");
        println!("{} hits are recorded of it.", recorded.len());
        return Ok(false);
    };
    let hides = suppressed(run, &wiki).await?;
    let is_hidden = !explain.private
        && (hides.hides(What::Page, &change.title)
            || change
                .user
                .as_deref()
                .is_some_and(|user| hides.hides_user(Some(change.user_id), user)));
    ensure!(
        !is_hidden,
        "what is known of this edit is suppressed; --private tells it"
    );
    let is_watched = reader.namespaces.contains(&change.ns);
    let looked = texts::look(reader, seen).await?;
    let Some(edit) = looked.edits.first() else {
        let why = match (change.user.is_none() || looked.hidden > 0, is_watched) {
            (true, _) => "the wiki hides its author: nobody is judged",
            (_, false) => "its namespace is not watched",
            _ => "it is no edit of wikitext, changes nothing, was imported, or was deleted",
        };
        println!("Revision {rev} of {wiki} is not judged: {why}.");
        return Ok(true);
    };
    let mut asked = judging::ask(reader, &run.db, std::slice::from_ref(edit)).await?;
    let verdict = judging::explain(reader, edit, &mut asked, by.as_ref()).await?;
    let hits: Vec<_> = verdict
        .hits
        .iter()
        .filter_map(|hit| judging::new_hit(edit, hit.clone(), None, run.accepted.revid))
        .collect();
    if as_json {
        let told = json!({
            "wiki": wiki, "rev_id": rev.0, "page_title": edit.of.title, "links": links(edit), "story": verdict.story,
            "hits": hits.iter().map(show::value).collect::<Vec<_>>(),
            "recorded": recorded.iter().map(|row| show::value(&row.of)).collect::<Vec<_>>(),
        });
        println!("{told}");
        return Ok(true);
    }
    head(edit, run);
    if !is_watched {
        println!("Its namespace is not watched: no run looks at it. By the rules it would be:");
    }
    for sentence in &verdict.story {
        println!("  {}", terminal(sentence));
    }
    if hits.is_empty() {
        println!("No rule has a hit.");
    }
    for hit in &hits {
        println!("Hit: {}", show::line(hit));
    }
    match recorded.as_slice() {
        [] => println!("Nothing is recorded of this edit."),
        rows => {
            for row in rows {
                println!(
                    "Recorded {} by settings revision {}: {}",
                    row.recorded.format("%Y-%m-%d %H:%M"),
                    row.of.settings,
                    show::line(&row.of)
                );
            }
        }
    }
    Ok(true)
}

fn head(edit: &Looked, run: &Run<Settings>) {
    let who = edit.of.performer.as_ref();
    println!(
        "Revision {} of {}, {}, by {} on {}; judged by settings revision {}.",
        edit.of.rev,
        edit.of.wiki,
        terminal(&edit.of.title),
        terminal(who.map_or("(hidden)", |who| &who.name)),
        edit.of.ts.format("%Y-%m-%d %H:%M:%S"),
        run.accepted.revid
    );
    let links = links(edit);
    if links.is_empty() {
        println!("It added no links that count.");
    } else {
        println!("It added: {}", terminal(&links.join(", ")));
    }
    if let Some(why) = edit.why {
        println!("About its links: {}.", why.word());
    }
}

/// What it added, for people.
fn links(edit: &Looked) -> Vec<String> {
    match edit.links.as_ref().map(|links| &links.links) {
        Some(Links::Rows(rows)) => rows
            .iter()
            .take(50)
            .map(|row| {
                let host = Key::from_stored(&row.host).map_or_else(|| row.host.clone(), |key| key.display());
                format!("{host}{}", row.path)
            })
            .collect(),
        Some(Links::TooMany { links, hosts }) => vec![format!("{links} links to {hosts} hosts")],
        None => Vec::new(),
    }
}

/// What is hidden on a wiki, by its own list and by that of the run's.
async fn suppressed(run: &Run<Settings>, wiki: &str) -> anyhow::Result<Suppressed> {
    let mut entries = Vec::new();
    for wiki in [wiki, &run.wiki] {
        let of = run.db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
        entries.extend(of.private_entries().iter().cloned());
    }
    Ok(Suppressed::new(entries))
}
