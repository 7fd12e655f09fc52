//! The fault proxy: stands between a job and the API of a real wiki, passes everything through, and goes wrong where a
//! test says so.
//!
//! Each test starts its own on a free port, so one test's lagging wiki is nobody else's. Requests are handled to their
//! end even when the client has gone: a request that was delayed is delivered, as by a real network. It speaks plain
//! HTTP, to loopback only.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use url::Url;

use crate::answers::made_up;
use crate::calls::Call;
use crate::counter::{MessageCounter, Moment};
use crate::http::{self, Message};
use crate::net::{self, Door};
use crate::rules::{Fault, When};

/// A running proxy in front of one API. It ends when it is dropped.
pub struct FaultProxy {
    shared: Arc<Shared>,
    door: Door,
    url: String,
}

struct Shared {
    host: String,
    port: u16,
    counter: MessageCounter,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<Call>>,
    told: Mutex<Option<Tell>>,
    busy: AtomicUsize,
    idle: Notify,
}

/// Called with each finished request.
type Tell = Box<dyn Fn(&Call) + Send>;

struct Rule {
    when: When,
    fault: Fault,
    seen: u64,
    applied: Arc<AtomicUsize>,
}

/// A rule of a running proxy; says how often it was applied.
#[derive(Clone)]
pub struct Applied(Arc<AtomicUsize>);

impl Applied {
    /// How many requests the rule was applied to. Ask it: a fault that never came proves nothing.
    pub fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the client gets in the end.
enum Outcome {
    Reply(Message),
    Reset,
}

impl FaultProxy {
    /// Starts a proxy in front of the API at `target` on any free port, with a counter of its own.
    pub async fn start(target: &str) -> Result<Self> {
        Self::start_with(target, 0, MessageCounter::new()).await
    }

    /// The same on a given port (0: any free one) and with a counter that may be shared with a database proxy.
    pub async fn start_with(target: &str, port: u16, counter: MessageCounter) -> Result<Self> {
        let target = Url::parse(target).with_context(|| format!("{target:?} is no URL"))?;
        ensure!(
            target.scheme() == "http",
            "the fault proxy speaks plain HTTP only, not {}",
            target.scheme()
        );
        let host = target.host_str().unwrap_or_default().to_owned();
        net::loopback(&host)?;
        let shared = Arc::new(Shared {
            host,
            port: target.port_or_known_default().unwrap_or(80),
            counter,
            rules: Mutex::default(),
            calls: Mutex::default(),
            told: Mutex::default(),
            busy: AtomicUsize::new(0),
            idle: Notify::new(),
        });
        let serving = shared.clone();
        let door = Door::open(port, move |stream| serve(serving.clone(), stream)).await?;
        let url = format!("http://{}{}", door.address(), target.path());
        Ok(Self { shared, door, url })
    }

    /// The address to give to the job instead of the wiki's: same path, other port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The counter that numbers the requests.
    pub fn counter(&self) -> &MessageCounter {
        &self.shared.counter
    }

    /// Adds a rule. Of several that cover the same request the first one with a fault counts; hooks all run.
    /// Each rule counts the requests it is about by itself.
    pub fn rule(&self, when: When, fault: Fault) -> Applied {
        let applied = Arc::new(AtomicUsize::new(0));
        let rule = Rule {
            when,
            fault,
            seen: 0,
            applied: applied.clone(),
        };
        lock(&self.shared.rules).push(rule);
        Applied(applied)
    }

    /// Takes all rules away; the record stays.
    pub fn heal(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Every request so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        lock(&self.shared.calls).clear();
    }

    /// Calls `tell` with each request when it is finished.
    pub fn tell(&self, tell: impl Fn(&Call) + Send + 'static) {
        *lock(&self.shared.told) = Some(Box::new(tell));
    }

    /// Returns when no request is under way any more, delayed ones included.
    pub async fn settle(&self) {
        loop {
            let idle = self.shared.idle.notified();
            if self.shared.busy.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// From now on connections are refused, as by a server that is down.
    pub async fn refuse(&self) -> Result<()> {
        self.door.shut().await
    }

    /// Takes connections again.
    pub async fn accept(&self) -> Result<()> {
        self.door.reopen().await
    }
}

/// Counts a request as under way for as long as it lives.
struct Busy(Arc<Shared>);

impl Busy {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.busy.fetch_add(1, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
        self.0.idle.notify_waiters();
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = http::read(&mut stream).await {
        let busy = Busy::new(&shared);
        let wants_close = request.first.ends_with("HTTP/1.0")
            || request
                .header("connection")
                .is_some_and(|v| v.eq_ignore_ascii_case("close"));
        let stays = match handle(&shared, request).await {
            Outcome::Reply(reply) => stream.write_all(&reply.bytes()).await.is_ok() && !wants_close,
            Outcome::Reset => {
                // Closing with lingering off sends RST instead of FIN.
                let _ = stream.get_ref().set_zero_linger();
                false
            }
        };
        drop(busy);
        if !stays {
            return;
        }
    }
}

async fn handle(shared: &Arc<Shared>, request: Message) -> Outcome {
    let mut call = Call::of(&request);
    let Some(number) = shared.counter.enter(format!("http {call}")).await else {
        return Outcome::Reset;
    };
    call.number = number;
    let (fault, hooks) = choose(shared, &call);
    call.fault = fault.as_ref().map(Fault::name);
    let at = {
        let mut calls = lock(&shared.calls);
        calls.push(call.clone());
        calls.len() - 1
    };
    for hook in &hooks {
        if let Fault::Before(hook) = hook {
            hook(call.clone()).await;
        }
    }
    let outcome = if shared.counter.lets_pass(number, Moment::BeforeForwarding).await {
        carry_out(shared, &mut call, request, fault.unwrap_or(Fault::Pass)).await
    } else {
        Outcome::Reset
    };
    for hook in &hooks {
        if let Fault::After(hook) = hook {
            hook(call.clone()).await;
        }
    }
    let passed = shared.counter.lets_pass(number, Moment::BeforeAnswer).await;
    let outcome = if passed { outcome } else { Outcome::Reset };
    call.finished = Some(Instant::now());
    if let Some(tell) = &*lock(&shared.told) {
        tell(&call);
    }
    // `forget` may have emptied the list meanwhile.
    if let Some(slot) = lock(&shared.calls).get_mut(at).filter(|slot| slot.number == number) {
        // A request that is delivered later may have been noted as forwarded already.
        call.forwarded |= slot.forwarded;
        *slot = call;
    }
    outcome
}

/// The fault for this request, and the hooks.
fn choose(shared: &Shared, call: &Call) -> (Option<Fault>, Vec<Fault>) {
    let (mut fault, mut hooks) = (None, Vec::new());
    for rule in lock(&shared.rules).iter_mut() {
        if !rule.when.matches(call) {
            continue;
        }
        rule.seen += 1;
        if !rule.when.covers(rule.seen) {
            continue;
        }
        if matches!(rule.fault, Fault::Before(_) | Fault::After(_)) {
            hooks.push(rule.fault.clone());
        } else if fault.is_none() {
            fault = Some(rule.fault.clone());
        } else {
            continue;
        }
        rule.applied.fetch_add(1, Ordering::SeqCst);
    }
    (fault, hooks)
}

async fn carry_out(shared: &Arc<Shared>, call: &mut Call, request: Message, fault: Fault) -> Outcome {
    match fault {
        Fault::Pass | Fault::Before(_) | Fault::After(_) => forward(shared, call, request).await,
        Fault::ForwardAndLose => {
            forward(shared, call, request).await;
            call.status = None;
            Outcome::Reset
        }
        Fault::AfterForwarding(inner) => {
            forward(shared, call, request).await;
            let answer = call.answer.take();
            let outcome = reply_of(call, &inner).await;
            call.answer = answer;
            outcome
        }
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            forward(shared, call, request).await
        }
        Fault::DeliverLater(gate) => {
            let (shared, number) = (shared.clone(), call.number);
            let mut later = call.clone();
            let busy = Busy::new(&shared);
            tokio::spawn(async move {
                gate.passed().await;
                forward(&shared, &mut later, request).await;
                if let Some(slot) = lock(&shared.calls).iter_mut().find(|slot| slot.number == number) {
                    (slot.forwarded, slot.status, slot.answer) = (true, later.status, later.answer);
                }
                drop(busy);
            });
            Outcome::Reset
        }
        Fault::TruncatedJson => match forward(shared, call, request).await {
            Outcome::Reply(mut reply) => {
                let text = reply.text().unwrap_or_default();
                reply
                    .headers
                    .retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
                reply.body = text.as_bytes()[..text.len() / 2].to_vec();
                Outcome::Reply(reply)
            }
            Outcome::Reset => Outcome::Reset,
        },
        Fault::Rewrite(change) => match forward(shared, call, request).await {
            Outcome::Reply(mut reply) => {
                if let Some(answer) = &mut call.answer {
                    change(answer);
                    reply
                        .headers
                        .retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
                    reply.body = answer.to_string().into_bytes();
                }
                Outcome::Reply(reply)
            }
            Outcome::Reset => Outcome::Reset,
        },
        fault => reply_of(call, &fault).await,
    }
}

/// Sends the request to the wiki and notes its answer in `call`.
async fn forward(shared: &Shared, call: &mut Call, request: Message) -> Outcome {
    call.forwarded = true;
    match http::send(&shared.host, shared.port, request).await {
        Ok(mut reply) => {
            call.status = reply.status();
            call.bytes = reply.body.len();
            call.answer = reply.text().ok().and_then(|text| serde_json::from_str(&text).ok());
            reply
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("connection"));
            Outcome::Reply(reply)
        }
        Err(error) => {
            call.fault = Some(format!("the wiki itself did not answer: {error:#}"));
            Outcome::Reset
        }
    }
}

/// The faults that need no wiki.
async fn reply_of(call: &mut Call, fault: &Fault) -> Outcome {
    if let Fault::Silence(time) = fault {
        tokio::time::sleep(*time).await;
    }
    let Some(reply) = made_up(call, fault) else {
        call.status = None;
        return Outcome::Reset;
    };
    call.status = reply.status();
    call.answer = serde_json::from_slice(&reply.body).ok();
    Outcome::Reply(reply)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
