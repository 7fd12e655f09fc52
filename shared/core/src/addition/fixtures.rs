//! Edits and events that the tests of this module share.

use super::{
    Decision, LinksChange, NewUser, Performer, RecordedEdit, RevisionFacts, RevisionLinks, Row, Rules, decide,
};
use super::{Links, Why};
use crate::change::EditorKind;
use crate::link::PathHosts;
use crate::site::Site;
use crate::types::{PageId, RevId, UserId};
use crate::wikitext::TemplateNames;
use crate::wikitext::links::LinkTemplate;
use std::collections::HashSet;
use std::sync::LazyLock;

static TAGS: LazyLock<HashSet<String>> = LazyLock::new(|| ["ref", "nowiki", "pre"].map(str::to_owned).into());
static HOSTS: LazyLock<PathHosts> = LazyLock::new(PathHosts::default);
static TEMPLATES: LazyLock<Vec<LinkTemplate>> =
    LazyLock::new(|| vec![LinkTemplate::new(TemplateNames::new(&site(), "URL", []), "1")]);

fn site() -> Site {
    let ns =
        |id: i32, name: &str| serde_json::json!({"id": id, "case": "first-letter", "name": name, "canonical": name});
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1", "lang": "en", "wikiid": "probe",
                    "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": ns(0, ""), "2": ns(2, "User"), "10": ns(10, "Template")},
        "extensiontags": ["<pre>", "<nowiki>", "<ref>"],
    }))
    .unwrap()
}

pub(super) fn rules() -> Rules<'static> {
    Rules {
        extension_tags: &TAGS,
        templates: &TEMPLATES,
        path_hosts: &HOSTS,
        new_user: NewUser::default(),
        namespaces: &[],
    }
}

/// Somebody with an account that is not new.
pub(super) fn alice() -> Performer {
    Performer {
        name: "Alice".into(),
        kind: EditorKind::Named,
        user_id: UserId(7),
        is_bot: false,
        edits: Some(500),
        registered: Some("2020-01-01T00:00:00Z".parse().unwrap()),
    }
}

pub(super) fn somebody(name: &str, kind: EditorKind, id: u64) -> Performer {
    Performer {
        name: name.into(),
        kind,
        user_id: UserId(id),
        is_bot: false,
        edits: None,
        registered: None,
    }
}

pub(super) fn facts() -> RevisionFacts {
    RevisionFacts {
        wiki: "en.wikipedia.org/w".into(),
        dbname: "enwiki".into(),
        realm: "wikimedia".into(),
        rev: RevId(20),
        page: PageId(3),
        ns: 0,
        title: "Example".into(),
        ts: "2026-11-20T10:00:00Z".parse().unwrap(),
        performer: Some(alice()),
    }
}

/// Alice's edit that made `old` to `new`.
pub(super) fn edit(old: &str, new: &str) -> RecordedEdit {
    RecordedEdit {
        of: facts(),
        parent: RevId(10),
        tags: Vec::new(),
        sha1: None,
        earlier_sha1: Vec::new(),
        model: "wikitext".into(),
        text_hidden: false,
        text: Some(new.into()),
        parent_text: Some(old.into()),
        added: None,
    }
}

/// The event of Alice's edit.
pub(super) fn event(added: &[&str]) -> LinksChange {
    LinksChange {
        of: facts(),
        added: added.iter().map(|link| (*link).to_owned()).collect(),
    }
}

/// The links of a decision, and its note.
pub(super) fn links(
    edit: Option<&RecordedEdit>,
    stream: Option<&LinksChange>,
) -> Result<(RevisionLinks, Option<Why>), Why> {
    match decide(edit, stream, &rules()) {
        Decision::Links(links, note) => Ok((*links, note)),
        Decision::Nothing(why) => Err(why),
    }
}

/// `host path flags times` of each row.
pub(super) fn rows(edit: Option<&RecordedEdit>, stream: Option<&LinksChange>) -> Result<Vec<String>, Why> {
    let (links, _) = links(edit, stream)?;
    let Links::Rows(rows) = links.links else {
        panic!("{links:?}");
    };
    let word = |row: &Row| format!("{} {} {} {}", row.host, row.path, row.flags.0, row.times);
    Ok(rows.iter().map(word).collect())
}
