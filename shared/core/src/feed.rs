//! Feeds: which hits go where, as the settings page says it. COIBot and CheMoBot told them to channels of IRC, one per
//! wiki or per infobox; here a feed may also be a webhook or a pipe. Pure: nothing is sent from here.

use crate::types::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How much a feed tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Level {
    /// Nothing.
    Silent,
    /// Of coi-report the first hit of a user within the hour and every fifth one, as COIBot's level 1; of infobox-check
    /// what is of high priority: verified fields that changed away from their value, blacklist and monitor list.
    High,
    /// Everything.
    All,
}

impl Level {
    /// 0, 1 or 2.
    pub fn number(self) -> u8 {
        match self {
            Level::Silent => 0,
            Level::High => 1,
            Level::All => 2,
        }
    }

    /// The level of this number.
    pub fn of_number(number: u8) -> Option<Level> {
        [Level::Silent, Level::High, Level::All]
            .into_iter()
            .find(|level| level.number() == number)
    }
}

/// Where a feed goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sink {
    /// A channel of an IRC network.
    Irc(Irc),
    /// An address that takes signed HTTPS POSTs; `None`: the operator's.
    Webhook(Option<String>),
    /// Standard output of the process.
    Stdout,
}

/// A channel of an IRC network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Irc {
    /// Host name of the server, in lower case.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted; only on loopback may it be otherwise.
    pub tls: bool,
    /// The channel, with its `#`.
    pub channel: String,
    /// Whether user names may highlight the people who bear them in the channel.
    pub highlights: bool,
    /// Accounts of this network's services whose commands may change something.
    pub trusted: Vec<String>,
}

/// One feed of a settings page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// Its name, unique on the page: letters, digits, `-`, `_`.
    pub name: String,
    /// Only these wikis: `here`, keys or hosts of wikis; `None`: all that are read.
    pub wikis: Option<Vec<String>>,
    /// Only these rules, by their words; `None`: all.
    pub rules: Option<Vec<String>>,
    /// Only these boxes, by the template's own name; `None`: those that name no feed of their own, and this one's.
    pub boxes: Option<Vec<String>>,
    /// How much it tells, unless people say otherwise for a time.
    pub level: Level,
    /// What waits longer than this is not sent any more.
    pub max_age: TimeDelta,
    /// Where it goes.
    pub sink: Sink,
}

/// What a feed asks about a hit.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Key of the wiki whose settings these are.
    pub home: &'a str,
    /// Its host: the operator may have given it a key of its own, in which there is none.
    pub home_host: &'a str,
    /// Key of the wiki of the edit.
    pub wiki: &'a str,
    /// Word of the rule.
    pub rule: &'a str,
    /// The box it is about, by the template's own name.
    pub of_box: Option<&'a str>,
    /// The feed that the box names.
    pub channel: Option<&'a str>,
}

impl Feed {
    /// Whether a hit belongs to it. Levels are another question: they may change until it is sent.
    pub fn takes(&self, about: &About<'_>) -> bool {
        self.takes_wiki(about) && self.takes_rule(about.rule) && self.takes_box(about)
    }

    fn takes_wiki(&self, about: &About<'_>) -> bool {
        let Some(wikis) = &self.wikis else { return true };
        let host = about.wiki.split('/').next().unwrap_or_default();
        wikis.iter().any(|wiki| match wiki.as_str() {
            "here" => about.wiki == about.home,
            name => name == about.wiki || name == host || (about.wiki == about.home && name == about.home_host),
        })
    }

    fn takes_rule(&self, rule: &str) -> bool {
        self.rules
            .as_ref()
            .is_none_or(|rules| rules.iter().any(|of| of == rule))
    }

    fn takes_box(&self, about: &About<'_>) -> bool {
        if about.channel == Some(self.name.as_str()) {
            return true;
        }
        match (&self.boxes, about.of_box) {
            (Some(boxes), Some(of)) => boxes.iter().any(|name| name == of),
            (Some(_), None) => false,
            (None, _) => about.channel.is_none(),
        }
    }
}

/// Who switched something, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Switched {
    /// The account, or the operator.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

/// What people switched about a feed, until they undo it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Switches {
    /// `quiet`, `silent`: nothing is told.
    pub quiet: Option<Switched>,
    /// `reportlevel`; `None`: as the settings page says.
    pub level: Option<(Level, Switched)>,
}

impl Switches {
    /// How much the feed tells now.
    pub fn level_of(&self, feed: &Feed) -> Level {
        match (&self.quiet, &self.level) {
            (Some(_), _) => Level::Silent,
            (None, Some((level, _))) => *level,
            (None, None) => feed.level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed() -> Feed {
        Feed {
            name: "spam".to_owned(),
            wikis: None,
            rules: None,
            boxes: None,
            level: Level::All,
            max_age: TimeDelta::hours(6),
            sink: Sink::Stdout,
        }
    }

    const ABOUT: About<'static> = About {
        home: "en.example.org/w",
        home_host: "en.example.org",
        wiki: "de.example.org/w",
        rule: "link-overlap",
        of_box: None,
        channel: None,
    };

    fn some(names: &[&str]) -> Option<Vec<String>> {
        Some(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn a_feed_takes_what_all_its_lists_name() {
        assert!(feed().takes(&ABOUT));
        let of = |wikis, rules| Feed { wikis, rules, ..feed() };
        for (wikis, rules, takes) in [
            (some(&["here"]), None, false),
            (some(&["here", "de.example.org"]), None, true),
            (some(&["de.example.org/w"]), some(&["link-overlap", "flood"]), true),
            (some(&["de.example.org/w"]), some(&["flood"]), false),
            (some(&[]), None, false),
        ] {
            assert_eq!(
                of(wikis.clone(), rules.clone()).takes(&ABOUT),
                takes,
                "{wikis:?} {rules:?}"
            );
        }
        let here = About {
            wiki: ABOUT.home,
            ..ABOUT
        };
        assert!(of(some(&["here"]), None).takes(&here));
    }

    #[test]
    fn a_home_with_a_key_of_its_own_is_taken_by_its_host_too() {
        let home = About {
            home: "enwiki",
            wiki: "enwiki",
            ..ABOUT
        };
        let away = About {
            wiki: ABOUT.wiki,
            ..home
        };
        for (name, takes_home, takes_away) in [
            ("en.example.org", true, false),
            ("enwiki", true, false),
            ("here", true, false),
            ("de.example.org", false, true),
        ] {
            let of = Feed {
                wikis: some(&[name]),
                ..feed()
            };
            assert_eq!((of.takes(&home), of.takes(&away)), (takes_home, takes_away), "{name}");
        }
    }

    #[test]
    fn a_box_with_a_feed_of_its_own_goes_there_and_where_it_is_named() {
        let drug = About {
            of_box: Some("Infobox drug"),
            ..ABOUT
        };
        let own = About {
            channel: Some("chem"),
            ..drug
        };
        let of = |name: &str, boxes| Feed {
            name: name.to_owned(),
            boxes,
            ..feed()
        };
        for (name, boxes, about, takes) in [
            ("spam", None, drug, true),
            ("spam", None, own, false),
            ("chem", None, own, true),
            ("chem", some(&["Chembox"]), own, true),
            ("spam", some(&["Infobox drug"]), own, true),
            ("spam", some(&["Chembox"]), drug, false),
            ("spam", some(&["Chembox"]), ABOUT, false),
        ] {
            assert_eq!(
                of(name, boxes.clone()).takes(&about),
                takes,
                "{name} {boxes:?} {about:?}"
            );
        }
    }

    #[test]
    fn quiet_goes_before_a_level_and_that_before_the_settings() {
        let at = Timestamp::UNIX_EPOCH;
        let by = || Switched {
            by: "Beetstra".to_owned(),
            at,
        };
        let mut switches = Switches::default();
        assert_eq!(switches.level_of(&feed()), Level::All);
        switches.level = Some((Level::High, by()));
        assert_eq!(switches.level_of(&feed()), Level::High);
        switches.quiet = Some(by());
        assert_eq!(switches.level_of(&feed()), Level::Silent);
    }
}
