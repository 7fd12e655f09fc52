//! One revision, as recorded or as the event stream told of it: which links it added, and whether that counts.
//!
//! The revision's own text decides where it is known; the stream adds what only templates show. Nobody is guessed:
//! without an author nothing is stored. <https://www.mediawiki.org/wiki/Manual:Reverts>

use super::changed;
use super::record::{LinksChange, Performer, RecordedEdit};
use super::row::{EditorName, Flags, Links, RevisionLinks};
use super::rows::rows;
use super::tally::{Addresses, Tally};
use super::why::Why;
use crate::change::EditorKind;
use crate::link::PathHosts;
use crate::types::Timestamp;
use crate::wikitext::TooBig;
use crate::wikitext::links::{LinkTemplate, TextLink, differing_links, external_links};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Tags of an edit that restored an older text.
const REVERT_TAGS: [&str; 3] = ["mw-rollback", "mw-undo", "mw-manual-revert"];

/// What is asked for, and what the wiki is like.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The wiki's extension tags, lower case without `<>`.
    pub extension_tags: &'a HashSet<String>,
    /// Templates whose argument is a link even without a scheme.
    pub templates: &'a [LinkTemplate],
    /// Hosts whose first path segment belongs to the key.
    pub path_hosts: &'a PathHosts,
    /// Who counts as new.
    pub new_user: NewUser,
    /// Namespaces that are read; empty for all.
    pub namespaces: &'a [i32],
}

/// When an account is new: either is enough. What the source does not say makes nobody new: of a revert by such an
/// account only what it had added before counts as its additions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewUser {
    /// It has fewer edits than this.
    pub edits: u64,
    /// It is younger than this many days at the time of the edit.
    pub days: i64,
}

impl Default for NewUser {
    /// 10 edits, which MediaWiki asks for on most wikis before an account is autoconfirmed, and the 7 days during
    /// which XLinkBot looks at an account's links.
    /// <https://www.mediawiki.org/wiki/Manual:$wgAutoConfirmCount>
    fn default() -> Self {
        Self { edits: 10, days: 7 }
    }
}

impl NewUser {
    /// Whether somebody was new at that time.
    pub fn is_new(self, who: &Performer, at: Timestamp) -> bool {
        let days = TimeDelta::try_days(self.days).unwrap_or(TimeDelta::MAX);
        let is_young = |made: Timestamp| at.signed_duration_since(made) < days;
        who.edits.is_some_and(|edits| edits < self.edits) || who.registered.is_some_and(is_young)
    }
}

/// What becomes of a revision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It added links. With a reason when only the stream's could be read, since the texts could not.
    Links(Box<RevisionLinks>, Option<Why>),
    /// Nothing is stored, and why.
    Nothing(Why),
}

/// Decides on one revision of which there is a recorded edit, an event of the stream, or both. An event of another
/// revision than the edit's is not looked at.
///
/// A link counts as added as often as it stands in the text more often than in the parent's, see the rules in
/// `tally.rs`. Links that only the stream tells of are joined in (with [`Flags::STREAM`]) when neither text has them,
/// the text changed a template or a link, and the event names the edit's own author. Without texts the stream's links
/// are taken as they are, so an edit to a template counts then for all pages that use it.
pub fn decide(edit: Option<&RecordedEdit>, stream: Option<&LinksChange>, rules: &Rules<'_>) -> Decision {
    match links_of(edit, stream, rules) {
        Ok((links, note)) => Decision::Links(Box::new(links), note),
        Err(why) => Decision::Nothing(why),
    }
}

fn links_of(
    edit: Option<&RecordedEdit>,
    stream: Option<&LinksChange>,
    rules: &Rules<'_>,
) -> Result<(RevisionLinks, Option<Why>), Why> {
    let stream = stream.filter(|stream| edit.is_none_or(|edit| edit.of.key() == stream.of.key()));
    let of = match (edit, stream) {
        (Some(edit), _) => &edit.of,
        (None, Some(stream)) => &stream.of,
        (None, None) => return Err(Why::NoLinks),
    };
    let nobody = if edit.is_some() { Why::Hidden } else { Why::NoPerformer };
    let who = of.performer.as_ref().ok_or(nobody)?;
    if edit.is_some_and(|edit| edit.text_hidden) {
        return Err(Why::Hidden);
    }
    if !matches!(who.kind, EditorKind::Named | EditorKind::Temporary | EditorKind::Ip) {
        return Err(Why::Import);
    }
    if !rules.namespaces.is_empty() && !rules.namespaces.contains(&of.ns) {
        return Err(Why::Namespace);
    }
    if edit.is_some_and(|edit| edit.model != "wikitext") {
        return Err(Why::Model);
    }
    if edit.is_some_and(is_null_edit) {
        return Err(Why::NullEdit);
    }
    let told = Told::of(edit, stream, who);
    let who = with_facts_of(who, stream);
    let is_revert = edit.is_some_and(is_revert);
    let is_settled = who.kind == EditorKind::Named && !rules.new_user.is_new(&who, of.ts);
    let mut flags = Flags::default();
    if is_revert && !is_settled {
        flags = flags.with(Flags::READDED);
    }
    if who.is_bot {
        flags = flags.with(Flags::BOT);
    }
    let reader = Reader {
        rules,
        addresses: Addresses::new(&of.wiki, rules.path_hosts),
        told,
    };
    let (links, note) = reader.added(edit, flags)?;
    let links = RevisionLinks {
        wiki: of.wiki.clone(),
        dbname: of.dbname.clone(),
        realm: of.realm.clone(),
        rev: of.rev,
        ts: of.ts,
        page: of.page,
        ns: of.ns,
        title: of.title.clone(),
        editor: EditorName {
            name: who.name,
            kind: who.kind,
            user_id: who.user_id,
        },
        is_revert: is_revert && is_settled,
        links,
    };
    Ok((links, note))
}

/// The text is the parent's.
fn is_null_edit(edit: &RecordedEdit) -> bool {
    match (&edit.text, &edit.parent_text) {
        (Some(text), Some(parent)) => text == parent,
        _ => edit.sha1.is_some() && edit.sha1.as_ref() == edit.earlier_sha1.first(),
    }
}

/// The wiki says so, or the text is one that the page had before. Null edits are out already.
fn is_revert(edit: &RecordedEdit) -> bool {
    let is_old = |hash| edit.earlier_sha1.contains(hash);
    edit.tags.iter().any(|tag| REVERT_TAGS.contains(&tag.as_str())) || edit.sha1.as_ref().is_some_and(is_old)
}

/// What the wiki's parser said.
struct Told<'a> {
    /// Addresses, each once: a page has a link or has it not.
    addresses: BTreeSet<&'a str>,
    /// Why the event's links do not count.
    refused: Option<Why>,
    /// Whether the parser said anything of this edit, be it that no link came.
    is_known: bool,
}

impl<'a> Told<'a> {
    fn of(edit: Option<&'a RecordedEdit>, stream: Option<&'a LinksChange>, who: &Performer) -> Self {
        let recorded = edit.and_then(|edit| edit.added.as_deref()).unwrap_or_default();
        let mut addresses: BTreeSet<&str> = recorded.iter().map(String::as_str).collect();
        let refused = match stream {
            Some(stream) if !stream.added.is_empty() => match &stream.of.performer {
                None => Some(Why::NoPerformer),
                Some(other) if !is_same(who, other) => Some(Why::OtherPerformer),
                Some(_) => {
                    addresses.extend(stream.added.iter().map(String::as_str));
                    None
                }
            },
            _ => None,
        };
        let is_heard = stream.is_some() && refused.is_none();
        Self {
            addresses,
            refused,
            is_known: is_heard || edit.is_some_and(|edit| edit.added.is_some()),
        }
    }

    fn tally(&self, addresses: &Addresses<'_>) -> Tally {
        let mut tally = Tally::default();
        for address in &self.addresses {
            tally.count([0, 1], address, Flags::STREAM, addresses);
        }
        tally
    }
}

/// By account where both are known, else by name.
fn is_same(a: &Performer, b: &Performer) -> bool {
    match (a.user_id.0, b.user_id.0) {
        (0, _) | (_, 0) => a.name == b.name,
        (a, b) => a == b,
    }
}

/// The author, with what only the event says of them.
fn with_facts_of(who: &Performer, stream: Option<&LinksChange>) -> Performer {
    let mut who = who.clone();
    let other = stream.and_then(|stream| stream.of.performer.as_ref());
    if let Some(other) = other.filter(|other| is_same(&who, other)) {
        if who.user_id.0 == 0 {
            who.user_id = other.user_id;
        }
        if other.kind == EditorKind::Temporary {
            who.kind = other.kind;
        }
        who.is_bot |= other.is_bot;
        who.edits = who.edits.or(other.edits);
        who.registered = who.registered.or(other.registered);
    }
    who
}

/// Reads the links of one revision.
struct Reader<'a> {
    rules: &'a Rules<'a>,
    addresses: Addresses<'a>,
    told: Told<'a>,
}

impl Reader<'_> {
    /// The links that were added, by the texts and by what was told.
    fn added(&self, edit: Option<&RecordedEdit>, flags: Flags) -> Result<(Links, Option<Why>), Why> {
        let all_told = || (Tally::default(), self.told.tally(&self.addresses));
        let mut refused = self.told.refused;
        let ((own, stream), note) = match edit.map_or(Texts::None, Texts::of) {
            Texts::Both { new, old } => match self.compare(new, old) {
                Ok((own, stream, true)) => ((own, stream), None),
                Ok((own, _, false)) => {
                    refused = refused.or(Some(Why::OwnTextUnchanged));
                    ((own, Tally::default()), None)
                }
                Err(TooBig(_)) => (all_told(), Some(Why::TooBig)),
            },
            Texts::NoParent => (all_told(), Some(Why::Incomplete)),
            Texts::None => (all_told(), None),
        };
        if let Some(links) = rows(own.added().chain(stream.added()), flags) {
            return Ok((links, note));
        }
        let is_silent = edit.is_some_and(|edit| edit.text.is_none()) && !self.told.is_known;
        let note = note.or(is_silent.then_some(Why::Incomplete));
        Err(note.or(refused).unwrap_or(Why::NoLinks))
    }

    /// The links of both texts, those that only the stream tells of, and whether the text changed so that these count.
    fn compare(&self, new: &str, old: &str) -> Result<(Tally, Tally, bool), TooBig> {
        let (tags, templates) = (self.rules.extension_tags, self.rules.templates);
        let mut differing = differing_links([new, old], tags, templates)?;
        for links in &mut differing {
            links.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        }
        let [came, went] = differing;
        if self.told.addresses.is_empty() && is_part(&came, &went) {
            return Ok((Tally::default(), Tally::default(), true));
        }
        // Nearly all stand in both texts: each is found and taken apart once.
        let old_links = external_links(old, tags, templates)?;
        let mut times: BTreeMap<(&str, bool), [u32; 2]> = BTreeMap::new();
        for link in &old_links {
            let [before, after] = times.entry(order(link)).or_default();
            (*before, *after) = (*before + 1, *after + 1);
        }
        // First what came, so that nothing goes that is not there yet.
        for link in &came {
            times.entry(order(link)).or_default()[1] += 1;
        }
        for link in &went {
            let after = &mut times.entry(order(link)).or_default()[1];
            *after = after.saturating_sub(1);
        }
        let mut own = Tally::default();
        for ((url, from_template), times) in times {
            let flags = if from_template {
                Flags::TEMPLATE
            } else {
                Flags::default()
            };
            own.count(times, url, flags, &self.addresses);
        }
        let stream = self.told.tally(&self.addresses).without(&own);
        let is_changed = stream.is_empty()
            || !came.iter().map(order).eq(went.iter().map(order))
            || changed::templates_or_links(new, old, self.rules.extension_tags)?;
        Ok((own, stream, is_changed))
    }
}

/// The texts that there are.
enum Texts<'a> {
    Both { new: &'a str, old: &'a str },
    NoParent,
    None,
}

impl<'a> Texts<'a> {
    fn of(edit: &'a RecordedEdit) -> Self {
        match (edit.text.as_deref(), edit.parent_text.as_deref()) {
            (Some(new), Some(old)) => Self::Both { new, old },
            (Some(new), None) if edit.parent.0 == 0 => Self::Both { new, old: "" },
            (Some(_), None) => Self::NoParent,
            (None, _) => Self::None,
        }
    }
}

fn order(link: &TextLink) -> (&str, bool) {
    (&link.url, link.from_template)
}

/// Whether every one of the sorted `new` is also in the sorted `old`, as often: most edits add no link.
fn is_part(new: &[TextLink], old: &[TextLink]) -> bool {
    let mut old = old.iter().map(order);
    new.iter().map(order).all(|link| old.any(|other| other == link))
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "join_tests.rs"]
mod join_tests;
