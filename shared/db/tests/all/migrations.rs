//! Migrations on databases that are not empty, by several starters, and after
//! somebody changed what was applied.

use crate::support::TestDb;
use mysql_async::prelude::Queryable;
use std::path::Path;
use wikicrew_core::hit::Rule;
use wikicrew_db::{Access, Error, migrate};

/// After each migration its data file is loaded, so that every later one runs on
/// tables with rows. A migration without a file is a mistake of its author.
#[tokio::test]
async fn each_migration_runs_on_tables_with_rows() {
    let test = TestDb::empty().await;
    test.db.create_database_if_missing().await.unwrap();
    let files = migrate::files();
    assert!(!files.is_empty());
    for (version, name, _) in &files {
        assert_eq!(test.db.migrate_to(Some(*version)).await.unwrap(), [*version]);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/V{version}.sql"));
        let data = std::fs::read_to_string(&file)
            .unwrap_or_else(|_| panic!("V{version}__{name}: write {} with rows for it", file.display()));
        test.raw().await.query_drop(data).await.unwrap();
    }
    assert_eq!(test.db.migrate().await.unwrap(), Vec::<i32>::new());
    let tables = test
        .sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
        .await;
    assert!(tables.len() >= 41);
    for table in tables {
        let rows = test.sql(&format!("SELECT COUNT(*) > 0 FROM `{table}`")).await;
        assert_eq!(rows, ["1"], "no data file fills {table}");
    }
}

#[tokio::test]
async fn two_starters_at_once() {
    for _ in 0..5 {
        let test = TestDb::empty().await;
        let other = test.other(Access::Write);
        let start = async |db: &wikicrew_db::Db| {
            db.create_database_if_missing().await?;
            db.migrate().await
        };
        let (a, b) = tokio::join!(start(&test.db), start(&other));
        let mut applied = [a.unwrap(), b.unwrap()];
        applied.sort_by_key(Vec::len);
        let all: Vec<i32> = migrate::files().iter().map(|file| file.0).collect();
        assert_eq!(applied, [vec![], all]);
        test.db.close().await;
        assert_eq!(test.connections(0).await, 0, "nothing is left open");
    }
}

#[tokio::test]
async fn a_file_that_died_half_way_is_run_again() {
    let test = TestDb::empty().await;
    test.db.create_database_if_missing().await.unwrap();
    let (_, _, first) = &migrate::files()[0];
    let half = statements(first).remove(0);
    test.raw().await.query_drop(half).await.unwrap();
    assert_eq!(test.db.migrate().await.unwrap().len(), migrate::files().len());
}

#[tokio::test]
async fn a_changed_applied_file_is_an_error_that_says_what_to_do() {
    let test = TestDb::new().await;
    test.sql("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2")
        .await;
    let error = test.db.migrate().await.unwrap_err();
    assert!(matches!(error, Error::MigrationChanged { version: 2, .. }), "{error}");
    assert!(error.to_string().contains("write a new one"), "{error}");
}

#[tokio::test]
async fn a_program_older_than_the_database_says_so() {
    let test = TestDb::new().await;
    test.sql(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         VALUES (999, 'later', '2026-03-01T00:00:00Z', '1')",
    )
    .await;
    let error = test.db.migrate().await.unwrap_err();
    assert!(matches!(error, Error::DatabaseNewer { version: 999, .. }), "{error}");
    assert!(error.to_string().contains("deploy the newer build"), "{error}");
}

#[tokio::test]
async fn a_gap_in_what_was_applied_is_found() {
    let test = TestDb::new().await;
    test.sql("DELETE FROM refinery_schema_history WHERE version = 2").await;
    let error = test.db.migrate().await.unwrap_err();
    assert!(matches!(error, Error::MigrationMissing { version: 2, .. }), "{error}");
    assert!(error.to_string().contains("in the database"), "{error}");
}

/// DDL may be repeated, every table has what ToolsDB asks for, and nothing is
/// added that old programs would stumble over.
#[test]
fn the_files_keep_the_rules() {
    for (version, name, sql) in migrate::files() {
        let file = format!("V{version}__{name}");
        for statement in statements(&sql) {
            let one_line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let upper = one_line.to_uppercase();
            if upper.starts_with("CREATE TABLE") {
                for part in [
                    "IF NOT EXISTS",
                    "PRIMARY KEY",
                    "ENGINE=INNODB",
                    "ROW_FORMAT=DYNAMIC",
                    "UTF8MB4_NOPAD_BIN",
                ] {
                    assert!(upper.contains(part), "{file}: {part} is missing in {one_line}");
                }
            } else if upper.starts_with("ALTER TABLE") {
                assert!(
                    adds_only_defaults(&upper),
                    "{file}: NOT NULL without DEFAULT: {one_line}"
                );
            } else {
                panic!("{file}: neither CREATE TABLE nor ALTER TABLE: {one_line}");
            }
        }
    }
}

#[test]
fn the_rule_about_defaults_sees_what_it_should() {
    assert!(adds_only_defaults(
        "ALTER TABLE A ADD COLUMN B INT NOT NULL DEFAULT 0, ADD KEY K (B, C)"
    ));
    assert!(adds_only_defaults("ALTER TABLE A ADD COLUMN B DECIMAL(3,1) NULL"));
    assert!(!adds_only_defaults("ALTER TABLE A ADD COLUMN B INT NOT NULL"));
    assert!(!adds_only_defaults(
        "ALTER TABLE A ADD COLUMN B INT NOT NULL DEFAULT 0, ADD COLUMN C ENUM('A', 'B') NOT NULL"
    ));
}

/// Each added column that is NOT NULL has a DEFAULT.
fn adds_only_defaults(alter: &str) -> bool {
    let (mut clauses, mut depth) = (vec![String::new()], 0);
    for c in alter.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => clauses.push(String::new()),
            _ => {}
        }
        clauses.last_mut().unwrap().push(c);
    }
    clauses
        .iter()
        .all(|clause| !clause.contains("ADD") || !clause.contains("NOT NULL") || clause.contains("DEFAULT"))
}

fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap()).collect();
    code.join("\n")
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Entries of lists that people made before jobs could: they are still theirs, and the new ones fit beside them.
#[tokio::test]
async fn entries_of_lists_from_before_auto_monitoring_stay_a_persons() {
    let test = TestDb::empty().await;
    test.db.create_database_if_missing().await.unwrap();
    test.db.migrate_to(Some(6)).await.unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/V5.sql");
    test.raw()
        .await
        .query_drop(std::fs::read_to_string(data).unwrap())
        .await
        .unwrap();
    let columns = "job, wiki, list, user_name, page, added_by, added_at, reason, expires";
    let sql = format!("SELECT {columns} FROM list_entry ORDER BY 1, 2, 3, 4, 5");
    let before = test.sql(&sql).await;
    assert!(!before.is_empty());
    assert_eq!(test.db.migrate().await.unwrap()[0], 7);
    assert_eq!(test.sql(&sql).await, before);
    assert_eq!(
        test.sql("SELECT COUNT(*) FROM list_entry WHERE auto_wiki IS NOT NULL OR auto_rev IS NOT NULL")
            .await,
        ["0"]
    );
    let rules: Vec<String> = Rule::ALL.iter().map(|rule| format!("'{}'", rule.word())).collect();
    let column = "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
        AND TABLE_NAME = 'hit' AND COLUMN_NAME = 'rule'";
    assert_eq!(test.sql(column).await, [format!("enum({})", rules.join(","))]);
}
