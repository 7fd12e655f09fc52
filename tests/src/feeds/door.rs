//! A door before a sink that counts who comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::net;

/// Passes connections on to a port of loopback. It is shut, and connections through it end, with its value.
pub struct Door {
    port: u16,
    entered: Arc<AtomicUsize>,
    open: JoinHandle<()>,
}

impl Door {
    /// A door to this port.
    pub async fn to(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let entered = Arc::new(AtomicUsize::new(0));
        let count = entered.clone();
        let open = tokio::spawn(async move {
            let mut inside = tokio::task::JoinSet::new();
            while let Ok((mut outer, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                inside.spawn(async move {
                    if let Ok(mut inner) = net::connect("127.0.0.1", target).await {
                        // Either side may hang up.
                        let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
        });
        Ok(Self { port, entered, open })
    }

    /// Where it is.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were made through it.
    pub fn entered(&self) -> usize {
        self.entered.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.open.abort();
    }
}
