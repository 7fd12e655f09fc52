//! Which of the hosts that need an answer are asked for, which need no question, and which must wait. Pure.

use std::collections::HashMap;

use super::public::is_public;
use crate::core::link::Key;
use crate::db::links::host_ip::{Answer, Due};

/// Hosts of one registrable domain asked for in a run, itself included.
pub const PER_DOMAIN: usize = 5;
/// Hosts asked for in a run.
pub const PER_RUN: usize = 500;

/// What to do about each host, in the order given.
#[derive(PartialEq, Debug, Default)]
pub(super) struct Plan {
    /// Hosts to ask for: number and ASCII name.
    pub ask: Vec<(u32, String)>,
    /// Hosts whose answer is known without asking.
    pub known: Vec<(u32, Answer)>,
    /// Hosts that would be too many for now; they stay due.
    pub left: u64,
}

/// Plans a run. One question per registrable domain, unless a host differs in kind: a domain itself (which `www.` is the
/// same as) is one kind, and each sub-domain is another, for `shop.` and `blog.` are often at somebody else's, and an
/// address is never stored for a host that it was not asked for. Where a host gives each sub-domain to another customer
/// the public suffix list makes it a domain of its own. [`PER_DOMAIN`] bounds a domain that has a sub-domain for each
/// link. Not asked for: addresses (stored as they are, where they are public), public suffixes and single labels, and
/// accounts on a large host (`facebook.com/acme`), of whom the address of the host says nothing.
pub(super) fn plan(due: &[Due]) -> Plan {
    let mut plan = Plan::default();
    let mut of_domain: HashMap<String, usize> = HashMap::new();
    for Due { host_id, stored_key } in due {
        let key = Key::from_stored(stored_key);
        if let Some(ip) = key.as_ref().and_then(Key::ip) {
            let answer = if is_public(ip) {
                Answer::Addresses(vec![ip])
            } else {
                Answer::None
            };
            plan.known.push((*host_id, answer));
            continue;
        }
        let whole_host = key.as_ref().filter(|key| key.part().is_none());
        let Some((key, domain)) = whole_host.and_then(|key| Some((key, key.registrable()?))) else {
            plan.known.push((*host_id, Answer::None));
            continue;
        };
        let asked = of_domain.entry(domain).or_default();
        if *asked == PER_DOMAIN || plan.ask.len() == PER_RUN {
            plan.left += 1;
        } else {
            *asked += 1;
            plan.ask.push((*host_id, key.host()));
        }
    }
    plan
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
