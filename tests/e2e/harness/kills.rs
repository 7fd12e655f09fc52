//! The kill driver, with small programs in a job's place: one that survives every kill, and two that do not.

use anyhow::Result;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::run::Job;
use wikicrew_tests::world::World;

/// One page and one row, written as `write` says.
struct PageAndRow {
    write: &'static str,
}

/// The beginning of each program: `post(params)` and a database connection `$db`.
const COMMON: &str = r#"
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
function post(array $params): array {
    $options = ['http' => ['method' => 'POST', 'header' => 'Content-Type: application/x-www-form-urlencoded',
        'content' => http_build_query($params + ['format' => 'json', 'formatversion' => 2, 'token' => '+\\'])]];
    $answer = @file_get_contents(getenv('WIKICREW_API_URL'), false, stream_context_create($options));
    return json_decode($answer ?: exit(3), true);
}
$u = parse_url(getenv('WIKICREW_DATABASE_URL'));
$db = new mysqli($u['host'], $u['user'], $u['pass'], ltrim($u['path'], '/'), $u['port']);
$title = getenv('PAGE');
"#;

impl Scenario for PageAndRow {
    type Stage = World;

    async fn prepare(&self) -> Result<World> {
        let world = World::new().await?;
        world
            .execute("CREATE TABLE done (title VARCHAR(99) PRIMARY KEY); CREATE TABLE tries (n INT)")
            .await?;
        Ok(world)
    }

    fn job(&self, stage: &World) -> Job {
        let program = format!("{COMMON}{}", self.write);
        stage
            .job("probe")
            .program("php")
            .env("PAGE", &stage.own("Page"))
            .args(&["-r", &program])
    }

    async fn snapshot(&self, stage: &World) -> Result<String> {
        let text = stage.admin.text(&stage.own("Page")).await?.unwrap_or_default();
        Ok(stage.scrub(&format!(
            "{text}\n{}{}",
            stage.table("SELECT title FROM done").await?,
            stage.row_counts().await?
        )))
    }
}

#[tokio::test]
async fn a_program_that_looks_before_it_repeats_survives_every_kill() -> Result<()> {
    let coverage = kill_at_every_message(
        PageAndRow {
            write: r#"
            post(['action' => 'edit', 'title' => $title, 'text' => 'Hello', 'createonly' => 1]);
            $db->query("INSERT IGNORE INTO done VALUES ('$title')");"#,
        },
        2,
    )
    .await?;
    println!("{coverage}");
    assert_eq!(coverage.messages.len(), 2, "{coverage}");
    assert_eq!(coverage.covered.len(), 4, "{coverage}");
    Ok(())
}

#[tokio::test]
async fn a_program_that_repeats_its_edit_is_found_out() -> Result<()> {
    let error = kill_at_every_message(
        PageAndRow {
            write: r#"
            if ($db->query("SELECT 1 FROM done")->num_rows) exit(0);
            post(['action' => 'edit', 'title' => $title, 'appendtext' => 'Hello']);
            $db->query("INSERT INTO done VALUES ('$title')");"#,
        },
        2,
    )
    .await
    .err()
    .expect("greets twice when killed between edit and row");
    let told = format!("{error:#}");
    // After the edit and before its answer; before the row. Not before the edit, and not after the row.
    assert!(told.starts_with("2 kills did harm"), "{told}");
    assert!(
        told.contains("killed at message 2") && told.contains("BeforeAnswer"),
        "{told}"
    );
    assert!(
        told.contains("killed at message 3") && told.contains("HelloHello"),
        "{told}"
    );
    Ok(())
}

#[tokio::test]
async fn a_program_that_adds_at_each_run_is_found_out_without_a_kill() -> Result<()> {
    let write = r#"$db->query("INSERT INTO tries VALUES (1)");"#;
    let error = kill_at_every_message(PageAndRow { write }, 2)
        .await
        .err()
        .expect("not idempotent");
    assert!(format!("{error:#}").contains("a second run changed"), "{error:#}");
    Ok(())
}
