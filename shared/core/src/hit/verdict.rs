//! What the rules found, before and after it is known who the editor is.

use super::story::{self, Story};
use super::types::{Edit, Hit, Skip, UserFacts};
use crate::addition::{NewUser, Performer};
use crate::change::EditorKind;
use crate::types::Timestamp;

/// What was asked about the page or about one link.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Event {
    /// Up to the overlap.
    pub before: Story,
    /// Ends the event, unless it turns out to be skipped.
    pub overlap: Option<Hit>,
    /// What the rules after it found: what is not shown, then at most one that is.
    pub later: Vec<Hit>,
    /// About the rules after it.
    pub after: Story,
}

impl Event {
    /// With a story if `told` is one.
    pub fn new(told: &Story) -> Event {
        Event {
            before: told.another(),
            overlap: None,
            later: Vec::new(),
            after: told.another(),
        }
    }

    /// Takes the hit after which no rule is asked.
    pub fn end(&mut self, hit: Hit) {
        self.after.say(|| story::ends(&hit));
        self.later.push(hit);
    }
}

/// What the rules found in an edit. What it comes to depends on who the editor is: see [`Judged::settle`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Judged {
    pub(super) story: Story,
    events: Vec<Event>,
    /// Kept where there are hits.
    performer: Option<Performer>,
    tags: Vec<String>,
    needs_user: bool,
}

/// What an edit comes to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    /// The hits to be recorded, in the order of the events: the page, then the links by key. Of each event at most one
    /// is shown and not skipped, and then it is the event's last.
    pub hits: Vec<Hit>,
    /// What was asked, in plain sentences, after [`super::Judge::explain`]; else empty. Holds text from users, which
    /// is not made harmless yet.
    pub story: Vec<String>,
}

impl Judged {
    pub(super) fn new(story: Story) -> Judged {
        Judged {
            story,
            ..Judged::default()
        }
    }

    /// Events without hits are of use for the story only.
    pub(super) fn add(&mut self, event: Event) {
        if event.overlap.is_some() || !event.later.is_empty() || self.story.is_on() {
            self.events.push(event);
        }
    }

    /// Keeps what [`Judged::settle`] has to know of the edit.
    pub(super) fn close(&mut self, performer: &Performer, edit: &Edit<'_>, skip: &Skip) {
        if !self.has_hits() {
            return;
        }
        self.performer = Some(performer.clone());
        let overlaps = self.events.iter().filter_map(|event| event.overlap.as_ref());
        let is_open = overlaps.into_iter().any(|hit| hit.skip.is_none());
        if is_open {
            self.tags = edit.tags.to_vec();
        }
        let figures = Figures::of(performer, None);
        let asks_more = !skip.groups.is_empty() || skip.edits_over.is_some() || skip.age_over.is_some();
        let is_settled = skipped_tag(skip, &self.tags).is_some() || figures.skip(skip, edit.of.ts).is_some();
        let is_unknown = figures.edits.is_none() && figures.registered.is_none();
        let is_account = performer.kind == EditorKind::Named;
        self.needs_user = is_account && (is_open && asks_more && !is_settled || is_unknown && self.has_shown_hits());
    }

    /// Whether there is anything to record.
    pub fn has_hits(&self) -> bool {
        self.events
            .iter()
            .any(|event| event.overlap.is_some() || !event.later.is_empty())
    }

    fn has_shown_hits(&self) -> bool {
        let hits = self
            .events
            .iter()
            .flat_map(|event| event.overlap.iter().chain(&event.later));
        hits.into_iter().any(|hit| hit.is_shown && hit.skip.is_none())
    }

    /// Whether [`UserFacts`] can change the verdict: an overlap may be skipped for the user's groups, edits or age, or
    /// the edit said nothing by which a hit's account could be new. Addresses and temporary accounts need none.
    pub fn needs_user(&self) -> bool {
        self.needs_user
    }

    /// Whether the verdict is the same for somebody with these facts who elsewhere has more edits, is older, and is in
    /// other groups: then nobody has to be asked for global figures.
    pub fn is_settled(&self, skip: &Skip, facts: &UserFacts, new_user: NewUser, ts: Timestamp) -> bool {
        let Some(performer) = &self.performer else { return true };
        let figures = Figures::of(performer, Some(facts));
        let is_open = self
            .events
            .iter()
            .any(|event| event.overlap.as_ref().is_some_and(|hit| hit.skip.is_none()));
        let is_skipped = || skipped(skip, &self.tags, Some(facts), figures, ts).is_some();
        !is_new(performer, figures, new_user, ts) && (!is_open || is_skipped())
    }

    /// The verdict on an edit that was made at `ts`. `facts` stand before what the edit itself said of the account.
    ///
    /// An overlap is skipped, in this order, for what was compared (too short a name or string, a title that merely
    /// contains a short name), for a tag, for a group, and for edits and age. What is not known skips nobody. A skipped
    /// overlap is recorded, and what the later rules found is, too.
    pub fn settle(self, skip: &Skip, facts: Option<&UserFacts>, new_user: NewUser, ts: Timestamp) -> Verdict {
        let Judged {
            mut story,
            events,
            performer,
            tags,
            ..
        } = self;
        let figures = performer
            .as_ref()
            .map(|performer| Figures::of(performer, facts))
            .unwrap_or_default();
        let reason = || skipped(skip, &tags, facts, figures, ts);
        let mut hits = Vec::new();
        for event in events {
            story.append(event.before);
            if let Some(mut hit) = event.overlap {
                hit.skip = hit.skip.or_else(reason);
                hit.starts_monitoring &= hit.skip.is_none();
                let rule = hit.rule;
                let is_over = hit.skip.is_none();
                match &hit.skip {
                    Some(why) => story.rule(rule, || format!("skipped ({why}): recorded only; the questions go on.")),
                    None => story.say(|| story::ends(&hit)),
                }
                hits.push(hit);
                if is_over {
                    continue;
                }
            }
            story.append(event.after);
            hits.extend(event.later);
        }
        let is_new = performer.as_ref().is_some_and(|who| is_new(who, figures, new_user, ts));
        for hit in &mut hits {
            hit.is_new = is_new;
        }
        let skipped = hits.iter().filter(|hit| hit.skip.is_some()).count();
        story.say(|| match hits.len() {
            0 => "Nothing to record.".to_owned(),
            all => format!("Hits to record: {all}, of them skipped: {skipped}."),
        });
        Verdict {
            hits,
            story: story.sentences(),
        }
    }
}

/// What is known of an account in numbers.
#[derive(Clone, Copy, Default)]
struct Figures {
    edits: Option<u64>,
    registered: Option<Timestamp>,
}

impl Figures {
    fn of(performer: &Performer, facts: Option<&UserFacts>) -> Figures {
        Figures {
            edits: facts.and_then(|facts| facts.edits).or(performer.edits),
            registered: facts.and_then(|facts| facts.registered).or(performer.registered),
        }
    }

    /// Why such an account's overlaps are skipped: it has more edits than this and is older than that; where only one
    /// of the two is set, by that alone.
    fn skip(self, skip: &Skip, at: Timestamp) -> Option<String> {
        let age = self.registered.map(|made| at.signed_duration_since(made));
        let many = skip.edits_over.map(|most| self.edits.filter(|edits| *edits > most));
        let old = skip.age_over.map(|most| age.filter(|age| *age > most));
        let edits = |edits: u64| format!("{edits} edits");
        let days = |age: chrono::TimeDelta| format!("{} days", age.num_days());
        let figures = match (many, old) {
            (None, None) => return None,
            (Some(many), None) => edits(many?),
            (None, Some(old)) => days(old?),
            (Some(many), Some(old)) => format!("{}, {}", edits(many?), days(old?)),
        };
        Some(format!("established: {figures}"))
    }
}

/// Why overlaps are skipped for who made the edit and how.
fn skipped(skip: &Skip, tags: &[String], facts: Option<&UserFacts>, figures: Figures, at: Timestamp) -> Option<String> {
    let group = || {
        let group = facts?.groups.iter().find(|group| skip.groups.contains(group))?;
        Some(format!("group: {group}"))
    };
    let tag = skipped_tag(skip, tags);
    tag.or_else(group).or_else(|| figures.skip(skip, at))
}

fn skipped_tag(skip: &Skip, tags: &[String]) -> Option<String> {
    let tag = tags.iter().find(|tag| skip.tags.contains(tag))?;
    Some(format!("tag: {tag}"))
}

fn is_new(performer: &Performer, figures: Figures, new_user: NewUser, at: Timestamp) -> bool {
    if matches!(performer.kind, EditorKind::Temporary | EditorKind::Ip) {
        return true;
    }
    let who = Performer {
        edits: figures.edits,
        registered: figures.registered,
        ..performer.clone()
    };
    new_user.is_new(&who, at)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
