//! A proxy between a job and MariaDB that sees every command.
//!
//! It counts commands together with the HTTP proxy, can stop before or after each, writes down the SQL, and can cut
//! connections or refuse them. It never changes a byte. The protocol allows one command at a time per connection, so
//! the first bytes of an answer prove that the command (the first statement of it) was carried out.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use url::Url;

use crate::counter::{MessageCounter, Moment};
use crate::net::{self, Door};
use crate::packets::{Command, Splitter, prepared_number};

type StatementHook = Arc<dyn Fn(Statement) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A command that a job sent to the database.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its number among all messages of the counter, from 1; 0 for what is not counted (ping, quit, close).
    pub number: u64,
    /// Which connection sent it, from 1 in the order of connecting.
    pub connection: u64,
    /// The SQL text, for an execution that of its prepared statement; else the command's name.
    pub sql: String,
    /// Whether it was run, and not only prepared.
    pub is_run: bool,
}

impl Statement {
    /// Whether it changes rows or tables by its first word.
    pub fn is_write(&self) -> bool {
        const WRITING: [&str; 11] = [
            "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "LOAD", "CALL",
        ];
        let first = self
            .sql
            .trim_start()
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        WRITING.iter().any(|word| word.eq_ignore_ascii_case(first))
    }
}

/// A running proxy in front of one database server. It ends when it is dropped.
pub struct DbProxy {
    shared: Arc<Shared>,
    door: Door,
    url: String,
}

struct Shared {
    host: String,
    port: u16,
    counter: MessageCounter,
    statements: Mutex<Vec<Statement>>,
    hooks: Mutex<Vec<SqlHook>>,
    connections: AtomicU64,
    /// Connections up to this number are cut.
    cut: watch::Sender<Cut>,
}

#[derive(Clone, Copy, Default)]
struct Cut {
    up_to: u64,
    one: u64,
}

struct SqlHook {
    text: String,
    moment: Moment,
    hook: StatementHook,
}

impl DbProxy {
    /// Starts a proxy in front of the server of this `mysql://` URL, on any free port, with a counter of its own.
    pub async fn start(target: &str) -> Result<Self> {
        Self::start_with(target, 0, MessageCounter::new()).await
    }

    /// The same on a given port (0: any free one) and with a counter that may be shared with an HTTP proxy.
    pub async fn start_with(target: &str, port: u16, counter: MessageCounter) -> Result<Self> {
        let mut target = Url::parse(target).context("the database URL is no URL")?;
        let host = target.host_str().unwrap_or_default().to_owned();
        net::loopback(&host)?;
        let shared = Arc::new(Shared {
            host,
            port: target.port().unwrap_or(3306),
            counter,
            statements: Mutex::default(),
            hooks: Mutex::default(),
            connections: AtomicU64::new(0),
            cut: watch::Sender::default(),
        });
        let serving = shared.clone();
        let door = Door::open(port, move |stream| {
            let shared = serving.clone();
            async move {
                let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
                // Either side may go at any time; that is no error of the proxy.
                let _ = serve(&shared, stream, number).await;
            }
        })
        .await?;
        // Setting a port fails only for URLs without a host, and those were refused above.
        let _ = target.set_port(Some(door.address().port()));
        Ok(Self {
            shared,
            door,
            url: target.to_string(),
        })
    }

    /// The URL to give to the job: the target's with another port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The counter that numbers the commands.
    pub fn counter(&self) -> &MessageCounter {
        &self.shared.counter
    }

    /// Every command so far.
    pub fn statements(&self) -> Vec<Statement> {
        lock(&self.shared.statements).clone()
    }

    /// The SQL of those that change rows or tables.
    pub fn writes(&self) -> Vec<String> {
        self.statements()
            .into_iter()
            .filter(Statement::is_write)
            .map(|statement| statement.sql)
            .collect()
    }

    /// Forgets the commands so far.
    pub fn forget(&self) {
        lock(&self.shared.statements).clear();
    }

    /// Does `hook` whenever a command whose SQL contains `text` is run, at this moment of it.
    pub fn when_run<H, F>(&self, text: &str, moment: Moment, hook: H)
    where
        H: Fn(Statement) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let hook: StatementHook = Arc::new(move |statement| Box::pin(hook(statement)));
        lock(&self.shared.hooks).push(SqlHook {
            text: text.into(),
            moment,
            hook,
        });
    }

    /// Breaks every connection that exists now.
    pub fn cut_all(&self) {
        let up_to = self.shared.connections.load(Ordering::SeqCst);
        self.shared.cut.send_modify(|cut| cut.up_to = up_to);
    }

    /// Breaks the connection with this number.
    pub fn cut(&self, connection: u64) {
        self.shared.cut.send_modify(|cut| cut.one = connection);
    }

    /// From now on new connections are refused; those that exist stay.
    pub async fn refuse(&self) -> Result<()> {
        self.door.shut().await
    }

    /// Takes connections again.
    pub async fn accept(&self) -> Result<()> {
        self.door.reopen().await
    }
}

async fn serve(shared: &Shared, client: TcpStream, number: u64) -> Result<()> {
    let mut cut = shared.cut.subscribe();
    let server = net::connect(&shared.host, shared.port).await?;
    let mut link = Link {
        shared,
        client,
        server,
        number,
        splitter: Splitter::default(),
        prepared: HashMap::new(),
    };
    tokio::select! {
        end = link.run() => end,
        _ = cut.wait_for(|cut| number <= cut.up_to || number == cut.one) => {
            let _ = link.client.set_zero_linger();
            Ok(())
        }
    }
}

/// One connection of a job, with its other half to the server.
struct Link<'a> {
    shared: &'a Shared,
    client: TcpStream,
    server: TcpStream,
    number: u64,
    splitter: Splitter,
    /// The SQL of the prepared statements, by the server's numbers.
    prepared: HashMap<u32, String>,
}

impl Link<'_> {
    async fn run(&mut self) -> Result<()> {
        let (mut from_client, mut from_server) = (vec![0; 65536], vec![0; 65536]);
        loop {
            tokio::select! {
                n = self.client.read(&mut from_client) => {
                    let n = n?;
                    if n == 0 {
                        return Ok(());
                    }
                    self.splitter.feed(&from_client[..n]);
                    while let Some((packet, begins)) = self.splitter.next() {
                        if begins {
                            if !self.command(&packet).await? {
                                let _ = self.client.set_zero_linger();
                                return Ok(());
                            }
                        } else {
                            self.server.write_all(&packet).await?;
                        }
                    }
                }
                n = self.server.read(&mut from_server) => {
                    let n = n?;
                    if n == 0 {
                        return Ok(());
                    }
                    self.client.write_all(&from_server[..n]).await?;
                }
            }
        }
    }

    /// Forwards a command, with what the test wants to happen before and after it. `false`: the connection ends here.
    async fn command(&mut self, packet: &[u8]) -> Result<bool> {
        let command = Command::of(packet);
        let (sql, is_run) = match &command {
            Command::Query(sql) => (sql.clone(), true),
            Command::Prepare(sql) => (sql.clone(), false),
            Command::Execute(id) => (
                self.prepared
                    .get(id)
                    .cloned()
                    .unwrap_or_else(|| "an unknown statement".into()),
                true,
            ),
            other => (format!("{other:?}"), true),
        };
        let mut statement = Statement {
            number: 0,
            connection: self.number,
            sql,
            is_run,
        };
        if !command.counts() {
            lock(&self.shared.statements).push(statement);
            self.server.write_all(packet).await?;
            return Ok(true);
        }
        let counter = &self.shared.counter;
        let verb = if is_run { "db" } else { "db prepare" };
        let Some(k) = counter.enter(format!("{verb} {}", one_line(&statement.sql))).await else {
            return Ok(false);
        };
        statement.number = k;
        lock(&self.shared.statements).push(statement.clone());

        self.run_hooks(&statement, Moment::BeforeForwarding).await;
        if !counter.lets_pass(k, Moment::BeforeForwarding).await {
            return Ok(false);
        }
        self.server.write_all(packet).await?;
        let is_prepare = matches!(command, Command::Prepare(_));
        let hooked = is_run && self.hooks(&statement, Moment::BeforeAnswer).next().is_some();
        if !is_prepare && !hooked && !counter.is_awaited(k, Moment::BeforeAnswer) {
            return Ok(true);
        }
        let mut answer = vec![0; 65536];
        let n = self.server.read(&mut answer).await?;
        if let Some(id) = prepared_number(&answer[..n]).filter(|_| is_prepare) {
            self.prepared.insert(id, statement.sql.clone());
        }
        self.run_hooks(&statement, Moment::BeforeAnswer).await;
        if n == 0 || !counter.lets_pass(k, Moment::BeforeAnswer).await {
            return Ok(false);
        }
        self.client.write_all(&answer[..n]).await?;
        Ok(true)
    }

    fn hooks(&self, statement: &Statement, moment: Moment) -> impl Iterator<Item = StatementHook> + use<> {
        let hooks = lock(&self.shared.hooks);
        let mut found = Vec::new();
        if statement.is_run {
            let mine = hooks
                .iter()
                .filter(|hook| hook.moment == moment && statement.sql.contains(&hook.text));
            found.extend(mine.map(|hook| hook.hook.clone()));
        }
        found.into_iter()
    }

    async fn run_hooks(&self, statement: &Statement, moment: Moment) {
        for hook in self.hooks(statement, moment) {
            hook(statement.clone()).await;
        }
    }
}

/// SQL on one line, short enough for a list.
fn one_line(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words.join(" ").chars().take(120).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
