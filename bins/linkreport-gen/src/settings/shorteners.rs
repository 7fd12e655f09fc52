//! Hosts that lead on to others: a host of this list says nothing of the site behind it, so each addition is worth a
//! look. Nothing here or elsewhere asks such a host where it leads.

use shared::core::link::{Key, PathHosts};
use shared::core::settings::MapNode;
use shared::core::site::Site;

use super::Shorteners;
use super::lists::page;

/// Most hosts of the list.
const HOSTS: usize = 500;
/// Well-known URL shorteners that lead to anybody's site; those of one firm's own pages (`youtu.be`) are none.
const DEFAULT: [&str; 44] = [
    "adf.ly",
    "bit.do",
    "bit.ly",
    "bitly.com",
    "bl.ink",
    "buff.ly",
    "clck.ru",
    "cli.gs",
    "cutt.ly",
    "cutt.us",
    "dlvr.it",
    "goo.gl",
    "goo.su",
    "is.gd",
    "j.mp",
    "kutt.it",
    "linktr.ee",
    "mcaf.ee",
    "ouo.io",
    "ow.ly",
    "po.st",
    "qr.ae",
    "qr.net",
    "rb.gy",
    "rebrand.ly",
    "shorte.st",
    "short.gy",
    "shorturl.at",
    "snip.ly",
    "snipurl.com",
    "su.pr",
    "surl.li",
    "t.co",
    "t.ly",
    "t2m.io",
    "tiny.cc",
    "tiny.one",
    "tinyurl.com",
    "tr.im",
    "u.nu",
    "urlz.fr",
    "v.gd",
    "vk.cc",
    "x.co",
];

impl Default for Shorteners {
    fn default() -> Shorteners {
        let none = PathHosts::new::<&str>([]).unwrap_or_default();
        let keys = DEFAULT.iter().filter_map(|name| key(name, &none).ok());
        Shorteners {
            keys: keys.collect(),
            page: None,
        }
    }
}

pub(super) fn shorteners(root: &MapNode<'_>, site: &Site, path_hosts: &PathHosts) -> Shorteners {
    let group = root.section("shorteners");
    group.known(&["hosts", "page"]);
    let mut keys = Vec::new();
    if !group.has("hosts") {
        keys = Shorteners::default().keys;
    }
    for (n, text) in group.texts("hosts", HOSTS).unwrap_or_default().iter().enumerate() {
        match key(text, path_hosts) {
            Ok(key) if keys.contains(&key) => group.problem_at("hosts", n, "this host stands in the list twice"),
            Ok(key) => keys.push(key),
            Err(why) => group.problem_at("hosts", n, &why),
        }
    }
    Shorteners {
        keys,
        page: page(&group, "page", site),
    }
}

/// The key of a host, or why it is none for this list.
fn key(text: &str, path_hosts: &PathHosts) -> Result<Key, String> {
    let key = Key::from_name(text, path_hosts)?;
    let name = key.display();
    let (_, rest) = text.split_once("://").unwrap_or(("", text));
    if key.part().is_none() && rest.trim().trim_end_matches('/').contains(['/', '?', '#']) {
        return Err(format!("write the host alone, as in `{name}`"));
    }
    if key.ip().is_none() && key.registrable().is_none() {
        return Err(format!("`{name}` is what many domains end in, no host of one owner"));
    }
    Ok(key)
}
