//! Standard output as a sink: one line for each hit, for a pipe or a log. What users wrote cannot move the cursor or
//! begin a line of its own. A thread of its own writes: one that waits for a reader of a pipe must keep neither the
//! tasks nor the end of the process waiting, as a blocking task of tokio would.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};
use wikicrew_core::text::terminal;

/// A line that waits to be written.
struct Piece {
    line: String,
    written: oneshot::Sender<io::Result<()>>,
}

/// Writes `text` as one line and waits until it has gone out, as long as a reader at the other end of a pipe lets it
/// wait. When the future is dropped, the line may come out later if its turn had come; else it is not written.
///
/// # Errors
/// Nobody reads any more (a closed pipe), or the disk is full.
pub async fn line(text: &str) -> io::Result<()> {
    line_to(&writer()?, text).await
}

/// The one that writes to the standard output of this process.
fn writer() -> io::Result<mpsc::Sender<Piece>> {
    static WRITER: Mutex<Option<mpsc::Sender<Piece>>> = Mutex::new(None);
    let mut writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    match &*writer {
        Some(writer) if !writer.is_closed() => Ok(writer.clone()),
        _ => Ok(writer.insert(start(io::stdout())?).clone()),
    }
}

/// Starts the thread; it ends when nobody can send it a line any more.
fn start(mut out: impl Write + Send + 'static) -> io::Result<mpsc::Sender<Piece>> {
    // One line waits at most, however often somebody tries again behind one that is stuck.
    let (sender, mut pieces) = mpsc::channel::<Piece>(1);
    thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        while let Some(Piece { line, written }) = pieces.blocking_recv() {
            // Who asked has given up, and says it again: it is not to come out twice.
            if written.is_closed() {
                continue;
            }
            // In one piece, so that lines of two writers do not mix as long as they are short.
            let result = out.write_all(line.as_bytes()).and_then(|()| out.flush());
            written.send(result).ok();
        }
    })?;
    Ok(sender)
}

async fn line_to(writer: &mpsc::Sender<Piece>, text: &str) -> io::Result<()> {
    let ended = || io::Error::other("the thread that writes to standard output has ended");
    let (written, result) = oneshot::channel();
    let line = terminal(text) + "\n";
    writer.send(Piece { line, written }).await.map_err(|_| ended())?;
    result.await.unwrap_or_else(|_| Err(ended()))
}

#[cfg(test)]
#[path = "stdout_tests.rs"]
mod tests;
