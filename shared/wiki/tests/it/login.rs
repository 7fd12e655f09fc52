//! Logging in on the real wiki.

use crate::sandbox::{account, bot, end_sessions, login, wiki};
use wikicrew_core::types::Secret;
use wikicrew_wiki::{Config, Credentials, Error, Session, Stop};

async fn refused(config: Config) -> Error {
    Session::login(config, 1, Stop::new()).await.err().unwrap()
}

#[tokio::test]
async fn login_takes_three_requests_and_brings_the_site() {
    let config = account(&["bot"]);
    let session = login(config.clone()).await;
    let counts = session.counts();
    assert_eq!((counts.total, counts.fixed, counts.retries), (3, 3, 0));
    assert_eq!(session.account(), config.account);
    let host = config.api_url.split('/').nth(2).unwrap();
    assert_eq!(session.wiki_id(), format!("{host}/w"));
    assert_eq!(session.site().dbname(), "enwiki");
    assert!(session.site().has_extension("Echo"));
    assert!(session.site().has_extension_tag("nowiki"));

    assert_eq!(session.batch_size(), 50);
    let params = [("meta", "userinfo|tokens"), ("uiprop", "rights")];
    let answer = session.get(&params).await.unwrap();
    assert_eq!(answer["query"]["userinfo"]["name"], *config.account);
    assert!(answer["curtimestamp"].is_string());
    assert_eq!(session.batch_size(), 500);
}

#[tokio::test]
async fn the_german_wiki_is_the_same_to_us() {
    let data = wiki("de");
    let text = |key: &str| data["bot"][key].as_str().unwrap().to_owned();
    let mut config = account(&[]);
    config.api_url = data["api"].as_str().unwrap().to_owned();
    config.account = text("name");
    config.credentials = Credentials::BotPassword {
        login: text("login"),
        password: Secret::new(text("bot_password")),
    };
    let session = login(config).await;
    assert_eq!(session.site().namespace_name(14), Some("Kategorie"));
}

#[tokio::test]
async fn a_wrong_password_says_what_to_check() {
    let mut config = account(&[]);
    if let Credentials::BotPassword { password, .. } = &mut config.credentials {
        *password = Secret::new("marked-wrong");
    }
    let account = config.account.clone();
    let error = refused(config).await;
    let text = error.to_string();
    assert!(matches!(error, Error::LoginRefused { .. }), "{text}");
    assert!(
        text.contains(&account) && text.contains("Special:BotPasswords"),
        "{text}"
    );
    assert!(!format!("{text}{error:?}").contains("marked-wrong"));
}

#[tokio::test]
async fn another_accounts_credentials_are_refused() {
    let mut config = account(&[]);
    config.account = "Alice".to_owned();
    let error = refused(config).await;
    assert!(matches!(error, Error::LoginRefused { .. }), "{error}");
    assert!(error.stops_run());
}

#[tokio::test]
async fn a_lost_session_is_noticed_by_the_next_read() {
    let session = bot().await;
    session.get(&[("meta", "tokens")]).await.unwrap();
    end_sessions(session.account());
    let error = session.get(&[("meta", "userinfo")]).await.unwrap_err();
    assert!(matches!(error, Error::LoggedOut { .. }), "{error}");
    assert!(error.stops_run());
}

#[tokio::test]
async fn real_lag_is_waited_for_and_given_up() {
    let mut config = account(&[]);
    config.timing.retry_floor = std::time::Duration::from_millis(1);
    config.timing.max_attempts = 2;
    let session = login(config).await;
    let before = session.counts().total;
    let begun = std::time::Instant::now();
    let params = [("meta", "userinfo"), ("maxlag", "-1")];
    let error = session.get(&params).await.unwrap_err();
    assert!(matches!(error, Error::Maxlag { .. }), "{error}");
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(5)));
    assert_eq!(session.counts().total - before, 2);
    assert!(
        begun.elapsed() >= std::time::Duration::from_secs(5),
        "Retry-After was not obeyed"
    );
}
