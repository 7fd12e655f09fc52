//! Standard output as a sink: one line for each hit, for a pipe or a log. What users wrote cannot move the cursor or
//! begin a line of its own.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use wikicrew_core::text::terminal;

/// Writes `text` as one line and waits until it has gone out. It waits as long as a reader at the other end of a pipe
/// lets it wait.
///
/// # Errors
/// Nobody reads any more (a closed pipe), or the disk is full.
pub async fn line(text: &str) -> io::Result<()> {
    line_to(&mut tokio::io::stdout(), text).await
}

/// In one piece, so that lines of two writers do not mix as long as they are short.
async fn line_to(out: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    let mut line = terminal(text);
    line.push('\n');
    out.write_all(line.as_bytes()).await?;
    out.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn whatever_the_text_it_is_one_line_without_commands_for_the_terminal() {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        line_to(&mut ours, "[[A]]\r\nforged\u{2028}\x1b[2J\u{202e}\x00 end")
            .await
            .unwrap();
        line_to(&mut ours, "").await.unwrap();
        drop(ours);
        let mut got = String::new();
        theirs.read_to_string(&mut got).await.unwrap();
        assert!(
            got.starts_with("[[A]]  forged ") && got.ends_with(" end\n\n"),
            "{got:?}"
        );
        assert_eq!(got.lines().count(), 2);
        assert!(got.chars().all(|c| c == '\n' || !c.is_control()), "{got:?}");
        assert!(!got.contains('\u{202e}'));
    }

    #[tokio::test]
    async fn a_closed_pipe_is_an_error() {
        let (mut ours, theirs) = tokio::io::duplex(16);
        drop(theirs);
        let error = line_to(&mut ours, "nobody reads this").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
