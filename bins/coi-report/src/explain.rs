//! `explain`: the whole story of one edit, hit or not: what it added, what every rule compared, and why that is a hit or
//! none, by the settings and lists of this moment; then what was recorded when the edit was read.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::addition::Links;
use shared::core::link::Key;
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::Access;
use shared::db::hit::{self, NewHit, Row};
use shared::job::{self, Run};
use shared::wiki::Stop;

use crate::judging;
use crate::named;
use crate::nearby::seen;
use crate::offline::run_of;
use crate::reader::watched;
use crate::readers::Readers;
use crate::settings::Settings;
use crate::show::Hides;
use crate::texts::{self, Looked};
use crate::{NAME, show};

/// Flags of `explain`.
#[derive(clap::Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The revision
    #[arg(value_name = "REVID")]
    revid: u64,
    /// Whose: the key of a watched wiki as `status` prints it, the name of its database, or a part of the key that no other
    /// wiki has [default: the settings page's own]
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

async fn story(explain: &ExplainArgs, run: &mut Run<Settings>, as_json: bool) -> anyhow::Result<bool> {
    let named = named::find(run, explain.wiki.as_deref()).await?;
    let session = match &named.url {
        Some(url) => run.others.open(url).await?,
        None => run.session.clone(),
    };
    let (rev, wiki) = (RevId(explain.revid), session.wiki_id());
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
    let hides = Hides::of(&run.db, &home, [wiki.as_str()].into_iter()).await?;
    let is_user_hidden = |name: &String| hides.user(&wiki, change.user_id, name);
    ensure!(
        explain.private || !hides.page(&wiki, &change.title) && !change.user.as_ref().is_some_and(is_user_hidden),
        "what is known of this edit is suppressed; --private tells it"
    );
    let mut namespaces = watched(
        named.namespaces.as_deref(),
        &run.accepted.parsed.settings,
        session.site(),
    );
    let is_watched = namespaces.contains(&change.ns);
    if !is_watched {
        // To tell what the rules would say all the same.
        namespaces.push(change.ns);
    }
    let mut readers = Readers::new(run).await?;
    let by = readers.by();
    let reader = readers.of(&session, Some(&namespaces)).await?;
    let looked = texts::look(reader, seen).await?;
    let Some(edit) = looked.edits.first() else {
        let why = match change.user.is_none() || looked.hidden > 0 {
            true => "the wiki hides its author: nobody is judged",
            false => "it is no edit of wikitext, changes nothing, was imported, or was deleted",
        };
        println!("Revision {rev} of {wiki} is not judged: {why}.");
        return Ok(true);
    };
    let mut asked = judging::ask(reader, &run.db, std::slice::from_ref(edit)).await?;
    let verdict = judging::explain(reader, edit, &mut asked, by.as_ref()).await?;
    let was_recorded = recorded.len();
    let hits: Vec<_> = verdict
        .hits
        .iter()
        .filter_map(|hit| judging::new_hit(edit, hit.clone(), asked.edits(edit), run.accepted.revid))
        .collect();
    let mut told = Told {
        links: links(edit),
        story: verdict.story,
        hits,
        recorded,
    };
    let hidden = match explain.private {
        true => 0,
        false => told.hide(edit, &hides),
    };
    if as_json {
        let told = json!({
            "wiki": wiki, "rev_id": rev.0, "page_title": edit.of.title, "is_watched": is_watched,
            "links": told.links, "story": told.story, "suppressed": hidden,
            "hits": told.hits.iter().map(show::value).collect::<Vec<_>>(),
            "recorded": told.recorded.iter().map(|row| show::value(&row.of)).collect::<Vec<_>>(),
        });
        println!("{told}");
        return Ok(true);
    }
    head(edit, run, &told.links);
    if !is_watched {
        println!("Its namespace is not watched: no run looks at it. By the rules it would be:");
    }
    for sentence in &told.story {
        println!("  {}", terminal(sentence));
    }
    if verdict.hits.is_empty() {
        println!("No rule has a hit.");
    }
    for hit in &told.hits {
        println!("Hit: {}", show::line(hit));
    }
    if was_recorded == 0 {
        println!("Nothing is recorded of this edit.");
    }
    for row in &told.recorded {
        println!(
            "Recorded {} by settings revision {}: {}",
            row.recorded.format("%Y-%m-%d %H:%M"),
            row.of.settings,
            show::line(&row.of)
        );
    }
    if hidden > 0 {
        println!("Links, sentences and hits that are suppressed: {hidden}; --private tells them.");
    }
    Ok(true)
}

/// What is told of an edit.
struct Told {
    links: Vec<String>,
    story: Vec<String>,
    hits: Vec<NewHit>,
    recorded: Vec<Row>,
}

/// Stands in place of what is told only with `--private`.
const SUPPRESSED: &str = "(suppressed)";

impl Told {
    /// Takes out what is shown nowhere. How much that is.
    fn hide(&mut self, edit: &Looked, hides: &Hides) -> usize {
        let wiki = edit.of.wiki.as_str();
        let rows = match edit.links.as_ref().map(|links| &links.links) {
            Some(Links::Rows(rows)) => rows.as_slice(),
            _ => &[],
        };
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.host.as_str()).collect();
        let keys = keys.into_iter().filter_map(Key::from_stored);
        let hidden = keys.filter(|key| hides.link(wiki, key));
        let hosts: BTreeSet<String> = hidden
            .flat_map(|key| [key.display(), key.ascii(), key.host()])
            .map(|name| name.to_lowercase())
            .collect();
        let is_hidden = |text: &String| {
            let lower = text.to_lowercase();
            hides.text(wiki, text) || hosts.iter().any(|host| lower.contains(host))
        };
        let mut count = 0;
        for text in self.links.iter_mut().chain(&mut self.story) {
            if is_hidden(text) {
                SUPPRESSED.clone_into(text);
                count += 1;
            }
        }
        let before = self.hits.len() + self.recorded.len();
        self.hits.retain(|hit| !hides.hit(hit));
        self.recorded.retain(|row| !hides.hit(&row.of));
        count + before - self.hits.len() - self.recorded.len()
    }
}

fn head(edit: &Looked, run: &Run<Settings>, links: &[String]) {
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
