//! What may be shown and counted: what lists name that are shown nowhere is neither, and of temporary accounts and
//! addresses only young ones are named.
//! <https://www.mediawiki.org/wiki/Help:Temporary_accounts>

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use shared::core::link::{Key, PathHosts, found};
use shared::core::types::{Timestamp, UserId};
use shared::db::Work;
use shared::db::hit::Row as Hit;
use shared::db::links::questions::additions::Addition;
use shared::db::links::questions::lookup::{self, Kind};
use shared::db::suppress::{self, Suppressed, What};

use crate::model::Who;
use crate::settings::Settings;

/// The lists of what is shown nowhere.
#[derive(Default)]
pub struct Hides {
    /// Of the reports' wikis: they hold everywhere.
    everywhere: Vec<Suppressed>,
    /// Of each wiki that has one: it holds for edits there.
    of: HashMap<String, Suppressed>,
}

impl Hides {
    /// Reads the lists; those of the wikis `here` (their keys) hold everywhere.
    pub async fn read(db: &mut Work, here: &[&str]) -> shared::db::Result<Hides> {
        let mut of = suppress::everywhere(db).await?;
        let everywhere = here.iter().filter_map(|wiki| of.remove(*wiki)).collect();
        Ok(Hides { everywhere, of })
    }

    /// From lists by wiki.
    #[cfg(test)]
    pub fn new(here: Suppressed, of: HashMap<String, Suppressed>) -> Hides {
        let everywhere = vec![here];
        Hides { everywhere, of }
    }

    /// The editors, by number, that a list names: those of this wiki's in every family of wikis, others in that of their
    /// wiki. `realms`: by wiki key.
    pub async fn editors(
        &self,
        db: &mut Work,
        realms: &HashMap<&str, &str>,
    ) -> shared::db::Result<BTreeMap<u32, Kind>> {
        let mut found = BTreeMap::new();
        let of_others = self.of.iter().filter_map(|(wiki, list)| {
            let realm = realms.get(wiki.as_str())?;
            Some((list, Some(*realm)))
        });
        for (list, realm) in of_others.chain(self.everywhere.iter().map(|list| (list, None))) {
            for entry in list.private_entries().iter().filter(|entry| entry.what == What::User) {
                let editors = lookup::editors_named(db, &entry.name, realm).await?;
                found.extend(editors.into_iter().map(|editor| (editor.id, editor.kind)));
            }
        }
        Ok(found)
    }

    fn any(&self, wiki: &str, hides: impl Fn(&Suppressed) -> bool) -> bool {
        self.everywhere.iter().chain(self.of.get(wiki)).any(hides)
    }

    /// Whether a user of a wiki is not to be named: by account or by name.
    pub fn user(&self, wiki: &str, account: Option<UserId>, name: &str) -> bool {
        self.any(wiki, |list| list.hides_user(account, name))
    }

    /// Whether a page of a wiki is not, by its title with namespace.
    pub fn page(&self, wiki: &str, title: &str) -> bool {
        self.any(wiki, |list| list.hides(What::Page, title))
    }

    /// Whether a report of ours is not, by the title of its page.
    pub fn report(&self, title: &str) -> bool {
        self.everywhere.iter().any(|list| list.hides(What::Report, title))
    }

    /// Whether there are links that are not, wherever they were added.
    pub fn any_key(&self) -> bool {
        let mut entries = self.everywhere.iter().flat_map(|list| list.private_entries());
        entries.any(|entry| entry.what == What::Host)
    }

    /// Whether links of this key are not, wherever they were added.
    pub fn key(&self, key: &Key) -> bool {
        self.everywhere.iter().any(|list| list.hides_link(key))
    }

    /// The same of a key as it is stored; one that cannot be read is not shown.
    pub fn stored_key(&self, stored_key: &str) -> bool {
        Key::from_stored(stored_key).is_none_or(|key| self.key(&key))
    }

    /// Whether an addition is not to be shown, for its page, its host, or a host that an archive's link shows.
    pub fn addition(&self, one: &Addition) -> bool {
        let Some(key) = Key::from_stored(&one.stored_key) else {
            return true;
        };
        if one.page.as_ref().is_some_and(|(_, title)| self.page(&one.wiki, title)) {
            return true;
        }
        let address = format!("http://{}{}", key.host(), one.path);
        let inner = found(&address, &PathHosts::default());
        let keys = inner.into_iter().map(|found| found.key).chain([key]);
        keys.into_iter()
            .any(|key| self.any(&one.wiki, |list| list.hides_link(&key)))
    }

    /// Whether a hit is not to be shown.
    pub fn hit(&self, row: &Hit) -> bool {
        let (wiki, of) = (row.of.wiki.as_str(), &row.of);
        let key = of.hit.key.as_deref().and_then(Key::from_stored);
        let texts = [Some(&of.title), Some(&of.hit.string), of.hit.matched.as_ref()];
        of.user
            .as_ref()
            .is_some_and(|user| self.user(wiki, Some(user.id), &user.name))
            || key.is_some_and(|key| self.any(wiki, |list| list.hides_link(&key)))
            || texts.into_iter().flatten().any(|text| self.page(wiki, text))
    }
}

/// How somebody is shown who was last active at `last`. `single`: whether addresses may stand singly at all.
pub fn who(kind: Kind, name: &str, last: Timestamp, settings: &Settings, single: bool, now: Timestamp) -> Who {
    let is_old = now - last > settings.names_for;
    match kind {
        Kind::Named => Who::Name(name.to_owned()),
        Kind::Temporary if is_old => Who::Temporary,
        Kind::Address if is_old || !single => match name.parse() {
            Ok(ip) => Who::OldRange(range_of(ip)),
            Err(_) => Who::Hidden,
        },
        Kind::Temporary | Kind::Address => Who::Name(name.to_owned()),
        Kind::Range => Who::OldRange(name.to_owned()),
    }
}

/// What an address becomes a part of when it is not shown singly.
fn range_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
#[path = "shown_tests.rs"]
pub mod tests;
