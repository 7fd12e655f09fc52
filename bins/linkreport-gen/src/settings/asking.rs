//! Who and what asks for reports: watched pages and their templates, the poke page, the statistics rules, and how much
//! is served.

use chrono::TimeDelta;
use shared::core::hit::Skip;
use shared::core::lists::user_name;
use shared::core::report::Limits;
use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};

use super::lists::{names, page};
use super::{LimitSettings, Poke, Templates};

/// Most names of templates of a kind.
const TEMPLATES: usize = 50;
/// Most users and most groups who may poke.
const POKERS: usize = 50;
/// Most groups that are passed over.
const SKIPPED: usize = 100;
/// Default of `common_host`.
pub(super) const COMMON_HOST: u32 = 1_000;
/// Most pages of a run, whatever the settings say.
const PER_RUN: i64 = 50;
/// Most requests of one person in a day, whatever the settings say.
const PER_REQUESTER: i64 = 20;
/// Groups that anybody is in, or is after some days.
const EVERYBODY: [&str; 5] = ["*", "user", "autoconfirmed", "named", "temp"];
/// Number of the namespace of templates.
const TEMPLATE: i32 = 10;
/// Number of the namespace of talk pages of the project.
const PROJECT_TALK: i32 = 5;
/// Number of the namespace of talk pages of the wiki's own messages.
const MEDIAWIKI_TALK: i32 = 9;

/// Where COIBot looked: the spam project's talk page, and those of the wiki's spam lists.
pub(super) fn default_pages() -> Vec<Title> {
    [
        (PROJECT_TALK, "WikiProject Spam"),
        (MEDIAWIKI_TALK, "Spam-blacklist"),
        (MEDIAWIKI_TALK, "Spam-whitelist"),
    ]
    .map(|(ns, text)| Title {
        ns,
        text: text.to_owned(),
    })
    .to_vec()
}

impl Default for Templates {
    /// Those of English Wikipedia and Meta.
    fn default() -> Templates {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Templates {
            link: owned(&["LinkSummary", "Link summary", "LinkSummaryLive"]),
            user: owned(&["UserSummary", "User summary"]),
            ip: owned(&["IPSummary", "IP summary"]),
            status: owned(&["LinkStatus"]),
        }
    }
}

impl Default for Poke {
    fn default() -> Poke {
        Poke {
            page: None,
            users: Vec::new(),
            groups: vec!["sysop".to_owned()],
        }
    }
}

impl Default for LimitSettings {
    fn default() -> LimitSettings {
        LimitSettings {
            per_run: 20,
            per_day: 100,
            per_requester: 20,
            regenerate_every: TimeDelta::hours(24),
            reopen_every: TimeDelta::days(7),
        }
    }
}

pub(super) fn templates(root: &MapNode<'_>, site: &Site) -> Templates {
    let group = root.section("templates");
    group.known(&["link", "user", "ip", "status"]);
    let default = Templates::default();
    let mut taken = Vec::new();
    let mut of = |key: &str, default: Vec<String>| -> Vec<String> {
        let is_left = !group.has(key);
        let written = match is_left {
            true => default,
            false => group.one_or_more(key, TEMPLATES).unwrap_or_default(),
        };
        let mut found = Vec::new();
        for (n, text) in written.iter().enumerate() {
            let why = match template(text, site) {
                Ok(name) if !taken.contains(&name) => {
                    taken.push(name.clone());
                    found.push(name);
                    continue;
                }
                Ok(_) => "this template stands here twice; its first parameter can be one thing only".to_owned(),
                Err(why) => why,
            };
            match is_left {
                true => group.problem(key, &format!("`{text}`, its default: {why}")),
                false => group.problem_at(key, n, &why),
            }
        }
        found
    };
    Templates {
        link: of("link", default.link),
        user: of("user", default.user),
        ip: of("ip", default.ip),
        status: of("status", default.status),
    }
}

/// The name of a template without its namespace, or why it is none.
fn template(text: &str, site: &Site) -> Result<String, String> {
    let title = site.title_in(TEMPLATE, text)?;
    if title.ns == TEMPLATE {
        return Ok(title.text);
    }
    let namespace = site.namespace_name(title.ns).unwrap_or_default();
    Err(format!("`{text}` is in namespace {namespace}; a template is wanted"))
}

pub(super) fn poke(root: &MapNode<'_>, site: &Site) -> Option<Poke> {
    if root.is_word("poke", "off") {
        return None;
    }
    if root.has("poke") && !root.is_group("poke") {
        root.problem("poke", "write `off`, or a group of keys");
        return None;
    }
    let group = root.section("poke");
    group.known(&["page", "users", "groups"]);
    let mut users = Vec::new();
    for (n, text) in group.texts("users", POKERS).unwrap_or_default().iter().enumerate() {
        match user_name(site, text) {
            Ok(name) if users.contains(&name) => group.problem_at("users", n, "this name stands in the list twice"),
            Ok(name) => users.push(name),
            Err(why) => group.problem_at("users", n, &why),
        }
    }
    let groups = match group.has("groups") {
        true => names(&group, "groups", POKERS),
        false => Poke::default().groups,
    };
    for (n, name) in group.texts("groups", POKERS).unwrap_or_default().iter().enumerate() {
        if EVERYBODY.contains(&name.trim()) {
            let text = format!("`{name}` is a group that everybody is in sooner or later; name another one");
            group.problem_at("groups", n, &text);
        }
    }
    if users.is_empty() && groups.is_empty() {
        group.warning(
            "groups",
            "without users and groups nobody may ask there: `poke: off` says the same",
        );
    }
    Some(Poke {
        page: page(&group, "page", site),
        users,
        groups,
    })
}

/// A whole number within bounds, or the default.
pub(super) fn count(group: &MapNode<'_>, key: &str, least: i64, most: i64, default: u32) -> u32 {
    group
        .int(key, least..=most)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(default)
}

pub(super) fn rules(root: &MapNode<'_>) -> Limits {
    let default = Limits::default();
    let group = root.section("rules");
    group.known(&[
        "dominance",
        "min_additions",
        "min_pages",
        "xwiki_from",
        "same_server",
        "cidr",
    ]);
    let limits = Limits {
        dominance: count(&group, "dominance", 1, 100, default.dominance),
        min_additions: count(&group, "min_additions", 1, 1_000_000, default.min_additions),
        min_pages: count(&group, "min_pages", 1, 1_000_000, default.min_pages),
        xwiki_from: count(&group, "xwiki_from", 2, 1_000, default.xwiki_from),
        same_server: count(&group, "same_server", 2, 1_000, default.same_server),
        cidr: group
            .int("cidr", 8..=32)
            .and_then(|bits| u8::try_from(bits).ok())
            .unwrap_or(default.cidr),
    };
    if limits.min_pages > limits.min_additions {
        group.warning(
            "min_pages",
            "so many pages need as many additions: `min_additions` says nothing beside it",
        );
    }
    limits
}

pub(super) fn limits(root: &MapNode<'_>) -> LimitSettings {
    let default = LimitSettings::default();
    let group = root.section("limits");
    group.known(&[
        "per_run",
        "per_day",
        "per_requester",
        "regenerate_every",
        "reopen_every",
    ]);
    LimitSettings {
        per_run: count(&group, "per_run", 1, PER_RUN, default.per_run),
        per_day: count(&group, "per_day", 0, 10_000, default.per_day),
        per_requester: count(&group, "per_requester", 1, PER_REQUESTER, default.per_requester),
        regenerate_every: group
            .duration("regenerate_every", TimeDelta::minutes(1)..=TimeDelta::days(365))
            .unwrap_or(default.regenerate_every),
        reopen_every: group
            .duration("reopen_every", TimeDelta::minutes(1)..=TimeDelta::days(365))
            .unwrap_or(default.reopen_every),
    }
}

pub(super) fn common_host(root: &MapNode<'_>) -> u32 {
    count(root, "common_host", 2, 1_000_000, COMMON_HOST)
}

pub(super) fn skip(root: &MapNode<'_>) -> Skip {
    let default = Skip::default();
    let group = root.section("skip");
    group.known(&["bots", "groups", "edits_over", "age_over"]);
    let edits_over = match group.is_word("edits_over", "off") {
        true => None,
        false => group
            .int("edits_over", 0..=10_000_000)
            .and_then(|edits| u64::try_from(edits).ok())
            .or(default.edits_over),
    };
    let age_over = match group.is_word("age_over", "off") {
        true => None,
        false => group
            .duration("age_over", TimeDelta::zero()..=TimeDelta::days(36_500))
            .or(default.age_over),
    };
    Skip {
        bots: group.bool("bots").unwrap_or(default.bots),
        groups: names(&group, "groups", SKIPPED),
        edits_over,
        age_over,
        tags: Vec::new(),
    }
}
