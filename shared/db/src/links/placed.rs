//! From revisions as they come to rows with numbers: what does not fit the tables is refused, the rest is numbered.
//!
//! One revision that cannot be stored must not stop the batch it is in, and nothing is ever cut to fit.

use super::names::{Names, NewEditor, NewHost, Numbers, Wiki, Wikis, editor_key, editor_of};
use super::store::Refused;
use crate::connect::Db;
use crate::error::{Error, Result};
use chrono::{Datelike, SubsecRound};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use wikicrew_core::addition::{Links, RevisionLinks, Row};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::Timestamp;

/// A row of `link_addition` or `link_restored`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Addition<'b> {
    pub wiki: u16,
    pub rev: u64,
    pub n: u16,
    pub ts: Timestamp,
    pub host: u32,
    pub editor: u32,
    pub page: u32,
    pub flags: u8,
    pub times: u16,
    pub path: Cow<'b, [u8]>,
}

/// What is counted together: host, editor, wiki.
pub(super) type Triple = (u32, u32, u16);

impl Addition<'_> {
    /// What it is counted with.
    pub fn triple(&self) -> Triple {
        (self.host, self.editor, self.wiki)
    }
}

/// A revision, all its names numbered.
pub(super) struct Placed<'b> {
    pub wiki: u16,
    pub rev: u64,
    /// Whole seconds.
    pub ts: Timestamp,
    pub editor: u32,
    /// Of the editor, as stored.
    pub kind: u8,
    pub user_id: u32,
    pub page: u32,
    pub from: &'b RevisionLinks,
    /// Empty for a flood.
    pub rows: Vec<Addition<'b>>,
}

/// Why the revision does not fit the tables, or its time is after `newest`.
pub(super) fn unfit(rev: &RevisionLinks, newest: Timestamp) -> Option<String> {
    let bytes = |what: &str, text: &str, max: usize| match text.len() {
        0 => Some(format!("the {what} is empty")),
        length if length > max => Some(format!("the {what} has {length} bytes, at most {max} are stored")),
        _ => None,
    };
    let number = |what: &str, number: u64| {
        (number > u64::from(u32::MAX)).then(|| format!("the {what} {number} is larger than {}", u32::MAX))
    };
    bytes("wiki's key", &rev.wiki, 255)
        .or_else(|| bytes("wiki's realm", &rev.realm, 255))
        .or_else(|| (rev.dbname.len() > 64).then(|| "the name of the wiki's database has more than 64 bytes".into()))
        .or_else(|| bytes("user's name", &rev.editor.name, 255))
        .or_else(|| bytes("page's title", &rev.title, 512))
        .or_else(|| number("page id", rev.page.0))
        .or_else(|| number("user id", rev.editor.user_id.0))
        .or_else(|| (rev.rev.0 == 0 || rev.rev.0 > i64::MAX as u64).then(|| "that is no revision id".into()))
        // The end: months are counted in 16 bits.
        .or_else(|| (!(1000..5400).contains(&rev.ts.year())).then(|| format!("no wiki has revisions of {}", rev.ts)))
        .or_else(|| (rev.ts > newest).then(|| format!("its time, {}, is still to come", rev.ts)))
        .or_else(|| unfit_editor(rev))
        .or_else(|| unfit_rows(&rev.links))
}

fn unfit_editor(rev: &RevisionLinks) -> Option<String> {
    match rev.editor.kind {
        EditorKind::Named | EditorKind::Temporary => None,
        EditorKind::Ip if address(&rev.editor.name).is_some() => None,
        EditorKind::Ip => Some(format!("{:?} is no address", rev.editor.name)),
        EditorKind::Foreign | EditorKind::Hidden => Some("its user is hidden or from another wiki".into()),
    }
}

fn unfit_rows(links: &Links) -> Option<String> {
    let Links::Rows(rows) = links else { return None };
    if rows.is_empty() || rows.len() > usize::from(u16::MAX) {
        return Some(format!("it has {} rows", rows.len()));
    }
    rows.iter().find_map(|row| match (row.host.len(), row.path.len()) {
        (0, _) => Some("a link has no host".into()),
        (256.., _) => Some(format!("a host has {} bytes, at most 255 are stored", row.host.len())),
        (_, 2_001..) => Some(format!("a path has {} bytes, at most 2000 are stored", row.path.len())),
        _ => None,
    })
}

fn address(name: &str) -> Option<Box<[u8]>> {
    Some(match name.parse().ok()? {
        IpAddr::V4(ip) => ip.octets().into(),
        IpAddr::V6(ip) => ip.octets().into(),
    })
}

fn kind(kind: EditorKind) -> u8 {
    match kind {
        EditorKind::Temporary => 2,
        EditorKind::Ip => 3,
        EditorKind::Named | EditorKind::Foreign | EditorKind::Hidden => 1,
    }
}

/// Revisions that say another family than the one that their wiki is stored with: its editors are numbered there, so
/// they would be other people. Which family is right cannot be told here; the first that was read stays.
pub(super) fn strange(wikis: &Wikis, revs: &[&RevisionLinks]) -> Vec<Refused> {
    let strange = |rev: &&RevisionLinks| {
        let family = &wikis.get(rev.wiki.as_bytes())?.family;
        (**family != *rev.realm.as_bytes()).then(|| Refused {
            wiki: rev.wiki.clone(),
            rev: rev.rev,
            why: format!(
                "the wiki belongs to the family \"{}\" in this database, the file says \"{}\": all files must say \
                 the same",
                String::from_utf8_lossy(family),
                rev.realm
            ),
        })
    };
    revs.iter().filter_map(strange).collect()
}

/// Numbers all editors and hosts of revisions that fit; each statement by itself, outside of any transaction.
pub(super) async fn place<'b>(
    db: &Db,
    names: &mut Names,
    wikis: &Wikis,
    revs: &[&'b RevisionLinks],
) -> Result<Vec<Placed<'b>>> {
    let wiki_of = |rev: &RevisionLinks| wikis.get(rev.wiki.as_bytes()).ok_or_else(|| unnumbered("wiki"));
    let (mut editors, mut hosts) = (BTreeMap::new(), BTreeMap::new());
    for rev in revs {
        let new = NewEditor {
            kind: kind(rev.editor.kind),
            ip: (rev.editor.kind == EditorKind::Ip)
                .then(|| address(&rev.editor.name))
                .flatten(),
        };
        editors.insert(editor_key(wiki_of(rev)?.realm, &rev.editor.name), new);
        if let Links::Rows(rows) = &rev.links {
            for row in rows {
                if !hosts.contains_key(row.host.as_bytes()) {
                    hosts.insert(row.host.as_bytes().into(), NewHost);
                }
            }
        }
    }
    let editors = names.editors(db, &editors).await?;
    let hosts = names.hosts(db, &hosts).await?;
    revs.iter()
        .map(|rev| {
            let wiki = wiki_of(rev)?;
            let editor = number(&editors, &editor_key(wiki.realm, &rev.editor.name), "editor")?;
            placed(rev, wiki, editor_of(editor), &hosts)
        })
        .collect()
}

fn placed<'b>(rev: &'b RevisionLinks, wiki: &Wiki, (editor, kind): (u32, u8), hosts: &Numbers) -> Result<Placed<'b>> {
    let mut placed = Placed {
        wiki: wiki.id,
        rev: rev.rev.0,
        ts: rev.ts.trunc_subsecs(0),
        editor,
        kind,
        user_id: fits(rev.editor.user_id.0)?,
        page: fits(rev.page.0)?,
        from: rev,
        rows: Vec::new(),
    };
    if let Links::Rows(rows) = &rev.links {
        // Their numbers must not hang on the order they come in.
        let mut sorted: Vec<&Row> = rows.iter().collect();
        sorted.sort();
        for (row, n) in sorted.into_iter().zip(0..) {
            placed.rows.push(Addition {
                wiki: wiki.id,
                rev: placed.rev,
                n,
                ts: placed.ts,
                host: fits(number(hosts, row.host.as_bytes(), "host")?)?,
                editor,
                page: placed.page,
                flags: row.flags.0,
                times: row.times,
                path: Cow::Borrowed(row.path.as_bytes()),
            });
        }
    }
    Ok(placed)
}

fn number(numbers: &Numbers, key: &[u8], what: &'static str) -> Result<u64> {
    numbers.get(key).copied().ok_or_else(|| unnumbered(what))
}

fn fits(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(|_| unnumbered("id"))
}

fn unnumbered(column: &str) -> Error {
    Error::BadRow {
        what: "numbering names",
        column: column.into(),
        why: "it was not numbered".into(),
    }
}
