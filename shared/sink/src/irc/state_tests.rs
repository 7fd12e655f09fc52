use super::*;
use crate::irc::Leave;
use crate::irc::events::{self, Events};
use crate::irc::message::Message;

const TIMES: Times = Times {
    pace: Duration::from_secs(1),
    patience: Duration::from_secs(15),
    ping_every: Duration::from_secs(60),
};

type Answer = oneshot::Receiver<Result<(), NotSent>>;

struct Talk {
    state: State,
    events: Events,
    now: Instant,
}

impl Talk {
    /// Registered as `bot`, in `#c`.
    fn new() -> Talk {
        let registered = Registered {
            nick: "bot".to_owned(),
            server: "irc.example.org".to_owned(),
            accounts: true,
        };
        let (sender, events) = events::channel();
        let now = Instant::now();
        let state = State::new(registered, TIMES, sender, now);
        let mut talk = Talk { state, events, now };
        let mut joined = talk.join("#c");
        talk.hear(":bot!u@h.example JOIN #c");
        assert_eq!(joined.try_recv(), Ok(Ok(())));
        talk.sent();
        talk
    }

    fn hear(&mut self, line: &str) {
        let message = Message::parse(line.as_bytes()).unwrap();
        self.state.message(&message, self.now).unwrap();
    }

    fn join(&mut self, channel: &str) -> Answer {
        let (reply, answer) = oneshot::channel();
        let channel = channel.to_owned();
        self.state.command(Command::Join { channel, reply }, self.now);
        answer
    }

    fn say(&mut self, channel: &str, text: &str, priority: Priority) -> Answer {
        let (reply, answer) = oneshot::channel();
        let (channel, text) = (channel.to_owned(), Text::new(text));
        self.state
            .command(Command::Say(Saying { channel, text, reply }, priority), self.now);
        answer
    }

    /// What is due after so many milliseconds, and what is sent.
    fn after(&mut self, millis: u64) -> String {
        self.now += Duration::from_millis(millis);
        self.state.due(self.now).unwrap();
        self.sent()
    }

    fn sent(&mut self) -> String {
        let bytes: Vec<u8> = self
            .state
            .out
            .drain(..)
            .flat_map(|line| line.as_bytes().to_vec())
            .collect();
        String::from_utf8(bytes).unwrap().replace("\r\n", "|")
    }

    fn event(&mut self) -> Option<Event> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                tokio::select! { biased; event = self.events.next() => event, () = std::future::ready(()) => None }
            })
    }

    fn pong(&mut self) {
        let token = self.state.flying.as_ref().unwrap().token.clone();
        self.hear(&format!(":irc.example.org PONG irc.example.org {token}"));
    }
}

fn refused(code: u16) -> impl Fn(&mut Answer) -> bool {
    move |answer| matches!(answer.try_recv(), Ok(Err(NotSent::Refused { code: of, .. })) if of == code)
}

#[test]
fn one_line_within_the_pace_and_an_answer_first() {
    let mut talk = Talk::new();
    let mut first = talk.say("#c", "one", Priority::Report);
    let _second = talk.say("#c", "two", Priority::Report);
    let _answer = talk.say("#C", "answer", Priority::Answer);
    let given_up = talk.say("#c", "nobody waits for it", Priority::Answer);
    drop(given_up);
    assert_eq!(talk.after(0), "PRIVMSG #C answer|PING wikicrew-1|");
    // The next one waits for the PONG, and for the pace.
    assert_eq!(talk.after(3000), "");
    talk.pong();
    assert_eq!(talk.after(0), "PRIVMSG #c one|PING wikicrew-2|");
    talk.pong();
    assert_eq!(first.try_recv(), Ok(Ok(())));
    assert_eq!(talk.after(999), "");
    assert_eq!(talk.state.wake(), talk.now + Duration::from_millis(1));
    assert_eq!(talk.after(1), "PRIVMSG #c two|PING wikicrew-3|");
}

#[test]
fn answers_and_reports_take_turns() {
    let mut talk = Talk::new();
    let said = |talk: &mut Talk| {
        let sent = talk.after(1000);
        talk.pong();
        sent.split([' ', '|']).nth(2).unwrap().to_owned()
    };
    let mut waiting: Vec<Answer> = Vec::new();
    for text in ["a1", "a2", "a3"] {
        waiting.push(talk.say("#c", text, Priority::Answer));
    }
    assert_eq!(said(&mut talk), "a1");
    for text in ["r1", "r2", "r3"] {
        waiting.push(talk.say("#c", text, Priority::Report));
    }
    // A line whose sender has given up takes nobody's turn.
    drop(waiting.remove(1));
    let order: Vec<String> = (0..4).map(|_| said(&mut talk)).collect();
    assert_eq!(order, ["r1", "a3", "r2", "r3"]);
    waiting.push(talk.say("#c", "r4", Priority::Report));
    waiting.push(talk.say("#c", "a4", Priority::Answer));
    assert_eq!([said(&mut talk), said(&mut talk)], ["a4", "r4"]);
}

#[test]
fn only_the_server_confirms_a_line() {
    let mut talk = Talk::new();
    let mut said = talk.say("#c", "x", Priority::Report);
    talk.after(0);
    for forged in [
        ":eve!e@h PONG bot wikicrew-1",
        ":eve PONG bot wikicrew-1",
        ":irc.example.org PONG irc.example.org wikicrew-0",
    ] {
        talk.hear(forged);
    }
    assert!(said.try_recv().is_err());
    talk.hear("PONG wikicrew-1");
    assert_eq!(said.try_recv(), Ok(Ok(())));
}

#[test]
fn refusals_are_told_to_those_whom_they_are_about() {
    for (refusal, code) in [
        (":s 404 bot #C :Cannot send to channel", 404),
        (":s 442 bot #c :You're not on that channel", 442),
        (":s 417 bot :Input line was too long", 417),
        (":s 263 bot PRIVMSG :Wait", 263),
        ("FAIL PRIVMSG CANNOT_SEND #c :no", 400),
    ] {
        let mut talk = Talk::new();
        let mut said = talk.say("#c", "x", Priority::Report);
        talk.after(0);
        talk.hear(":s 404 bot #other :Cannot send to channel");
        talk.hear(":s 372 bot #c :a word of the day");
        assert!(said.try_recv().is_err());
        talk.hear(refusal);
        assert!(refused(code)(&mut said), "{refusal}");
        // The PONG behind it is nobody's.
        talk.hear(":s.example.org PONG s.example.org wikicrew-1");
    }
    let mut talk = Talk::new();
    for (channel, text, code) in [("#other", "x", 442), ("#c", " \n", 412), ("#c,#d", "x", 442)] {
        let mut said = talk.say(channel, text, Priority::Report);
        assert_eq!(talk.after(0), "");
        assert!(refused(code)(&mut said), "{channel}");
    }
}

#[test]
fn channels_are_joined_or_the_server_says_why_not() {
    let mut talk = Talk::new();
    for code in [403, 405, 407, 437, 470, 471, 473, 474, 475, 476, 477, 489, 520] {
        let (mut one, mut two) = (talk.join("#d"), talk.join("#D"));
        assert_eq!(talk.after(0), "JOIN #d|");
        talk.hear(&format!(":s {code} bot #D ##forwarded :Cannot join channel"));
        assert!(refused(code)(&mut one) && refused(code)(&mut two), "{code}");
    }
    for bad in ["#", "c", "#a,#b", "#a b", "#a\r\nQUIT", "0", "", "#a\u{7}"] {
        assert!(refused(479)(&mut talk.join(bad)), "{bad:?}");
    }
    assert_eq!(talk.after(0), "");
    let mut late = talk.join("#late");
    talk.after(15_000);
    assert!(refused(263)(&mut late));
    talk.hear(":bot!u@h JOIN #late");
    assert_eq!(talk.sent(), "PART #late|");
    talk.hear(":someone!u@h JOIN #elsewhere");
    assert_eq!(talk.sent(), "");
    assert_eq!(talk.join("#C").try_recv(), Ok(Ok(())));
}

#[test]
fn a_server_may_take_its_time_for_each_of_many_questions() {
    let mut talk = Talk::new();
    let mut joins: Vec<Answer> = (0..20).map(|i| talk.join(&format!("#{i}"))).collect();
    let mut said = talk.say("#c", "x", Priority::Report);
    talk.after(0);
    for (i, join) in joins.iter_mut().enumerate() {
        talk.after(14_000);
        talk.hear(&format!(":bot!u@h JOIN #{i}"));
        assert_eq!(join.try_recv(), Ok(Ok(())), "{i}");
    }
    talk.after(14_000);
    talk.hear(":B!b@h PRIVMSG #c :what others say is no answer");
    assert!(talk.state.due(talk.now + Duration::from_secs(1)).is_err());
    talk.pong();
    assert_eq!(said.try_recv(), Ok(Ok(())));
}

#[test]
fn who_says_what_is_heard_as_the_server_tells_it() {
    let mut talk = Talk::new();
    for silent in [
        ":B!b@h PRIVMSG bot :in private",
        ":B!b@h PRIVMSG #other :elsewhere",
        ":B!b@h PRIVMSG @#c :to some",
        ":B!b@h PRIVMSG #c :\u{1}ACTION waves\u{1}",
        ":B!b@h NOTICE #c :a notice",
        "@batch=1;account=B :B!b@h PRIVMSG #c :said yesterday",
        ":bot!b@h PRIVMSG #c :ourselves",
        ":s.example.org PRIVMSG #c :a server",
    ] {
        talk.hear(silent);
        assert_eq!(talk.event(), None, "{silent}");
    }
    let mut account = |tags: &str| {
        talk.hear(&format!("{tags}:B!b@h PRIVMSG #C :bot: help"));
        match talk.event() {
            Some(Event::Said {
                channel,
                nick,
                from,
                account,
                text,
            }) => {
                assert_eq!([channel, nick, from, text], ["#c", "B", "b@h", "bot: help"]);
                account
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(account("@account=Beetstra ").as_deref(), Some("Beetstra"));
    for nobody in [
        "",
        "@account=* ",
        "@account= ",
        "@+account=Beetstra ",
        "@x/account=Beetstra ",
        "@account=A;account=B ",
    ] {
        assert_eq!(account(nobody), None, "{nobody}");
    }
    talk.hear(":s CAP bot DEL :account-tag");
    talk.hear("@account=Beetstra :B!b@h PRIVMSG #c :x");
    assert!(matches!(talk.event(), Some(Event::Said { account: None, .. })));
    talk.hear(":s CAP bot NEW :account-tag sasl=PLAIN");
    assert_eq!(talk.sent(), "CAP REQ account-tag|");
    talk.hear(":s CAP bot ACK :account-tag");
    assert!(talk.state.known.borrow().accounts);
}

#[test]
fn a_flood_leaves_only_so_much_and_a_kick_all_the_same() {
    let mut talk = Talk::new();
    for _ in 0..5000 {
        talk.hear(":B!b@h PRIVMSG #c :flood");
    }
    talk.hear(":Op!o@h KICK #C BOT :be\u{2}gone");
    let mut said = 0;
    let out = loop {
        match talk.event() {
            Some(Event::Said { .. }) => said += 1,
            other => break other,
        }
    };
    let (channel, by, why) = ("#c".to_owned(), "Op".to_owned(), "be⟨U+0002⟩gone".to_owned());
    assert_eq!(
        out,
        Some(Event::Out {
            channel,
            by,
            why,
            kind: Leave::Kicked
        })
    );
    assert_eq!(said, 256);
    let mut after = talk.say("#c", "x", Priority::Report);
    assert_eq!(talk.after(0), "");
    assert!(refused(442)(&mut after));
    talk.join("#c");
    talk.hear(":bot!u@h JOIN #c");
    talk.hear(":B!b@h PRIVMSG #c :again");
    assert!(matches!(talk.event(), Some(Event::Said { .. })));
    talk.hear(":bot!u@h PART #c :removed");
    assert!(matches!(
        talk.event(),
        Some(Event::Out {
            kind: Leave::Parted,
            ..
        })
    ));
}

#[test]
fn our_nick_and_host_are_followed() {
    let mut talk = Talk::new();
    let longest = "x".repeat(600);
    let bytes = |talk: &mut Talk| {
        let _said = talk.say("#c", &longest, Priority::Report);
        let sent = talk.after(1000);
        talk.pong();
        sent.split('|').next().unwrap().len()
    };
    // The server puts `:who ` before it, and a colon before the text.
    let whole = |who: &str| 512 - "\r\n".len() - who.len() - ": ".len() - ":".len();
    assert_eq!(bytes(&mut talk), whole("bot!u@h.example"));
    talk.hear(":BOT!u@h NICK Guest1234");
    talk.hear(":Guest!u@h NICK other");
    assert_eq!(talk.state.known.borrow().nick, "Guest1234");
    assert_eq!(bytes(&mut talk), whole("Guest1234!u@h.example"));
    talk.hear(":s 396 Guest1234 wikimedia/bot :is now your displayed host");
    assert_eq!(bytes(&mut talk), whole("Guest1234!u@wikimedia/bot"));
}

#[test]
fn letters_are_the_same_as_the_server_says() {
    let mut talk = Talk::new();
    talk.join("#[x]~");
    talk.hear(":bot!u@h JOIN #{x}^");
    assert_eq!(talk.join("#{X}^").try_recv(), Ok(Ok(())));
    talk.hear(":s 005 bot CHANTYPES=# CASEMAPPING=ascii NICKLEN=30 :are supported");
    assert!(talk.join("#{x}^").try_recv().is_err());
    assert_eq!(talk.join("#[X]~").try_recv(), Ok(Ok(())));
}

#[test]
fn silence_and_last_words_end_it() {
    let mut talk = Talk::new();
    assert_eq!(talk.after(60_000), "PING wikicrew-1|");
    talk.hear(":irc.example.org PONG irc.example.org :wikicrew-1");
    assert_eq!(talk.after(59_999), "");
    assert_eq!(talk.after(1), "PING wikicrew-2|");
    let silent = talk.state.due(talk.now + TIMES.patience).unwrap_err();
    assert_eq!(silent, "the server did not answer for 15 s");
    for last in ["ERROR :Closing link", ":Oper KILL bot :bye"] {
        let message = Message::parse(last.as_bytes()).unwrap();
        assert!(talk.state.message(&message, talk.now).is_err(), "{last}");
    }
    let mut flying = talk.say("#c", "in doubt", Priority::Report);
    talk.after(0);
    let mut waiting = talk.say("#c", "not written", Priority::Answer);
    let mut joining = talk.join("#d");
    talk.state.end("gone");
    assert_eq!(flying.try_recv(), Ok(Err(NotSent::InDoubt("gone".to_owned()))));
    assert_eq!(waiting.try_recv(), Ok(Err(NotSent::NotWritten("gone".to_owned()))));
    assert_eq!(joining.try_recv(), Ok(Err(NotSent::NotWritten("gone".to_owned()))));
    assert_eq!(talk.event(), Some(Event::Gone("gone".to_owned())));
}
