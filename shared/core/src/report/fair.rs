//! Whose turn it is when more reports are asked for than a run may write.
//!
//! Round robin over those who ask, so that nobody waits behind somebody else's flood. Pure: what was served before is
//! the caller's to know.

use std::collections::{HashMap, HashSet};

/// A subject that waits, by the requesters that asked for it, in the order of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Number of the subject in the caller's list.
    pub index: usize,
    /// Whoever asked, the first first; `None`: a rule did. Nobody at all is a rule, too.
    pub requesters: Vec<Option<String>>,
}

/// Pages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// In all.
    pub in_all: usize,
    /// For one requester.
    pub each: usize,
    /// For rules.
    pub by_rules: usize,
}

/// The subjects whose turn it is, in the order of serving: the [`Asked::index`] of each, none twice.
///
/// In each round every person has one turn, in the order in which they first come up in `asked` (which the caller
/// gives in the order of the first asks), and after them the rules, which are together like one person. A turn serves
/// the first subject that this requester asked for and that is not served yet; it counts for the requester whose turn
/// it is: of several, the one who comes first, unless that one still waits for other subjects. So a subject that two
/// asked for never makes one of them wait for the other, and as long as there are no more persons than `in_all`, each
/// is served at once.
pub fn choose(asked: &[Asked], bounds: Bounds) -> Vec<usize> {
    let mut queues: Vec<Queue> = Vec::new();
    let mut rules = Queue::new(bounds.by_rules);
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for Asked { index, requesters } in asked {
        for person in requesters.iter().flatten() {
            let number = *numbers.entry(person).or_insert_with(|| {
                queues.push(Queue::new(bounds.each));
                queues.len() - 1
            });
            queues[number].waiting.push(*index);
        }
        if requesters.is_empty() || requesters.contains(&None) {
            rules.waiting.push(*index);
        }
    }
    queues.push(rules);

    let mut served = HashSet::new();
    let mut chosen = Vec::new();
    loop {
        let before = chosen.len();
        for queue in &mut queues {
            if chosen.len() == bounds.in_all {
                return chosen;
            }
            chosen.extend(queue.turn(&mut served));
        }
        if chosen.len() == before {
            return chosen;
        }
    }
}

/// What one requester waits for.
struct Queue {
    waiting: Vec<usize>,
    /// How many of them were looked at.
    passed: usize,
    /// How many more may be served.
    left: usize,
}

impl Queue {
    fn new(left: usize) -> Queue {
        let (waiting, passed) = (Vec::new(), 0);
        Queue { waiting, passed, left }
    }

    /// The next subject that is not served yet; it is now.
    fn turn(&mut self, served: &mut HashSet<usize>) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        while let Some(index) = self.waiting.get(self.passed).copied() {
            self.passed += 1;
            if served.insert(index) {
                self.left -= 1;
                return Some(index);
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "fair_tests.rs"]
mod tests;
