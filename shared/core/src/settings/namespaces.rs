//! Namespaces that an admin lists, by name or number.

use super::group::MapNode;
use super::shapes::NameOrNumber;
use crate::site::Site;

/// Number of the namespace of articles.
const ARTICLES: i32 = 0;

impl MapNode<'_> {
    /// The namespaces of a list (or a single one) of at most `max_len`, each once; `allowed` says why one is refused.
    /// The article namespace where nothing, or nothing usable, is said.
    pub fn namespaces(
        &self,
        key: &str,
        site: &Site,
        max_len: usize,
        allowed: impl Fn(i32) -> Result<(), String>,
    ) -> Vec<i32> {
        let mut found = Vec::new();
        let entries = match self.has(key) {
            true => self.names_or_numbers(key, max_len),
            false => None,
        };
        let Some(entries) = entries else {
            return vec![ARTICLES];
        };
        if entries.is_empty() {
            self.problem(key, "name at least one namespace, as in `[0]`, or leave the key out");
        }
        for (n, entry) in entries.iter().enumerate() {
            match namespace(entry, site).and_then(|ns| allowed(ns).map(|()| ns)) {
                Ok(ns) if found.contains(&ns) => {
                    self.problem_at(key, n, "this namespace stands in the list twice");
                }
                Ok(ns) => found.push(ns),
                Err(why) => self.problem_at(key, n, &why),
            }
        }
        if found.is_empty() { vec![ARTICLES] } else { found }
    }
}

fn namespace(entry: &NameOrNumber, site: &Site) -> Result<i32, String> {
    let ns = match entry {
        NameOrNumber::Number(number) => i32::try_from(*number)
            .ok()
            .filter(|ns| site.namespace_name(*ns).is_some())
            .ok_or_else(|| format!("the wiki has no namespace {number}"))?,
        NameOrNumber::Name(name) => site
            .namespace_id(name.trim().trim_end_matches(':'))
            .ok_or_else(|| format!("the wiki has no namespace `{name}`; the article namespace is `0`"))?,
    };
    if ns < 0 {
        return Err("this namespace has no pages that could be edited".to_owned());
    }
    Ok(ns)
}
