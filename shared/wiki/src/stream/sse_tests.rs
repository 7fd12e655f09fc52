use super::*;

fn parse(pieces: &[&[u8]]) -> Vec<Parsed> {
    let mut parser = Parser::default();
    let mut found = Vec::new();
    for piece in pieces {
        parser.feed(piece, &mut |parsed| found.push(parsed));
    }
    found
}

fn event(name: &str, id: &str, data: &str) -> Parsed {
    Parsed::Event {
        name: name.to_owned(),
        id: id.to_owned(),
        data: data.to_owned(),
    }
}

const TEXT: &str = "\u{feff}:ok\n\nevent: message\nid: [{\"a\":1}]\ndata: {\"t\":\"Zürich – 東\"}\n\n\
    data:one\r\ndata:  two\r\ndata\r\n\r\nid: 2\rdata: x\r\r: comment\nid\ndata: y\nunknown: z\nretry: 1500\n\n\
    data: never ended\n";

#[test]
fn events_are_the_same_wherever_the_bytes_are_cut() {
    let expected = [
        event("message", "[{\"a\":1}]", "{\"t\":\"Zürich – 東\"}"),
        event("", "[{\"a\":1}]", "one\n two\n"),
        event("", "2", "x"),
        event("", "", "y"),
    ];
    let bytes = TEXT.as_bytes();
    assert_eq!(parse(&[bytes]), expected);
    for cut in 1..bytes.len() {
        assert_eq!(parse(&[&bytes[..cut], &bytes[cut..]]), expected, "cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(parse(&single), expected);
    let mut parser = Parser::default();
    parser.feed(bytes, &mut |_| {});
    assert_eq!(parser.retry, Some(Duration::from_millis(1500)));
}

#[test]
fn a_new_connection_forgets_half_an_event_and_keeps_the_id() {
    let mut found = Vec::new();
    Parser::after("7").feed(b"data: a\n\nid: \x01\ndata: b\n\n", &mut |parsed| found.push(parsed));
    assert_eq!(found, [event("", "7", "a"), event("", "7", "b")]);
}

#[test]
fn what_is_too_long_is_dropped_and_told_and_the_next_event_is_whole() {
    let half = vec![b'x'; MAX_EVENT / 2];
    let mut text = b"id: 1\ndata: ".to_vec();
    text.extend_from_slice(&half);
    text.extend_from_slice(b"\ndata: ");
    text.extend_from_slice(&half);
    text.extend_from_slice(&half);
    text.extend_from_slice(b"\ndata: more\nid: 2\n\ndata: next\n\n");
    for size in [1_000, 65_536, text.len()] {
        let mut parser = Parser::default();
        let mut found = Vec::new();
        let mut most = 0;
        for piece in text.chunks(size) {
            parser.feed(piece, &mut |parsed| found.push(parsed));
            most = most.max(parser.line.capacity() + parser.data.capacity());
        }
        assert!(most <= 3 * MAX_EVENT, "{most}");
        let [Parsed::TooLong { id, bytes }, next] = &found[..] else {
            panic!("{} events", found.len());
        };
        assert_eq!(id, "2");
        assert!(*bytes > MAX_EVENT as u64 && *bytes < text.len() as u64, "{bytes}");
        assert_eq!(*next, event("", "2", "next"));
    }
    // Exactly as much as is taken.
    let mut text = b"data:".to_vec();
    text.extend_from_slice(&vec![b'x'; MAX_EVENT - 5]);
    text.extend_from_slice(b"\n\n");
    assert!(matches!(&parse(&[&text])[..], [Parsed::Event { data, .. }] if data.len() == MAX_EVENT - 5));
}
