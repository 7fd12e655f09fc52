//! Hits on standard output: for people, or one JSON object per line. Nothing that is shown nowhere is printed by a run:
//! its output is kept in logs, and read by other programs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use serde_json::{Value, json};
use shared::core::change::Revision;
use shared::core::hit::Subject;
use shared::core::link::{Key, PathHosts};
use shared::core::overlap::number;
use shared::core::text::terminal;
use shared::core::types::UserId;
use shared::db::Db;
use shared::db::hit::NewHit;
use shared::db::suppress::{self, Suppressed, What};
use shared::job::Run;

use crate::settings::Settings;

/// A hit as JSON.
pub fn value(one: &NewHit) -> Value {
    let hit = &one.hit;
    let score = hit
        .score
        .map(|(there, back, ratio)| json!({"there": there, "back": back, "ratio": ratio}));
    json!({
        "type": "hit", "wiki": one.wiki, "rev_id": one.rev.0, "dt": one.ts.to_rfc3339(), "page_id": one.page.0,
        "page_namespace": one.ns, "page_title": one.title,
        "user": one.user.as_ref().map(|user| &user.name), "user_id": one.user.as_ref().map(|user| user.id.0),
        "user_kind": one.user.as_ref().map(|user| user.kind.word()), "user_edit_count": one.edits,
        "is_new": hit.is_new, "rule": hit.rule.word(), "subject": hit.subject, "string": hit.string,
        "matched": hit.matched, "score": score, "compared": [hit.words.0, hit.words.1], "near": hit.near,
        "url": hit.url, "times": hit.times, "skip": hit.skip, "shown": hit.is_shown,
        "settings_rev_id": one.settings.0,
    })
}

/// One line for people, without line end.
pub fn line(one: &NewHit) -> String {
    let hit = &one.hit;
    let user = one.user.as_ref().map_or("(hidden)", |user| user.name.as_str());
    let mut line = format!(
        "{} {} {}, revision {} of {}: {}",
        one.ts.format("%Y-%m-%d %H:%M:%S"),
        one.wiki,
        user,
        one.rev,
        one.title,
        hit.rule.word()
    );
    if let Some((there, back, ratio)) = hit.score {
        let (a, b) = hit.words;
        line += &format!(
            " {}% ({a}->{b}) & {}% ({b}->{a}) (ratio: {}%)",
            number(there),
            number(back),
            number(ratio)
        );
    }
    if let Some(near) = hit.near {
        line += &format!(" nearly the same: {}%", number(near));
    }
    line += &format!(" on {}", hit.string);
    if let Some(matched) = &hit.matched {
        line += &format!(" [{matched}]");
    }
    if let Some(skip) = &hit.skip {
        line += &format!("; recorded only: {skip}");
    }
    terminal(&line)
}

/// The hit with the names that the wiki has now for its user and its page; scores stay those of the names as they were.
pub fn as_now(one: &NewHit, revision: &Revision) -> NewHit {
    let mut now = one.clone();
    if let (Some(user), Some(name)) = (&mut now.user, &revision.user) {
        user.name.clone_from(name);
    }
    if now.hit.subject == Subject::Page && now.hit.string == one.title {
        now.hit.string.clone_from(&revision.title);
    }
    now.title.clone_from(&revision.title);
    now.ns = revision.ns;
    now
}

/// What is shown nowhere: by the lists of the wikis of edits, and by that of the run's own.
pub struct Hides {
    home: Suppressed,
    of: BTreeMap<String, Suppressed>,
}

impl Hides {
    /// Reads the lists. Errs as the database does.
    pub async fn of<'a>(db: &Db, home: &str, wikis: impl Iterator<Item = &'a str>) -> anyhow::Result<Hides> {
        let mut of = BTreeMap::new();
        for wiki in wikis.collect::<BTreeSet<_>>() {
            let list = db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
            of.insert(wiki.to_owned(), list);
        }
        Ok(Hides {
            home: db.read_if_there(async |db| suppress::all(db, home).await).await?,
            of,
        })
    }

    /// Reads the lists of all wikis. Errs as the database does.
    pub async fn everywhere(db: &Db, home: &str) -> anyhow::Result<Hides> {
        let mut of = db.read_if_there(async |db| suppress::everywhere(db).await).await?;
        Ok(Hides {
            home: of.remove(home).unwrap_or_default(),
            of: of.into_iter().collect(),
        })
    }

    /// Whether any list hides what is named: a user, page, link or pattern, or a text that names one.
    pub fn names(&self, text: &str, path_hosts: &PathHosts) -> bool {
        let key = Key::from_name(text, path_hosts).ok();
        let of = self.of.keys().map(String::as_str).chain([""]);
        of.into_iter()
            .any(|wiki| self.text(wiki, text) || key.as_ref().is_some_and(|key| self.link(wiki, key)))
    }

    fn any(&self, wiki: &str, hides: impl Fn(&Suppressed) -> bool) -> bool {
        hides(&self.home) || self.of.get(wiki).is_some_and(hides)
    }

    /// Whether this user of a wiki is hidden.
    pub fn user(&self, wiki: &str, id: UserId, name: &str) -> bool {
        self.any(wiki, |list| list.hides_user(Some(id), name))
    }

    /// Whether this page is.
    pub fn page(&self, wiki: &str, title: &str) -> bool {
        self.any(wiki, |list| list.hides(What::Page, title))
    }

    /// Whether links of this key are.
    pub fn link(&self, wiki: &str, key: &Key) -> bool {
        self.any(wiki, |list| list.hides_link(key))
    }

    /// Whether a text names something that is hidden, also as a pattern would (`acme\\.example`).
    pub fn text(&self, wiki: &str, text: &str) -> bool {
        let bare = text.replace('\\', "");
        self.any(wiki, |list| list.is_named_in(text) || list.is_named_in(&bare))
    }

    /// Whether a hit names something that is hidden: as user, page or link, or in what it quotes.
    pub fn hit(&self, one: &NewHit) -> bool {
        let (wiki, hit) = (one.wiki.as_str(), &one.hit);
        let key = hit.key.as_deref().and_then(Key::from_stored);
        one.user
            .as_ref()
            .is_some_and(|user| self.user(wiki, user.id, &user.name))
            || key.is_some_and(|key| self.link(wiki, &key))
            || [Some(&one.title), Some(&hit.string), hit.matched.as_ref()]
                .into_iter()
                .flatten()
                .any(|title| self.page(wiki, title))
            || [&hit.url, &hit.matched]
                .into_iter()
                .flatten()
                .any(|text| self.text(wiki, text))
    }
}

/// Prints what a run found, as JSON where it was asked for; of what is shown nowhere only how much it is. Whoever stops
/// reading has seen enough. Errs as the database does.
pub async fn hits(run: &Run<Settings>, hits: impl Iterator<Item = &NewHit>) -> anyhow::Result<()> {
    let hits: Vec<&NewHit> = hits.collect();
    if hits.is_empty() {
        return Ok(());
    }
    let wikis = hits.iter().map(|one| one.wiki.as_str());
    let hides = Hides::of(&run.db, &run.wiki, wikis).await?;
    let mut out = std::io::stdout().lock();
    for line in lines(&hits, &hides, run.args.json) {
        let _ = writeln!(out, "{line}");
    }
    Ok(())
}

fn lines(hits: &[&NewHit], hides: &Hides, as_json: bool) -> Vec<String> {
    let (hidden, shown): (Vec<&NewHit>, Vec<&NewHit>) = hits.iter().partition(|one| hides.hit(one));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for one in hidden {
        *counts.entry(&one.wiki).or_default() += 1;
    }
    let shown = shown.into_iter().map(|one| match as_json {
        true => value(one).to_string(),
        false => line(one),
    });
    let counts = counts.into_iter().map(|(wiki, count)| match as_json {
        true => json!({"type": "suppressed-hits", "wiki": wiki, "hits": count}).to_string(),
        false => format!("{wiki}: {count} hits are suppressed"),
    });
    shown.chain(counts).collect()
}

#[cfg(test)]
#[path = "show_tests.rs"]
mod tests;
