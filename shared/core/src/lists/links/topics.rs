//! What the commands of coi-report are and do: the table behind `help` and behind messages about mistyped commands.

use crate::lists::feeds::{LEVEL, QUIET, REPORT};
use crate::lists::help::{Table, Topic};

/// The table, in the order in which `help` tells it.
pub const LINKS: Table = Table(&[
    Topic {
        names: &["wl"],
        forms: &[
            (
                "wl add <user> <page or domain> [for <time>] [everywhere] [— <reason>]",
                "adds the pair to the whitelist: <user> is not reported for it, here or on all wikis (`everywhere`, with a \
                 reason); `for 30d` ends it then. `page:Amazon.com` or quotes make a name a page, `link:host` a domain",
            ),
            ("wl add <user> *", "the same for all pages and links of <user>"),
            (
                "wl add * <domain>",
                "additions of <domain> are still reported, but it never goes to the monitor list by itself",
            ),
            (
                "wl del <user> <page or domain> [everywhere]",
                "removes the pair from the whitelist; `*` as above",
            ),
            (
                "wl search <user> <page or domain>",
                "tells whether the pair is on the whitelist",
            ),
            ("wl search user <user>", "tells what is on the whitelist for <user>"),
            (
                "wl search string <page or domain>",
                "tells which users are on the whitelist for it",
            ),
        ],
        examples: &[
            "wl add Beetstra Water",
            "wl add Beetstra * everywhere — knows the rules",
            "wl search user Beetstra",
        ],
    },
    Topic {
        names: &["bl"],
        forms: &[
            (
                "bl add <user> <keyword> [for <time>] [everywhere] — <reason>",
                "compares what <user> edits and adds also with <keyword>; `*` reports all of it",
            ),
            (
                "bl add <domain> <keyword> [for <time>] [everywhere] — <reason>",
                "compares those who add <domain> with <keyword>; a network such as 192.0.2.0/24 reports additions from \
                 there, `*` all",
            ),
            (
                "bl del <user or domain> <keyword> [everywhere]",
                "removes the entry from the blacklist",
            ),
            (
                "bl search <user or domain> <keyword>",
                "tells whether the entry is on the blacklist",
            ),
            (
                "bl search user <user or domain>",
                "tells which keywords are on the blacklist for it",
            ),
            (
                "bl search string <keyword>",
                "tells for whom <keyword> is on the blacklist",
            ),
        ],
        examples: &[
            "bl add Beetstra acme — see the archive",
            "bl add example.com 192.0.2.0/24 for 30d — one office",
        ],
    },
    Topic {
        names: &["ml"],
        forms: &[
            (
                "ml add <domain or pattern> [for <time>] [everywhere] [— <reason>]",
                "monitors additions of <domain> with its sub-domains, or of addresses that the regular expression matches",
            ),
            (
                "ml add user <pattern> [for <time>] [everywhere] — <reason>",
                "records what users add whose names match; it is not shown on reports",
            ),
            (
                "ml del <domain or pattern> [everywhere]",
                "removes it from the monitor list",
            ),
            ("ml del user <pattern> [everywhere]", "the same for user names"),
            (
                "ml search <domain or pattern>",
                "tells whether it is on the monitor list",
            ),
            ("ml search user <pattern>", "the same for user names"),
        ],
        examples: &[
            r"ml add example.com for 180d",
            r"ml add acme-\d+\.example",
            r"ml add user ^Acme_\d+$ — sock-puppets",
        ],
    },
    Topic {
        names: &["report"],
        forms: &[
            ("report user <user>", "reports what was found about <user>"),
            ("report link <domain>", "reports what was found about <domain>"),
            ("report day <date>", "reports what was found in edits of that day (UTC)"),
            ("report <number>", "reports the newest hits, at most 50"),
            REPORT[0],
            REPORT[1],
        ],
        examples: &[
            "report user Beetstra",
            "report link example.com",
            "report day 2026-11-22",
            "report 10",
        ],
    },
    QUIET,
    LEVEL,
    Topic {
        names: &["links"],
        forms: &[("links <user>", "tells which links <user> added")],
        examples: &["links Beetstra"],
    },
    Topic {
        names: &["test"],
        forms: &[(
            "test <user> <string>",
            "tells how much a user name and a title, domain or word overlap",
        )],
        examples: &["test chocolatefan chocolate_chip_cookie"],
    },
    Topic {
        names: &["stats"],
        forms: &[(
            "stats",
            "tells how much was read per wiki, hits per rule and how many of them are struck, the database's size",
        )],
        examples: &[],
    },
    Topic {
        names: &["status"],
        forms: &[(
            "status",
            "tells how far each wiki has been read, and what is switched off",
        )],
        examples: &[],
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
