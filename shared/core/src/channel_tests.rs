use super::*;
use proptest::prelude::*;

#[test]
fn a_command_begins_with_the_bots_name() {
    let names = ["COIBot_", "COIBot", "[Bot]"];
    for (said, command) in [
        ("COIBot wl add Beetstra *", Some("wl add Beetstra *")),
        ("COIBot: status", Some("status")),
        ("coibot, help wl ", Some("help wl")),
        ("  COIBOT:help", Some("help")),
        ("COIBot_: quiet", Some("quiet")),
        ("COIBot : report", Some("report")),
        ("{bOT}: status", Some("status")),
        ("COIBot: COIBot status", Some("COIBot status")),
        ("COIBot", None),
        ("COIBot: ", None),
        ("COIBot2: status", None),
        ("COIBot's reports", None),
        ("COIBot-dev: quiet", None),
        ("I asked COIBot: status", None),
        ("status", None),
        // A name that is cut within a letter
        ("COIBo\u{444}: status", None),
        ("", None),
    ] {
        assert_eq!(addressed(said, &names), command, "{said}");
    }
    assert_eq!(addressed(" : status", &[""]), None);
    assert_eq!(addressed("Бот: status", &["Бот"]), Some("status"));
    assert!(is_same_nick("A[]\\~", "a{}|^") && !is_same_nick("Ж", "ж") && !is_same_nick("a", "ab"));
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

#[test]
fn a_person_is_told_once_and_heard_again_later() {
    let mut rate = Rate::new();
    for n in 0..6 {
        // In all channels together
        assert_eq!(
            rate.may("a@host", if n % 2 == 0 { "#a" } else { "#b" }, at(n)),
            May::Yes
        );
    }
    assert_eq!(rate.may("a@host", "#a", at(6)), May::TellOnce);
    assert_eq!(rate.may("a@host", "#b", at(7)), May::No);
    assert_eq!(rate.may("b@host", "#a", at(7)), May::Yes, "others are heard");
    // The first answer is a minute old; whoever goes on and on is not told again and again.
    assert_eq!(rate.may("a@host", "#a", at(60)), May::Yes);
    assert_eq!(rate.may("a@host", "#a", at(60)), May::No);
    assert_eq!(rate.may("a@host", "#a", at(200)), May::Yes);
    // A clock that was set back shuts nobody out.
    for _ in 0..6 {
        rate.may("a@host", "#a", at(10_000));
    }
    assert_eq!(rate.may("a@host", "#a", at(10_001)), May::TellOnce);
    assert_eq!(rate.may("a@host", "#a", at(300)), May::Yes);
}

proptest! {
    /// Whoever asks however often, under however many names: a channel gets 20 answers a minute, a person 6, and nothing
    /// is remembered for longer.
    #[test]
    fn nobody_makes_the_bot_flood(asked in proptest::collection::vec((0..40u8, 0..3u8, 0..4i64), 1..400)) {
        let mut rate = Rate::new();
        let (mut now, mut answers, mut told) = (0, Vec::new(), 0);
        for (who, channel, later) in asked {
            now += later;
            let (who, channel) = (format!("person {who}"), format!("#{channel}"));
            match rate.may(&who, &channel, at(now)) {
                May::Yes => answers.push((who, channel, now)),
                May::TellOnce => told += 1,
                May::No => {}
            }
            let recent: Vec<_> = answers.iter().filter(|(_, _, at)| now - at < 60).collect();
            for (who, channel, _) in &recent {
                prop_assert!(recent.iter().filter(|(of, _, _)| of == who).count() <= PER_PERSON);
                prop_assert!(recent.iter().filter(|(_, of, _)| of == channel).count() <= PER_CHANNEL);
            }
            prop_assert!(rate.people.len() <= recent.len() && rate.channels.len() <= 3);
        }
        prop_assert!(told <= answers.len(), "no more complaints than answers");
    }
}

#[test]
fn a_name_that_was_copied_from_a_report_is_whole_again() {
    for name in [
        "Beetstra",
        "Émile_Zola",
        "J.R.-Beet/stra_(Ann)",
        "ශ්\u{200d}රී",
        "👩\u{200d}🚀",
        "x",
    ] {
        let broken = unhighlighted(name);
        for (said, meant) in [(&*broken, name), (name, name)] {
            let line = |name: &str| format!("wl add {name} \"{name} 2\" — {name}");
            // A picture of several signs cannot be told from a name that was broken.
            assert_eq!(whole(&line(said)), line(meant), "{said:?}");
        }
    }
}
