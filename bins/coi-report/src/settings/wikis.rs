//! Which wikis are read, from where, and in which namespaces. An address on the page opens no door: the operator says
//! which hosts may be spoken to ([`shared::others`]).

use shared::core::settings::{Item, MapNode};
use shared::core::site::Site;
use shared::wiki::wiki_id_of;

/// Most watched wikis of a list.
const WIKIS: usize = 100;
/// Most watched namespaces of a wiki.
const NAMESPACES: usize = 100;
/// The highest number of a namespace that is not asked for on the wiki itself.
const MAX_NAMESPACE: i64 = 10_000;
/// Longest interwiki prefix, in characters.
const PREFIX_CHARS: usize = 60;

/// What a run reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wikis {
    /// These; nothing when the list is empty: the run only writes this wiki's part of what others found.
    List(Vec<WatchedWiki>),
    /// Every wiki that the sitematrix names, from the event streams.
    All,
}

/// One wiki that is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedWiki {
    /// Which.
    pub place: Place,
    /// Interwiki prefix by which pages of this wiki link to it, such as `w:de`, without the last colon.
    pub prefix: Option<String>,
    /// Where its edits are read.
    pub source: Source,
    /// Its own namespaces; `None`: those of the settings, or its content namespaces.
    pub namespaces: Option<Vec<i32>>,
}

/// Which wiki.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The one whose settings page this is.
    Here,
    /// The one with this `api.php`.
    Api(String),
}

/// Where edits are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Source {
    /// The wiki's own list of recent changes. <https://www.mediawiki.org/wiki/API:RecentChanges>
    #[default]
    RecentChanges,
    /// The event streams of Wikimedia. <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>
    EventStreams,
}

impl Default for Wikis {
    fn default() -> Wikis {
        Wikis::List(vec![WatchedWiki::here()])
    }
}

impl WatchedWiki {
    fn here() -> WatchedWiki {
        WatchedWiki {
            place: Place::Here,
            prefix: None,
            source: Source::RecentChanges,
            namespaces: None,
        }
    }
}

/// The watched namespaces that hold for every wiki; `None`: the content of each.
pub(super) fn namespaces(root: &MapNode<'_>, site: &Site) -> Option<Vec<i32>> {
    let is_left = !root.has("namespaces") || root.is_word("namespaces", "content");
    (!is_left).then(|| root.namespaces("namespaces", site, NAMESPACES, |_| Ok(())))
}

pub(super) fn wikis(root: &MapNode<'_>, site: &Site) -> Wikis {
    if !root.has("wikis") {
        return Wikis::default();
    }
    if root.is_word("wikis", "all") {
        return Wikis::All;
    }
    if !root.is_list("wikis") {
        root.problem(
            "wikis",
            "write `all`, or a list such as `[here]`; `[]` reads nothing, and only pages are written",
        );
        return Wikis::default();
    }
    let mut keys: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (n, item) in root.items("wikis", WIKIS).unwrap_or_default() {
        let wiki = match item {
            Item::Text(word) if word == "here" => Some(WatchedWiki::here()),
            Item::Text(_) => {
                let text = "write `here` for this wiki, or {api: …} for another; `all` stands alone, without a list";
                root.problem_at("wikis", n, text);
                None
            }
            Item::Group(group) => read(&group, site),
        };
        let Some(wiki) = wiki else { continue };
        let key = match &wiki.place {
            Place::Here => "here".to_owned(),
            // It was read: its address is one.
            Place::Api(api) => wiki_id_of(api, &[]).unwrap_or_default(),
        };
        if keys.contains(&key) {
            root.problem_at("wikis", n, "this wiki stands in the list twice");
            continue;
        }
        keys.push(key);
        found.push(wiki);
    }
    Wikis::List(found)
}

fn read(group: &MapNode<'_>, site: &Site) -> Option<WatchedWiki> {
    group.known(&["wiki", "api", "prefix", "source", "namespaces"]);
    let elsewhere = "pages of a wiki are written where its own settings page says so: set `report` there; for this wiki \
                     set it here, outside of `wikis`";
    group.moved(&[("page", elsewhere), ("approval", elsewhere)]);
    let source = match group.choice("source", &["recentchanges", "eventstreams"]) {
        Some("eventstreams") => Source::EventStreams,
        _ => Source::RecentChanges,
    };
    let place = match (group.has("wiki"), group.has("api")) {
        (true, false) => {
            group.choice("wiki", &["here"])?;
            Place::Here
        }
        (false, true) => Place::Api(api(group)?),
        _ => {
            group.problem("api", "one of `wiki: here` and `api: <address of api.php>` is wanted");
            return None;
        }
    };
    let is_here = place == Place::Here;
    if is_here && group.has("prefix") {
        group.problem("prefix", "this wiki needs no prefix; take it out");
    }
    let namespaces = match is_here {
        true => namespaces(group, site),
        false => foreign_namespaces(group),
    };
    Some(WatchedWiki {
        place,
        prefix: prefix(group),
        source,
        namespaces,
    })
}

fn api(group: &MapNode<'_>) -> Option<String> {
    let api = group.text("api")?;
    let api = api.trim();
    let is_script = api.ends_with("/api.php");
    let why = match wiki_id_of(api, &[]) {
        Ok(_) if is_script => return Some(api.to_owned()),
        Ok(_) => "it must end with the path of api.php".to_owned(),
        Err(why) => why.to_string(),
    };
    group.problem("api", &format!("this is not the address of an api.php: {why}"));
    None
}

fn prefix(group: &MapNode<'_>) -> Option<String> {
    let prefix = group.text("prefix")?;
    let prefix = prefix.trim().trim_matches(':').to_lowercase();
    let is_prefix =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if prefix.split(':').all(is_prefix) && prefix.chars().count() <= PREFIX_CHARS {
        return Some(prefix);
    }
    group.problem(
        "prefix",
        "write an interwiki prefix of this wiki, such as `de` or `w:de`",
    );
    None
}

/// Of another wiki only the numbers are known.
fn foreign_namespaces(group: &MapNode<'_>) -> Option<Vec<i32>> {
    if !group.has("namespaces") || group.is_word("namespaces", "content") {
        return None;
    }
    let mut found = Vec::new();
    let entries = group.names_or_numbers("namespaces", NAMESPACES)?;
    if entries.is_empty() {
        group.problem(
            "namespaces",
            "name at least one namespace, as in `[0]`, or leave the key out",
        );
    }
    for (n, entry) in entries.iter().enumerate() {
        let number = match entry {
            shared::core::settings::NameOrNumber::Number(number) if (0..=MAX_NAMESPACE).contains(number) => *number,
            _ => {
                let text = "of another wiki namespaces are numbers, such as 0; `content` stands alone, without a list";
                group.problem_at("namespaces", n, text);
                continue;
            }
        };
        match i32::try_from(number) {
            Ok(ns) if !found.contains(&ns) => found.push(ns),
            _ => group.problem_at("namespaces", n, "this namespace stands in the list twice"),
        }
    }
    (!found.is_empty()).then_some(found)
}
