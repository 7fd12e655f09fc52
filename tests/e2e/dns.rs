//! The addresses of linked hosts: the resolver against a real dnsmasq and against servers that misbehave, the pass
//! against a real database.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use shared::clock::Clock;
use shared::db::links::host_ip::Answer;
use shared::db::run::NewRun;
use shared::db::{Access, Db, DbConfig, Lease, Taken, Timing};
use shared::dns::{AT_ONCE, Asked, MOST, PATIENCE, Resolver, pass};
use shared::wiki::Stop;
use wikicrew_tests::nameserver::{Dnsmasq, OddServer, Question};
use wikicrew_tests::world::World;

/// Ordinary addresses: those for documentation are refused, which is the point.
const HERE: Ipv4Addr = Ipv4Addr::new(198, 41, 0, 4);
const THERE: Ipv4Addr = Ipv4Addr::new(192, 33, 4, 12);

fn addresses(ips: &[&str]) -> Answer {
    Answer::Addresses(ips.iter().map(|ip| ip.parse().expect("a constant address")).collect())
}

fn at(server: SocketAddr) -> Resolver {
    Resolver::new(Some(server)).expect("an address is enough")
}

/// What the real server of these tests knows.
fn records() -> Vec<String> {
    let mut records: Vec<String> = [
        "--host-record=both.example,198.41.0.4,2001:500:2::c",
        "--host-record=xn--bcher-kva.example,192.33.4.12",
        "--host-record=loopback.example,127.0.0.1",
        "--host-record=private.example,10.1.2.3,fd00::1",
        "--host-record=mapped.example,::ffff:198.41.0.4",
        // one that can be kept among those that cannot
        "--host-record=mixed.example,192.168.0.1",
        "--host-record=mixed.example,192.33.4.12",
        "--host-record=mixed.example,203.0.113.7",
        // there is one with no address; all others of that kind do not exist
        "--txt-record=empty.example,nothing here",
        "--local=/example/",
        "--cname=alias.example,middle.example",
        "--cname=middle.example,both.example",
    ]
    .map(str::to_owned)
    .into();
    records.extend((0..200).map(|n| format!("--host-record=many.example,198.41.1.{n}")));
    records
}

#[tokio::test]
async fn a_real_name_server_is_understood() -> Result<()> {
    let server = Dnsmasq::start(&records())?;
    let resolver = at(server.address());
    let many: Vec<String> = (0..MOST).map(|n| format!("198.41.1.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (host, wanted) in [
        ("both.example", addresses(&["198.41.0.4", "2001:500:2::c"])),
        ("BOTH.example", addresses(&["198.41.0.4", "2001:500:2::c"])),
        ("xn--bcher-kva.example", addresses(&["192.33.4.12"])),
        ("alias.example", addresses(&["198.41.0.4", "2001:500:2::c"])),
        ("mixed.example", addresses(&["192.33.4.12"])),
        // More than a packet holds: the server is asked again over TCP.
        ("many.example", addresses(&many)),
        ("loopback.example", Answer::None),
        ("private.example", Answer::None),
        ("mapped.example", Answer::None),
        ("nothing.example", Answer::None),
        ("empty.example", Answer::None),
        // Refused: it knows no such domain and may ask nobody.
        ("unknown.test", Answer::NoAnswer),
        // Only in a hosts file, which nobody looks into.
        ("localhost", Answer::None),
    ] {
        assert_eq!(resolver.ask(host).await, wanted, "{host}");
    }
    Ok(())
}

/// Names that cannot be are not asked for, and what is asked for is the name itself: nothing behind it, no other case.
#[tokio::test]
async fn only_the_name_itself_is_asked_for() -> Result<()> {
    let names = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = names.clone();
    let server = OddServer::start(move |question: &Question| {
        seen.lock().unwrap().insert((question.name.clone(), question.four));
        // No such name: where a resolver would go on with its search domains.
        let mut answer = question.answer(HERE)[..].to_vec();
        answer.truncate(12 + question.name.len() + 2 + 4);
        answer[3] = 0x83;
        answer[7] = 0;
        vec![(Duration::ZERO, answer)]
    })
    .await?;
    let resolver = at(server.address());
    let long = format!("{}.example", "a".repeat(64));
    let longer = format!("{}example", "abcdefghi.".repeat(30));
    for host in [
        "",
        ".",
        "a..example",
        "a b.example",
        "a\\.example",
        "bücher.example",
        "a\0.example",
        &long,
        &longer,
    ] {
        assert_eq!(resolver.ask(host).await, Answer::None, "{host:?}");
    }
    assert_eq!(server.asked(), 0);
    assert_eq!(resolver.ask("_odd-name.example").await, Answer::None);
    let name = "_odd-name.example".to_owned();
    assert_eq!(
        *names.lock().unwrap(),
        BTreeSet::from([(name.clone(), false), (name, true)])
    );
    Ok(())
}

/// `answers` asked once; the answer and how long it took.
async fn odd(answers: impl Fn(&Question) -> Vec<(Duration, Vec<u8>)> + Send + 'static) -> (Answer, Duration) {
    let server = OddServer::start(answers).await.expect("a free port");
    let began = Instant::now();
    let answer = at(server.address()).ask("odd.example").await;
    assert!(server.asked() >= 2);
    (answer, began.elapsed())
}

#[tokio::test]
async fn a_server_that_misbehaves_costs_three_seconds_and_no_more() {
    let ms = Duration::from_millis;
    let (silent, late, slow, garbage, number, both, round) = tokio::join!(
        odd(|_| Vec::new()),
        odd(move |q| vec![(ms(5000), q.answer(HERE))]),
        odd(move |q| vec![(ms(1500), q.answer(HERE))]),
        odd(move |q| vec![(ms(0), q.garbage())]),
        odd(move |q| vec![(ms(0), q.with_wrong_number(HERE))]),
        odd(move |q| vec![(ms(0), q.with_wrong_number(HERE)), (ms(300), q.answer(THERE))]),
        odd(move |q| vec![(ms(0), q.alias_of_itself())]),
    );
    for (what, (answer, took)) in [("silent", &silent), ("late", &late), ("wrong number", &number)] {
        assert_eq!(*answer, Answer::NoAnswer, "{what}");
        assert!(*took >= PATIENCE && *took < PATIENCE + ms(900), "{what}: {took:?}");
    }
    for (what, (answer, took)) in [("garbage", &garbage), ("an alias of itself", &round)] {
        assert!(!matches!(answer, Answer::Addresses(_)), "{what}: {answer:?}");
        assert!(*took < PATIENCE + ms(900), "{what}: {took:?}");
    }
    assert_eq!(slow.0, addresses(&["198.41.0.4"]), "within its time");
    assert_eq!(
        both.0,
        addresses(&["192.33.4.12"]),
        "the answer to somebody else's question does not count"
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_no_answer() -> Result<()> {
    let free = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    assert_eq!(at(free).ask("both.example").await, Answer::NoAnswer);
    Ok(())
}

/// A database with these hosts (numbered from 1), and a run.
struct Place {
    world: World,
    db: Db,
    lease: Lease,
}

impl Place {
    async fn new(keys: &[String]) -> Result<Self> {
        let world = World::new().await?;
        let config = DbConfig::from_url(&world.database_url()).map_err(anyhow::Error::msg)?;
        let db = Db::new(config, Access::Write, Timing::default(), 1)?;
        db.migrate().await?;
        let values: Vec<String> = keys.iter().map(|key| format!("('{key}')")).collect();
        world
            .execute(&format!("INSERT INTO host (rhost) VALUES {}", values.join(",")))
            .await?;
        let run = NewRun {
            job: "coi-report",
            wiki: "testwiki",
            shard: "",
            version: "0.1.0",
        };
        let Taken::Lease(lease) = Lease::take(&db, &run, Clock::real().now()).await? else {
            bail!("another run has the lock");
        };
        Ok(Self { world, db, lease })
    }

    async fn pass(&self, server: SocketAddr, keys: &[String], hours: i64) -> Result<Asked> {
        let clock = Clock::for_tests(&format!("offset={}", hours * 3600)).map_err(anyhow::Error::msg)?;
        let fence = self.lease.fence();
        Ok(pass(&self.db, fence, &at(server), keys, clock, &Stop::new()).await?)
    }

    async fn stored(&self) -> Result<String> {
        self.world
            .table(
                "SELECT rhost, outcome, TIMESTAMPDIFF(HOUR, asked_at, next_at) AS hours, \
                 (SELECT GROUP_CONCAT(HEX(ip) ORDER BY ip) FROM host_ip i WHERE i.host_id = h.host_id) AS ips \
                 FROM host h LEFT JOIN host_asked USING (host_id) ORDER BY host_id",
            )
            .await
    }
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn answers_are_stored_and_kept_for_their_time() -> Result<()> {
    let server = Dnsmasq::start(&records())?;
    let keys = keys(&[
        "example.both.",
        "example.loopback.",
        "example.mixed.",
        "example.nothing.",
        "test.unknown.",
        "198.41.0.4",
        "203.0.113.7",
        "com.facebook./acme",
        "uk.co.",
    ]);
    let place = Place::new(&keys).await?;
    let first = place.pass(server.address(), &keys[..3], 0).await?;
    let wanted = Asked {
        asked: 5,
        addresses: 4,
        none: 5,
        failed: 1,
        left: 0,
    };
    assert_eq!(first, wanted);
    let stored = place.stored().await?;
    let table = [
        "example.both. | 0 | 24 | 2001050000020000000000000000000C,C6290004",
        "example.loopback. | 1 | 24 | NULL",
        "example.mixed. | 0 | 24 | C021040C",
        "example.nothing. | 1 | 24 | NULL",
        "test.unknown. | 2 | 1 | NULL",
        "198.41.0.4 | 0 | 24 | C6290004",
        "203.0.113.7 | 1 | 24 | NULL",
        "com.facebook./acme | 1 | 24 | NULL",
        "uk.co. | 1 | 24 | NULL",
    ];
    assert_eq!(stored, table.map(|row| format!("{row}\n")).concat());
    assert_eq!(
        place.pass(server.address(), &keys, 0).await?,
        Asked::default(),
        "nothing is asked again"
    );
    let again = place.pass(server.address(), &keys, 2).await?;
    assert_eq!(
        (again.asked, again.failed),
        (1, 1),
        "what failed is asked again after an hour"
    );
    let next_day = place.pass(server.address(), &keys, 30).await?;
    assert_eq!(next_day, wanted, "and everything the next day, where it is added again");
    assert_eq!(
        place
            .world
            .count("host_ip WHERE last_ts > first_ts + INTERVAL 29 HOUR")
            .await?,
        4
    );
    Ok(())
}

#[tokio::test]
async fn a_stop_ends_the_pass_at_once_and_keeps_what_was_answered() -> Result<()> {
    let names = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = names.clone();
    let server = OddServer::start(move |question: &Question| {
        seen.lock().unwrap().insert(question.name.clone());
        match question.name.starts_with("good") {
            true => vec![(Duration::ZERO, question.answer(HERE))],
            false => Vec::new(),
        }
    })
    .await?;
    let mut keys: Vec<String> = (0..10).map(|n| format!("example.good{n}.")).collect();
    keys.extend((0..30).map(|n| format!("example.silent{n}.")));
    let place = Place::new(&keys).await?;
    let stop = Stop::new();
    let resolver = at(server.address());
    let asking = pass(&place.db, place.lease.fence(), &resolver, &keys, Clock::real(), &stop);
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        stop.stop();
        Instant::now()
    };
    let (asked, stopped) = tokio::join!(asking, stopping);
    assert!(stopped.elapsed() < Duration::from_secs(1), "{:?}", stopped.elapsed());
    let wanted = Asked {
        asked: 10,
        addresses: 10,
        left: 30,
        ..Asked::default()
    };
    assert_eq!(asked?, wanted);
    assert_eq!(names.lock().unwrap().len(), 10 + AT_ONCE, "no more at a time");
    assert_eq!(place.world.count("host_ip").await?, 10);
    assert_eq!(place.world.count("host_asked").await?, 10, "the others are still due");
    let ip = IpAddr::from(HERE).to_string();
    assert_eq!(
        place
            .world
            .count(&format!("host_ip WHERE HEX(ip) = HEX(INET6_ATON('{ip}'))"))
            .await?,
        10
    );
    Ok(())
}

/// A run that was overtaken by a newer one stores nothing any more.
#[tokio::test]
async fn an_old_run_stores_nothing() -> Result<()> {
    let server = Dnsmasq::start(&records())?;
    let keys = keys(&["example.both."]);
    let place = Place::new(&keys).await?;
    place.world.execute("UPDATE lease SET epoch = epoch + 1").await?;
    assert!(place.pass(server.address(), &keys, 0).await.is_err());
    assert_eq!(
        place.world.count("host_ip").await? + place.world.count("host_asked").await?,
        0
    );
    Ok(())
}
