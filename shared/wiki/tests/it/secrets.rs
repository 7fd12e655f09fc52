//! No password and no token in any log line or error.

use crate::server::{Reply, Server, config, error};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use wikicrew_core::types::{RevId, Secret};
use wikicrew_wiki::raw_edit::{Base, Body, RawEdit, raw_edit};
use wikicrew_wiki::{Credentials, Session, Stop};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

trait Otherwise {
    const HAS_DEBUG: bool = false;
}

impl<T> Otherwise for T {}

struct Probe<T>(std::marker::PhantomData<T>);

impl<T: std::fmt::Debug> Probe<T> {
    const HAS_DEBUG: bool = true;
}

#[test]
fn what_holds_a_secret_has_no_debug_form() {
    const {
        assert!(Probe::<wikicrew_wiki::Timing>::HAS_DEBUG, "the probe works");
        assert!(!Probe::<wikicrew_wiki::Config>::HAS_DEBUG);
        assert!(!Probe::<Credentials>::HAS_DEBUG);
        assert!(!Probe::<Session>::HAS_DEBUG);
        assert!(!Probe::<wikicrew_wiki::Continued<'static>>::HAS_DEBUG);
    }
}

#[tokio::test]
async fn secrets_reach_no_log_line_and_no_error() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut errors = Vec::new();

    // Success, then a refused edit, a bad token, lost answers.
    let edits = [
        Reply::Json(error("badtoken")),
        Reply::Json(error("permissiondenied")),
        Reply::Raw(500, "", "text/html", "oh".to_owned()),
        Reply::Reset,
    ];
    let mut edits = edits.into_iter();
    let mut server = Server::start(move |r| r.is("edit").then(|| edits.next()).flatten()).await;
    let session = server.session().await;
    let edit = RawEdit {
        title: "A",
        body: Body::Text("marked-body"),
        base: Base::Revision(RevId(7)),
        summary: "s",
        bot: false,
        minor: false,
        tag: None,
        assert_bot: false,
        start_timestamp: None,
        start_before: None,
    };
    for _ in 0..3 {
        let failed = raw_edit(&session, &edit).await.unwrap_err();
        errors.push(format!("{failed} {failed:?}"));
    }
    server.close().await;
    let failed = raw_edit(&session, &edit).await.unwrap_err();
    errors.push(format!("{failed} {failed:?}"));

    // Refused logins of both kinds.
    let refused = || json!({"login": {"result": "Failed", "reason": "Incorrect password"}});
    let server = Server::start(move |r| r.is("login").then(|| Reply::Json(refused()))).await;
    let error = Session::login(config(&server.url), 1, Stop::new()).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "login of Bot on {} refused: Failed: Incorrect password; check user name, name of the \
             bot password (`Account@Name`), the password itself, its allowed IP ranges, and \
             whether it was withdrawn (Special:BotPasswords)",
            server.url.split('/').nth(2).unwrap()
        )
    );
    errors.push(format!("{error} {error:?}"));
    let bad = "mwoauth-invalid-authorization";
    let server = Server::start(move |_| Some(Reply::Json(crate::server::error(bad)))).await;
    let mut oauth = config(&server.url);
    oauth.credentials = Credentials::OAuth2 {
        token: Secret::new("marked-bearer"),
    };
    let error = Session::login(oauth.clone(), 1, Stop::new()).await.err().unwrap();
    assert!(error.to_string().contains("OAuth 2 token"), "{error}");
    errors.push(format!("{error} {error:?}"));
    let sent = server.requests(|_| true);
    assert!(sent[0].headers.contains("authorization: bearer marked-bearer"));

    // A token that works.
    let server = Server::start(|_| None).await;
    oauth.api_url.clone_from(&server.url);
    let session = Session::login(oauth, 1, Stop::new()).await.unwrap();
    session.get(&[("prop", "info")]).await.unwrap();
    let sent = server.requests(|_| true);
    assert_eq!(sent.len(), 3, "no login request with a token");
    assert!(sent[2].headers.contains("authorization: bearer marked-bearer"));

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("api.action=edit") && log.contains("logged in"), "{log}");
    for text in errors.iter().chain([&log]) {
        assert!(!text.contains("marked-"), "{text}");
    }
}
