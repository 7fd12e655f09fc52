//! What each "no" of a wiki means for a job: one table.
//!
//! A refusal is an answer: nothing is forced and nothing is sent again after
//! it. A code that stands nowhere ends the page, never the run.
//! <https://www.mediawiki.org/wiki/API:Edit#Possible_errors>

use crate::error::Error;

/// What a refusal ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusalKind {
    /// Somebody was faster: read again, decide again.
    EditConflict,
    /// The run: no other page would fare better, and a person is needed.
    Stop,
    /// The page; the next one may be tried.
    Page,
}

/// One line of [`REFUSALS`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The API's code; a `*` at the end stands for any rest.
    pub code: &'static str,
    /// What it ends. `None`: it is no refusal; nothing was written, the same
    /// request is tried again, and at last ends as `Failed::NotWritten`.
    pub kind: Option<RefusalKind>,
    /// What it means, for a status page or a log line.
    pub meaning: &'static str,
}

const fn row(code: &'static str, kind: RefusalKind, meaning: &'static str) -> Row {
    Row {
        code,
        kind: Some(kind),
        meaning,
    }
}

const fn later(code: &'static str, meaning: &'static str) -> Row {
    Row {
        code,
        kind: None,
        meaning,
    }
}

use RefusalKind::{EditConflict, Page, Stop};

/// Every code that is known. An exact line beats one with a `*`, and a longer
/// one a shorter.
pub const REFUSALS: &[Row] = &[
    row("editconflict", EditConflict, "the page was changed meanwhile"),
    row("articleexists", EditConflict, "the page was created meanwhile"),
    // The page
    row("missingtitle", Page, "the page does not exist any more"),
    row("pagedeleted", Page, "the page was deleted meanwhile"),
    row("nosuchrevid", Page, "the revision that was read is gone"),
    row("revwrongpage", Page, "the revision belongs to another page"),
    row("protectedpage", Page, "the page is protected"),
    row("cascadeprotected", Page, "the page is protected by cascade"),
    row("protectedtitle", Page, "the title is protected against creation"),
    row("protectednamespace*", Page, "the namespace is protected"),
    row("unsupportednamespace", Page, "the namespace cannot be edited"),
    row("invalidtitle", Page, "the title is not valid"),
    row("pagecannotexist", Page, "such a page cannot exist"),
    row("titleblacklist-*", Page, "the title blacklist forbids this title"),
    row(
        "spamblacklist",
        Page,
        "the text has a link that the spam blacklist forbids",
    ),
    row("spamdetected", Page, "the wiki took the text for spam"),
    row("abusefilter-disallowed", Page, "an abuse filter forbids the edit"),
    row("abusefilter-warning", Page, "an abuse filter warns of the edit"),
    row("abusefilter-warned", Page, "an abuse filter warns of the edit"),
    row("abusefilter-*", Page, "an abuse filter forbids the edit"),
    row("captcha", Page, "the wiki wants a captcha solved"),
    row("contenttoobig", Page, "the page would become too large"),
    row("contentnotallowedhere", Page, "the page has another content model"),
    row("contentmodel-mismatch", Page, "the page has another content model"),
    row(
        "appendnotsupported",
        Page,
        "nothing can be appended to this content model",
    ),
    row(
        "no-direct-editing",
        Page,
        "the page is no wikitext page, perhaps a discussion board",
    ),
    row("badmd5", Page, "the text did not arrive as it was sent"),
    row("emptypage", Page, "the page would become empty"),
    row("hookaborted", Page, "an extension of the wiki refused the edit"),
    row(
        "customcssjsprotected",
        Page,
        "the page is another user's script or style",
    ),
    row("customjsprotected", Page, "the page is another user's script"),
    row("customcssprotected", Page, "the page is another user's style"),
    row("customjsonprotected", Page, "the page is another user's JSON page"),
    // Structured Discussions
    row("block", Page, "Structured Discussions is read-only on this wiki"),
    row(
        "invalid-page",
        Page,
        "the page is no discussion board and cannot become one",
    ),
    // The run
    row("blocked", Stop, "the account is blocked"),
    row("autoblocked", Stop, "the address is blocked because of another account"),
    row("systemblocked", Stop, "the wiki's software blocks the address"),
    row("globalblocking-*", Stop, "account or address is blocked globally"),
    row("torblock-*", Stop, "the address is a Tor exit"),
    row("assertbotfailed", Stop, "the account has lost its bot flag"),
    row("assertuserfailed", Stop, "the session is not logged in any more"),
    row("assertnameduserfailed", Stop, "the session belongs to another account"),
    row("anonymous-token", Stop, "the session is not logged in any more"),
    row("mwoauth-*", Stop, "the OAuth token is not accepted"),
    row("permissiondenied", Stop, "the account or its password lacks a right"),
    row("writeapidenied", Stop, "the account may not write by the API"),
    row("noapiwrite", Stop, "the wiki does not allow writing by the API"),
    row("cantcreate*", Stop, "the account or its password may not create pages"),
    row("noedit*", Stop, "the account or its password may not edit"),
    row("confirmemail", Stop, "the account must confirm its mail address"),
    row("mustbeloggedin*", Stop, "the session is not logged in any more"),
    row("tags-apply-*", Stop, "the change tag of the settings may not be used"),
    row("badtags", Stop, "the change tag of the settings may not be used"),
    // Nothing was written; tried again
    later("maxlag", "the wiki's databases lag"),
    later("readonly", "the wiki is read-only at the moment"),
    later("ratelimited", "the wiki limits the rate of this account"),
    later("badtoken", "the edit token was not valid any more"),
];

/// The line for a code.
pub fn find(code: &str) -> Option<&'static Row> {
    REFUSALS
        .iter()
        .filter(|row| match row.code.strip_suffix('*') {
            Some(start) => code.starts_with(start),
            None => code == row.code,
        })
        .max_by_key(|row| (!row.code.ends_with('*'), row.code.len()))
}

/// The wiki said no, and nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The API's code.
    pub code: String,
    /// What the wiki says, safe for a log line.
    pub info: String,
    /// What it ends.
    pub kind: RefusalKind,
    /// What an extension adds: which filter, which links; often empty.
    pub detail: String,
    /// What the code means, by the table.
    pub meaning: &'static str,
}

impl Refusal {
    pub(crate) fn new(code: &str, info: String, detail: String) -> Self {
        let row = find(code);
        Self {
            code: code.to_owned(),
            info,
            kind: row.and_then(|row| row.kind).unwrap_or(Page),
            detail,
            meaning: row.map_or("the wiki refused the edit", |row| row.meaning),
        }
    }

    /// The refusal that an error of the API is. `None` when it may be
    /// something else: no answer of the API, an answer that also holds a
    /// result, or a failure inside the wiki, after which a page may have been
    /// saved.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Api {
                code,
                info,
                detail,
                beside_result: false,
            } if !code.starts_with("internal_api_error") => Some(Self::new(code, info.clone(), detail.clone())),
            Error::LoggedOut { code, info } | Error::Blocked { code, info } => {
                Some(Self::new(code, info.clone(), String::new()))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.meaning)?;
        // Before the wiki's own words, which may be long and cut later.
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        write!(f, " (`{}`: {})", self.code, self.info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{api_error, is_block};
    use serde_json::json;
    use std::collections::HashSet;

    #[test]
    fn every_code_stands_once() {
        let codes: HashSet<_> = REFUSALS.iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), REFUSALS.len());
    }

    #[test]
    fn the_table_and_the_error_type_agree() {
        for row in REFUSALS {
            let code = row.code.replace('*', "x");
            let error = api_error(&json!({"error": {"code": code, "info": "i"}}), None).unwrap();
            assert_eq!(error.never_written(), row.kind.is_none(), "{code}");
            assert_eq!(Refusal::of(&error).is_none(), row.kind.is_none(), "{code}");
            if error.stops_run() {
                assert_eq!(row.kind, Some(Stop), "{code}");
            }
            if is_block(&code) {
                assert_eq!(row.kind, Some(Stop), "{code}");
            }
        }
    }

    #[test]
    fn the_closest_line_is_found() {
        assert_eq!(find("abusefilter-warning").unwrap().code, "abusefilter-warning");
        assert_eq!(find("abusefilter-captcha").unwrap().code, "abusefilter-*");
        assert_eq!(find("protectednamespace-interface").unwrap().kind, Some(Page));
        assert_eq!(find("globalblocking-blockedtext-user").unwrap().kind, Some(Stop));
        assert_eq!(find("blockade").map(|row| row.code), None);
        let unknown = Refusal::new("brandnew", "Why.".to_owned(), String::new());
        assert_eq!(unknown.kind, Page);
        assert_eq!(unknown.to_string(), "the wiki refused the edit (`brandnew`: Why.)");
    }
}
