//! Who edits what, and what comes of it by which rule.

/// What an admin writes on the commands page; `@` stands for the mark of exact names.
pub const COMMANDS: &str = "
* wl add Pairing@ link:pairing.example — own site, said so
* wl add Pagepair@ \"Pagepair news@\" — own page
* wl add Paragon@ * — asked for it
* wl add * link:whitelisted.example — a reference work
* wl add Shortly@ * for 1h — a test of an hour
* bl add Keyworder@ gardenia — the archive says so
* bl add Everything@ * — all links
* bl add link:sockfarm.example farmer — a farm
* bl add link:cidr.example 203.0.113.0/24 — an office
* bl add link:always.example * — looked at each time
* ml add monitored.example
* ml add \"casino[0-9]+\\.example\"
* ml add \"look(?=ahead)\\.example\"
* ml add user \"^sockpuppet [0-9]+\" for 30d — many accounts
* ml add bridges.example
";

/// Who, on which page, with which text.
pub type Edit = (&'static str, &'static str, &'static str);

/// Edits before the second run.
pub const FIRST: [Edit; 31] = [
    (
        "ChocolateFan",
        "Chocolate chip cookie",
        "https://chocolatechipcookie.example/c",
    ),
    ("Zxv", "Zyxwv", "Short."),
    ("Anna", "Annapolis", "A town."),
    ("Marblehouse", "Hinges", "[https://www.marblehouse.example/buy hinges]"),
    ("Whitelisted", "Bolts", "https://whitelisted.example/"),
    (
        "Bluewidget",
        "Ladder",
        "https://www.facebook.com/bluewidget https://www.facebook.com/quartzy",
    ),
    // the whitelist
    (
        "Pairing",
        "Nuts",
        "https://www.pairing.example/ https://pairing.net.example/",
    ),
    ("Pagepair", "Pagepair news", "Own."),
    ("Pagepair", "Pagepair facts", "Not own."),
    (
        "Paragon",
        "Paragon",
        "https://paragon.example/ https://always.example/p",
    ),
    ("Shortly", "Shortly", "Not yet."),
    ("Otherwiki", "Otherwiki", "Whitelisted elsewhere."),
    // whom the overlap passes over
    ("Robotnik", "Robotnik", "https://always.example/r"),
    (
        "Bureauman",
        "Bureauman",
        "https://bureauman.example/ https://monitored.example/b",
    ),
    ("Veteran", "Veteran", "https://monitored.example/veteran"),
    ("Oldhand", "Oldhand", "Old, but of few edits."),
    ("Taggedly", "Taggedly", "Tagged."),
    // addresses
    ("198.41.0.77", "Near", "https://near.example/n http://198.41.0.9/"),
    ("198.41.1.5", "Far", "https://near.example/far"),
    ("2001:500:2:0:1::5", "Near six", "https://near.example/six"),
    // the blacklist
    ("Keyworder", "Gardenias", "https://gardenia.shop.example/"),
    ("Everything", "Pumps", "https://pumps.example/"),
    ("FarmerJoe", "Tractor", "https://sockfarm.example/"),
    ("203.0.113.9", "Office", "https://cidr.example/in"),
    ("203.0.114.9", "Other office", "https://cidr.example/out"),
    // monitored
    (
        "Sockpuppet 7",
        "Quiet",
        "https://quiet.example/ https://monitored.example/q",
    ),
    (
        "198.51.100.7",
        "Casino",
        "https://casino77.example/ https://lookahead.example/ https://www2.monitored.example/",
    ),
    (
        "198.51.100.8",
        "Noticed",
        "https://noticed.example/ https://said.example/deep",
    ),
    (
        "198.51.100.11",
        "Archived",
        "https://web.archive.org/web/2020/https://monitored.example/old",
    ),
    ("198.51.100.9", "Blocked", "https://sub.blockedhere.example/"),
    ("198.51.100.10", "Common one", "https://commonplace.example/1"),
];

/// What comes of them and of the temporary account's.
pub const FIRST_HITS: [&str; 37] = [
    "198.41.0.77 proximity 198.41.0.9 (198.41.0.0/24)",
    "198.41.0.77 proximity near.example (198.41.0.0/24)",
    "198.51.100.11 monitored-link monitored.example (monitored.example)",
    "198.51.100.7 monitored-link casino77.example (casino[0-9]+\\.example)",
    "198.51.100.7 monitored-link www2.monitored.example (monitored.example)",
    "198.51.100.8 noticeboard noticed.example (Wikipedia:Noticeboard)",
    "198.51.100.8 noticeboard said.example (Wikipedia:Noticeboard)",
    "198.51.100.9 blocked-domain sub.blockedhere.example (sells nothing)",
    "2001:500:2:0:1::5 proximity near.example (2001:500:2::/64)",
    "203.0.113.40 link-keyword cidr.example (203.0.113.0/24)",
    "203.0.113.9 link-keyword cidr.example (203.0.113.0/24)",
    "Marblehouse link-overlap marblehouse.example",
    "Anna page-overlap Annapolis [contained: the title merely contains a short name]",
    "Bluewidget link-overlap facebook.com/bluewidget",
    "Bureauman link-overlap bureauman.example [group: bureaucrat]",
    "Bureauman monitored-link monitored.example (monitored.example)",
    "Bureauman page-overlap Bureauman [group: bureaucrat]",
    "ChocolateFan page-overlap Chocolate chip cookie",
    "Everything user-keyword pumps.example (*)",
    "FarmerJoe link-keyword sockfarm.example (farmer)",
    "Keyworder user-keyword Gardenias (gardenia)",
    "Keyworder user-keyword gardenia.shop.example (gardenia)",
    "Oldhand page-overlap Oldhand",
    "Otherwiki page-overlap Otherwiki",
    "Pagepair page-overlap Pagepair facts",
    "Pairing link-overlap pairing.net.example",
    "Quokki spam-blacklist zebrazebra.example (MediaWiki:Spam-blacklist, line N: \\bzebrazebra\\.example\\b)",
    "Sockpuppet 7 monitored-link monitored.example (monitored.example)",
    "Sockpuppet 7 monitored-user monitored.example (^sockpuppet [0-9]+)",
    "Sockpuppet 7 monitored-user quiet.example (^sockpuppet [0-9]+)",
    "Taggedly page-overlap Taggedly [tag: wikicrew-test]",
    "Veteran monitored-link monitored.example (monitored.example)",
    "Veteran page-overlap Veteran [established: 601 edits, 40 days]",
    "Whitelisted link-overlap whitelisted.example",
    "Zxv page-overlap Zyxwv [short: the name has 3 characters that count, 4 are asked for]",
    "~ link-keyword always.example (*)",
    "~ spam-blacklist SPAM (SPAM)",
];

/// Edits before the third run, a month later.
pub const SECOND: [Edit; 5] = [
    ("Zxv", "Zyxwv too", "Short."),
    ("Commonplace", "Common four", "https://commonplace.example/4"),
    ("Sockpuppet 8", "Quiet too", "https://quiet.example/2"),
    ("Shortly", "Shortly after", "Now."),
    ("Otherwiki", "Otherwiki once more", "Again."),
];

/// What comes of them and of what a month of people does.
pub const SECOND_HITS: [&str; 12] = [
    "Commonplace link-overlap commonplace.example",
    "Commonplace page-overlap Common four",
    "Otherwiki page-overlap Otherwiki once more",
    "Shortly page-overlap Shortly after",
    "Slatework link-overlap slateworks.example",
    "Slatework monitored-link monitored.example (monitored.example)",
    "Slatework page-overlap Slatework tiles",
    "Zxv page-overlap Zyxwv too",
    "~ auto-monitored shop.marblehouse.example (marblehouse.example)",
    "~ flood 8,000 links to 500 hosts",
    "~ monitored-link bridges.example (bridges.example)",
    "~ monitored-link monitored.example (monitored.example)",
];

/// What no page and no table tells of: those who are whitelisted or hidden, a bot, what was deleted.
pub const NOWHERE: [&str; 6] = ["Paragon", "Robotnik", "Concealed", "Gone", "Restorer", "Cut"];
