//! What the commands are and do: the table behind `help` and behind every message about a mistyped command.

use super::feeds::REPORT;
use crate::settings::nearest;
use crate::text::terminal;

/// One command with its forms.
pub(super) struct Topic {
    /// Its name, and other names for the same.
    pub names: &'static [&'static str],
    /// How it is written, and what that does.
    pub forms: &'static [(&'static str, &'static str)],
    /// Examples.
    pub examples: &'static [&'static str],
}

/// The commands of a job.
pub(super) struct Table(pub &'static [Topic]);

/// Those of infobox-check.
pub(super) const BOXES: Table = Table(&[
    Topic {
        names: &["wl"],
        forms: &[
            (
                "wl add <username> <page>",
                "adds <username> to the whitelist for <page>: such edits are not reported",
            ),
            ("wl add <username> *", "the same for all pages"),
            (
                "wl del <username> <page>",
                "removes the link between <username> and <page> from the whitelist; `*` as above",
            ),
            (
                "wl search <username> <page>",
                "tells whether the link is on the whitelist",
            ),
            (
                "wl search user <username>",
                "tells to which pages <username> is linked on the whitelist",
            ),
            (
                "wl search string <page>",
                "tells which users are linked to <page> on the whitelist; `wl search page <page>` does too",
            ),
        ],
        examples: &["wl add Beetstra Water", "wl add Beetstra *", "wl search page Water"],
    },
    Topic {
        names: &["bl"],
        forms: &[
            (
                "bl add <username> <page>",
                "adds <username> to the blacklist for <page>: such edits are always reported",
            ),
            (
                "bl del <username> <page>",
                "removes the link between <username> and <page> from the blacklist",
            ),
            (
                "bl search <username> <page>",
                "tells whether the link is on the blacklist",
            ),
            (
                "bl search user <username>",
                "tells to which pages <username> is linked on the blacklist",
            ),
            (
                "bl search string <page>",
                "tells which users are linked to <page> on the blacklist; `bl search page <page>` does too",
            ),
        ],
        examples: &["bl add Beetstra Water", "bl search user Beetstra"],
    },
    Topic {
        names: &["ml"],
        forms: &[
            (
                "ml add <page>",
                "starts monitoring <page>: any edit of it by a user who is not whitelisted is reported",
            ),
            ("ml del <page>", "removes <page> from the monitor list"),
            ("ml search <page>", "tells whether <page> is on the monitor list"),
        ],
        examples: &["ml add Water", "ml search Water"],
    },
    Topic {
        names: &["fieldlist"],
        forms: &[(
            "fieldlist <boxname>",
            "lists all fields monitored for a box, and which of them are verified",
        )],
        examples: &["fieldlist Drugbox"],
    },
    Topic {
        names: &["managers"],
        forms: &[("managers <boxname>", "lists all managers of a box")],
        examples: &["managers Drugbox"],
    },
    Topic {
        names: &["boxlist"],
        forms: &[("boxlist", "lists all boxes monitored")],
        examples: &[],
    },
    Topic {
        names: &["quiet", "silent"],
        forms: &[
            (
                "quiet",
                "silences the bot: nothing is reported until `report`; `silent` is the same. The marks in articles go on. \
                 In a channel it silences that channel's feeds only",
            ),
            ("quiet <feed>", "silences this feed alone"),
        ],
        examples: &["quiet", "quiet chem"],
    },
    Topic {
        names: &["report"],
        forms: &[
            (
                "report",
                "turns reporting back on after `quiet`, `silent` or `quit`; in a channel that channel's feeds only",
            ),
            REPORT[1],
        ],
        examples: &["report", "report feed chem"],
    },
    Topic {
        names: &["reportlevel"],
        forms: &[
            (
                "reportlevel <level> [<feed>]",
                "sets the report level: 0 = silence, 1 = high priority changes, 2 = all changes; of this feed alone, in a \
                 channel of that channel's feeds only",
            ),
            (
                "reportlevel settings [<feed>]",
                "leaves the report level to the settings page again",
            ),
            ("reportlevel [<feed>]", "tells the report level that was set"),
        ],
        examples: &["reportlevel 1", "reportlevel 2 chem"],
    },
    Topic {
        names: &["status"],
        forms: &[(
            "status",
            "status messages: the last run, reporting, report level, what is switched off",
        )],
        examples: &[],
    },
    Topic {
        names: &["quit", "die"],
        forms: &[(
            "quit",
            "the bot writes nothing on the wiki any more until `report`; `die` is the same",
        )],
        examples: &[],
    },
    Topic {
        names: &["off"],
        forms: &[
            (
                "off <boxname>",
                "no edits of articles for this box until `on <boxname>`, whatever the settings page says",
            ),
            ("off", "no edits of articles at all until `on`"),
        ],
        examples: &["off Drugbox"],
    },
    Topic {
        names: &["on"],
        forms: &[
            ("on <boxname>", "ends `off <boxname>`: the settings page decides again"),
            ("on", "ends `off`"),
        ],
        examples: &["on Drugbox"],
    },
    Topic {
        names: &["help"],
        forms: &[
            ("help", "shows the commands"),
            ("help <command>", "shows help for a command"),
        ],
        examples: &["help wl"],
    },
]);

impl Table {
    /// The names of the commands, in the order of the table; of several for one command the first.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().filter_map(|topic| topic.names.first().copied()).collect()
    }

    /// Whether a command has this name, in lower case.
    pub fn is_command(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// What is wrong, then how the command is written: `wl` gives every form, `wl add` those that begin so.
    pub fn wrong(&self, topic: &str, what: &str) -> String {
        let name = topic.split(' ').next().unwrap_or(topic);
        let forms = self.find(name).map_or(&[][..], |topic| topic.forms);
        let is_wanted = |form: &&str| {
            name == topic
                || form
                    .strip_prefix(topic)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let forms: Vec<&str> = forms.iter().map(|(form, _)| *form).filter(is_wanted).collect();
        format!("{what}. It is written: {}", forms.join("; "))
    }

    /// What to say about a word that is no command.
    pub fn unknown(&self, word: &str) -> String {
        let names = self.names();
        let meant = nearest(word, &names).map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"));
        format!(
            "there is no command `{}`{meant}. Commands: {}",
            terminal(word),
            names.join(", ")
        )
    }

    fn find(&self, name: &str) -> Option<&'static Topic> {
        self.0.iter().find(|topic| topic.names.contains(&name))
    }

    /// See [`help()`].
    pub fn help(&self, command: Option<&str>) -> String {
        let mut lines = Vec::new();
        match command {
            None => {
                lines.push("Names with spaces stand in quotes, or have `_` for the space.".to_owned());
                for (form, _) in self.0.iter().flat_map(|topic| topic.forms) {
                    lines.push((*form).to_owned());
                }
                lines.push("`help <command>` tells what a command does.".to_owned());
            }
            Some(command) => match self.find(&command.to_lowercase()) {
                None => lines.push(self.unknown(command)),
                Some(topic) => {
                    for (form, what) in topic.forms {
                        lines.push(format!("{form}: {what}."));
                    }
                    if !topic.examples.is_empty() {
                        lines.push(format!("Examples: {}", topic.examples.join("; ")));
                    }
                }
            },
        }
        lines.join("\n")
    }
}

/// The help for one command of infobox-check, or the list of all. Lines for people, without an end of line after the
/// last; a word that is no command is told so.
pub fn help(command: Option<&str>) -> String {
    BOXES.help(command)
}
