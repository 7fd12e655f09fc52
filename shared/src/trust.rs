//! When a settings page is obeyed. Pure: the page as
//! one API answer showed it, and who saved its newest revision.

use chrono::TimeDelta;

use crate::core::types::Timestamp;
use crate::page::PageState;

/// Protection that ends sooner than this is a warning on the status page.
const EXPIRES_SOON: TimeDelta = TimeDelta::days(7);

/// Why a page is obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Protected at one of the operator's levels; with the end of the protection where that is near.
    Protected {
        /// When the protection ends, if within a week.
        ends: Option<Timestamp>,
    },
    /// A `.json` page under a user name that the operator listed: only that user and interface admins edit it.
    UserJson,
}

/// Why a page is not obeyed, not even to write a status page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTrusted {
    /// No page under the title.
    #[error("the settings page `{0}` does not exist: create it from settings.example.wiki and have it protected")]
    Missing(String),
    /// It was moved, or points elsewhere.
    #[error("the settings page `{0}` is a redirect: move the settings back, or set the new title in the environment")]
    Redirect(String),
    /// Script pages are editable by interface admins only, so ordinary admins could not stop the bot.
    #[error("the settings page `{0}` is a .js or .css page, which ordinary admins cannot edit: use a wikitext page")]
    Script(String),
    /// Anybody might have written what stands there.
    #[error(
        "the settings page `{title}` is not protected: an admin has to protect it against editing (level {levels})"
    )]
    NotProtected {
        /// Title of the page.
        title: String,
        /// The levels of which one is wanted, joined by `or`.
        levels: String,
    },
    /// The page is protected now, but its newest text was saved by somebody who may not edit it.
    #[error(
        "revision {revid} of `{title}` was saved by {user} while the page was open to them: an admin has to save it again"
    )]
    SavedWhileOpen {
        /// Title of the page.
        title: String,
        /// The revision in question.
        revid: u64,
        /// Who saved it.
        user: String,
    },
    /// Texts of the bot itself are never orders to the bot.
    #[error("revision {revid} of `{title}` was saved by the bot itself: an admin has to save it again")]
    SavedByBot {
        /// Title of the page.
        title: String,
        /// The revision in question.
        revid: u64,
    },
    /// The newest revision, or its author, is hidden.
    #[error("the newest revision of `{0}` is hidden: an admin has to save a readable one")]
    Hidden(String),
}

/// Decides whether `page` may be obeyed at `now`. `levels`: edit protection levels of which one must be in force
/// (own or cascading). `json_accounts`: users whose `.json` pages count. `account`: the bot, whose own revisions
/// never count.
pub fn trust(
    page: &PageState,
    levels: &[String],
    json_accounts: &[String],
    account: &str,
    now: Timestamp,
) -> Result<Trust, NotTrusted> {
    let title = page.title.clone();
    let Some(revision) = page.revision.as_ref().filter(|_| page.page_id.is_some()) else {
        return Err(NotTrusted::Missing(title));
    };
    if page.is_redirect {
        return Err(NotTrusted::Redirect(title));
    }
    if ["javascript", "css", "sanitized-css"].contains(&page.model.as_str())
        || title.ends_with(".js")
        || title.ends_with(".css")
    {
        return Err(NotTrusted::Script(title));
    }
    let Some(user) = &revision.user else {
        return Err(NotTrusted::Hidden(title));
    };
    if revision.text.is_none() {
        return Err(NotTrusted::Hidden(title));
    }
    if user == account {
        return Err(NotTrusted::SavedByBot {
            title,
            revid: revision.revid.0,
        });
    }
    if is_user_json(page, json_accounts) {
        return Ok(Trust::UserJson);
    }
    let protections = page
        .protection
        .iter()
        .filter(|p| p.action == "edit" && levels.contains(&p.level) && p.holds(now));
    // Two protections may overlap (own and cascading): the one that lasts longest counts.
    let mut ends: Option<Option<Timestamp>> = None;
    for protection in protections {
        ends = Some(match (ends, protection.expiry) {
            (Some(None), _) | (_, None) => None,
            (Some(Some(a)), Some(b)) => Some(a.max(b)),
            (None, expiry) => expiry,
        });
    }
    match ends {
        None => Err(NotTrusted::NotProtected {
            title,
            levels: levels.join(" or "),
        }),
        Some(ends) => Ok(Trust::Protected {
            ends: ends.filter(|ends| *ends - now < EXPIRES_SOON),
        }),
    }
}

/// `User:<account>/….json` with content model `json`. The title alone is not enough: a user may change the model
/// of such a page to wikitext, and then anybody can edit it.
fn is_user_json(page: &PageState, json_accounts: &[String]) -> bool {
    const USER: i32 = 2;
    let Some((_, rest)) = page.title.split_once(':') else {
        return false;
    };
    let Some((owner, sub)) = rest.split_once('/') else {
        return false;
    };
    page.ns == USER && page.model == "json" && sub.ends_with(".json") && json_accounts.iter().any(|a| a == owner)
}

/// The right that editing at a protection level takes. MediaWiki keeps `editprotected` for level `sysop` and
/// `editsemiprotected` for `autoconfirmed`; other levels are rights themselves.
pub fn right_for_level(level: &str) -> &str {
    match level {
        "sysop" => "editprotected",
        "autoconfirmed" => "editsemiprotected",
        other => other,
    }
}

/// Whether somebody with these rights may edit a page protected at `level`.
pub fn may_edit_at(level: &str, rights: &[String]) -> bool {
    rights.iter().any(|right| right == right_for_level(level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::types::{PageId, RevId, UserId};
    use crate::page::{Protection, Revision};
    use chrono::TimeZone;

    fn at(hours: i64) -> Timestamp {
        chrono::Utc
            .timestamp_opt(1_800_000_000 + hours * 3600, 0)
            .single()
            .unwrap()
    }

    fn page() -> PageState {
        PageState {
            title: "User:CoopBot/matchbot/Settings".to_owned(),
            ns: 2,
            page_id: Some(PageId(7)),
            model: "wikitext".to_owned(),
            is_redirect: false,
            protection: Vec::new(),
            revision: Some(Revision {
                revid: RevId(12),
                parent: RevId(11),
                user: Some("Ann".to_owned()),
                user_id: UserId(3),
                timestamp: at(-1),
                sha1: String::new(),
                comment: String::new(),
                text: Some("<pre>enabled: true</pre>".to_owned()),
            }),
            categories: Vec::new(),
        }
    }

    fn protected(level: &str, expiry: Option<Timestamp>, source: Option<&str>) -> Protection {
        Protection {
            action: "edit".to_owned(),
            level: level.to_owned(),
            expiry,
            source: source.map(str::to_owned),
        }
    }

    fn judge(page: &PageState) -> Result<Trust, NotTrusted> {
        trust(page, &["sysop".to_owned()], &["CoopBot".to_owned()], "CoopBot", at(0))
    }

    /// The truth table: what the page is, and whether it is obeyed.
    #[test]
    fn the_truth_table() {
        let obeyed = |change: &dyn Fn(&mut PageState)| {
            let mut page = page();
            change(&mut page);
            judge(&page).map_err(|why| why.to_string())
        };
        let forever = || vec![protected("sysop", None, None)];
        assert_eq!(
            obeyed(&|p| p.protection = forever()),
            Ok(Trust::Protected { ends: None })
        );
        assert_eq!(
            obeyed(&|p| p.protection = vec![protected("sysop", None, Some("Main Page"))]),
            Ok(Trust::Protected { ends: None })
        );
        assert_eq!(
            obeyed(&|p| p.protection = vec![protected("sysop", Some(at(24)), None)]),
            Ok(Trust::Protected { ends: Some(at(24)) })
        );
        assert_eq!(
            obeyed(&|p| p.protection = vec![
                protected("sysop", Some(at(24)), None),
                protected("sysop", None, Some("X"))
            ]),
            Ok(Trust::Protected { ends: None })
        );
        type Change<'a> = &'a dyn Fn(&mut PageState);
        let refused: &[(&str, Change<'_>)] = &[
            ("not protected", &|_| ()),
            ("not protected", &|p| {
                p.protection = vec![protected("autoconfirmed", None, None)]
            }),
            ("not protected", &|p| {
                p.protection = vec![protected("sysop", Some(at(-1)), None)]
            }),
            ("not protected", &|p| {
                p.protection = forever();
                p.protection[0].action = "move".to_owned()
            }),
            ("does not exist", &|p| {
                p.protection = forever();
                p.page_id = None;
                p.revision = None
            }),
            ("redirect", &|p| {
                p.protection = forever();
                p.is_redirect = true
            }),
            (".js", &|p| {
                p.protection = forever();
                p.model = "javascript".to_owned()
            }),
            ("hidden", &|p| {
                p.protection = forever();
                p.revision.as_mut().unwrap().text = None
            }),
            ("hidden", &|p| {
                p.protection = forever();
                p.revision.as_mut().unwrap().user = None
            }),
            ("bot itself", &|p| {
                p.protection = forever();
                p.revision.as_mut().unwrap().user = Some("CoopBot".to_owned())
            }),
        ];
        for (reason, change) in refused {
            let why = obeyed(change).unwrap_err();
            assert!(why.contains(reason), "{reason}: {why}");
        }
    }

    #[test]
    fn a_json_page_needs_title_model_and_a_listed_owner() {
        let json = |title: &str, model: &str| {
            let mut page = page();
            page.title = title.to_owned();
            page.model = model.to_owned();
            judge(&page)
        };
        assert_eq!(json("User:CoopBot/settings.json", "json"), Ok(Trust::UserJson));
        assert!(json("User:CoopBot/settings.json", "wikitext").is_err());
        assert!(json("User:Mallory/settings.json", "json").is_err());
        assert!(json("User:CoopBot.json", "json").is_err());
    }

    #[test]
    fn levels_are_rights_but_two() {
        let rights = |list: &[&str]| list.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>();
        assert!(may_edit_at("sysop", &rights(&["editprotected"])));
        assert!(!may_edit_at("sysop", &rights(&["sysop"])));
        assert!(may_edit_at("templateeditor", &rights(&["templateeditor"])));
    }
}
