use super::*;
use crate::irc::message::{Line, Message};
use proptest::prelude::*;

#[test]
fn nothing_typed_is_a_command_or_a_colour() {
    for (typed, text) in [
        ("a\r\nQUIT :bye\0", "a  QUIT :bye⟨U+0000⟩"),
        ("\u{1}VERSION\u{1}", "⟨U+0001⟩VERSION⟨U+0001⟩"),
        ("\u{3}04red\u{2}\u{f}", "⟨U+0003⟩04red⟨U+0002⟩⟨U+000F⟩"),
        ("a\u{202e}b\u{2028}c", "a⟨U+202E⟩b c"),
        ("  B\u{200d}eetstra\t", "B\u{200d}eetstra"),
    ] {
        assert_eq!(Text::new(typed).as_str(), text);
    }
}

#[test]
fn long_answers_are_split_at_spaces() {
    let words = "word ".repeat(200);
    let lines = parts(&words, 10);
    assert_eq!(lines.len(), 3);
    let all: Vec<&str> = lines.iter().map(Text::as_str).collect();
    assert_eq!(all.join(" "), words.trim_end());
    assert!(
        all.iter()
            .all(|line| line.len() <= PART_BYTES && line.ends_with("word"))
    );
    let cut = parts(&words, 2);
    assert_eq!(cut.len(), 2);
    assert!(cut[1].as_str().ends_with('…'), "{cut:?}");
    // One word without an end, in characters of three bytes.
    let one = parts(&"語".repeat(250), 9);
    assert_eq!(one.iter().map(|line| line.as_str().chars().count()).sum::<usize>(), 250);
    assert_eq!(parts(" \n", 3), []);
    assert_eq!(parts("x", 0), []);
}

fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[\u{0}-\u{1f} :#]{0,9}",
        "[語🏳️‍🌈é\u{202e}\u{feff}]{0,300}",
        "[a-z ]{300,600}",
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_said_the_others_get_one_line(
        typed in typed(),
        nick in "[a-zA-Z\\[\\]_^|]{1,32}",
        user_host in prop::option::of("~?[a-z]{1,10}@[a-z0-9.:/-]{1,64}"),
        channel in "#[^ ,:\\x00-\\x20\u{7}]{1,16}",
    ) {
        let text = Text::new(&typed);
        let fitted = text.fitted(room(&nick, user_host.as_deref(), &channel));
        prop_assert!(!fitted.chars().any(char::is_control));
        let line = Line::new("PRIVMSG", &[&channel, &fitted]).unwrap();
        let message = Message::parse(line.as_bytes()).unwrap();
        prop_assert_eq!(&message.params, &[channel, fitted.clone()]);
        let shown = user_host.unwrap_or_else(|| format!("{}@{}", "u".repeat(10), "h".repeat(64)));
        // The server writes the last parameter with a colon, whatever it is.
        let relayed = format!(":{nick}!{shown} PRIVMSG {} :{fitted}\r\n", message.params[0]);
        prop_assert!(relayed.len() <= 512, "{}", relayed.len());
        if fitted != text.as_str() {
            prop_assert!(fitted.ends_with('…'));
            prop_assert!(text.as_str().starts_with(fitted.trim_end_matches('…').trim_end()));
            prop_assert!(relayed.len() > 470, "cut too early: {}", relayed.len());
        }
    }

    #[test]
    fn parts_fit_and_are_as_few_as_asked(typed in typed(), most in 0usize..5) {
        let lines = parts(&typed, most);
        prop_assert!(lines.len() <= most);
        for line in lines {
            prop_assert!(line.as_str().len() <= PART_BYTES && !line.as_str().is_empty());
            prop_assert_eq!(&Text::new(line.as_str()), &line);
        }
    }
}
