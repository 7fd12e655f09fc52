//! Which watched wiki somebody at the terminal means: by its key, its `api.php`, the name of its database, or a part of its
//! key that no other wiki has. Never the first of several.

use anyhow::{Context as _, bail, ensure};
use shared::core::text::terminal;
use shared::job::Run;
use shared::wiki::matrix::sitematrix;
use shared::wiki::wiki_id_of;

use crate::settings::{Place, Settings, Wikis};

/// Keys that an error lists.
const TOLD: usize = 20;

/// A wiki that can be meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Named {
    /// Its key in every table.
    pub key: String,
    /// The name of its database, where it is known.
    pub dbname: Option<String>,
    /// Its `api.php`; `None`: the run's own wiki.
    pub url: Option<String>,
    /// What is watched there; `None`: what the settings say for all.
    pub namespaces: Option<Vec<i32>>,
}

impl Named {
    fn is(&self, asked: &str) -> bool {
        let names = [Some(&self.key), self.dbname.as_ref(), self.url.as_ref()];
        names.into_iter().flatten().any(|name| name == asked)
    }
}

/// The wiki that is meant; `None`: the run's own. Errs when there is none, or more than one, and where the list of wikis
/// cannot be read.
pub async fn find(run: &Run<Settings>, asked: Option<&str>) -> anyhow::Result<Named> {
    let mut all = vec![Named {
        key: run.wiki.clone(),
        dbname: Some(run.session.site().dbname().to_owned()),
        ..Named::default()
    }];
    match &run.accepted.parsed.settings.wikis {
        Wikis::List(list) => {
            for watched in list {
                match &watched.place {
                    Place::Here => all[0].namespaces.clone_from(&watched.namespaces),
                    Place::Api(url) => all.push(Named {
                        key: wiki_id_of(url, &[])?,
                        url: Some(url.clone()),
                        namespaces: watched.namespaces.clone(),
                        dbname: None,
                    }),
                }
            }
        }
        Wikis::All => {
            let own = all[0].clone();
            if asked.is_some_and(|asked| !own.is(asked)) {
                let matrix = sitematrix(&run.session).await;
                let matrix = matrix.context("`wikis: all`: reading which wikis there are")?;
                let others = matrix.into_iter().filter(|wiki| !wiki.private && !wiki.closed);
                for wiki in others.filter(|wiki| Some(&wiki.dbname) != own.dbname.as_ref()) {
                    all.push(Named {
                        key: wiki_id_of(&wiki.api_url, &[]).unwrap_or_else(|_| wiki.api_url.clone()),
                        dbname: Some(wiki.dbname),
                        url: Some(wiki.api_url),
                        namespaces: None,
                    });
                }
            }
        }
    }
    match asked {
        Some(asked) => choose(all, asked),
        None => Ok(all.swap_remove(0)),
    }
}

fn choose(all: Vec<Named>, asked: &str) -> anyhow::Result<Named> {
    if let Some(exact) = all.iter().find(|named| named.is(asked)) {
        return Ok(exact.clone());
    }
    let (mut found, others): (Vec<Named>, Vec<Named>) = all.into_iter().partition(|named| named.key.contains(asked));
    let asked = terminal(asked);
    ensure!(
        !found.is_empty(),
        "{asked} is none of the watched wikis: {}",
        keys(&others)
    );
    if found.len() > 1 {
        bail!(
            "{asked} may be several of the watched wikis, write one of them in full: {}",
            keys(&found)
        );
    }
    Ok(found.swap_remove(0))
}

fn keys(all: &[Named]) -> String {
    let mut keys: Vec<&str> = all.iter().map(|named| named.key.as_str()).collect();
    keys.sort_unstable();
    let more = keys.len().saturating_sub(TOLD);
    keys.truncate(TOLD);
    let keys = terminal(&keys.join(", "));
    match more {
        0 => keys,
        more => format!("{keys}, and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Named> {
        let named = |key: &str, dbname: &str, url: Option<&str>| Named {
            key: key.to_owned(),
            dbname: Some(dbname.to_owned()),
            url: url.map(str::to_owned),
            namespaces: None,
        };
        let mut all = vec![
            named("en.wikipedia.org/w", "enwiki", None),
            named(
                "zen.wikipedia.org/w",
                "zenwiki",
                Some("https://zen.wikipedia.org/w/api.php"),
            ),
            named(
                "zen.wikipedia.org/w2",
                "zen2wiki",
                Some("https://zen.wikipedia.org/w2/api.php"),
            ),
            named(
                "de.wikipedia.org/w",
                "dewiki",
                Some("https://de.wikipedia.org/w/api.php"),
            ),
        ];
        all.extend((0..30).map(|n| named(&format!("farm{n:02}.example/w"), &format!("farm{n}"), Some(""))));
        all
    }

    #[test]
    fn a_whole_name_is_meant_before_a_part_and_a_part_only_if_it_is_one_wikis() {
        for (asked, key) in [
            ("en.wikipedia.org/w", "en.wikipedia.org/w"),
            ("zen.wikipedia.org/w", "zen.wikipedia.org/w"),
            ("enwiki", "en.wikipedia.org/w"),
            ("zen2wiki", "zen.wikipedia.org/w2"),
            ("https://de.wikipedia.org/w/api.php", "de.wikipedia.org/w"),
            ("de.", "de.wikipedia.org/w"),
        ] {
            assert_eq!(choose(all(), asked).unwrap().key, key, "{asked}");
        }
        let why = |asked: &str| choose(all(), asked).unwrap_err().to_string();
        assert_eq!(
            why("en.wiki"),
            "en.wiki may be several of the watched wikis, write one of them in full: en.wikipedia.org/w, \
             zen.wikipedia.org/w, zen.wikipedia.org/w2"
        );
        let none = why("fr\u{1b}");
        assert!(none.starts_with("fr") && !none.contains('\u{1b}'), "{none}");
        assert!(
            none.contains(" is none of the watched wikis: de.wikipedia.org/w, "),
            "{none}"
        );
        assert!(none.ends_with("and 14 more"), "{none}");
    }
}
