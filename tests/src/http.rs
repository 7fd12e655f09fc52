//! Just enough HTTP/1.1 for a proxy and a test client: whole messages, read into memory.
//!
//! Own code rather than a server library, because the proxy must do what libraries prevent: reset in the middle, lie
//! about nothing, and know exactly when a request went out. It is no general client: no TLS, no redirects (neither may
//! happen in a test), one connection per request. Framing follows <https://www.rfc-editor.org/rfc/rfc9112#section-6>.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::net;

/// The largest body that is read, in bytes; the largest fixture page is far below.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The largest head that is read, in bytes.
const MAX_HEAD: usize = 256 * 1024;

/// A request or an answer: its first line, its headers in order, its body without chunk framing.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// `POST /w/api.php HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub first: String,
    /// Names as received, compared without case.
    pub headers: Vec<(String, String)>,
    /// Still compressed if `Content-Encoding` says so: see [`Message::text`].
    pub body: Vec<u8>,
}

impl Message {
    /// A request without a body.
    pub fn request(method: &str, target: &str) -> Self {
        Self {
            first: format!("{method} {target} HTTP/1.1"),
            ..Self::default()
        }
    }

    /// An answer with this status and body.
    pub fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let first = format!("HTTP/1.1 {status} {}", reason(status));
        Self {
            first,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: body.into(),
        }
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// Replaces all headers of that name by one.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }

    /// The status of an answer; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        let rest = self.first.strip_prefix("HTTP/1.")?;
        rest.get(2..5)?.parse().ok()
    }

    /// The body as text, unpacked where it came with gzip.
    pub fn text(&self) -> Result<String> {
        if self
            .header("content-encoding")
            .is_some_and(|v| v.eq_ignore_ascii_case("gzip"))
        {
            let mut text = String::new();
            let unpacked = flate2::read::GzDecoder::new(&self.body[..]).read_to_string(&mut text);
            unpacked.context("unpacking a gzip body")?;
            return Ok(text);
        }
        Ok(String::from_utf8_lossy(&self.body).into_owned())
    }

    /// The bytes to send. The framing headers are made anew from the body at hand.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            if !["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str()) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let bare = self.body.is_empty() && self.status().is_none();
        if !bare {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Reads one message; `Ok(None)` where the other side closed before it began one.
pub async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Message>> {
    let mut message = Message::default();
    let mut size = 0;
    loop {
        let mut line = Vec::new();
        let n = (&mut *stream)
            .take(MAX_HEAD as u64)
            .read_until(b'\n', &mut line)
            .await?;
        size += n;
        ensure!(size < MAX_HEAD, "the head of an HTTP message is over {MAX_HEAD} bytes");
        if n == 0 {
            ensure!(
                message.first.is_empty(),
                "the connection was closed within the head of an HTTP message"
            );
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if message.first.is_empty() {
            message.first = line.to_owned();
        } else if line.is_empty() {
            break;
        } else {
            let (name, value) = line
                .split_once(':')
                .with_context(|| format!("no header line: {line:?}"))?;
            message.headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    message.body = read_body(stream, &message).await?;
    Ok(Some(message))
}

async fn read_body(stream: &mut (impl AsyncBufRead + Unpin), head: &Message) -> Result<Vec<u8>> {
    let status = head.status();
    if matches!(status, Some(100..=199 | 204 | 304)) {
        return Ok(Vec::new());
    }
    if head
        .header("transfer-encoding")
        .is_some_and(|v| v.to_ascii_lowercase().contains("chunked"))
    {
        return read_chunks(stream).await;
    }
    let mut body = Vec::new();
    if let Some(length) = head.header("content-length") {
        let length: usize = length.parse().with_context(|| format!("Content-Length {length:?}"))?;
        ensure!(
            length <= MAX_BODY,
            "a body of {length} bytes is more than a test may send"
        );
        body.resize(length, 0);
        stream
            .read_exact(&mut body)
            .await
            .context("the connection was closed within the body")?;
    } else if status.is_some() {
        // An answer without a length ends with its connection.
        (&mut *stream).take(MAX_BODY as u64).read_to_end(&mut body).await?;
    }
    Ok(body)
}

async fn read_chunks(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).with_context(|| format!("no chunk size: {line:?}"))?;
        ensure!(body.len() + size <= MAX_BODY, "a chunked body of over {MAX_BODY} bytes");
        let start = body.len();
        body.resize(start + size, 0);
        stream
            .read_exact(&mut body[start..])
            .await
            .context("the connection was closed within a chunk")?;
        // The line end after the chunk; after the last one trailers may stand before it.
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 || line.trim().is_empty() {
                break;
            }
        }
        if size == 0 {
            return Ok(body);
        }
    }
}

/// Sends one request to a server on loopback and reads its answer. The connection is closed afterwards.
pub async fn send(host: &str, port: u16, mut request: Message) -> Result<Message> {
    request.set_header("Host", format!("{host}:{port}"));
    request.set_header("Connection", "close");
    let mut stream = BufReader::new(net::connect(host, port).await?);
    stream.write_all(&request.bytes()).await?;
    loop {
        let Some(answer) = read(&mut stream).await? else {
            bail!(
                "{host}:{port} closed the connection without an answer to {}",
                request.first
            );
        };
        if answer.status() != Some(100) {
            return Ok(answer);
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        403 => "Forbidden",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parse(text: &str) -> Result<Option<Message>> {
        read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn bodies_are_read_by_length_by_chunks_and_to_the_end() {
        let by_length = parse("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcXYZ")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(by_length.body, b"abc");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        let chunked = parse(chunked).await.unwrap().unwrap();
        assert_eq!(
            (chunked.status(), &chunked.body[..]),
            (Some(200), &b"abc0123456789"[..])
        );
        let to_the_end = parse("HTTP/1.1 503 Service Unavailable\r\n\r\n<html>")
            .await
            .unwrap()
            .unwrap();
        assert_eq!((to_the_end.status(), &to_the_end.body[..]), (Some(503), &b"<html>"[..]));
        let bare = parse("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap().unwrap();
        assert!(bare.body.is_empty());
        assert!(parse("").await.unwrap().is_none());
        assert!(parse("GET / HTTP/1.1\r\nHost: x\r\n").await.is_err());
        assert!(parse("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc").await.is_err());
    }

    #[test]
    fn what_is_sent_has_one_length_and_says_it_truly() {
        let mut answer = Message::answer(200, "application/json", "{}");
        answer.headers.push(("Transfer-Encoding".into(), "chunked".into()));
        answer.set_header("content-length", "99");
        let text = String::from_utf8(answer.bytes()).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}
