//! Bytes from and to a server. Whatever it sends, memory stays bounded: a line that is longer than IRC allows is left
//! out, and a server that takes nothing is given up.

use std::collections::VecDeque;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::message::{LINE_BYTES, Line, Message};

/// Longest line that is read: 8191 bytes of tags, and the rest.
const LONGEST: usize = 8191 + LINE_BYTES;
/// Most bytes that wait to be written: hundreds of lines.
const MOST_WAITING: usize = 128 * 1024;

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Lines of a connection.
pub struct Wire {
    read: ReadHalf<Box<dyn Stream>>,
    write: WriteHalf<Box<dyn Stream>>,
    splitter: Splitter,
    came: VecDeque<Message>,
    waiting: Vec<u8>,
    flushed: bool,
}

impl Wire {
    /// Over this connection.
    pub fn new(stream: Box<dyn Stream>) -> Wire {
        let (read, write) = tokio::io::split(stream);
        Wire {
            read,
            write,
            splitter: Splitter::default(),
            came: VecDeque::new(),
            waiting: Vec::new(),
            flushed: true,
        }
    }

    /// The next message that has come.
    pub fn take(&mut self) -> Option<Message> {
        self.came.pop_front()
    }

    /// Puts a line behind those that wait to be written.
    pub fn put(&mut self, line: &Line) {
        self.waiting.extend_from_slice(line.as_bytes());
    }

    /// Waits until something is read or written. Nothing is lost when the future is dropped. Errs when the connection is
    /// gone, or the server takes nothing.
    pub async fn turn(&mut self) -> io::Result<()> {
        if self.waiting.len() > MOST_WAITING {
            return Err(io::Error::other("it reads nothing of what is sent"));
        }
        let mut chunk = [0; 4096];
        let behind = !self.waiting.is_empty();
        let outgoing = async {
            if behind {
                return self.write.write(&self.waiting).await.map(Some);
            }
            self.write.flush().await.map(|()| None)
        };
        tokio::select! {
            read = self.read.read(&mut chunk) => match read? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection")),
                bytes => self.splitter.push(chunk.get(..bytes).unwrap_or_default(), &mut self.came),
            },
            written = outgoing, if behind || !self.flushed => match written? {
                Some(0) => return Err(io::ErrorKind::WriteZero.into()),
                Some(bytes) => {
                    self.waiting.drain(..bytes);
                    self.flushed = false;
                }
                None => self.flushed = true,
            },
        }
        Ok(())
    }
}

/// Makes lines of bytes.
#[derive(Default)]
struct Splitter {
    /// The begin of a line.
    begun: Vec<u8>,
    /// Whether the line was too long, so that its rest is left out.
    skipping: bool,
}

impl Splitter {
    fn push(&mut self, bytes: &[u8], to: &mut VecDeque<Message>) {
        for piece in bytes.split_inclusive(|&b| b == b'\n') {
            if !self.skipping {
                self.begun.extend_from_slice(piece);
            }
            if self.begun.len() > LONGEST {
                // Half a line could say something else than the whole.
                self.begun.clear();
                self.skipping = true;
            }
            if piece.ends_with(b"\n") {
                to.extend(Message::parse(&self.begun));
                self.begun.clear();
                self.skipping = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commands(pieces: &[&[u8]]) -> (Vec<String>, usize) {
        let (mut splitter, mut came) = (Splitter::default(), VecDeque::new());
        for piece in pieces.iter().flat_map(|piece| piece.chunks(4096)) {
            splitter.push(piece, &mut came);
        }
        (came.into_iter().map(|m| m.command).collect(), splitter.begun.capacity())
    }

    #[test]
    fn half_lines_wait_and_endless_ones_are_left_out() {
        assert_eq!(commands(&[b"PI", b"NG x\r", b"\nA\n\r\nB x"]).0, ["PING", "A"]);
        assert_eq!(commands(&[b"A \xff\xfe\n\0\nB\n"]).0, ["A", "B"]);
        let long = vec![b'x'; 3_000_000];
        let (found, kept) = commands(&[b"A\n", &long, &long, b"QUIT\nB\n", &long, b"\n", b"C\n"]);
        assert_eq!(found, ["A", "B", "C"]);
        assert!(kept <= 4 * LONGEST, "{kept}");
        let longest = [b"A ".as_slice(), &vec![b'x'; LONGEST - 4], b"\r\n"].concat();
        assert_eq!(commands(&[&longest]).0, ["A"]);
        let longer = [b"A ".as_slice(), &vec![b'x'; LONGEST - 3], b"\r\n"].concat();
        assert_eq!(commands(&[&longer]).0, [""; 0]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_network_cuts(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 0..300),
            cuts in prop::collection::vec(0usize..300, 0..6),
        ) {
            let whole = commands(&[&bytes]).0;
            let mut at: Vec<usize> = cuts.into_iter().filter(|&cut| cut < bytes.len()).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(commands(&pieces).0, whole);
        }
    }
}
