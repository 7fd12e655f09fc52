use super::*;
use crate::core::settings::{Block, Reader};
use crate::core::types::Problem;

const RULES: &[&str] = &["link-overlap", "user-keyword", "flood"];

fn look(yaml: &str, boxes: Option<&[&str]>, channels: &[(&str, &str)]) -> (Vec<Feed>, String) {
    let reader = Reader::parse(&Block::whole(yaml)).unwrap();
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let boxes = boxes.map(owned);
    let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    let channels: Vec<_> = channels.iter().map(pair).collect();
    let root = reader.root();
    root.known(if boxes.is_some() {
        &["feeds", "boxes"]
    } else {
        &["feeds"]
    });
    let kinds = Kinds {
        rules: RULES,
        boxes: boxes.as_deref(),
        channels: &channels,
    };
    let feeds = read(&root, &kinds);
    let problems: Vec<String> = reader.finish().iter().map(Problem::to_string).collect();
    (feeds, problems.join("\n"))
}

const GOOD: &str = r##"
feeds:
  - name: spam
    wikis: [here, De.Wikipedia.org, "localhost:8081/w/"]
    rules: [link-overlap, flood]
    level: 1
    max_age: 2d
    sink: {type: irc, server: IRC.Libera.chat, channel: "#wikipedia-en-spam", highlights: true, trusted: [Beetstra]}
  - name: chem
    boxes: [chembox, Infobox_drug]
    sink:
      type: irc
      server: 127.0.0.1
      tls: false
      channel: "&chem"
  - {name: Hook-1, sink: {type: webhook, url: "https://Hooks.example.org/a?b=c"}}
  - {name: near, sink: {type: webhook, url: "http://[::1]:8080/"}}
  - {name: operators, sink: {type: webhook}}
  - {name: pipe, level: 0, sink: stdout}
  - {name: pipe_2, sink: {type: stdout}}
boxes:
  Chembox: {channel: chem}
"##;

#[test]
fn feeds_are_read_with_what_goes_without_saying() {
    let (feeds, problems) = look(GOOD, Some(&["Chembox", "Infobox drug"]), &[("Chembox", "chem")]);
    assert_eq!(problems, "");
    let some = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    let plain = |name: &str, sink| Feed {
        name: name.to_owned(),
        wikis: None,
        rules: None,
        boxes: None,
        level: Level::All,
        max_age: TimeDelta::hours(6),
        sink,
    };
    let irc = |server: &str, port, tls, channel: &str| Irc {
        server: server.to_owned(),
        port,
        tls,
        channel: channel.to_owned(),
        highlights: false,
        trusted: Vec::new(),
    };
    let libera = Irc {
        highlights: true,
        trusted: vec!["Beetstra".to_owned()],
        ..irc("irc.libera.chat", 6697, true, "#wikipedia-en-spam")
    };
    let hook = |url: &str| Sink::Webhook(Some(url.to_owned()));
    let expected = [
        Feed {
            wikis: some(&["here", "de.wikipedia.org", "localhost:8081/w"]),
            rules: some(&["link-overlap", "flood"]),
            level: Level::High,
            max_age: TimeDelta::days(2),
            ..plain("spam", Sink::Irc(libera))
        },
        Feed {
            boxes: some(&["Chembox", "Infobox drug"]),
            ..plain("chem", Sink::Irc(irc("127.0.0.1", 6667, false, "&chem")))
        },
        plain("Hook-1", hook("https://hooks.example.org/a?b=c")),
        plain("near", hook("http://[::1]:8080/")),
        plain("operators", Sink::Webhook(None)),
        Feed {
            level: Level::Silent,
            ..plain("pipe", Sink::Stdout)
        },
        plain("pipe_2", Sink::Stdout),
    ];
    assert_eq!(feeds.len(), expected.len());
    for (feed, expected) in feeds.iter().zip(&expected) {
        assert_eq!(feed, expected);
    }
    assert_eq!(look("feeds:\n", None, &[]).0, []);
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_cure() {
    let bad = r##"
feeds:
  - spam
  - {name: spam one, sink: stdout}
  - {name: a, sink: stdou}
  - {name: A, boxes: [Chembox], sink: stdout}
  - {name: b, wikis: [], rules: [link-overlaps, flood, flood], level: 3, max_age: 8d, sink: {type: stdot}}
  - {name: c, wikis: ["https://de.wikipedia.org", "*", "a/../?"], sink: {type: webhook, url: "http://hooks.example.org/"}}
  - {name: d, sink: {type: webhook, url: "https://me:secret@hooks.example.org/", key: x}}
  - {name: e, sink: {type: webhook, url: "ftp://hooks.example.org/"}}
  - {name: f, sink: {type: webhook, url: "https://hooks.example.org/#a", channel: "#a"}}
  - {name: settings, sink: {type: stdout, server: x}}
  - {name: "12", sink: stdout}
  - name: g
    sink:
      type: irc
      server: irc.libera.chat:6697
      port: 0
      channel: #wikipedia-en-spam
      password: hunter2
      trusted: [Beetstra, "*", "a!b@c", "two words"]
  - {name: h, sink: {type: irc, server: irc.libera.chat, tls: false, channel: "#a,#b"}}
  - {name: i, sink: {type: irc, server: "2130706433", channel: "spam"}}
  - {name: j, sink: {type: irc, channel: "#\u202Eb"}}
  - {name: k}
  - {sink: stdout}
"##;
    let (feeds, problems) = look(bad, None, &[]);
    assert!(!problems.contains("secret@") && !problems.contains("hunter2"));
    insta::assert_snapshot!(problems, @r##"
    line 3, column 5: feeds[1]: a feed is a group of keys: `name`, `sink` and what it takes
    line 4, column 12: feeds[2].name: a name is 1 to 60 of the characters A-Z a-z 0-9 _ -, one of them a letter; `feed` and `settings` are none
    line 5, column 21: feeds[3].sink: `stdou` is no sink: write `stdout`, or a group such as `{type: irc, server: …, channel: …}`
    line 6, column 12: feeds[4].name: another feed has this name
    line 6, column 15: feeds[4].boxes: the key `boxes` is not known; known here: `name`, `wikis`, `rules`, `level`, `max_age`, `sink`
    line 7, column 15: feeds[5].wikis: name at least one, or leave the key out: then it takes all
    line 7, column 34: feeds[5].rules[1]: `link-overlaps` is none of `link-overlap`, `user-keyword`, `flood`; did you mean `link-overlap`?
    line 7, column 56: feeds[5].rules[3]: this stands in the list twice
    line 7, column 71: feeds[5].level: a whole number from 0 to 2 is wanted
    line 7, column 83: feeds[5].max_age: a time span from 1m to 7d is wanted
    line 7, column 100: feeds[5].sink.type: `stdot` is none of `irc`, `webhook`, `stdout`; did you mean `stdout`?
    line 8, column 23: feeds[6].wikis[1]: write `here`, or the host of a wiki, such as `de.wikipedia.org`
    line 8, column 51: feeds[6].wikis[2]: write `here`, or the host of a wiki, such as `de.wikipedia.org`
    line 8, column 56: feeds[6].wikis[3]: write `here`, or the host of a wiki, such as `de.wikipedia.org`
    line 8, column 94: feeds[6].sink.url: only a receiver on this very machine may be spoken to without encryption; write https
    line 9, column 42: feeds[7].sink.url: it holds a user name or password, and anybody can read this page: take them out and change them
    line 9, column 82: feeds[7].sink.key: names and secrets of the bot come from the operator's environment, never from a page that anybody can read: take this out, and change a secret that stood here
    line 10, column 42: feeds[8].sink.url: the address of a webhook begins with https://
    line 11, column 42: feeds[9].sink.url: take out `#` and what follows: it is not sent
    line 11, column 74: feeds[9].sink.channel: the key `channel` is not known; it belongs under `feeds[12].sink`
    line 12, column 12: feeds[10].name: a name is 1 to 60 of the characters A-Z a-z 0-9 _ -, one of them a letter; `feed` and `settings` are none
    line 12, column 43: feeds[10].sink.server: the key `server` is not known; it belongs under `feeds[12].sink`
    line 13, column 12: feeds[11].name: a name is 1 to 60 of the characters A-Z a-z 0-9 _ -, one of them a letter; `feed` and `settings` are none
    line 17, column 15: feeds[12].sink.server: write the name of a host alone, such as `irc.libera.chat`; its port is `port`
    line 18, column 13: feeds[12].sink.port: a whole number from 1 to 65535 is wanted
    line 19, column 7: feeds[12].sink.channel: this key has no value
    line 19, column 7: feeds[12].sink.channel: write it in quotes, such as `"#wikipedia-en-spam"`
    line 20, column 7: feeds[12].sink.password: names and secrets of the bot come from the operator's environment, never from a page that anybody can read: take this out, and change a secret that stood here
    line 21, column 27: feeds[12].sink.trusted[2]: `*` is no account of a network's services: write its name alone, without `*`, `!`, `@` and spaces
    line 21, column 32: feeds[12].sink.trusted[3]: `a!b@c` is no account of a network's services: write its name alone, without `*`, `!`, `@` and spaces
    line 21, column 41: feeds[12].sink.trusted[4]: `two words` is no account of a network's services: write its name alone, without `*`, `!`, `@` and spaces
    line 22, column 63: feeds[13].sink.tls: only a server on this very machine may be spoken to without encryption
    line 22, column 79: feeds[13].sink.channel: a channel is `#` or `&` and 1 to 49 characters (those beyond ASCII count for 2 to 4), without space, comma, colon or invisible ones
    line 23, column 41: feeds[14].sink.server: write the name of a host alone, such as `irc.libera.chat`; its port is `port`
    line 23, column 64: feeds[14].sink.channel: a channel is `#` or `&` and 1 to 49 characters (those beyond ASCII count for 2 to 4), without space, comma, colon or invisible ones
    line 24, column 15: feeds[15].sink.server: this key is missing
    line 24, column 42: feeds[15].sink.channel: a channel is `#` or `&` and 1 to 49 characters (those beyond ASCII count for 2 to 4), without space, comma, colon or invisible ones
    line 25, column 5: feeds[16].sink: this key is missing
    line 26, column 5: feeds[17].name: this key is missing
    "##);
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["A"], "none that goes nowhere");

    let many = format!("feeds:\n{}", "  - {name: a, sink: stdout}\n".repeat(21));
    let (feeds, problems) = look(&many, None, &[]);
    assert!(
        feeds.is_empty() && problems.contains("21 entries; at most 20"),
        "{problems}"
    );
}

#[test]
fn a_channel_is_as_long_in_bytes_as_servers_take_it() {
    let channel = |name: &str| {
        let yaml =
            format!("feeds:\n  - {{name: a, sink: {{type: irc, server: irc.libera.chat, channel: \"{name}\"}}}}\n");
        let (feeds, problems) = look(&yaml, None, &[]);
        match &feeds[..] {
            [] => Err(problems),
            feeds => Ok(feeds.len()),
        }
    };
    let e = |times: usize| "é".repeat(times);
    for (fits, too_long) in [
        (format!("#{}", "x".repeat(49)), format!("#{}", "x".repeat(50))),
        (format!("#x{}", e(24)), format!("#{}", e(25))),
    ] {
        assert_eq!((fits.len(), channel(&fits)), (50, Ok(1)), "{fits}");
        let problem = channel(&too_long).unwrap_err();
        assert!(
            problem.contains("feeds[1].sink.channel") && problem.contains("beyond ASCII"),
            "{problem}"
        );
    }
}

#[test]
fn boxes_name_feeds_and_feeds_name_boxes() {
    let yaml = "feeds:\n  - {name: chem, boxes: [Chembx], sink: stdout}\nboxes:\n  chembox: {channel: Chem}\n  Other: {channel: chem}\n  \
                Third_box: {channel: nothing}\n";
    let channels = [("Chembox", "Chem"), ("Other", "chem"), ("Third box", "nothing")];
    let (_, problems) = look(yaml, Some(&["Chembox", "Other", "Third box"]), &channels);
    insta::assert_snapshot!(problems, @r#"
    line 2, column 26: feeds[1].boxes[1]: `Chembx` is no box of this page; did you mean `Chembox`?
    line 4, column 22: boxes.chembox.channel: warning: no feed has the name `Chem` (did you mean `chem`?): what is found in this box goes only to feeds that name it in `boxes`
    line 6, column 24: boxes.Third_box.channel: warning: no feed has the name `nothing`: what is found in this box goes only to feeds that name it in `boxes`
    "#);
}
