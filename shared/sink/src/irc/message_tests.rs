use super::*;
use proptest::prelude::*;

fn parse(line: &str) -> Message {
    Message::parse(line.as_bytes()).unwrap()
}

#[test]
fn lines_of_servers_are_read() {
    let said = parse("@time=2026-01-01T00:00:00Z;account=Beetstra;+account=x :B!b@host  PRIVMSG #c  :COIBot: help  wl");
    assert_eq!(said.tag("account"), Some("Beetstra"));
    assert_eq!(said.sender(), ("B", "b@host"));
    assert_eq!(said.command, "PRIVMSG");
    assert_eq!(said.params, ["#c", "COIBot: help  wl"]);
    let numeric = parse(":irc.example.org 474 me #c :Cannot join channel (+b)");
    assert_eq!((numeric.numeric(), numeric.param(1)), (Some(474), "#c"));
    assert_eq!((numeric.last(), numeric.param(9)), ("Cannot join channel (+b)", ""));
    assert_eq!(numeric.sender(), ("irc.example.org", ""));
    assert_eq!(parse("ping :").params, [""]);
    for none in ["", "   ", ":only.a.source", "@a=b", "@a=b :source"] {
        assert_eq!(Message::parse(none.as_bytes()), None, "{none:?}");
    }
}

#[test]
fn tags_are_unescaped_and_doubtful_ones_are_none() {
    let of = |tags: &str| parse(&format!("@{tags} X")).tag("a").map(str::to_owned);
    assert_eq!(of(r"a=1\:2\s3\\4\q5\").as_deref(), Some(r"1;2 3\4q5"));
    assert_eq!(of("a").as_deref(), Some(""));
    assert_eq!(of("a=x;a=x").as_deref(), Some("x"));
    assert_eq!(of("a=x;a=y"), None);
    assert_eq!(of("+a=x;b/a=x"), None);
}

#[test]
fn what_would_be_two_lines_or_parameters_is_no_line() {
    let bytes = |params: &[&str]| {
        Line::new("PRIVMSG", params)
            .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
            .map_err(|Unsayable(command)| command)
    };
    assert_eq!(bytes(&["#c", "a b"]).unwrap(), "PRIVMSG #c :a b\r\n");
    assert_eq!(bytes(&["#c", ":"]).unwrap(), "PRIVMSG #c ::\r\n");
    assert_eq!(bytes(&["#c", "a"]).unwrap(), "PRIVMSG #c a\r\n");
    for bad in [
        ["#c", "a\rQUIT"],
        ["#c", "a\nQUIT"],
        ["#c", "\0"],
        ["#c QUIT", "a"],
        ["", "a"],
        [":c", "a"],
    ] {
        assert_eq!(bytes(&bad), Err("PRIVMSG"), "{bad:?}");
    }
    assert!(bytes(&["#c", &"x".repeat(499)]).is_ok());
    assert!(bytes(&["#c", &"x".repeat(500)]).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_keep_a_line_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(message) = Message::parse(&bytes) {
            let texts = message.params.iter().chain(message.source.iter()).chain([&message.command]);
            for text in texts {
                prop_assert!(!text.contains(['\r', '\n', '\0']));
            }
        }
    }

    #[test]
    fn what_is_sent_is_read_as_it_was(
        middle in prop::collection::vec("[^ :\r\n\0][^ \r\n\0]{0,12}", 0..4),
        last in "[^\r\n\0]{0,60}",
    ) {
        let mut params: Vec<&str> = middle.iter().map(String::as_str).collect();
        params.push(&last);
        let line = Line::new("NOTE", &params).unwrap();
        let bytes = line.as_bytes();
        prop_assert_eq!(bytes.iter().filter(|&&b| b == b'\n').count(), 1);
        let message = Message::parse(bytes).unwrap();
        prop_assert_eq!(message.command, "NOTE");
        prop_assert_eq!(message.params, params);
    }

    #[test]
    fn whatever_is_asked_for_one_line_comes_of_it(params in prop::collection::vec("\\PC{0,9}|[ :\r\n\0a]{0,6}", 0..4)) {
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        if let Ok(line) = Line::new("NOTE", &params) {
            let message = Message::parse(line.as_bytes()).unwrap();
            prop_assert_eq!(message.params, params);
            prop_assert!(line.as_bytes().len() <= LINE_BYTES);
        }
    }
}
