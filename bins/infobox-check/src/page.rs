//! `page`: everything that the job knows about a page and would do with it now. Read with the functions of a run, so
//! that what is shown is what would happen; nothing is written, neither on the wiki nor in the database.

mod show;

use anyhow::{Context as _, bail, ensure};
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::bots::{Verdict as Bots, allows};
use shared::core::infobox::{Infobox, VerifiedBox, find, normalise};
use shared::core::types::{PageId, RevId, Timestamp};
use shared::core::wikitext::scan;
use shared::db::Db;
use shared::db::field_change::{self, ChangeRow};
use shared::db::index_line::{self, IndexRow};
use shared::db::page_mark::{self, PageMark};
use shared::job::{self, Run};
use shared::settings::Verdict;
use shared::wiki::{Session, page_infos, transclusions};

use crate::context::Context;
use crate::job::InfoboxCheck;
use crate::marked::{Verified, Watched, boxes};
use crate::present::{Marks, Present, marks, present};
use crate::settings::Settings;
use crate::{surroundings, verified};

pub use show::{block, cut};

/// Changes that are shown.
const CHANGES: u32 = 20;
/// Proposed lines among which those of the page are looked for.
const PROPOSED: u32 = 5_000;

/// A page as it is now.
pub struct Seen {
    /// The page.
    pub page_id: PageId,
    /// Its title.
    pub title: String,
    /// Its namespace.
    pub ns: i32,
    /// Its newest revision.
    pub revid: RevId,
    /// When that was saved.
    pub at: Timestamp,
    /// By whom; `None`: hidden.
    pub user: Option<String>,
    /// The template by which the page asks the job to stay away, and why.
    pub nobots: Option<String>,
    /// The watched boxes on it.
    pub boxes: Vec<SeenBox>,
    /// What is stored of its marks.
    pub stored: Vec<PageMark>,
    /// The last recorded changes, newest first.
    pub changes: Vec<ChangeRow>,
    /// Lines of index pages about it that do not count.
    pub proposed: Vec<IndexRow>,
}

/// The boxes of one name on a page.
pub struct SeenBox {
    /// Place among the boxes of the settings.
    pub place: usize,
    /// Name of the box.
    pub name: String,
    /// Lines of the index in force.
    pub index: Vec<IndexRow>,
    /// The verified revision.
    pub verified: Option<RevId>,
    /// Why the index line cannot be used.
    pub unusable: Option<String>,
    /// Whether the boxes are there and clear.
    pub present: Present,
    /// Every watched field of every box of this name.
    pub fields: Vec<SeenField>,
    /// Marks that stand there: place of the box, name, value.
    pub marks: Vec<(u32, String, String)>,
    /// What is to be done about them; `None`: nothing is due without a usable index line.
    pub due: Option<Marks>,
    /// Until when the newest edit by anybody else has not settled.
    pub waits_until: Option<Timestamp>,
    /// Why articles are not edited for this box.
    pub off: Vec<String>,
}

/// A watched field.
pub struct SeenField {
    /// Which box of this name, from 0.
    pub ordinal: u32,
    /// Its name.
    pub field: String,
    /// The value now; `None`: not there.
    pub value: Option<String>,
    /// What the verified revision says, if there is one to compare with.
    pub verified: Option<Option<String>>,
    /// Whether it is one of the verified fields.
    pub is_verified: bool,
    /// Why the value is not plausible.
    pub check: Option<String>,
}

impl SeenField {
    /// Whether the value is another one than the verified one; `None`: there is none to compare with.
    pub fn differs(&self) -> Option<bool> {
        let norm = |value: Option<&str>| normalise(value.unwrap_or(""), self.is_verified);
        let verified = self.verified.as_ref()?;
        Some(norm(self.value.as_deref()) != norm(verified.as_deref()))
    }
}

/// Prints the state of a page.
pub async fn page(boot: &Boot, session: &Session, db: &Db, args: &CommonArgs, title: &str) -> anyhow::Result<bool> {
    let (mut run, context, stop) = begin(boot, session, db, args).await?;
    let seen = read(&mut run, &context, title, stop.as_deref()).await?;
    if args.json {
        println!("{}", show::json(&seen, &context));
    } else {
        for line in show::lines(&seen, &context) {
            println!("{line}");
        }
    }
    Ok(true)
}

/// What manual subcommands that only read begin with: the settings in force, what they refer to on the wiki, lists and
/// overrides; and why nothing may be edited by the switches outside of the settings. Errs when the settings are not
/// accepted.
pub async fn begin(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
) -> anyhow::Result<(Run<Settings>, Context, Option<String>)> {
    let loaded = job::settings::<Settings>(boot, session, None).await?;
    let accepted = match loaded.verdict {
        Verdict::Accepted(accepted) => *accepted,
        Verdict::Rejected(problems) => bail!(
            "the settings are rejected: {}",
            problems.first().map(ToString::to_string).unwrap_or_default()
        ),
        Verdict::NotTrusted(why) => bail!(why),
    };
    let (seen, problems) = surroundings::look(session, &accepted.parsed.settings).await?;
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        bail!("the settings are rejected: {problem}");
    }
    let stop = match loaded.stop {
        Some(stop) => Some(stop.to_string()),
        None => loaded.blocked,
    };
    let run = job::read_only::<InfoboxCheck>(boot, session, db, args, accepted, loaded.switch, loaded.rights);
    let context = Context::new(&run, seen).await?;
    Ok((run, context, stop))
}

/// The page of this title. Errs when there is none, or when it is a redirect.
pub async fn find_page(session: &Session, title: &str) -> anyhow::Result<(PageId, String)> {
    let wanted = session.site().title(title).map_err(anyhow::Error::msg)?;
    let infos = page_infos(session, &[session.site().prefixed(&wanted)]).await?;
    let info = infos
        .into_iter()
        .next()
        .context("the wiki says nothing about the page")?;
    if let Some(why) = &info.invalid {
        bail!("`{title}` cannot be a page: {why}");
    }
    if let Some(target) = &info.redirect_to {
        bail!("`{}` is a redirect: name `{target}` instead", info.title);
    }
    let page_id = info
        .page_id
        .with_context(|| format!("there is no page `{}`", info.title))?;
    Ok((page_id, info.title))
}

/// Reads a page. `stop`: why nothing is edited at all.
pub async fn read(run: &mut Run<Settings>, context: &Context, title: &str, stop: Option<&str>) -> anyhow::Result<Seen> {
    let (page_id, _) = find_page(&run.session, title).await?;
    let mut present = transclusions(&run.session, &[page_id], &context.templates).await?;
    let now = present
        .remove(&page_id)
        .flatten()
        .context("the page is gone meanwhile")?;
    let mut known = verified::load(run, context, &[page_id], &[now.revid]).await?;
    let revision = known
        .revisions
        .remove(&now.revid)
        .context("its newest revision cannot be read")?;
    ensure!(
        revision.model == "wikitext",
        "`{}` is {}, not wikitext",
        now.title,
        revision.model
    );
    let text = revision.text.context("the text of its newest revision is hidden")?;
    let names = run.editor.bots_names().await?;
    let nobots = match allows(&text, run.session.account(), run.editor.job, &names) {
        Bots::Denied(template) => Some(template),
        Bots::Allowed => None,
    };
    let wiki = run.wiki.clone();
    let index = run
        .db
        .read_if_there(async |db| index_line::in_force(db, &wiki, &[page_id]).await)
        .await?;
    let proposed = run
        .db
        .read_if_there(async |db| index_line::proposed(db, &wiki, PROPOSED).await)
        .await?;
    let stored = run
        .db
        .read_if_there(async |db| page_mark::get_many(db, &wiki, &[page_id]).await)
        .await?;
    let changes = run
        .db
        .read_if_there(async |db| field_change::of_page(db, &wiki, page_id, CHANGES).await)
        .await?;
    let is_own = revision.user.as_deref() == Some(run.session.account());
    let mut seen_boxes = Vec::new();
    for place in context.places_of_templates(&now.templates) {
        let verified = known.verified.get(&(place, page_id));
        let unusable = known.unusable.get(&(place, page_id)).cloned();
        let mut one = look_at(&text, context, place, verified, unusable);
        one.index = index.iter().filter(|row| row.box_name == one.name).cloned().collect();
        let settled = revision.timestamp + context.settle(place);
        one.waits_until = (!is_own && settled > context.now).then_some(settled);
        one.off = why_off(run, context, place, now.ns, stop);
        seen_boxes.push(one);
    }
    Ok(Seen {
        page_id,
        ns: now.ns,
        revid: now.revid,
        at: revision.timestamp,
        user: revision.user,
        nobots,
        boxes: seen_boxes,
        stored,
        changes,
        proposed: proposed.into_iter().filter(|row| row.line.title == now.title).collect(),
        title: now.title,
    })
}

/// What a text says about one box; what the database and the wiki's clock know is the caller's.
fn look_at(
    text: &str,
    context: &Context,
    place: usize,
    verified: Option<&Verified>,
    unusable: Option<String>,
) -> SeenBox {
    let watched = context.watched(place, verified);
    let def = &watched.settings.def;
    let mut seen = SeenBox {
        place,
        name: def.name.clone(),
        index: Vec::new(),
        verified: verified.map(|verified| verified.revid),
        present: present(text, &context.tags, &watched),
        fields: Vec::new(),
        marks: Vec::new(),
        due: None,
        unusable,
        waits_until: None,
        off: Vec::new(),
    };
    let Ok(scan) = scan(text, &context.tags) else {
        return seen;
    };
    let alone = || find(text, &scan, def).into_iter().map(|one| (one, None)).collect();
    let found: Vec<(Infobox, Option<&VerifiedBox>)> = boxes(text, &scan, &watched).unwrap_or_else(|_| alone());
    for (ordinal, (infobox, verified)) in (0..).zip(&found) {
        seen.fields.extend(def.fields().map(|field| {
            let value = infobox.value(field).map(str::to_owned);
            let is_verified = def.is_verified(field);
            let is_there = value
                .as_deref()
                .is_some_and(|value| !normalise(value, is_verified).is_empty());
            let judged = def.check_of(field).filter(|_| is_there).zip(value.as_deref());
            SeenField {
                ordinal,
                field: field.to_owned(),
                verified: verified.map(|verified| verified.value(field).map(str::to_owned)),
                is_verified,
                check: judged.and_then(|(check, value)| check.check(value).err()),
                value,
            }
        }));
        let marks = infobox.fields.iter().filter(|(name, _)| def.is_mark(name));
        seen.marks
            .extend(marks.map(|(name, field)| (ordinal, name.clone(), field.value.clone())));
    }
    seen.due = due(text, context, &watched, &seen);
    seen
}

fn due(text: &str, context: &Context, watched: &Watched<'_>, seen: &SeenBox) -> Option<Marks> {
    if seen.unusable.is_some() || seen.present == Present::NotHere || watched.settings.index.is_empty() {
        return None;
    }
    Some(marks(text, &context.tags, watched, watched.verified.is_none()))
}

/// Every switch by which no article is edited for a box.
pub fn why_off(run: &Run<Settings>, context: &Context, place: usize, ns: i32, stop: Option<&str>) -> Vec<String> {
    let parsed = &run.accepted.parsed;
    let one = &context.boxes[place];
    let mut why = Vec::new();
    let mut say = |is_off: bool, words: String| {
        if is_off {
            why.push(words);
        }
    };
    say(
        !parsed.common.enabled,
        "`enabled: false` on the settings page".to_owned(),
    );
    say(!parsed.settings.edit, "`edit: false` on the settings page".to_owned());
    say(
        !one.edit,
        format!("`edit: false` for {} on the settings page", one.def.name),
    );
    say(
        !context.namespaces.contains(&ns),
        "the page is in a namespace that is not watched".to_owned(),
    );
    for said in context.overrides.said() {
        let is_about = said.what == "quit" || said.what == "off" || said.what == format!("off {}", one.def.name);
        say(is_about, said.to_string());
    }
    if let Some(variable) = &run.editor.operator_off {
        say(true, format!("the operator's variable {variable}"));
    }
    if let Some(stop) = stop {
        say(true, stop.to_owned());
    }
    why
}
