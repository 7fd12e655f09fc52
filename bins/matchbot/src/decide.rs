//! What matchbot decides, as pure functions over plain values: who is available, who is drawn, what stands on the
//! talk page, and why not. `explain`, `--dry-run` and the scheduled run all come through here.
//! The rules are those of the original MatchBot (categories first, then general mentors, then the maintainer),
//! without its defects: no self-match, no blocked mentor, no lost or doubled greeting.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, RngExt};
use shared::core::bots::{self, BotsNames};
use shared::core::site::{Site, Title};
use shared::core::types::{PageId, UserId};
use shared::core::wikitext;
use shared::page::PageState;
use shared::trust::may_edit_at;

use crate::reason::Reason;
use crate::settings::{Order, Settings};

/// A user as `list=users` (and, where there is one, the central account) shows it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserState {
    /// Local user id.
    pub id: UserId,
    /// Present name.
    pub name: String,
    /// Blocked on the whole site (a partial block does not count).
    pub blocked: bool,
    /// Globally locked.
    pub locked: bool,
    /// In the bot group.
    pub is_bot: bool,
    /// A temporary account that has expired.
    pub expired: bool,
}

impl UserState {
    /// Why this user can be nobody's mentor and needs no mentor, if so.
    pub fn unavailable(&self) -> Option<&'static str> {
        match self {
            user if user.blocked => Some("is blocked"),
            user if user.locked => Some("is globally locked"),
            user if user.expired => Some("is an expired temporary account"),
            user if user.is_bot => Some("is a bot"),
            _ => None,
        }
    }
}

/// A profile page and the user it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Page id of the profile.
    pub page_id: PageId,
    /// Its present title.
    pub title: Title,
    /// Its owner.
    pub owner: UserId,
}

/// The mentor pages of one run: who offers what, and who wants no new learners.
#[derive(Clone, Debug, Default)]
pub struct Mentors {
    /// Profiles per mentor category (position in `Settings::skills`).
    pub by_skill: BTreeMap<usize, Vec<Profile>>,
    /// Profiles in the general category.
    pub general: Vec<Profile>,
    /// Owners of any page in the opt-out category.
    pub opted_out: BTreeSet<UserId>,
}

/// Why a mentor cannot be drawn for a learner; for `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// The mentor's profile.
    pub profile: Profile,
    /// Why not, as the end of a sentence that begins with the name.
    pub why: String,
}

/// Mentors that can be drawn (one per user, by user id) and those that cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Whoever may be drawn, sorted by user id so that a seed repeats the draw.
    pub available: Vec<Profile>,
    /// Whoever may not, with the reason.
    pub unavailable: Vec<Unavailable>,
}

/// Splits `profiles` into those whose owner may mentor `learner` and the rest. `users`: present state by id;
/// `recent`: matches per mentor within the settings' days.
pub fn pool(
    profiles: &[Profile],
    learner: UserId,
    mentors: &Mentors,
    users: &BTreeMap<UserId, UserState>,
    recent: &BTreeMap<UserId, u32>,
    settings: &Settings,
) -> Pool {
    let mut pool = Pool::default();
    let mut seen = BTreeSet::new();
    for profile in profiles {
        // A user with two mentor pages is one mentor, and has one chance.
        if !seen.insert(profile.owner) {
            continue;
        }
        let limit = settings.max_matches_per_mentor;
        let matches = recent.get(&profile.owner).copied().unwrap_or(0);
        let why = if profile.owner == learner {
            Some("is the learner".to_owned())
        } else if mentors.opted_out.contains(&profile.owner) {
            Some("takes no new learners".to_owned())
        } else if let Some(limit) = limit.filter(|limit| matches >= limit.count) {
            Some(format!("had {matches} learners in the last {} days", limit.days))
        } else {
            match users.get(&profile.owner) {
                None => Some("has no account on this wiki any more".to_owned()),
                Some(user) => user.unavailable().map(str::to_owned),
            }
        };
        match why {
            None => pool.available.push(profile.clone()),
            Some(why) => pool.unavailable.push(Unavailable {
                profile: profile.clone(),
                why,
            }),
        }
    }
    pool.available.sort_by_key(|profile| profile.owner);
    pool
}

/// Draws one of `available`: evenly, or evenly among those with the fewest matches so far.
pub fn draw<'a>(
    available: &'a [Profile],
    order: Order,
    recent: &BTreeMap<UserId, u32>,
    rng: &mut impl Rng,
) -> Option<&'a Profile> {
    let count = |profile: &Profile| recent.get(&profile.owner).copied().unwrap_or(0);
    let fewest = available.iter().map(count).min()?;
    let drawn: Vec<&Profile> = match order {
        Order::Random => available.iter().collect(),
        Order::Fewest => available.iter().filter(|p| count(p) == fewest).collect(),
    };
    drawn.get(rng.random_range(0..drawn.len())).copied()
}

/// Where a greeting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A new section at the end of an existing wikitext page.
    Section,
    /// A talk page that does not exist yet.
    NewPage,
    /// A new topic on an existing Flow board.
    FlowTopic,
    /// A Flow board that does not exist yet.
    NewFlowBoard,
}

/// What the wiki and the settings say about Flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowState {
    /// The wiki has Structured Discussions.
    pub installed: bool,
    /// The bot has the right `flow-create-board`.
    pub may_create: bool,
}

/// The bot, as far as pages ask about it.
#[derive(Clone, Copy, Debug)]
pub struct Bot<'a> {
    /// Its user name.
    pub account: &'a str,
    /// Its rights on this wiki.
    pub rights: &'a [String],
    /// What `{{bots}}` and `{{nobots}}` are called.
    pub names: &'a BotsNames,
}

/// Looks at profile and talk page as they are now, directly before posting, and says where the greeting goes or
/// why it may not.
pub fn place(
    profile: &PageState,
    talk: &PageState,
    request_category: &str,
    flow: FlowState,
    bot: &Bot<'_>,
    site: &Site,
) -> Result<Place, Reason> {
    if profile.page_id.is_none() || !profile.categories.iter().any(|category| category == request_category) {
        return Err(Reason::Withdrawn);
    }
    if profile.is_redirect {
        return Err(Reason::ProfileIsRedirect);
    }
    if profile.model != "wikitext" {
        return Err(Reason::ProfileModel(profile.model.clone()));
    }
    if talk.is_redirect {
        return Err(Reason::TalkIsRedirect);
    }
    for page in [profile, talk] {
        if page.revision.is_some() && page.text().is_none() {
            return Err(Reason::HiddenText(page.title.clone()));
        }
        if let bots::Verdict::Denied(template) =
            bots::allows(page.text().unwrap_or(""), bot.account, "matchbot", bot.names)
        {
            return Err(Reason::NoBots {
                page: page.title.clone(),
                template,
            });
        }
    }
    let refused = talk
        .protection
        .iter()
        .filter(|p| p.action == "edit" || (p.action == "create" && talk.page_id.is_none()))
        .find(|p| !may_edit_at(&p.level, bot.rights));
    if let Some(protection) = refused {
        return Err(Reason::TalkProtected(protection.level.clone()));
    }
    match (talk.page_id, talk.model.as_str()) {
        (Some(_), "flow-board") => Ok(Place::FlowTopic),
        (None, "wikitext" | "flow-board") if flow.installed && flow.may_create => Ok(Place::NewFlowBoard),
        (None, "wikitext" | "flow-board") => Ok(Place::NewPage),
        (Some(_), "wikitext") => {
            let text = talk.text().unwrap_or("");
            match wikitext::ends_open(text, site.extension_tags()) {
                Some(open) => Err(Reason::EndsOpen(open)),
                None => Ok(Place::Section),
            }
        }
        (_, model) => Err(Reason::TalkModel(model.to_owned())),
    }
}

/// The page with the section added at its end: one blank line before the heading, every byte before it untouched.
pub fn add_section(page: &str, section: &str) -> String {
    let section = section.trim();
    if page.trim().is_empty() {
        return section.to_owned();
    }
    let newlines = page.len() - page.trim_end_matches('\n').len();
    format!("{page}{}{section}", "\n".repeat(2usize.saturating_sub(newlines)))
}

/// Why the owner of `profile` is not known, for people. The owner is the author of the first revision; where that is
/// doubtful nobody is guessed. `namesake`: the existing user, if any, whose name is the last part of the
/// profile's title.
pub fn owner_problem(first: &FirstRevision, namesake: Option<&str>) -> Option<String> {
    let Some(user) = &first.user else {
        return Some("the author of the profile's first revision is hidden".to_owned());
    };
    if user.contains('>') {
        return Some(format!("the profile was imported ({user})"));
    }
    if first.user_id == UserId(0) {
        return Some("the profile was made by an IP address".to_owned());
    }
    match namesake {
        Some(name) if name != user => Some(format!("the profile was made by {user} but is named after {name}")),
        _ => None,
    }
}

/// Who created a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstRevision {
    /// Name at the time of asking; `None` where hidden.
    pub user: Option<String>,
    /// Local user id; 0 for an address and for imported revisions.
    pub user_id: UserId,
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
