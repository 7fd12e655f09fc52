//! Why a request ends without a greeting: a code for the database, a sentence for the status page, the log and
//! `explain`, and what a person can do about it.

use shared::core::text::terminal;
use shared::core::types::Timestamp;

/// Why nobody is greeted for a request, for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The profile has left the category, or is gone: nothing to do.
    Withdrawn,
    /// The profile is a redirect.
    ProfileIsRedirect,
    /// The profile is not wikitext.
    ProfileModel(String),
    /// Nobody is guessed as the owner of the profile: why (see `owner_problem`).
    Owner(String),
    /// The learner is blocked, locked, expired or a bot.
    LearnerUnavailable(String),
    /// The request was older than `max_request_age` when it was first seen.
    TooOld {
        /// Days between the category and the first look.
        days: i64,
    },
    /// The same learner was greeted for the same skill on another profile, within `rematch_after`: when.
    GreetedLately(Timestamp),
    /// Three greetings in 30 days.
    TooManyGreetings(u32),
    /// The talk page is a redirect.
    TalkIsRedirect,
    /// The talk page has another content model.
    TalkModel(String),
    /// The talk page is protected above the bot's rights.
    TalkProtected(String),
    /// The talk page ends inside a comment or tag.
    EndsOpen(String),
    /// The text of a page is hidden.
    HiddenText(String),
    /// `{{bots}}` or `{{nobots}}` on either page.
    NoBots {
        /// Where it stands.
        page: String,
        /// The template as found.
        template: String,
    },
    /// Nobody to name: no mentor, and the maintainer's profile has no known owner.
    NoMaintainer(String),
    /// People deleted, blanked or moved the page since the bot's last edit.
    TakenAway(String),
    /// An edit was sent, its answer never came, and the page it was for is gone.
    Gone(String),
    /// Flow said no.
    FlowRefused(String),
    /// The wiki said no: code and its own words.
    Refused {
        /// The API's error code.
        code: String,
        /// What it means, for people.
        info: String,
    },
    /// Kept failing for a week.
    GivenUp(String),
}

impl Reason {
    /// A short code for the database and the log.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Withdrawn => "withdrawn",
            Reason::ProfileIsRedirect => "profile-redirect",
            Reason::ProfileModel(_) => "profile-model",
            Reason::Owner(_) => "owner",
            Reason::LearnerUnavailable(_) => "learner-unavailable",
            Reason::TooOld { .. } => "too-old",
            Reason::GreetedLately(_) => "greeted-lately",
            Reason::TooManyGreetings(_) => "too-many-greetings",
            Reason::TalkIsRedirect => "talk-redirect",
            Reason::TalkModel(_) => "talk-model",
            Reason::TalkProtected(_) => "talk-protected",
            Reason::EndsOpen(_) => "talk-ends-open",
            Reason::HiddenText(_) => "hidden-text",
            Reason::NoBots { .. } => "nobots",
            Reason::NoMaintainer(_) => "no-maintainer",
            Reason::TakenAway(_) => "taken-away",
            Reason::Gone(_) => "gone",
            Reason::FlowRefused(_) => "flow-refused",
            Reason::Refused { .. } => "refused",
            Reason::GivenUp(_) => "given-up",
        }
    }

    /// What was found, as a sentence without its full stop. Names and texts in it are as the wiki has them: escape
    /// the whole where it enters a page.
    pub fn text(&self) -> String {
        match self {
            Reason::Withdrawn => "the request was withdrawn".to_owned(),
            Reason::ProfileIsRedirect => "the profile is a redirect".to_owned(),
            Reason::ProfileModel(model) => format!("the profile has content model {model}"),
            Reason::Owner(why) => why.clone(),
            Reason::LearnerUnavailable(why) => format!("the learner {why}"),
            Reason::TooOld { days } => format!("the request was {days} days old when it was first seen"),
            Reason::GreetedLately(time) => format!(
                "the learner was greeted for this skill already, on {}",
                time.format("%Y-%m-%d")
            ),
            Reason::TooManyGreetings(count) => format!("the learner had {count} greetings in the last 30 days"),
            Reason::TalkIsRedirect => "the talk page is a redirect".to_owned(),
            Reason::TalkModel(model) => format!("the talk page has content model {model}"),
            Reason::TalkProtected(level) => format!("the talk page is protected (level {level})"),
            Reason::EndsOpen(what) => format!("the talk page ends inside {what}, so a new section would not show"),
            Reason::HiddenText(page) => format!("the newest text of {page} is hidden"),
            Reason::NoBots { page, template } => format!("{page} asks bots to stay away: {template}"),
            Reason::NoMaintainer(why) => format!("no mentor is available and the maintainer is not known: {why}"),
            Reason::TakenAway(how) => format!("the talk page {how} since the bot's last edit"),
            Reason::Gone(what) => format!("a greeting was sent, its answer never came, and {what}"),
            Reason::FlowRefused(info) => format!("Structured Discussions refused the topic: {info}"),
            Reason::Refused { code, info } => format!("the wiki refused the edit ({code}): {info}"),
            Reason::GivenUp(why) => format!("it failed for a week: {why}"),
        }
    }

    /// What a person can do about a case with this code, as a sentence without its full stop.
    pub fn advice(code: &str) -> &'static str {
        match code {
            "profile-redirect" => "put the category on the page it points to",
            "owner" => "name the owner under owners: in the settings, or match by hand",
            "learner-unavailable" => "remove the category, or wait until it ends",
            "talk-redirect" => "turn the redirect into a talk page, or match by hand",
            "talk-protected" => "lower the protection, or match by hand",
            "talk-ends-open" => "close the comment or tag on the talk page",
            "no-maintainer" => "mend defaultmentorprofile in the settings",
            "refused" => "look at the filter or list that refused it, or match by hand",
            "too-old" => "match by hand, or take the category off and put it back",
            _ => "match by hand",
        }
    }

    /// Whether time alone may mend it: then it is looked at again once a day.
    pub fn is_about_time(code: &str) -> bool {
        [
            "owner",
            "too-many-greetings",
            "greeted-lately",
            "no-maintainer",
            "learner-unavailable",
            "refused",
        ]
        .contains(&code)
    }

    /// The sentence for log and terminal.
    pub fn for_log(&self) -> String {
        terminal(&self.text())
    }
}
