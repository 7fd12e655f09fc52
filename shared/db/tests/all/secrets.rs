//! The password reaches no text that anybody may read.

use crate::support::{RUN, TIMING, TestDb, WIKI, t};
use std::fmt::Debug;
use wikicrew_core::types::Secret;
use wikicrew_db::{Access, Conn, Db, DbConfig, Lease, Taken, Work, memo};

/// Does not compile once one of these gets a `Debug` or `Display`.
#[test]
fn what_holds_the_password_cannot_be_printed() {
    trait Printable<A> {
        fn check() {}
    }
    struct Debuggable;
    struct Displayable;
    impl<T: ?Sized> Printable<()> for T {}
    impl<T: ?Sized + Debug> Printable<Debuggable> for T {}
    impl<T: ?Sized + std::fmt::Display> Printable<Displayable> for T {}
    <DbConfig as Printable<_>>::check();
    <Db as Printable<_>>::check();
    <Conn as Printable<_>>::check();
    <Work as Printable<_>>::check();
    <Lease as Printable<_>>::check();
}

#[tokio::test]
async fn no_error_shows_it() {
    const MARK: &str = "hush-4711";
    let test = TestDb::new().await;
    let real = test.config.password.expose().to_owned();
    let mut texts = Vec::new();
    let mut note = |error: &wikicrew_db::Error| texts.push(format!("{error} {error:?} {error:#?}"));

    let with = |change: &dyn Fn(&mut DbConfig)| {
        let mut config = test.config.clone();
        change(&mut config);
        Db::new(config, Access::Write, TIMING, 1)
    };
    let wrong = with(&|config| config.password = Secret::new(MARK)).unwrap();
    note(&wrong.open().await.err().unwrap());
    let nowhere = with(&|config| {
        config.password = Secret::new(MARK);
        config.host = "nowhere.invalid".into();
    })
    .unwrap();
    note(&nowhere.open().await.err().unwrap());
    let socket = with(&|config| {
        config.password = Secret::new(MARK);
        config.socket = Some("/nowhere.sock".into());
    })
    .unwrap();
    note(&socket.open().await.err().unwrap());
    let forbidden = with(&|config| config.database = "mysql".into()).unwrap();
    note(&forbidden.open().await.err().unwrap());
    note(&forbidden.create_database_if_missing().await.err().unwrap());
    note(&with(&|config| config.database += "_p").err().unwrap());
    let gone = with(&|config| config.database += "_none").unwrap();
    note(&gone.open().await.err().unwrap());
    note(&gone.migrate().await.unwrap_err());

    // Killed in the middle, and a migration that fails.
    let Taken::Lease(mut lease) = Lease::take(&test.db, &RUN, t(0)).await.unwrap() else {
        panic!("busy");
    };
    test.sql(&format!("KILL {}", lease.connection_id())).await;
    note(&lease.ping().await.unwrap_err());
    test.sql("ALTER TABLE refinery_schema_history DROP COLUMN checksum")
        .await;
    note(&test.db.migrate().await.unwrap_err());
    test.sql("DROP TABLE memo").await;
    let mut work = test.db.conn().await.unwrap();
    note(&memo::get(&mut work, "j", WIKI, "n").await.unwrap_err());

    assert_eq!(texts.len(), 11);
    for text in texts {
        assert!(!text.contains(MARK) && !text.contains(&real), "{text}");
        assert!(!text.contains("mysql://"), "{text}");
    }
}
