//! Whether a wiki's spam blacklist would stop an address: asked of the wiki itself, which knows its whitelist, the
//! global list and its own regex engine better than any copy. Nothing is looked up, nothing is logged there.
//! <https://www.mediawiki.org/wiki/Extension:SpamBlacklist/API>

use crate::error::Error;
use crate::query::join;
use crate::session::Session;
use serde_json::Value;
use std::collections::HashMap;

/// Addresses in one request; more than this many values only some accounts may send.
const BATCH: usize = 50;

/// Which of these addresses (`https://example.org/…`) the blacklist stops, each with the parts of it that an entry
/// matched; the others are absent. Empty on a wiki without the extension. Rights such as `sboverride` play no part.
///
/// One request for 50 addresses; where some are stopped and it is not clear which, one more for each that may be.
///
/// Errs as [`Session::get`] does, and with [`Error::BadReply`] where the answer says neither yes nor no.
pub async fn spam_blacklist(session: &Session, urls: &[&str]) -> Result<HashMap<String, Vec<String>>, Error> {
    let mut blocked = HashMap::new();
    if !session.site().has_extension("SpamBlacklist") {
        return Ok(blocked);
    }
    for batch in urls.chunks(BATCH) {
        let matches = ask(session, batch).await?;
        if matches.is_empty() {
            continue;
        }
        // The answer is about all of them together.
        let mut unclear: Vec<&str> = batch.iter().copied().filter(|url| has_any(url, &matches)).collect();
        if unclear.is_empty() {
            unclear = batch.to_vec();
        }
        unclear.sort_unstable();
        unclear.dedup();
        if let [url] = unclear[..] {
            blocked.insert(url.to_owned(), matches);
            continue;
        }
        for url in unclear {
            let matches = ask(session, &[url]).await?;
            if !matches.is_empty() {
                blocked.insert(url.to_owned(), matches);
            }
        }
    }
    Ok(blocked)
}

fn has_any(url: &str, matches: &[String]) -> bool {
    // The extension reads a full-width full stop as a full stop.
    let url = url.replace('．', ".");
    matches.iter().any(|part| url.contains(part.as_str()))
}

/// What the entries matched in these addresses; empty when none is stopped.
async fn ask(session: &Session, urls: &[&str]) -> Result<Vec<String>, Error> {
    let urls = join(urls);
    let answer = session.get(&[("action", "spamblacklist"), ("url", &urls)]).await?;
    let result = &answer["spamblacklist"];
    match result["result"].as_str() {
        Some("ok") => return Ok(Vec::new()),
        Some("blacklisted") => {}
        _ => return Err(Error::BadReply("no result of `spamblacklist`".to_owned())),
    }
    // A list with holes (what matches twice is told once) arrives as an object.
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let matches: Vec<String> = match &result["matches"] {
        Value::Array(list) => list.iter().filter_map(text).collect(),
        Value::Object(map) => map.values().filter_map(text).collect(),
        _ => Vec::new(),
    };
    if matches.is_empty() {
        return Err(Error::BadReply(
            "`spamblacklist` stops an address, but not by what".to_owned(),
        ));
    }
    Ok(matches)
}
