//! A table that fails as DynamoDB does: throttled, in conflict, or without an answer, whether it wrote or not. By
//! chance, and once by appointment.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, SealedEngine, Table, TableError, Value, Write, WriteAction, names_in,
};
use tokio::sync::Notify;

use crate::chance::Chance;

/// How often out of a thousand calls something goes wrong.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rates {
    /// Throttled or in conflict: not done.
    pub(crate) busy: usize,
    /// Written, but the answer is lost.
    pub(crate) answer_lost: usize,
    /// Not written, and no answer.
    pub(crate) request_lost: usize,
}

/// The fate of one call.
#[derive(Clone)]
pub(crate) enum Mishap {
    Busy,
    AnswerLost,
    RequestLost,
    /// The table will never take it.
    Refused,
    /// It is done, then this happens.
    Then(Arc<dyn Fn() + Send + Sync>),
    /// Its caller never wakes up again; the call was done or not.
    Freeze {
        done: bool,
        frozen: Arc<Notify>,
    },
    /// Its caller sleeps until it is woken, before the call or after.
    Hold {
        done: bool,
        held: Arc<Held>,
    },
}

/// Where a held call is.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) reached: Notify,
    pub(crate) go_on: Notify,
}

struct Appointment {
    /// All of these stand in the call's text, as [`text_of`] writes it.
    words: Vec<String>,
    mishap: Mishap,
    /// Calls that fit and are let through first.
    after: usize,
    times: usize,
}

/// A table whose calls fail at the given rates, or when an appointment says so.
pub(crate) struct FaultyTable {
    pub(crate) inner: EmbeddedTable,
    chance: Chance,
    rates: Mutex<Rates>,
    appointments: Mutex<Vec<Appointment>>,
    /// Whether tokio's paused clock must not run ahead of a call.
    holds_time: AtomicBool,
    /// What seals the rows, and the table that its keys are in.
    sealing: OnceLock<(Arc<Keyring>, Arc<FaultyTable>)>,
}

impl FaultyTable {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let (table, keys) = (Self::unsealed(seed), Self::unsealed(seed));
        let engine = Table::new(Arc::clone(&keys) as Arc<dyn Engine>);
        let master_key = Arc::new(FixedSecret("5e".repeat(32).into()));
        let keyring = Keyring::new(&engine, master_key, "master", Arc::new(SystemClock));
        let _ = table.sealing.set((Arc::new(keyring), keys));
        table
    }

    fn unsealed(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            sealing: OnceLock::new(),
            inner: EmbeddedTable::in_memory().unwrap(),
            chance: Chance::new(seed),
            rates: Mutex::default(),
            appointments: Mutex::default(),
            holds_time: AtomicBool::new(false),
        })
    }

    /// The table as the product sees it.
    pub(crate) fn table(self: &Arc<Self>) -> Table {
        self.sealed(Arc::clone(self) as Arc<dyn Engine>)
    }

    /// What seals the rows.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.sealing.get().unwrap().0)
    }

    /// The table as it is.
    pub(crate) fn truth(&self) -> Table {
        self.sealed(Arc::new(self.inner.clone()))
    }

    fn sealed(&self, engine: Arc<dyn Engine>) -> Table {
        let (keyring, _) = self.sealing.get().unwrap();
        Table::new(Arc::new(SealedEngine::new(engine, Arc::clone(keyring))))
    }

    /// Keeps tokio's paused clock from running ahead of the table's own thread: it stands while a blocking task runs.
    pub(crate) fn hold_time(&self) {
        self.holds_time.store(true, Ordering::Relaxed);
        if let Some((_, keys)) = self.sealing.get() {
            keys.hold_time();
        }
    }

    pub(crate) fn set_rates(&self, rates: Rates) {
        *self.rates.lock().unwrap() = rates;
    }

    /// Lets the next `times` calls that have all these words in their text go wrong.
    pub(crate) fn next(&self, times: usize, words: &[&str], mishap: Mishap) {
        self.appoint(0, times, words, mishap);
    }

    /// Lets one call go wrong that has all these words in its text, after so many that do not.
    pub(crate) fn later(&self, after: usize, words: &[&str], mishap: Mishap) {
        self.appoint(after, 1, words, mishap);
    }

    fn appoint(&self, after: usize, times: usize, words: &[&str], mishap: Mishap) {
        self.appointments.lock().unwrap().push(Appointment {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            mishap,
            after,
            times,
        });
    }

    /// Forgets what was appointed and has not happened.
    pub(crate) fn forget(&self) {
        self.appointments.lock().unwrap().clear();
    }

    /// Whether everything that was appointed has happened.
    pub(crate) fn all_happened(&self) -> bool {
        self.appointments.lock().unwrap().is_empty()
    }

    fn mishap(&self, text: &str, writes: bool) -> Option<Mishap> {
        let mut appointments = self.appointments.lock().unwrap();
        let fits = |a: &mut Appointment| {
            let fits = a.words.iter().all(|word| text.contains(word.as_str()));
            let now = fits && a.after == 0;
            a.after -= usize::from(fits && !now);
            now
        };
        if let Some(place) = appointments.iter_mut().position(fits) {
            let mishap = appointments[place].mishap.clone();
            appointments[place].times -= 1;
            if appointments[place].times == 0 {
                appointments.remove(place);
            }
            return Some(mishap);
        }
        drop(appointments);
        let rates = *self.rates.lock().unwrap();
        let drawn = self.chance.below(text, 1000);
        let lost = rates.busy + rates.answer_lost;
        match drawn {
            _ if drawn < rates.busy => Some(Mishap::Busy),
            _ if writes && drawn < lost => Some(Mishap::AnswerLost),
            _ if writes && drawn < lost + rates.request_lost => Some(Mishap::RequestLost),
            _ => None,
        }
    }

    async fn meddle<T>(
        &self,
        text: String,
        writes: bool,
        call: impl Future<Output = Result<T, TableError>> + Send,
    ) -> Result<T, TableError> {
        let unknown = || TableError::Unknown("a test lost it".to_owned());
        let call = async {
            let _held = self.holds_time.load(Ordering::Relaxed).then(|| {
                let (running, ended) = std::sync::mpsc::channel::<()>();
                tokio::task::spawn_blocking(move || ended.recv());
                running
            });
            call.await
        };
        match self.mishap(&text, writes) {
            None => call.await,
            Some(Mishap::Busy) => Err(TableError::Busy("a test throttles it".to_owned())),
            Some(Mishap::RequestLost) => Err(unknown()),
            Some(Mishap::Refused) => Err(TableError::Invalid("a test refuses it".to_owned())),
            // A call that the table refused by itself was answered.
            Some(Mishap::AnswerLost) => call.await.and_then(|_| Err(unknown())),
            Some(Mishap::Then(happens)) => {
                let done = call.await;
                happens();
                done
            }
            Some(Mishap::Freeze { done, frozen }) => {
                if done {
                    let _ = call.await;
                }
                frozen.notify_one();
                std::future::pending().await
            }
            Some(Mishap::Hold { done: true, held }) => {
                let done = call.await;
                held.reached.notify_one();
                held.go_on.notified().await;
                done
            }
            Some(Mishap::Hold { done: false, held }) => {
                held.reached.notify_one();
                held.go_on.notified().await;
                call.await
            }
        }
    }
}

#[async_trait]
impl Engine for FaultyTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let text = format!("get {}/{}", key.pk, key.sk);
        self.meddle(text, false, self.inner.get(key)).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let values = query.values.values().map(|value| match value {
            Value::S(text) => text.clone(),
            other => format!("{other:?}"),
        });
        let text = format!("query {}", values.collect::<Vec<_>>().join(" "));
        self.meddle(text, false, self.inner.query(query)).await
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        let text = text_of("write", std::slice::from_ref(&write));
        self.meddle(text, true, self.inner.write(write)).await
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        let text = text_of("transact", &writes);
        self.meddle(text, true, self.inner.transact(writes)).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        let keys: Vec<String> = rows
            .iter()
            .map(|(key, _)| format!("{}/{}", key.pk, key.sk))
            .collect();
        let text = format!("put_all {}", keys.join(" "));
        self.meddle(text, true, self.inner.put_all(rows)).await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        let scan = self.inner.scan(prefix, after, limit);
        self.meddle(format!("scan {prefix}"), false, scan).await
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        let text = format!("remove {} rows", keys.len());
        self.meddle(text, true, self.inner.remove(keys)).await
    }
}

/// A call as text: `transact update T1#lane#C1/lease [lease_until] …`.
fn text_of(call: &str, writes: &[Write<Key>]) -> String {
    let mut text = call.to_owned();
    for write in writes {
        let action = match &write.action {
            WriteAction::Put(_) => "put",
            WriteAction::Update(_) => "update",
            WriteAction::Delete => "delete",
            WriteAction::Check => "check",
        };
        let names: Vec<String> = names_in(write.expressions()).into_values().collect();
        let Key { pk, sk } = &write.key;
        // Writing to a text cannot fail.
        let _ = write!(text, " {action} {pk}/{sk} {names:?}");
    }
    text
}
