//! A proxy before MariaDB that loses the answer to COMMIT, or the COMMIT itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the connection is cut.
#[derive(Clone, Copy, PartialEq)]
pub enum Cut {
    BeforeCommit,
    AfterCommit,
}

/// Listens on a port of its own; the first COMMIT that comes by is cut, later
/// ones pass.
pub async fn start(host: &str, port: u16, cut: Cut) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().port();
    let target = format!("{host}:{port}");
    let armed = Arc::new(AtomicBool::new(true));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            tokio::spawn(pass(client, server, cut, armed.clone()));
        }
    });
    here
}

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Cut, armed: Arc<AtomicBool>) {
    let (mut up, mut down) = ([0_u8; 65_536], [0_u8; 65_536]);
    loop {
        tokio::select! {
            n = client.read(&mut up) => {
                let Ok(n @ 1..) = n else { return };
                // Packet header (4 bytes), COM_QUERY, the text.
                let commits = up[..n].ends_with(b"\x03COMMIT") && armed.swap(false, Ordering::SeqCst);
                if commits && cut == Cut::BeforeCommit {
                    return;
                }
                server.write_all(&up[..n]).await.unwrap();
                if commits {
                    // The answer shows that it was stored; nobody hears of it.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            n = server.read(&mut down) => {
                let Ok(n @ 1..) = n else { return };
                if client.write_all(&down[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}
