use super::*;
use std::time::Duration;
use wikicrew_core::types::Secret;

fn config(sasl: bool) -> Config {
    Config {
        server: "irc.example.org".to_owned(),
        port: 6697,
        tls: true,
        nick: "COIBot".to_owned(),
        real_name: "COIBot of Example, see User:COIBot".to_owned(),
        password: None,
        sasl: sasl.then(|| Sasl {
            user: "coi".to_owned(),
            password: Secret::new("s3cret"),
        }),
        pace: Duration::from_secs(1),
        patience: Duration::from_secs(15),
        ping_every: Duration::from_secs(60),
    }
}

fn text(lines: &[Line]) -> String {
    let bytes: Vec<u8> = lines.iter().flat_map(|line| line.as_bytes()).copied().collect();
    String::from_utf8(bytes).unwrap().replace("\r\n", "|")
}

/// Says the messages of the server one after the other; gives what follows from each, and from the last one.
fn talk(config: &Config, messages: &[&str]) -> (Vec<String>, Result<Option<Registered>, Error>) {
    let (mut registration, first) = Registration::begin(config, true).unwrap_or_else(|e| panic!("{e}"));
    let mut sent = vec![text(&first)];
    for message in messages {
        match registration.on(&Message::parse(message.as_bytes()).unwrap()) {
            Ok(Next::Send(lines)) => sent.push(text(&lines)),
            Ok(Next::Done(registered)) => return (sent, Ok(Some(registered))),
            Err(e) => return (sent, Err(e)),
        }
    }
    (sent, Ok(None))
}

#[test]
fn a_login_goes_before_everything_else() {
    let (sent, result) = talk(
        &config(true),
        &[
            "PING :123",
            ":s CAP * LS * :multi-prefix account-tag",
            ":s CAP * LS :batch sasl=EXTERNAL,plain echo-message",
            ":s CAP COIBot ACK :account-tag",
            ":s CAP COIBot NAK :batch",
            ":s CAP COIBot ACK :sasl",
            "AUTHENTICATE +",
            ":s 900 COIBot COIBot!u@h coi :You are now logged in",
            ":s 903 COIBot :SASL successful",
            ":irc.example.org 001 COIBot :Welcome",
        ],
    );
    assert_eq!(
        sent,
        [
            "CAP LS 302|NICK COIBot|USER COIBot 0 * :COIBot of Example, see User:COIBot|",
            "PONG 123|",
            "",
            "CAP REQ account-tag|CAP REQ batch|CAP REQ sasl|",
            "",
            "",
            "AUTHENTICATE PLAIN|",
            "AUTHENTICATE AGNvaQBzM2NyZXQ=|",
            "",
            "CAP END|",
        ]
    );
    let registered = Registered {
        nick: "COIBot".to_owned(),
        server: "irc.example.org".to_owned(),
        accounts: true,
    };
    assert_eq!(result, Ok(Some(registered)));
}

#[test]
fn a_login_that_is_not_taken_is_no_connection() {
    for (messages, word) in [
        (&[":s 001 COIBot :Welcome"][..], "without asking"),
        (&[":s CAP * LS :account-tag"], "no SASL"),
        (&[":s CAP * LS :sasl=EXTERNAL,SCRAM-SHA-256"], "not PLAIN"),
        (&[":s CAP * LS :sasl", ":s CAP * NAK :sasl"], "refuses SASL"),
        (
            &[":s CAP * LS :sasl", ":s CAP * ACK :sasl", ":s 904 * :SASL failed"],
            "SASL failed",
        ),
        (
            &[":s CAP * LS :sasl", ":s CAP * ACK :sasl", ":s 001 COIBot :Welcome"],
            "without asking",
        ),
        (&[":s 464 * :Password incorrect"], "Password incorrect"),
    ] {
        let (sent, result) = talk(&config(true), messages);
        assert!(
            matches!(&result, Err(Error::Login(why)) if why.contains(word)),
            "{messages:?}: {result:?}"
        );
        assert!(!sent.concat().contains("AGNvaQ"), "{messages:?}");
    }
}

#[test]
fn no_password_goes_where_others_can_read_it() {
    let with_password = Config {
        password: Some(Secret::new("x")),
        ..config(false)
    };
    for config in [&config(true), &with_password] {
        assert!(matches!(Registration::begin(config, false), Err(Error::Login(_))));
        assert!(Registration::begin(config, true).is_ok());
    }
    assert!(Registration::begin(&config(false), false).is_ok());
    let (sent, _) = talk(&with_password, &[]);
    assert_eq!(sent[0].split('|').nth(1), Some("PASS x"));
}

#[test]
fn long_passwords_come_in_parts() {
    for (bytes, parts) in [(294, [400, 1].as_slice()), (295, &[400, 4]), (594, &[400, 400, 1])] {
        let config = Config {
            sasl: Some(Sasl {
                user: "user".to_owned(),
                password: Secret::new("p".repeat(bytes)),
            }),
            ..config(false)
        };
        let messages = [":s CAP * LS :sasl", ":s CAP * ACK :sasl", "AUTHENTICATE +"];
        let (sent, _) = talk(&config, &messages);
        let lines = sent[3]
            .split_terminator('|')
            .map(|line| line.len() - "AUTHENTICATE ".len());
        assert_eq!(lines.collect::<Vec<_>>(), parts, "{bytes}");
        assert_eq!(sent[3].ends_with("AUTHENTICATE +|"), parts.ends_with(&[1]));
    }
}

#[test]
fn servers_without_capabilities_will_do() {
    let welcome = ":irc.example.org 001 COIBot :Welcome";
    let accounts = |messages: &[&str]| talk(&config(false), messages).1.unwrap().unwrap().accounts;
    assert!(!accounts(&[":s 421 * CAP :Unknown command", welcome]));
    assert!(!accounts(&[":s CAP * LS :", welcome]));
    assert!(!accounts(&[
        ":s CAP * LS :account-tag",
        ":s CAP * NAK :account-tag",
        welcome
    ]));
    assert!(!accounts(&[
        ":s CAP * LS :account-tag",
        ":s CAP * ACK :-account-tag",
        welcome
    ]));
    // Nobody asked for it.
    assert!(!accounts(&[":s CAP * LS :batch", ":s CAP * ACK :account-tag", welcome]));
    assert!(accounts(&[
        ":s CAP * LS :account-tag",
        ":s CAP * ACK :account-tag ",
        welcome
    ]));
    let (sent, _) = talk(&config(false), &[":s CAP * LS :multi-prefix", ":s CAP * LS :batch"]);
    assert_eq!(sent[1..], ["CAP END|", ""]);
}

#[test]
fn nicks_in_use_give_way_to_others() {
    let taken = ":s 433 * COIBot :Nickname is already in use";
    let (sent, result) = talk(&config(false), &[taken, taken, ":s 432 * x :Erroneous", taken, taken]);
    assert_eq!(
        sent[1..],
        ["NICK COIBot_|", "NICK COIBot__|", "NICK COIBot1|", "NICK COIBo2|"]
    );
    assert_eq!(result, Err(Error::Nick("Nickname is already in use".to_owned())));
    let (_, result) = talk(&config(false), &[taken, ":s 001 COIBot_ :Welcome"]);
    assert_eq!(result.unwrap().unwrap().nick, "COIBot_");
    assert_eq!(
        talk(&config(false), &[":s 001", ":s 001 :"]).1,
        Ok(None),
        "nobody is welcome"
    );
    let (sent, result) = talk(&config(false), &[":s 432 * COIBot :Erroneous nickname"]);
    assert_eq!(
        (sent.len(), result),
        (1, Err(Error::Nick("Erroneous nickname".to_owned())))
    );
}

#[test]
fn a_ban_is_told_and_what_cannot_be_sent_is_a_setting() {
    let (_, banned) = talk(&config(false), &[":s 465 * :You are banned\u{3}4 here"]);
    assert_eq!(banned, Err(Error::Banned("You are banned⟨U+0003⟩4 here".to_owned())));
    let (_, closed) = talk(&config(false), &["ERROR :Closing link"]);
    assert!(
        closed
            .unwrap_err()
            .to_string()
            .contains("irc.example.org:6697: Closing link")
    );
    let sasl = |user: &str| Sasl {
        user: user.to_owned(),
        password: Secret::new("x"),
    };
    for bad in [
        Config {
            nick: "a b".to_owned(),
            ..config(false)
        },
        Config {
            nick: String::new(),
            ..config(false)
        },
        Config {
            nick: "a\r\nQUIT".to_owned(),
            ..config(false)
        },
        Config {
            password: Some(Secret::new("x\ny")),
            ..config(false)
        },
        Config {
            sasl: Some(sasl("a\0b")),
            ..config(false)
        },
    ] {
        assert!(
            matches!(Registration::begin(&bad, true), Err(Error::Setting(_))),
            "{}",
            bad.nick
        );
    }
}
