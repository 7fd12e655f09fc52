//! Brings together what two streams tell of one edit, and knows up to which event everything has been given away.
//!
//! Pure: events come in with the time that passed, edits come out. An edit waits for its links until the stream of links
//! is clearly past it. Events may repeat and come in any order, so only the end of the finished events at the beginning
//! is a place to go on from: what still waits is read again by the next run.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use chrono::TimeDelta;
use shared::core::stream_event::{StreamChange, StreamLinks};
use shared::core::types::{RevId, Timestamp};

use super::edit::{Bounds, Counts, Position, StreamEdit, bare, is_by_author, whole};

type Key = (String, RevId);

/// Edits that were given without links are known so long to the next run, whose links may come then.
const CARRIED: TimeDelta = TimeDelta::minutes(2);
/// So many of them at most.
const MOST_CARRIED: usize = 5_000;

/// An event that came; later ones of no interest share its place.
struct Slot {
    id: String,
    at: Option<Timestamp>,
    is_open: bool,
}

/// One half of an edit that waits for the other.
struct Half {
    slot: u64,
    at: Timestamp,
    came: Duration,
    change: Option<Box<StreamChange>>,
    /// By different performers, while it is not known whose they are.
    links: Vec<StreamLinks>,
}

/// What was given, or given up.
enum Given {
    /// An edit without links, as far as is known.
    Alone(Box<StreamChange>),
    /// The same by the run before; the key of its wiki.
    Before(String),
    /// An edit with its links, or one whose texts are read anyway.
    Whole,
    /// Links that waited too long for their edit.
    Links,
}

/// Joins two streams by wiki and revision.
pub struct Joiner {
    bounds: Bounds,
    slots: VecDeque<Slot>,
    /// Number of the first slot.
    first: u64,
    halves: HashMap<Key, Half>,
    /// Which halves wait, oldest first: edits, links.
    edits: BTreeSet<(Timestamp, Key)>,
    links: BTreeSet<(Timestamp, Key)>,
    /// The same in the order in which they came.
    came: VecDeque<(Duration, Key)>,
    given: HashMap<Key, Given>,
    given_order: VecDeque<Key>,
    /// The last of those that were taken without links, each with the key of its wiki.
    alone: VecDeque<(Timestamp, Key, String)>,
    /// How far each stream has come: changes, links.
    reached: (Option<Timestamp>, Option<Timestamp>),
    /// What can be given once everything before it is finished, by its event's place: so nothing is given that the next
    /// run would read again.
    held: BTreeMap<u64, Vec<StreamEdit>>,
    /// How many edits those are.
    holds: usize,
    ready: Vec<StreamEdit>,
    position: Option<Position>,
    has_moved: bool,
    counts: Counts,
}

impl Joiner {
    /// Nothing has come yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            slots: VecDeque::new(),
            first: 0,
            halves: HashMap::new(),
            edits: BTreeSet::new(),
            links: BTreeSet::new(),
            came: VecDeque::new(),
            given: HashMap::new(),
            given_order: VecDeque::new(),
            alone: VecDeque::new(),
            reached: (None, None),
            held: BTreeMap::new(),
            holds: 0,
            ready: Vec::new(),
            position: None,
            has_moved: false,
            counts: Counts::default(),
        }
    }

    /// After a run that ended there.
    pub fn after(bounds: Bounds, position: &Position) -> Self {
        let mut joiner = Self::new(bounds);
        for (dbname, alone) in &position.alone {
            for rev in &alone.revs {
                let key = (dbname.clone(), *rev);
                let at = position.at.unwrap_or_default();
                joiner.alone.push_back((at, key.clone(), alone.wiki.clone()));
                joiner.give(key, Given::Before(alone.wiki.clone()));
            }
        }
        joiner
    }

    /// An event that tells nothing of an edit that is wanted.
    pub fn other(&mut self, id: &str, at: Option<Timestamp>) {
        self.slot(id, at, false);
    }

    /// How far the stream of changes has come, by an event of any wiki.
    pub fn changes_reached(&mut self, at: Timestamp) {
        self.reached.0 = self.reached.0.max(Some(at));
    }

    /// The same of the stream of links.
    pub fn links_reached(&mut self, at: Timestamp) {
        self.reached.1 = self.reached.1.max(Some(at));
    }

    /// An edit. `now` is the time since the beginning, and never runs back.
    pub fn change(&mut self, id: &str, change: Box<StreamChange>, now: Duration) {
        let at = change.dt;
        self.changes_reached(at);
        let key = (change.dbname.clone(), change.change.revid);
        let is_known = self.halves.get(&key).is_some_and(|half| half.change.is_some());
        match self.given.get_mut(&key) {
            Some(given @ Given::Links) => {
                *given = Given::Whole;
                self.counts.unsure += 1;
                let slot = self.slot(id, Some(at), false);
                return self.hold(slot, whole(*change, Vec::new(), false, false));
            }
            None if !is_known => {}
            _ => {
                self.counts.repeated += 1;
                return self.other(id, Some(at));
            }
        }
        match self.halves.get_mut(&key) {
            Some(half) => {
                let all = half.links.len();
                half.links.retain(|links| is_by_author(&links.links, &change.change));
                self.counts.without_edit += (all - half.links.len()) as u64;
                half.change = Some(change);
                if half.links.is_empty() {
                    // It goes on waiting, as an edit.
                    let place = (half.at, key);
                    self.links.remove(&place);
                    self.edits.insert(place);
                } else {
                    self.close(&key);
                }
                // What waits is read again from its first event on.
                self.other(id, Some(at));
            }
            None => {
                let slot = self.slot(id, Some(at), true);
                self.edits.insert((at, key.clone()));
                self.wait(key, slot, at, now, |half| half.change = Some(change));
            }
        }
    }

    /// Links.
    pub fn link(&mut self, id: &str, links: Box<StreamLinks>, now: Duration) {
        let at = links.links.of.ts;
        self.links_reached(at);
        let key = (links.dbname.clone(), links.links.of.rev);
        if let Some(given) = self.given.get_mut(&key) {
            match std::mem::replace(given, Given::Whole) {
                Given::Alone(change) if is_by_author(&links.links, &change.change) => {
                    self.counts.late += 1;
                    let slot = self.slot(id, Some(at), false);
                    return self.hold(slot, whole(*change, vec![*links], true, true));
                }
                Given::Before(wiki) => {
                    // By a template's editor, maybe: those of its author may still come.
                    *given = Given::Before(wiki.clone());
                    self.counts.late += 1;
                    let slot = self.slot(id, Some(at), false);
                    return self.hold(slot, bare(wiki, *links));
                }
                alone @ Given::Alone(_) => {
                    *given = alone;
                    self.counts.without_edit += 1;
                }
                before => {
                    *given = before;
                    self.counts.repeated += 1;
                }
            }
            return self.other(id, Some(at));
        }
        let Some(half) = self.halves.get_mut(&key) else {
            let slot = self.slot(id, Some(at), true);
            self.links.insert((at, key.clone()));
            return self.wait(key, slot, at, now, |half| half.links.push(*links));
        };
        match &half.change {
            // The same page once more before the edit itself came.
            None if half.links.contains(&links) => self.counts.repeated += 1,
            None => half.links.push(*links),
            Some(change) if is_by_author(&links.links, &change.change) => {
                half.links.push(*links);
                self.close(&key);
            }
            Some(_) => self.counts.without_edit += 1,
        }
        self.other(id, Some(at));
    }

    /// Gives up waiting where that is over.
    pub fn look(&mut self, now: Duration) {
        let (changes, links) = self.reached;
        let before = |reached: Option<Timestamp>, by: Duration| {
            let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
            reached.and_then(|reached| reached.checked_sub_signed(by))
        };
        let (window, longest) = (self.bounds.window, self.bounds.longest);
        let edits_to = before(links, window).max(before(changes, longest));
        let links_to = before(changes, window).max(before(links, longest));
        while let Some((at, key)) = self.edits.first()
            && edits_to.is_some_and(|to| *at <= to)
        {
            let key = key.clone();
            self.close(&key);
        }
        while let Some((at, key)) = self.links.first()
            && links_to.is_some_and(|to| *at <= to)
        {
            let key = key.clone();
            self.close(&key);
        }
        while let Some((came, key)) = self.came.front() {
            // Closed, or closed and waiting anew, since then.
            let is_it = self.halves.get(key).is_some_and(|half| half.came == *came);
            if is_it && now < *came + window {
                break;
            }
            let key = key.clone();
            self.came.pop_front();
            if is_it {
                self.close(&key);
            }
        }
        while self.halves.len() > self.bounds.waiting || self.holds > self.bounds.waiting {
            let oldest = [self.edits.first(), self.links.first()].into_iter().flatten().min();
            let Some((_, key)) = oldest else { break };
            let key = key.clone();
            self.close(&key);
            self.move_on();
        }
        self.move_on();
    }

    /// Edits that can be taken, as of the last look.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    fn hold(&mut self, slot: u64, edit: StreamEdit) {
        self.holds += 1;
        self.held.entry(slot).or_default().push(edit);
    }

    /// The place behind the finished events at the beginning, and what was held until these were finished.
    fn move_on(&mut self) {
        while self.slots.front().is_some_and(|slot| !slot.is_open)
            && let Some(slot) = self.slots.pop_front()
        {
            self.first += 1;
            let before = self.position.as_ref().and_then(|position| position.at);
            let at = slot.at.or(before);
            if !slot.id.is_empty() {
                self.position = Some(Position {
                    id: slot.id,
                    at,
                    ..Position::default()
                });
                self.has_moved = true;
            }
        }
        while let Some(first) = self.held.first_entry().filter(|entry| *entry.key() < self.first) {
            let edits = first.remove();
            self.holds -= edits.len();
            edits.iter().for_each(|edit| self.leaves(edit));
            self.ready.extend(edits);
        }
    }

    /// Keeps in mind which edits are given without links, until these come.
    fn leaves(&mut self, edit: &StreamEdit) {
        let key = (edit.dbname.clone(), edit.change.revid);
        if edit.is_late {
            return self.alone.retain(|(_, of, _)| *of != key);
        }
        if edit.links.is_some() || !edit.knows_links {
            return;
        }
        let at = edit.change.timestamp;
        self.alone.push_back((at, key, edit.wiki.clone()));
        let is_over = |first: &(Timestamp, Key, String)| at - first.0 > CARRIED;
        while self.alone.len() > MOST_CARRIED || self.alone.front().is_some_and(is_over) {
            self.alone.pop_front();
        }
    }

    /// All that is finished, in the order in which it came, and where to go on after it: `None` if that is where it was
    /// when this was asked before. What was not given is read again from there.
    pub fn take(&mut self) -> (Vec<StreamEdit>, Option<Position>) {
        self.move_on();
        if self.position.is_none()
            && let Some(at) = self.slots.iter().filter_map(|slot| slot.at).min()
        {
            self.position = Some(Position {
                at: Some(at),
                ..Position::default()
            });
            self.has_moved = true;
        }
        let moved = std::mem::take(&mut self.has_moved);
        let mut position = self.position.clone().filter(|_| moved);
        if let Some(position) = &mut position {
            for (_, (dbname, rev), wiki) in &self.alone {
                let alone = position.alone.entry(dbname.clone()).or_default();
                alone.wiki.clone_from(wiki);
                alone.revs.insert(*rev);
            }
        }
        (std::mem::take(&mut self.ready), position)
    }

    /// What came to nothing so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn slot(&mut self, id: &str, at: Option<Timestamp>, is_open: bool) -> u64 {
        if !is_open && let Some(last) = self.slots.back_mut().filter(|last| !last.is_open) {
            id.clone_into(&mut last.id);
            last.at = at.or(last.at);
        } else {
            let id = id.to_owned();
            self.slots.push_back(Slot { id, at, is_open });
        }
        self.first + self.slots.len() as u64 - 1
    }

    fn wait(&mut self, key: Key, slot: u64, at: Timestamp, now: Duration, set: impl FnOnce(&mut Half)) {
        let mut half = Half {
            slot,
            at,
            came: now,
            change: None,
            links: Vec::new(),
        };
        set(&mut half);
        self.came.push_back((now, key.clone()));
        self.halves.insert(key, half);
    }

    /// The waiting is over: what there is goes out.
    fn close(&mut self, key: &Key) {
        let Some(half) = self.halves.remove(key) else { return };
        let place = (half.at, key.clone());
        self.edits.remove(&place);
        self.links.remove(&place);
        let index = usize::try_from(half.slot - self.first).ok();
        if let Some(slot) = index.and_then(|index| self.slots.get_mut(index)) {
            slot.is_open = false;
        }
        let given = match half.change {
            None => {
                self.counts.without_edit += half.links.len() as u64;
                Given::Links
            }
            Some(change) if half.links.is_empty() => {
                // After the whole window of our own time a stream of links that is a little behind is not past it.
                let half_window = TimeDelta::from_std(self.bounds.window / 2).unwrap_or(TimeDelta::MAX);
                let knows = self.reached.1.is_some_and(|links| links - half.at >= half_window);
                self.counts.unsure += u64::from(!knows);
                self.hold(half.slot, whole((*change).clone(), Vec::new(), knows, false));
                if knows { Given::Alone(change) } else { Given::Whole }
            }
            Some(change) => {
                self.hold(half.slot, whole(*change, half.links, true, false));
                Given::Whole
            }
        };
        self.give(key.clone(), given);
    }

    fn give(&mut self, key: Key, given: Given) {
        self.given.insert(key.clone(), given);
        self.given_order.push_back(key);
        if self.given_order.len() > self.bounds.remembered
            && let Some(oldest) = self.given_order.pop_front()
        {
            self.given.remove(&oldest);
        }
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
