//! Making the `mediawiki` crate's client, which asks for siteinfo by itself
//! and, by itself, repeats that without limit while the wiki answers 429.
//!
//! Two bounds are put round it: a time-out, and a connection that is made only
//! once, so that its second request finds none. Our own retries follow.

use crate::config::Config;
use crate::error::{Error, safe};
use crate::http::{Http, client_builder};
use mediawiki::MediaWikiError;
use mediawiki::api::Api;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// The crate's client for this wiki, after one request that succeeded.
pub(crate) async fn crate_client(config: &Config, http: &Http) -> Result<Api, Error> {
    let mut attempt = 1;
    loop {
        let permit = http.turn().await?;
        http.count(attempt > 1);
        let once = OneConnection::default();
        let builder = client_builder(config, &http.address)
            .http1_only()
            .pool_max_idle_per_host(0)
            .connector_layer(once.clone());
        let building =
            Api::new_from_builder_with_user_agent(http.address.url.as_str(), builder, config.user_agent.clone());
        let built = tokio::select! {
            built = tokio::time::timeout(http.timing.request_timeout, building) => built,
            () = http.stop.stopped() => return Err(Error::Stopped { in_flight: false }),
        };
        drop(permit);
        let host = http.address.host.clone();
        let error = match built {
            Ok(Ok(api)) => return Ok(api),
            Ok(Err(_)) if once.wanted_more() => Error::Status {
                host,
                status: 429,
                retry_after: None,
                start: String::new(),
            },
            Ok(Err(MediaWikiError::Reqwest(e))) => http.transport_error(&e),
            Ok(Err(MediaWikiError::Serde(_))) => Error::NotJson {
                host,
                status: 200,
                content_type: "not known".to_owned(),
                start: String::new(),
            },
            Ok(Err(e)) => Error::BadReply(safe(&e.to_string(), 200)),
            Err(_) => Error::Timeout {
                host,
                after: http.timing.request_timeout,
            },
        };
        http.wait_after(error, attempt, None).await?;
        attempt += 1;
    }
}

/// Lets one connection through and refuses all later ones.
#[derive(Clone, Default)]
struct OneConnection {
    used: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

impl OneConnection {
    fn wanted_more(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl<S> Layer<S> for OneConnection {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            once: self.clone(),
        }
    }
}

/// The connector behind [`OneConnection`].
#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    once: OneConnection,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.once.used.swap(true, Ordering::Relaxed) {
            self.once.refused.store(true, Ordering::Relaxed);
            return Box::pin(async { Err("one connection is enough".into()) });
        }
        Box::pin(self.inner.call(request))
    }
}
