//! Pages of reports: which copies are due, and that none is forgotten.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::report::{Kind, Status, Subject};
use wikicrew_core::types::RevId;
use wikicrew_db::report::{self, BY_PERSON, Report};
use wikicrew_db::report_page::{self, Form, Page, State};
use wikicrew_db::{Error, Lease};

const COPY: &str = "copywiki";
const NONE: [u64; 0] = [];

async fn put(test: &TestDb, lease: &Lease, report: &Report) -> u64 {
    test.write(lease, async |tx| report::put(tx, report).await)
        .await
        .unwrap()
}

fn report(n: u64) -> Report {
    let subject = Subject::from_key(Kind::Link, &format!("com.d{n}.")).unwrap();
    let mut report = Report::new(WIKI, subject, BY_PERSON, &[], t(0));
    report.title = Some(format!("Report {n}"));
    report.status = Some(Status::Open);
    report.digest = Some([1; 32]);
    report
}

/// The page that shows all of the report as it is.
fn page_of(report: &Report, id: u64, target: &str) -> Page {
    let mut page = Page::new(id, target);
    page.title = report.title.clone();
    page.content = report.digest;
    page.status_shown = report.status;
    page
}

async fn save(test: &TestDb, lease: &Lease, page: &Page) {
    test.write(lease, async |tx| report_page::put(tx, page).await)
        .await
        .unwrap();
}

async fn due(test: &TestDb, limit: u32) -> Vec<u64> {
    let mut conn = test.db.conn().await.unwrap();
    let due = report_page::due_copies(&mut *conn, WIKI, COPY, limit).await.unwrap();
    due.into_iter().map(|report| report.id).collect()
}

#[tokio::test]
async fn a_page_comes_back_as_it_was_stored() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let id = put(&test, &lease, &report(1)).await;
    let full = Page {
        title: Some("Π:[[x]]".into()),
        revid: Some(RevId(3_000_000_009)),
        digest: Some([2; 32]),
        form: Form::Reduced,
        state: State::Held,
        why: Some("no marker".into()),
        noted_at: Some(t(1)),
        saved_at: Some(t(2)),
        content: Some([3; 32]),
        status_shown: Some(Status::Added),
        ..Page::new(id, COPY)
    };
    for page in [Page::new(id, COPY), full.clone(), Page::new(id, COPY), full.clone()] {
        save(&test, &lease, &page).await;
        let mut conn = test.db.conn().await.unwrap();
        assert_eq!(report_page::get(&mut *conn, id, COPY).await.unwrap(), Some(page));
    }
    save(&test, &lease, &page_of(&report(1), id, WIKI)).await;
    let of = async |home: &str, target: &str, states: &[State]| {
        let mut conn = test.db.conn().await.unwrap();
        report_page::of_target(&mut *conn, home, target, states, 9)
            .await
            .unwrap()
    };
    assert_eq!(of(WIKI, COPY, &[State::Held]).await, std::slice::from_ref(&full));
    assert_eq!(of(WIKI, WIKI, &[State::Held]).await, []);
    assert_eq!(of("home2", COPY, &[State::Held]).await, []);
    let mut conn = test.db.conn().await.unwrap();
    let not_ok = report_page::not_ok(&mut *conn, &[id, id + 1], COPY).await.unwrap();
    assert_eq!(not_ok, [(id, State::Held)]);
    assert_eq!(report_page::not_ok(&mut *conn, &[id], WIKI).await.unwrap(), []);
    let states = [State::Ok, State::Gone];
    assert_eq!(
        report_page::of_target(&mut *conn, WIKI, COPY, &states, 9)
            .await
            .unwrap(),
        []
    );
    let titles = ["Report 1", "Π:[[x]]"].map(String::from);
    assert_eq!(report_page::titled(&mut *conn, COPY, &titles).await.unwrap(), [full]);
    drop(conn);
    let error = test
        .write(&lease, async |tx| report_page::put(tx, &Page::new(id + 9, COPY)).await)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NoRow { .. }), "{error}");
}

#[tokio::test]
async fn a_copy_is_due_while_it_shows_something_else() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut said = report(1);
    let id = put(&test, &lease, &said).await;
    save(&test, &lease, &page_of(&said, id, WIKI)).await;
    assert_eq!(due(&test, 9).await, [id], "it is not there");
    save(&test, &lease, &page_of(&said, id, COPY)).await;
    assert_eq!(due(&test, 9).await, NONE);
    // Read back, with nothing new.
    said.checked_at = Some(t(9));
    put(&test, &lease, &said).await;
    assert_eq!(due(&test, 9).await, NONE);
    // The home's report is written anew while the copy still shows the old one.
    let old = page_of(&said, id, COPY);
    said.digest = Some([2; 32]);
    put(&test, &lease, &said).await;
    assert_eq!(due(&test, 9).await, [id]);
    save(&test, &lease, &old).await;
    assert_eq!(due(&test, 9).await, [id], "what was saved is old already");
    save(&test, &lease, &page_of(&said, id, COPY)).await;
    assert_eq!(due(&test, 9).await, NONE);
    said.status = Some(Status::Closed);
    put(&test, &lease, &said).await;
    assert_eq!(due(&test, 9).await, [id], "another status word");
    // What is a person's is left alone, until it is ours again.
    for state in [State::Held, State::Gone] {
        save(&test, &lease, &Page { state, ..old.clone() }).await;
        assert_eq!(due(&test, 9).await, NONE, "{state:?}");
        said.additions += 1;
        put(&test, &lease, &said).await;
        assert_eq!(due(&test, 9).await, NONE, "{state:?}");
        save(&test, &lease, &old).await;
        assert_eq!(due(&test, 9).await, [id]);
    }
    // On its home it is no copy.
    let mut conn = test.db.conn().await.unwrap();
    assert_eq!(report_page::due_copies(&mut *conn, WIKI, WIKI, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_copy_that_could_not_be_saved_stays_due() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut never = report(0);
    (never.title, never.status, never.digest) = (None, None, None);
    let never_id = put(&test, &lease, &never).await;
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(put(&test, &lease, &report(n)).await);
        put(
            &test,
            &lease,
            &Report {
                home: "home2".into(),
                ..report(n)
            },
        )
        .await;
    }
    assert_eq!(due(&test, 9).await, ids, "before anything is noted");
    assert_eq!(due(&test, 2).await, ids[..2]);
    let expect = async |limit| {
        test.write(&lease, async |tx| report_page::expect(tx, WIKI, COPY, limit).await)
            .await
            .unwrap()
    };
    assert_eq!(expect(4).await, 4);
    assert_eq!(due(&test, 9).await, ids, "some noted, some not");
    assert_eq!((expect(4).await, expect(4).await), (2, 0));
    // The first failed; the last was saved.
    save(&test, &lease, &page_of(&report(5), ids[4], COPY)).await;
    assert_eq!(due(&test, 9).await, ids[..4]);
    // The one that was noted before it was ever saved is saved now.
    put(
        &test,
        &lease,
        &Report {
            home: WIKI.into(),
            ..Report {
                subject: never.subject,
                ..report(0)
            }
        },
    )
    .await;
    assert_eq!(due(&test, 9).await, [&[never_id], &ids[..4]].concat());
    assert_eq!(
        test.sql("SELECT COUNT(*) FROM report_page WHERE home <> 'testwiki'")
            .await,
        ["0"]
    );
}

/// Pages that may not be written fill no list of what is to be written.
#[tokio::test]
async fn held_and_gone_pages_are_not_asked_for_of_themselves() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut ids = Vec::new();
    for (n, state) in [State::Held, State::Gone, State::Ok].into_iter().enumerate() {
        let mut report = report(n as u64 + 1);
        report.fades_at = Some(t(n as i64));
        let id = put(&test, &lease, &report).await;
        let page = |state, target: &str| Page {
            state,
            ..Page::new(id, target)
        };
        save(&test, &lease, &page(state, WIKI)).await;
        // What became of its copy does not matter.
        save(&test, &lease, &page(State::Held, COPY)).await;
        ids.push(id);
    }
    let mut conn = test.db.conn().await.unwrap();
    let late = t(999_999_999);
    let fading = report::fading(&mut *conn, WIKI, late, 1).await.unwrap();
    assert_eq!(fading.iter().map(|report| report.id).collect::<Vec<_>>(), [ids[2]]);
    let status = fading[0].status.unwrap();
    let old = report::without_news(&mut *conn, WIKI, status, late, 1).await.unwrap();
    assert_eq!(old.iter().map(|report| report.id).collect::<Vec<_>>(), [ids[2]]);
}
