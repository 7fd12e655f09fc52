//! Which wikis there are beside this one: the farm's own list, and the prefixes that lead to other wikis.
//!
//! What is told here is only told: an address from a wiki is spoken to only where the operator allows its host.
//! <https://www.mediawiki.org/wiki/API:Sitematrix>, <https://www.mediawiki.org/wiki/Manual:Interwiki>

use crate::error::Error;
use crate::read;
use crate::session::Session;
use serde_json::Value;

/// A wiki of the farm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WikiPlace {
    /// What its database is called, such as `enwiki`.
    pub dbname: String,
    /// Its server, such as `https://en.wikipedia.org`.
    pub url: String,
    /// Its API: the server and the script path of the wiki that was asked, which a farm shares.
    pub api_url: String,
    /// No longer edited.
    pub closed: bool,
    /// Not readable without an account; the event streams say nothing of it.
    pub private: bool,
    /// Readable by all, edited by few.
    pub fishbowl: bool,
}

/// All wikis of the farm, those by language first. Needs the extension SiteMatrix, else [`Error::Api`] with the code
/// `badvalue`. One request.
///
/// Errs as [`Session::get`] does, and with [`Error::BadReply`] for a list without any wiki, or one that is cut off.
pub async fn sitematrix(session: &Session) -> Result<Vec<WikiPlace>, Error> {
    let answer = session
        .get(&[
            ("action", "sitematrix"),
            ("smlangprop", "site"),
            ("smsiteprop", "url|dbname"),
            ("smlimit", "max"),
        ])
        .await?;
    if !answer["query-continue"].is_null() || !answer["continue"].is_null() {
        return Err(Error::BadReply("the sitematrix is cut off".to_owned()));
    }
    let matrix = answer["sitematrix"].as_object();
    // Languages stand under numbers, beside `count` and `specials`.
    let mut languages: Vec<(u64, &Value)> = matrix
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.parse().ok()?, value)))
        .collect();
    languages.sort_by_key(|(number, _)| *number);
    let script = session.0.http.address.url.path();
    let by_language = languages.iter().flat_map(|(_, language)| read::list(&language["site"]));
    let specials = read::list(&answer["sitematrix"]["specials"]);
    let places: Vec<WikiPlace> = by_language
        .chain(specials)
        .filter_map(|site| place(site, script))
        .collect();
    if places.is_empty() {
        return Err(Error::BadReply("a sitematrix without wikis".to_owned()));
    }
    Ok(places)
}

fn place(site: &Value, script: &str) -> Option<WikiPlace> {
    let url = site["url"].as_str()?.trim_end_matches('/');
    Some(WikiPlace {
        dbname: read::text(site, "dbname")?,
        url: url.to_owned(),
        api_url: format!("{url}{script}"),
        closed: site["closed"] == true,
        private: site["private"] == true,
        fishbowl: site["fishbowl"] == true,
    })
}

/// The prefixes of links to other wikis, each with the address it stands for (`$1`: the page). One request; errs as
/// [`Session::get`] does.
pub async fn interwiki(session: &Session) -> Result<Vec<(String, String)>, Error> {
    let answer = session.get(&[("meta", "siteinfo"), ("siprop", "interwikimap")]).await?;
    let entries = read::list(&answer["query"]["interwikimap"]).iter();
    Ok(entries
        .filter_map(|entry| Some((read::text(entry, "prefix")?, read::text(entry, "url")?)))
        .collect())
}
