//! The client of event streams against a server that cuts, repeats, reorders, ignores and refuses.

use crate::stream_server::{Act, StreamServer, answer, begin, change, id, time};
use std::time::Duration;
use tokio::time::Instant;
use wikicrew_core::stream_event::{self, StreamEvent};
use wikicrew_core::types::Timestamp;
use wikicrew_wiki::stream::{EventStream, Resume, StreamConfig, Told};
use wikicrew_wiki::{Error, Gap, Stop};

fn at(minute: u32, second: u32) -> Timestamp {
    time(minute, second).parse().unwrap()
}

fn open(config: StreamConfig, resume: Resume) -> EventStream {
    EventStream::open(
        config,
        &["recentchange", "mediawiki.page-links-change"],
        resume,
        1,
        Stop::new(),
    )
    .unwrap()
}

/// What is told within this time: revisions (0: a test event), gaps, ids of what is too long.
#[derive(Clone, PartialEq, Debug)]
enum Seen {
    Edit(u64),
    Canary,
    Gap(Gap),
    TooLong(String),
}

async fn read(stream: &mut EventStream, ms: u64) -> (Vec<Seen>, Option<Error>) {
    let deadline = Instant::now() + Duration::from_millis(ms);
    let mut seen = Vec::new();
    loop {
        let told = match stream.next(deadline).await {
            Ok(Some(told)) => told,
            Ok(None) => return (seen, None),
            Err(error) => return (seen, Some(error)),
        };
        seen.push(match told {
            Told::Event(event) => match stream_event::read(&event.data).unwrap() {
                StreamEvent::Edit(edit) => {
                    assert_eq!(edit.change.title, "Zürich");
                    assert_eq!(event.id, id(edit.change.revid.0));
                    assert_eq!(event.at, Some(edit.dt));
                    Seen::Edit(edit.change.revid.0)
                }
                StreamEvent::Canary => Seen::Canary,
                other => panic!("{other:?}"),
            },
            Told::Gap(gap) => Seen::Gap(gap),
            Told::TooLong { id, .. } => Seen::TooLong(id),
            Told::Quiet => continue,
        });
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[tokio::test]
async fn a_cut_connection_goes_on_where_it_ended() {
    let server = StreamServer::start(|connection, _| match connection {
        0 => {
            let Act::Send(whole) = change(3, "de.wikipedia.org", 0, 3) else {
                unreachable!()
            };
            let cut = whole.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
            vec![
                begin(),
                change(1, "de.wikipedia.org", 0, 1),
                change(9, "canary", 30, 0),
                change(2, "de.wikipedia.org", 0, 2),
                // In the middle of a letter.
                Act::Send(whole[..cut].to_vec()),
                Act::Wait(20),
                Act::Send(whole[cut..].to_vec()),
                Act::Send(b"id: half\ndata: {".to_vec()),
            ]
        }
        1 => vec![
            begin(),
            change(3, "de.wikipedia.org", 0, 3),
            change(5, "de.wikipedia.org", 0, 5),
            Act::Reset,
        ],
        2 => vec![
            begin(),
            change(4, "de.wikipedia.org", 0, 4),
            Act::Send(b"retry: 1\nevent: error\ndata: x\n\n".to_vec()),
        ],
        _ => vec![begin(), change(6, "de.wikipedia.org", 0, 6), Act::Hang],
    })
    .await;
    let mut stream = open(server.config(), Resume::Latest);
    let (seen, error) = read(&mut stream, 1500).await;
    assert!(error.is_none(), "{error:?}");
    use Seen::{Canary, Edit};
    assert_eq!(
        seen,
        [Edit(1), Canary, Edit(2), Edit(3), Edit(3), Edit(5), Edit(4), Edit(6)]
    );
    let heads = server.heads();
    assert_eq!((heads.len(), stream.connections()), (4, 4));
    assert!(heads[0].starts_with("GET /v2/stream/recentchange,mediawiki.page-links-change HTTP/1.1\r\n"));
    let places: Vec<_> = heads.iter().map(|head| header(head, "last-event-id")).collect();
    assert_eq!(places, [None, Some(id(3)), Some(id(5)), Some(id(4))]);
    for head in &heads {
        assert_eq!(
            header(head, "user-agent").unwrap(),
            "WikicrewTest/1 (https://example.org)"
        );
        assert_eq!(header(head, "accept").unwrap(), "text/event-stream");
        for name in ["cookie", "authorization", "accept-encoding"] {
            assert_eq!(header(head, name), None, "{head}");
        }
    }
}

#[tokio::test]
async fn a_since_that_is_ignored_is_a_gap() {
    // The first events may belong to a topic that runs ahead; test events prove nothing.
    let server = StreamServer::start(|connection, _| {
        let mut acts = vec![
            begin(),
            change(1, "canary", 50, 0),
            change(2, "de.wikipedia.org", 30, 0),
        ];
        match connection {
            0 => acts.push(change(3, "de.wikipedia.org", 10, 1)),
            1 => acts.push(change(3, "de.wikipedia.org", 10, 0)),
            _ => acts.extend((3..60).map(|i| change(i, "de.wikipedia.org", 20, 0))),
        }
        acts.push(Act::Hang);
        acts
    })
    .await;
    let gap = |to| {
        Seen::Gap(Gap {
            from: at(0, 0),
            to,
            filled: false,
        })
    };
    let mut stream = open(server.config(), Resume::Since(at(0, 0)));
    let (seen, error) = read(&mut stream, 700).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(seen, [Seen::Canary, Seen::Edit(2), Seen::Edit(3), gap(at(10, 1))]);
    assert!(server.heads()[0].contains(",mediawiki.page-links-change?since=2026-11-20T10%3A00%3A00Z "));

    let mut stream = open(server.config(), Resume::Since(at(0, 0)));
    let (seen, _) = read(&mut stream, 700).await;
    assert_eq!(seen, [Seen::Canary, Seen::Edit(2), Seen::Edit(3)]);

    let (place, time) = (id(0), Some(at(0, 0)));
    let mut stream = open(
        server.config(),
        Resume::After {
            id: place.clone(),
            at: time,
        },
    );
    let (seen, _) = read(&mut stream, 700).await;
    let gaps: Vec<usize> = (0..seen.len()).filter(|i| matches!(seen[*i], Seen::Gap(_))).collect();
    assert_eq!((gaps.len(), &seen[gaps[0]]), (1, &gap(at(20, 0))));
    assert!(gaps[0] < seen.len() - 1, "told before the end: {seen:?}");
    assert_eq!(header(&server.heads()[2], "last-event-id"), Some(place));
    assert!(!server.heads()[2].contains("since"));
}

#[tokio::test]
async fn a_gap_after_a_reconnection_is_told_too() {
    let server = StreamServer::start(|connection, _| match connection {
        0 => vec![begin(), change(1, "de.wikipedia.org", 0, 1)],
        1 => vec![begin(), change(2, "de.wikipedia.org", 40, 0)],
        _ => vec![begin(), change(3, "de.wikipedia.org", 40, 1), Act::Hang],
    })
    .await;
    let (seen, _) = read(&mut open(server.config(), Resume::Latest), 900).await;
    let gap = Gap {
        from: at(0, 1),
        to: at(40, 0),
        filled: false,
    };
    assert_eq!(seen, [Seen::Edit(1), Seen::Edit(2), Seen::Gap(gap), Seen::Edit(3)]);
}

#[tokio::test]
async fn busy_servers_are_waited_for_and_others_are_not() {
    let server = StreamServer::start(|connection, _| match connection {
        0 => answer(429, "Retry-After: 1\r\n", ""),
        1 => answer(200, "Content-Type: text/html\r\n", "<html>Our servers are busy</html>"),
        2 => answer(503, "Content-Type: text/html\r\n", "<html>"),
        _ => vec![begin(), change(1, "de.wikipedia.org", 0, 1), Act::Hang],
    })
    .await;
    let started = Instant::now();
    let (seen, error) = read(&mut open(server.config(), Resume::Latest), 2500).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(seen, [Seen::Edit(1)]);
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.heads().len(), 4);

    let html =
        StreamServer::start(|_, _| answer(200, "Content-Type: text/html\r\n", "<html>Our servers are busy")).await;
    let (_, error) = read(&mut open(html.config(), Resume::Latest), 5000).await;
    let error = error.unwrap();
    assert!(matches!(error, Error::NotEvents { .. }), "{error}");
    assert!(error.to_string().contains("text/html") && error.to_string().contains("servers are busy"));
    assert_eq!(html.heads().len(), 5, "max_attempts");

    for (status, headers) in [
        (400, ""),
        (404, ""),
        (302, "Location: https://elsewhere.example/\r\n"),
        (429, "Retry-After: 999\r\n"),
    ] {
        let server = StreamServer::start(move |_, _| answer(status, headers, "why")).await;
        let (_, error) = read(&mut open(server.config(), Resume::Latest), 5000).await;
        match error.unwrap() {
            Error::Redirected {
                status: 302, location, ..
            } => assert_eq!(location, "https://elsewhere.example/"),
            Error::Status {
                status: told, start, ..
            } => assert_eq!((told, start.as_str()), (status, "why")),
            other => panic!("{other}"),
        }
        assert_eq!(server.heads().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_place_that_the_server_does_not_take_is_left_for_its_time() {
    let server = StreamServer::start(|connection, _| match connection {
        0 => answer(400, "", "bad id"),
        1 => vec![begin(), change(1, "de.wikipedia.org", 30, 0)],
        _ => answer(400, "", "since"),
    })
    .await;
    let resume = Resume::After {
        id: "x".to_owned(),
        at: Some(at(0, 0)),
    };
    let (seen, error) = read(&mut open(server.config(), resume), 5000).await;
    let gap = |from, to| {
        Seen::Gap(Gap {
            from,
            to,
            filled: false,
        })
    };
    assert_eq!(seen, [Seen::Edit(1), gap(at(0, 0), at(30, 0))]);
    // Not for ever: a time that is not taken is an error.
    assert!(matches!(error, Some(Error::Status { status: 400, .. })), "{error:?}");
    let heads = server.heads();
    let places: Vec<_> = heads.iter().map(|head| header(head, "last-event-id")).collect();
    assert_eq!(places, [Some("x".to_owned()), None, Some(id(1)), None]);
    let asks = |minute: u32| format!("?since=2026-11-20T10%3A{minute:02}%3A00Z ");
    assert!(heads[1].contains(&asks(0)) && heads[3].contains(&asks(30)));
}

#[tokio::test]
async fn silence_is_a_lost_connection_and_the_deadline_an_end() {
    let server = StreamServer::start(|connection, _| match connection {
        0 => vec![begin(), Act::Hang],
        1 => vec![Act::Hang],
        _ => vec![
            begin(),
            change(1, "de.wikipedia.org", 0, 1),
            Act::Wait(200),
            change(2, "de.wikipedia.org", 0, 2),
            Act::Hang,
        ],
    })
    .await;
    let mut config = server.config();
    config.silence = Duration::from_millis(400);
    config.timing.request_timeout = Duration::from_millis(300);
    let stop = Stop::new();
    let mut stream = EventStream::open(config, &["recentchange"], Resume::Latest, 1, stop.clone()).unwrap();
    let (seen, error) = read(&mut stream, 850).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(seen, [Seen::Edit(1)]);
    // The same connection is read on.
    let (seen, _) = read(&mut stream, 300).await;
    assert_eq!((seen, stream.connections()), (vec![Seen::Edit(2)], 3));
    stop.stop();
    let (_, error) = read(&mut stream, 60_000).await;
    assert!(matches!(error, Some(Error::Stopped { .. })));

    // Nobody there: told at the deadline, and not as a quiet stream.
    let gone = StreamServer::start(|_, _| vec![Act::Reset]).await;
    let mut config = gone.config();
    config.timing.retry_floor = Duration::from_secs(3);
    let (_, error) = read(&mut open(config, Resume::Latest), 500).await;
    assert!(matches!(error, Some(Error::Transport { .. })), "{error:?}");
}

#[tokio::test]
async fn an_event_that_is_too_long_does_not_stop_the_stream() {
    let server = StreamServer::start(|_, _| {
        let mut long = b"id: long\ndata: ".to_vec();
        long.extend(std::iter::repeat_n(b'x', 5 * 1024 * 1024));
        long.extend_from_slice(b"\n\n");
        vec![begin(), Act::Send(long), change(2, "de.wikipedia.org", 0, 2), Act::Hang]
    })
    .await;
    let mut stream = open(server.config(), Resume::Latest);
    let (seen, _) = read(&mut stream, 1500).await;
    assert_eq!(seen, [Seen::TooLong("long".to_owned()), Seen::Edit(2)]);
    let later = Instant::now() + Duration::from_secs(5);
    assert_eq!(stream.next(later).await.unwrap(), Some(Told::Quiet));
}

#[test]
fn only_safe_addresses_and_names_are_taken() {
    let open = |url: &str, allowed: &[&str], name: &str| {
        let mut config = StreamConfig::new(url, "WikicrewTest/1 (https://example.org)");
        config.allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        EventStream::open(config, &[name], Resume::Latest, 1, Stop::new()).err()
    };
    assert!(open("https://stream.example/v2/stream", &["stream.example"], "recentchange").is_none());
    let error = open("https://stream.example/v2/stream", &["other.example"], "recentchange");
    assert!(matches!(error, Some(Error::HostNotAllowed { .. })));
    for (url, name) in [
        ("http://stream.example/v2/stream", "recentchange"),
        ("https://me:pw@stream.example/", "recentchange"),
        ("https://stream.example/v2/stream", "../x"),
        ("https://stream.example/v2/stream", "a?since=b"),
        ("https://stream.example/v2/stream", ""),
    ] {
        assert!(
            matches!(open(url, &[], name), Some(Error::BadAddress { .. })),
            "{url} {name}"
        );
    }
}
