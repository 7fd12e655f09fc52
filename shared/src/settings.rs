//! The settings page of a job: fetched with its protection, its status, draft and stop pages in one request, judged
//! (is it to be trusted, is it well-formed), and recorded revision by revision. What the run obeys is an
//! [`Accepted`]; everything else is a reason not to write.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::core::settings::{Block, COMMON_KEYS, Common, MapNode, Message, Reader, common, extract};
use crate::core::site::{Site, Title};
use crate::core::types::{Problem, RevId, Timestamp};
use crate::page::{PageState, Revision, strings};
use crate::switch::{Halt, Switch};
use crate::trust::{NotTrusted, Trust, right_for_level, trust};
use crate::wiki::{Error, Phase, Session};

/// A job's own part of the settings.
pub trait JobSettings: Sized {
    /// Top-level keys beyond the common ones.
    const KEYS: &'static [&'static str];
    /// Sentences that `messages:` can override.
    const MESSAGES: &'static [Message<'static>];
    /// Reads the job's keys; problems are recorded in the node. `None` when something needed is missing.
    fn read(root: &MapNode<'_>, site: &Site) -> Option<Self>;
}

/// A well-formed settings text.
#[derive(Clone, Debug)]
pub struct Parsed<S> {
    /// What every job has.
    pub common: Common,
    /// The job's own part.
    pub settings: S,
    /// Warnings.
    pub warnings: Vec<Problem>,
    /// The YAML as it stands on the page.
    pub yaml: String,
}

/// Parses the text of a settings page or draft. Errs with every problem at once, warnings included.
pub fn parse<S: JobSettings>(text: &str, model: &str, title: &str, site: &Site) -> Result<Parsed<S>, Vec<Problem>> {
    let block: Block = extract(text, model, site.has_extension_tag("syntaxhighlight"), title)?;
    let reader = Reader::parse(&block)?;
    let root = reader.root();
    let keys: Vec<&str> = COMMON_KEYS.iter().chain(S::KEYS).copied().collect();
    root.known(&keys);
    let messages: Vec<Message<'static>> = crate::messages::MESSAGES.iter().chain(S::MESSAGES).copied().collect();
    let common = common(&root, &messages);
    let settings = S::read(&root, site);
    let problems = reader.finish();
    match settings {
        Some(settings) if !problems.iter().any(Problem::is_error) => Ok(Parsed {
            common,
            settings,
            warnings: problems,
            yaml: block.yaml,
        }),
        _ => Err(problems),
    }
}

/// What the run obeys.
#[derive(Clone, Debug)]
pub struct Accepted<S> {
    /// The revision.
    pub revid: RevId,
    /// Who saved it.
    pub saved_by: String,
    /// When.
    pub saved_at: Timestamp,
    /// Who wrote the text, where the revision itself only protected the page.
    pub written_by: Option<String>,
    /// Why it is trusted.
    pub trust: Trust,
    /// The settings.
    pub parsed: Parsed<S>,
}

/// What is thought of the newest revision.
#[derive(Clone, Debug)]
pub enum Verdict<S> {
    /// It is obeyed.
    Accepted(Box<Accepted<S>>),
    /// Trusted, but malformed.
    Rejected(Vec<Problem>),
    /// Not to be obeyed at all.
    NotTrusted(NotTrusted),
}

/// The settings page and its neighbours as they are now.
pub struct Loaded<S> {
    /// What is thought of the settings.
    pub verdict: Verdict<S>,
    /// The settings page.
    pub page: PageState,
    /// The status page.
    pub status: PageState,
    /// The draft page.
    pub draft: PageState,
    /// An order on the stop page.
    pub stop: Option<Halt>,
    /// The bot's rights on this wiki.
    pub rights: Vec<String>,
    /// Set where the bot's own account is blocked on the whole site.
    pub blocked: Option<String>,
    /// The switch that the editor looks at before every edit.
    pub switch: Switch,
    /// The wiki's time.
    pub at: Timestamp,
}

/// What the operator says about the settings page.
#[derive(Clone, Copy, Debug)]
pub struct Ceiling<'a> {
    /// Title as given.
    pub title: &'a str,
    /// Title of the stop page.
    pub stop_title: &'a str,
    /// Accepted protection levels.
    pub levels: &'a [String],
    /// Owners of trusted `.json` pages.
    pub json_accounts: &'a [String],
    /// A revision that an earlier run accepted stays accepted, whatever became of its author's rights.
    pub accepted_before: Option<RevId>,
}

/// Reads the settings page with its neighbours (one request; two or three more for a revision that was never seen
/// before) and judges it. Errs when the wiki does not answer, or when a title is impossible.
pub async fn load<S: JobSettings>(session: &Session, ceiling: &Ceiling<'_>) -> Result<Loaded<S>, Error> {
    let site = session.site();
    let bad = |what: String| Error::BadReply(what);
    let title = site
        .title(ceiling.title)
        .map_err(|why| bad(format!("settings page `{}`: {why}", ceiling.title)))?;
    let stop = site
        .title(ceiling.stop_title)
        .map_err(|why| bad(format!("stop page: {why}")))?;
    let titles = [
        site.prefixed(&title),
        site.prefixed(&stop),
        site.prefixed(&below(&title, "Status")),
        site.prefixed(&below(&title, "draft")),
    ];
    let answer = session
        .get(&[
            ("action", "query"),
            ("titles", &titles.join("|")),
            ("prop", "info|revisions"),
            ("inprop", "protection"),
            ("rvprop", "ids|user|userid|timestamp|sha1|comment|content"),
            ("rvslots", "main"),
            ("meta", "userinfo|tokens"),
            ("uiprop", "rights|blockinfo"),
        ])
        .await?;
    let at = answer["curtimestamp"]
        .as_str()
        .and_then(crate::page::timestamp)
        .ok_or_else(|| bad("no curtimestamp".to_owned()))?;
    let mut pages: BTreeMap<String, PageState> = PageState::all(&answer)
        .map_err(bad)?
        .into_iter()
        .map(|page| (page.title.clone(), page))
        .collect();
    let mut take = |n: usize| {
        pages
            .remove(&titles[n])
            .ok_or_else(|| bad(format!("no answer for `{}`", titles[n])))
    };
    let (page, stop_page, status, draft) = (take(0)?, take(1)?, take(2)?, take(3)?);
    let switch = Switch {
        settings: title,
        stop,
        titles: [titles[0].clone(), titles[1].clone()],
        levels: ceiling.levels.to_vec(),
        json_accounts: ceiling.json_accounts.to_vec(),
        account: session.account().to_owned(),
    };
    let verdict = judge(session, &page, &switch, ceiling, at).await?;
    session.count_as(Phase::Safety);
    let order = switch.stop_order(session, &stop_page).await?;
    session.count_as(Phase::Fixed);
    let user = &answer["query"]["userinfo"];
    let partial = user["blockpartial"].as_bool() == Some(true);
    Ok(Loaded {
        verdict,
        page,
        status,
        draft,
        stop: order,
        rights: user["rights"]
            .as_array()
            .map(|list| list.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect())
            .unwrap_or_default(),
        blocked: user["blockreason"].as_str().filter(|_| !partial).map(str::to_owned),
        switch,
        at,
    })
}

/// The sub-page `name` of `title`.
pub fn below(title: &Title, name: &str) -> Title {
    Title {
        ns: title.ns,
        text: format!("{}/{name}", title.text),
    }
}

async fn judge<S: JobSettings>(
    session: &Session,
    page: &PageState,
    switch: &Switch,
    ceiling: &Ceiling<'_>,
    now: Timestamp,
) -> Result<Verdict<S>, Error> {
    let trusted = match trust(page, &switch.levels, &switch.json_accounts, &switch.account, now) {
        Ok(trusted) => trusted,
        Err(why) => return Ok(Verdict::NotTrusted(why)),
    };
    // `trust` has seen to it that the revision, its text and its author are there.
    let Some((revision, text, user)) = readable(page) else {
        return Ok(Verdict::NotTrusted(NotTrusted::Hidden(page.title.clone())));
    };
    let mut written_by = None;
    if ceiling.accepted_before != Some(revision.revid) {
        session.count_as(Phase::Safety);
        written_by = author_of_text(session, page, revision).await?;
        let may_save = trusted == Trust::UserJson || author_may_edit(session, user, &switch.levels).await?;
        session.count_as(Phase::Fixed);
        if !may_save {
            return Ok(Verdict::NotTrusted(NotTrusted::SavedWhileOpen {
                title: page.title.clone(),
                revid: revision.revid.0,
                user: user.to_owned(),
            }));
        }
    }
    Ok(match parse::<S>(text, &page.model, &page.title, session.site()) {
        Err(problems) => Verdict::Rejected(problems),
        Ok(parsed) => Verdict::Accepted(Box::new(Accepted {
            revid: revision.revid,
            saved_by: user.to_owned(),
            saved_at: revision.timestamp,
            written_by,
            trust: trusted,
            parsed,
        })),
    })
}

fn readable(page: &PageState) -> Option<(&Revision, &str, &str)> {
    let revision = page.revision.as_ref()?;
    Some((revision, revision.text.as_deref()?, revision.user.as_deref()?))
}

/// Whether the author of the newest revision has the right to edit at one of the levels: who saved while the page
/// was open to everybody has not, and an admin has to save it again.
async fn author_may_edit(session: &Session, user: &str, levels: &[String]) -> Result<bool, Error> {
    let rights: Vec<&str> = levels.iter().map(|level| right_for_level(level)).collect();
    Ok(!users_with_right(session, &[user], &rights).await?.is_empty())
}

/// Those of `users` (names) who have one of `rights` through their groups. `usprop=rights` would not do: under a bot
/// password it shows every user's rights cut down to the grants of *our* session (seen on MediaWiki 1.43).
pub async fn users_with_right(session: &Session, users: &[&str], rights: &[&str]) -> Result<Vec<String>, Error> {
    let answer = session
        .get(&[
            ("action", "query"),
            ("meta", "siteinfo"),
            ("siprop", "usergroups"),
            ("list", "users"),
            ("ususers", &users.join("|")),
            ("usprop", "groups"),
        ])
        .await?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let groups = list(&answer["query"]["usergroups"]);
    let has_right = |group: &&Value| {
        strings_of(&group["rights"])
            .iter()
            .any(|right| rights.contains(&right.as_str()))
    };
    let groups: Vec<&str> = groups
        .iter()
        .filter(has_right)
        .filter_map(|group| group["name"].as_str())
        .collect();
    let in_group = |user: &&Value| {
        strings_of(&user["groups"])
            .iter()
            .any(|group| groups.contains(&group.as_str()))
    };
    let users = list(&answer["query"]["users"]);
    Ok(users
        .iter()
        .filter(in_group)
        .filter_map(|user| user["name"].as_str().map(str::to_owned))
        .collect())
}

/// A protection leaves a revision in the admin's name over the text of somebody else: who wrote it, then.
async fn author_of_text(session: &Session, page: &PageState, newest: &Revision) -> Result<Option<String>, Error> {
    if newest.parent == RevId(0) {
        return Ok(None);
    }
    let answer = session
        .get(&[
            ("action", "query"),
            ("titles", &page.title),
            ("prop", "revisions"),
            ("rvprop", "ids|user|userid|timestamp|sha1|comment"),
            ("rvlimit", "20"),
        ])
        .await?;
    let history = answer["query"]["pages"][0]["revisions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let same_text = history
        .iter()
        .filter_map(|r| Revision::from_json(r).ok())
        .take_while(|r| r.sha1 == newest.sha1);
    let author = same_text.last().and_then(|revision| revision.user);
    Ok(author.filter(|author| Some(author) != newest.user.as_ref()))
}

fn strings_of(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

/// Titles of those among `categories` that have no page: worth a warning, once per settings revision.
pub async fn missing_pages(session: &Session, titles: &[String]) -> Result<Vec<String>, Error> {
    let answer = session.in_batches(&[("prop", "info")], "titles", titles).await?;
    let pages = answer["pages"].as_array().cloned().unwrap_or_default();
    let missing = pages.into_iter().filter(|page| page["missing"] == true).collect();
    Ok(strings(&Value::Array(missing), "title"))
}
