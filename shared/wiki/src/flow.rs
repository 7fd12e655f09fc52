//! New topics on Structured Discussions ("Flow") boards.
//!
//! Flow has no base revision, so a topic whose answer is lost can never be
//! sent again; on Wikimedia's wikis Flow is read-only, which it reports with
//! code `block`. <https://www.mediawiki.org/wiki/Extension:StructuredDiscussions/API>

use crate::error::Error;
use crate::raw_edit::{Failed, write};
use crate::session::{Session, to_params};
use serde_json::Value;
use tokio::time::Instant;

/// A topic that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPost {
    /// Id of the topic (`Topic:<workflow>`).
    pub workflow: String,
    /// Title of the topic's page, such as `Topic:Zprat6ca9vc6dzb1`.
    pub topic_page: String,
    /// Id of its first post.
    pub post_id: String,
    /// Id of that post's first revision.
    pub post_revision_id: String,
}

/// Begins a topic on a board, or on a page that does not exist yet where the
/// account may make boards. Topic and content are wikitext. `start_before` as
/// in [`RawEdit`](crate::raw_edit::RawEdit); repeated only after what
/// [`raw_edit`](crate::raw_edit::raw_edit) repeats.
pub async fn flow_new_topic(
    session: &Session,
    page: &str,
    topic: &str,
    content: &str,
    assert_bot: bool,
    start_before: Option<Instant>,
) -> Result<FlowPost, Failed> {
    let params = to_params(&[
        ("action", "flow"),
        ("submodule", "new-topic"),
        ("page", page),
        ("nttopic", topic),
        ("ntcontent", content),
        ("ntformat", "wikitext"),
    ]);
    let assert = if assert_bot { "bot" } else { "user" };
    let answer = write(session, params, assert, start_before).await?;
    read_answer(&answer).ok_or_else(|| {
        Failed::Unknown(Error::BadReply(
            "it has neither an error nor a committed topic".to_owned(),
        ))
    })
}

fn read_answer(answer: &Value) -> Option<FlowPost> {
    let result = &answer["flow"]["new-topic"];
    if result["status"] != "ok" {
        return None;
    }
    let topic = &result["committed"]["topiclist"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(FlowPost {
        workflow: text(&result["workflow"])?,
        topic_page: text(&topic["topic-page"])?,
        post_id: text(&topic["post-id"])?,
        post_revision_id: text(&topic["post-revision-id"])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::api_error;
    use crate::raw_edit::RefusalKind;

    fn recorded(name: &str) -> Value {
        let path = format!("{}/tests/flow/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_made_topic_is_read() {
        let post = read_answer(&recorded("new-topic.success")).unwrap();
        assert_eq!(post.workflow, "zprat6ca9td59xbx");
        assert_eq!(post.topic_page, "Topic:Zprat6ca9vc6dzb1");
        assert_eq!(post.post_id, "zprat6ca9za8m399");
        assert_eq!(post.post_revision_id, "zprat6ca9za8m399");
        assert_eq!(read_answer(&recorded("info.flow-board")), None);
    }

    #[test]
    fn refusals_end_the_page_and_not_the_run() {
        for (name, code) in [
            ("edit-append-on-board.error", "no-direct-editing"),
            ("edit-newsection-on-board.error", "no-direct-editing"),
            ("new-topic.flow-readonly", "block"),
            ("new-topic.flow-readonly-new-board", "invalid-page"),
            ("new-topic.no-create-right", "invalid-page"),
            ("new-topic.on-wikitext-page", "invalid-page"),
        ] {
            let error = api_error(&recorded(name), None).unwrap();
            assert!(!error.stops_run() && !error.is_temporary(), "{name}");
            let Failed::Refused(refusal) = Failed::from(error) else {
                panic!("{name} is no refusal");
            };
            assert_eq!(refusal.code, code, "{name}");
            assert_eq!(refusal.kind, RefusalKind::Page, "{name}");
        }
        let error = api_error(&recorded("new-topic.badtoken"), None).unwrap();
        assert!(matches!(Failed::from(error), Failed::NotWritten(Error::BadToken)));
    }
}
