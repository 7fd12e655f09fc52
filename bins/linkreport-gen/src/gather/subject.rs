//! From a subject to the numbers of the hosts or editors that are meant, at most as many as can be summed together.

use std::net::IpAddr;

use shared::core::report::Subject;
use shared::db::Work;
use shared::db::links::host_ip;
use shared::db::links::questions::MOST;
use shared::db::links::questions::lookup::{self, Editor, Host, Kind, stored_name};

use super::shown::Hides;

/// Most hosts or editors.
pub const BOUND: u32 = MOST as u32;

/// What a subject stands for.
#[derive(Default)]
pub struct Meant {
    /// Hosts (of a link or server).
    pub hosts: Vec<Host>,
    /// Editors (of a user, address or range).
    pub editors: Vec<Editor>,
    /// There are more than these.
    pub is_cut: bool,
}

impl Meant {
    /// Numbers of the hosts.
    pub fn host_ids(&self) -> Vec<u32> {
        self.hosts.iter().map(|host| host.id).collect()
    }

    /// Numbers of the editors.
    pub fn editor_ids(&self) -> Vec<u32> {
        self.editors.iter().map(|editor| editor.id).collect()
    }
}

/// What is meant, without what is shown nowhere. A user is one of the family of wikis `realm`; where that has none of
/// the name, those of all others.
pub async fn meant(db: &mut Work, subject: &Subject, realm: &str, hides: &Hides) -> shared::db::Result<Meant> {
    let mut meant = Meant::default();
    match subject {
        Subject::Link(key) => {
            let (from, to) = key.with_subdomains();
            meant.hosts = lookup::hosts_between(db, &from, &to, BOUND + 1).await?;
        }
        Subject::Server(ip) => {
            let served = host_ip::of_address(db, *ip, 0, BOUND + 1).await?;
            let hosts = served.into_iter().map(|served| Host {
                id: served.host_id,
                stored_key: served.stored_key,
            });
            meant.hosts = hosts.collect();
        }
        Subject::User(name) => {
            let name = stored_name(name);
            let here = lookup::editors_named(db, &name, Some(realm)).await?;
            meant.editors = match here.is_empty() {
                true => lookup::editors_named(db, &name, None).await?,
                false => here,
            };
        }
        Subject::Ip(ip) => meant.editors = lookup::editors_named(db, &ip.to_string(), None).await?,
        Subject::Range(net) => {
            let ends = (net.network(), net.broadcast());
            meant.editors = lookup::editors_in_range(db, ends.0, ends.1, BOUND + 1).await?;
            // What was cut to a range that is wider than this one may come from outside of it.
            let cut_to = if ends.0.is_ipv4() { 24 } else { 48 };
            meant
                .editors
                .retain(|editor| editor.kind != Kind::Range || net.prefix_len() <= cut_to);
        }
    }
    // `is_cut` is about what is there, so it is told before anything is left out.
    let bound = BOUND as usize;
    meant.is_cut = meant.hosts.len() > bound || meant.editors.len() > bound;
    meant.hosts.truncate(bound);
    meant.editors.truncate(bound);
    meant.hosts.retain(|host| !hides.stored_key(&host.stored_key));
    Ok(meant)
}

/// The first and the last address of what hits are asked for.
pub fn ends(subject: &Subject) -> Option<(IpAddr, IpAddr)> {
    match subject {
        Subject::Range(net) => Some((net.network(), net.broadcast())),
        _ => None,
    }
}
