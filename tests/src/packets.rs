//! The little of MariaDB's protocol that a proxy must know: where a packet ends, and which command it begins.
//!
//! A packet is three bytes of length (little-endian), one of sequence number, then the payload; a payload of 2^24-1
//! bytes goes on in the next packet. A command is a packet with sequence number 0
//! (<https://mariadb.com/kb/en/0-packet/>). Compression and TLS are not understood: the jobs use neither.

/// Cuts a stream of bytes into packets.
#[derive(Default)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    /// The last packet was full, so the next one carries on its command.
    goes_on: bool,
}

impl Splitter {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet, header included, and whether it begins a command.
    pub(crate) fn next(&mut self) -> Option<(Vec<u8>, bool)> {
        let &[a, b, c, sequence, ..] = &self.buffer[..] else {
            return None;
        };
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        if self.buffer.len() < 4 + length {
            return None;
        }
        let rest = self.buffer.split_off(4 + length);
        let packet = std::mem::replace(&mut self.buffer, rest);
        let begins = sequence == 0 && !self.goes_on;
        self.goes_on = length == 0xff_ff_ff;
        Some((packet, begins))
    }
}

/// What a client asks of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    Quit,
    Query(String),
    Ping,
    Prepare(String),
    /// The statement's number on this connection.
    Execute(u32),
    /// More data for a statement to come; has no answer.
    LongData,
    CloseStatement,
    ResetConnection,
    Other(u8),
}

impl Command {
    /// The command that a packet (with its header) begins.
    pub(crate) fn of(packet: &[u8]) -> Self {
        let (code, rest) = packet.get(4..).and_then(<[u8]>::split_first).unwrap_or((&0, &[]));
        let text = || String::from_utf8_lossy(rest).into_owned();
        match code {
            0x01 => Self::Quit,
            0x03 => Self::Query(text()),
            0x0e => Self::Ping,
            0x16 => Self::Prepare(text()),
            0x17 => Self::Execute(number(rest)),
            0x18 => Self::LongData,
            0x19 => Self::CloseStatement,
            0x1f => Self::ResetConnection,
            code => Self::Other(*code),
        }
    }

    /// Whether it is a message in the sense of a kill test. A ping comes when the clock says so, and the others only
    /// tell the server what the end of the connection tells it too: they change nothing and would only blur the count.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Quit | Self::Ping | Self::CloseStatement | Self::LongData)
    }
}

/// The number that the server gave to a prepared statement, from the first packet of its answer.
pub(crate) fn prepared_number(answer: &[u8]) -> Option<u32> {
    (answer.get(4) == Some(&0)).then(|| number(&answer[5..]))
}

fn number(bytes: &[u8]) -> u32 {
    let mut four = [0; 4];
    for (to, from) in four.iter_mut().zip(bytes) {
        *to = *from;
    }
    u32::from_le_bytes(four)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = (payload.len() as u32).to_le_bytes()[..3].to_vec();
        bytes.push(sequence);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn packets_are_cut_however_the_bytes_arrive() {
        let stream = [packet(1, b"handshake"), packet(0, b"\x03SELECT 1"), packet(0, b"\x0e")].concat();
        for step in 1..stream.len() {
            let mut splitter = Splitter::default();
            let mut seen = Vec::new();
            for bytes in stream.chunks(step) {
                splitter.feed(bytes);
                while let Some((packet, begins)) = splitter.next() {
                    seen.push((Command::of(&packet), begins));
                }
            }
            assert_eq!(seen.len(), 3, "step {step}");
            assert!(!seen[0].1, "the handshake is no command");
            assert_eq!(seen[1], (Command::Query("SELECT 1".into()), true));
            assert_eq!(seen[2], (Command::Ping, true));
        }
    }

    #[test]
    fn a_command_over_16_megabytes_is_one_command() {
        let mut long = vec![b'x'; 0xff_ff_ff];
        long[0] = 0x03;
        let stream = [packet(0, &long), packet(1, b"rest"), packet(0, b"\x01")].concat();
        let mut splitter = Splitter::default();
        splitter.feed(&stream);
        let begins: Vec<bool> = std::iter::from_fn(|| splitter.next())
            .map(|(_, begins)| begins)
            .collect();
        assert_eq!(begins, [true, false, true]);
    }

    #[test]
    fn an_execute_names_its_statement() {
        assert_eq!(Command::of(&packet(0, b"\x17\x05\x01\0\0rest")), Command::Execute(261));
        assert_eq!(prepared_number(&packet(1, b"\0\x05\x01\0\0rest")), Some(261));
        assert_eq!(prepared_number(&packet(1, b"\xff\x05\x01")), None);
    }
}
