//! One line of a file of events: an edit as it was recorded, with its texts, or an event of the wiki's stream of
//! link changes. Nothing is judged here; what does not fit is told with its key, and never guessed.

use super::fields::Fields;
use super::stream;
use super::why::Why;
use crate::change::EditorKind;
use crate::types::{PageId, RevId, Timestamp, UserId};
use serde_json::Value;
use std::net::IpAddr;

/// Longest user name and key of a wiki, in bytes: what the wiki and the database hold.
const MAX_NAME: usize = 255;
/// Longest title with its namespace, in bytes.
const MAX_TITLE: usize = 512;
/// Longest name of a database, content model, tag or hash, in bytes.
const MAX_WORD: usize = 64;
/// Longest tag, in bytes. <https://www.mediawiki.org/wiki/Manual:Change_tag_def_table>
const MAX_TAG: usize = 255;

/// What a line tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// An edit as it was recorded.
    Edit(Box<RecordedEdit>),
    /// An event of `mediawiki.page-links-change`.
    Links(Box<LinksChange>),
    /// An event that tells nothing of links, and why.
    Other(Why),
}

impl Record {
    /// Wiki and revision: the same for all that is told of one edit. `None` for [`Record::Other`].
    pub fn key(&self) -> Option<(&str, RevId)> {
        match self {
            Self::Edit(edit) => Some(edit.of.key()),
            Self::Links(change) => Some(change.of.key()),
            Self::Other(_) => None,
        }
    }
}

/// What both kinds of record say of a revision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevisionFacts {
    /// Host and script path of the wiki, as `en.wikipedia.org/w`, see [`wiki_key`].
    pub wiki: String,
    /// What the wiki's database is called, as `enwiki`; empty when the source does not say.
    pub dbname: String,
    /// The family of wikis that share accounts: what the source says, else `wikimedia` for the projects of the
    /// Wikimedia Foundation, else the wiki alone.
    pub realm: String,
    /// The revision.
    pub rev: RevId,
    /// Its page.
    pub page: PageId,
    /// Namespace of the page.
    pub ns: i32,
    /// Title with its namespace, spaces not underscores.
    pub title: String,
    /// Time of the revision, in seconds; of a stream event, the event's own: seconds after the revision's, but weeks
    /// where an edit to a template brought the links of a page whose newest revision is as old.
    pub ts: Timestamp,
    /// Who made it; `None` where nobody is named, or the wiki hides the name.
    pub performer: Option<Performer>,
}

impl RevisionFacts {
    /// Wiki and revision.
    pub fn key(&self) -> (&str, RevId) {
        (&self.wiki, self.rev)
    }
}

/// Somebody who made an edit, as they were then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Performer {
    /// Name with spaces, not underscores; an address in its shortest form.
    pub name: String,
    /// What kind of name. Never [`EditorKind::Hidden`].
    pub kind: EditorKind,
    /// The account; 0 for none, or when the source does not say.
    pub user_id: UserId,
    /// Whether it is a bot's account.
    pub is_bot: bool,
    /// Edits of the account so far.
    pub edits: Option<u64>,
    /// When the account was made.
    pub registered: Option<Timestamp>,
}

/// An edit with its texts, or with the links that it added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedEdit {
    /// The revision.
    pub of: RevisionFacts,
    /// The revision before; 0 for a new page.
    pub parent: RevId,
    /// The revision's tags, such as `mw-undo`.
    pub tags: Vec<String>,
    /// Hash of the text, lower case.
    pub sha1: Option<String>,
    /// Hashes of older revisions of the page, newest first, lower case.
    pub earlier_sha1: Vec<String>,
    /// Content model of the main slot.
    pub model: String,
    /// Whether the wiki hides the text.
    pub text_hidden: bool,
    /// Text of the main slot.
    pub text: Option<String>,
    /// Text of the revision before.
    pub parent_text: Option<String>,
    /// The external links that the wiki's own parser saw come, as in [`LinksChange::added`]; `None` when the source
    /// does not say.
    pub added: Option<Vec<String>>,
}

/// What the wiki's parser saw: links that a page has and had not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinksChange {
    /// The revision: the page's newest, also where an edit to a template brought the links.
    pub of: RevisionFacts,
    /// Addresses of external links that were added.
    pub added: Vec<String>,
}

/// A line that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{problem}", if key.is_empty() { String::new() } else { format!("`{key}` ") })]
pub struct BadLine {
    /// Path of the key, such as `performer.user_id`; empty when the line as a whole is meant.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

impl BadLine {
    pub(super) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

/// Reads a line: a recorded edit (`"type":"recorded-edit"`) or an event of the stream, as JSON alone or behind the
/// `data:` of server-sent events. `None`: there is nothing in it (empty, other fields of server-sent events, the
/// stream's own test events). Unknown keys are ignored. The caller bounds the length of lines.
///
/// Errs, with the key, when something is missing, of another type, or more than the database holds.
/// <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>
pub fn read_line(line: &[u8]) -> Result<Option<Record>, BadLine> {
    let line = str::from_utf8(line).map_err(|_| BadLine::new("", "the line is not UTF-8"))?;
    let line = line.trim_start_matches('\u{FEFF}').trim();
    let framing = ["event:", "id:", "retry:", ":"];
    if line.is_empty() || framing.iter().any(|start| line.starts_with(start)) {
        return Ok(None);
    }
    let json = line.strip_prefix("data:").unwrap_or(line).trim_start();
    if json.is_empty() {
        return Ok(None);
    }
    // serde_json's own words repeat no part of the line.
    let value: Value = serde_json::from_str(json)
        .map_err(|e| BadLine::new("", format!("the line is no JSON (column {}): {e}", e.column())))?;
    let mut fields = Fields::of(value, String::new())
        .map_err(|_| BadLine::new("", "the line is neither a recorded edit nor an event"))?;
    let kind = fields.text("type")?;
    if kind.as_deref() == Some("recorded-edit") {
        return recorded_edit(fields).map(|edit| Some(Record::Edit(Box::new(edit))));
    }
    stream::event(fields)
}

fn recorded_edit(mut fields: Fields) -> Result<RecordedEdit, BadLine> {
    let wiki = fields.need("wiki", Fields::text)?;
    let wiki = wiki_key(&wiki).ok_or_else(|| fields.bad("wiki", "is no address such as en.wikipedia.org/w"))?;
    let ts = fields.need("dt", Fields::time)?;
    let of = facts(&mut fields, wiki, ts)?;
    let hash = |hash: String| hash.to_ascii_lowercase();
    Ok(RecordedEdit {
        of,
        parent: RevId(fields.number("parent_id")?.unwrap_or(0)),
        tags: fields.texts("tags", MAX_TAG)?,
        sha1: fields.short("sha1", MAX_WORD)?.map(hash),
        earlier_sha1: fields.texts("earlier_sha1", MAX_WORD)?.into_iter().map(hash).collect(),
        model: fields
            .short("content_model", MAX_WORD)?
            .unwrap_or_else(|| "wikitext".to_owned()),
        text_hidden: fields.flag("text_hidden")? == Some(true),
        text: fields.text("text")?,
        parent_text: fields.text("parent_text")?,
        added: match fields.has("added_links") {
            true => Some(stream::links(&mut fields, "added_links")?),
            false => None,
        },
    })
}

/// What both kinds of record call by the same names.
pub(super) fn facts(fields: &mut Fields, wiki: String, ts: Timestamp) -> Result<RevisionFacts, BadLine> {
    let rev = fields.need("rev_id", Fields::number)?;
    let page = fields.need("page_id", Fields::small_number)?;
    for (key, id) in [("rev_id", rev), ("page_id", page)] {
        if id == 0 {
            return Err(fields.bad(key, "is 0"));
        }
    }
    let realm = match fields.short("realm", MAX_NAME)?.filter(|realm| !realm.is_empty()) {
        Some(realm) => realm,
        None => realm_of(&wiki),
    };
    Ok(RevisionFacts {
        wiki,
        dbname: fields.short("database", MAX_WORD)?.unwrap_or_default(),
        realm,
        rev: RevId(rev),
        page: PageId(page),
        ns: fields.need("page_namespace", Fields::namespace)?,
        title: fields
            .name("page_title", MAX_TITLE)?
            .ok_or_else(|| fields.bad("page_title", "is missing"))?,
        ts,
        performer: fields.object("performer")?.map(performer).transpose()?.flatten(),
    })
}

/// `None` without a name: the wiki hides it.
fn performer(mut fields: Fields) -> Result<Option<Performer>, BadLine> {
    let Some(name) = fields.name("user_text", MAX_NAME)? else {
        return Ok(None);
    };
    let id = fields.small_number("user_id")?;
    let groups = fields.texts("user_groups", MAX_NAME)?;
    let is_in = |group: &str| groups.iter().any(|other| other == group);
    let temp = fields.flag("user_is_temp")? == Some(true) || is_in("temp");
    let kind = match EditorKind::of(&name, UserId(id.unwrap_or(0)), temp) {
        // Without any id nothing says that there is no account.
        EditorKind::Foreign if id.is_none() && !name.contains('>') => EditorKind::Named,
        // No account can have such a name.
        EditorKind::Named if name.contains('>') => EditorKind::Foreign,
        kind => kind,
    };
    let address = name.parse::<IpAddr>().ok().filter(|_| kind == EditorKind::Ip);
    Ok(Some(Performer {
        name: address.map_or(name, |address| address.to_string()),
        kind,
        user_id: UserId(id.unwrap_or(0)),
        is_bot: fields.flag("user_is_bot")? == Some(true) || is_in("bot"),
        edits: fields.number("user_edit_count")?,
        registered: fields.time("user_registration_dt")?,
    }))
}

/// The key of a wiki, host and script path: `https://En.Wikipedia.org/w/api.php` and `en.wikipedia.org/w/` both give
/// `en.wikipedia.org/w`. A port stays where it is not the usual one. `None` for what is no such address, and for one
/// of more than 255 bytes.
pub fn wiki_key(address: &str) -> Option<String> {
    let address = address.trim();
    let (rest, port) = match address.split_once("//") {
        None => (address, ""),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https:") => (rest, ":443"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http:") => (rest, ":80"),
        Some(("", rest)) => (rest, ""),
        Some(_) => return None,
    };
    let rest = ["/api.php", "/index.php"]
        .iter()
        .find_map(|script| rest.strip_suffix(script))
        .unwrap_or(rest)
        .trim_end_matches('/');
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.strip_suffix(port).unwrap_or(host).to_lowercase();
    let is_host = host.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'));
    let is_path = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~' | b'%'));
    (is_host && is_path && host.len() + path.len() <= MAX_NAME).then(|| host + path)
}

/// The family of wikis that share accounts with this one (its key), where nothing says so: that of the Wikimedia
/// Foundation's projects, else the wiki alone.
pub fn realm_of(wiki: &str) -> String {
    if is_wikimedia(wiki) { "wikimedia" } else { wiki }.to_owned()
}

/// Whether the wiki shares its accounts with all public wikis of the Wikimedia Foundation.
/// <https://meta.wikimedia.org/wiki/Help:Unified_login>
fn is_wikimedia(wiki: &str) -> bool {
    const DOMAINS: [&str; 12] = [
        "wikipedia.org",
        "wiktionary.org",
        "wikibooks.org",
        "wikinews.org",
        "wikiquote.org",
        "wikisource.org",
        "wikiversity.org",
        "wikivoyage.org",
        "wikidata.org",
        "wikifunctions.org",
        "wikimedia.org",
        "mediawiki.org",
    ];
    let host = wiki.split('/').next().unwrap_or(wiki);
    DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
