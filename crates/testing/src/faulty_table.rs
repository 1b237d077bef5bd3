//! A table that fails as DynamoDB does: throttled, in conflict, or without an answer, whether it wrote or not. By
//! chance, and once by appointment.

mod engine;
mod mishap;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Engine, SealedEngine, Table, TableError};

pub use self::mishap::{Held, Mishap, Rates};
use crate::chance::Chance;

struct Appointment {
    /// All of these stand in the call's text, as `engine` writes it.
    words: Vec<String>,
    mishap: Mishap,
    /// Calls that fit and are let through first.
    after: usize,
    times: usize,
    /// Whether the test needs it to happen, and it has not yet.
    is_missed: bool,
}

/// A table in memory that goes wrong at its rates, and where a test appoints it. It panics at its end if something that was
/// appointed never happened, because then the test has tested nothing.
pub struct FaultyTable {
    /// The engine that does the calls; its rows are sealed.
    pub inner: EmbeddedTable,
    chance: Chance,
    rates: Mutex<Rates>,
    appointments: Mutex<Vec<Appointment>>,
    /// Whether tokio's paused clock must not run ahead of a call.
    holds_time: AtomicBool,
    /// What seals the rows, and the table that its keys are in.
    sealing: OnceLock<(Arc<Keyring>, Arc<FaultyTable>)>,
}

impl FaultyTable {
    /// An empty table in memory that does not fail yet. Its rows are sealed by keys in a table of their own.
    pub fn new(seed: u64) -> Arc<Self> {
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
    pub fn table(self: &Arc<Self>) -> Table {
        self.sealed(Arc::clone(self) as Arc<dyn Engine>)
    }

    /// What seals the rows.
    pub fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.sealing.get().unwrap().0)
    }

    /// The table that holds the keys.
    pub fn keys(&self) -> Arc<Self> {
        Arc::clone(&self.sealing.get().unwrap().1)
    }

    /// The table as it is.
    pub fn truth(&self) -> Table {
        self.sealed(Arc::new(self.inner.clone()))
    }

    fn sealed(&self, engine: Arc<dyn Engine>) -> Table {
        let (keyring, _) = self.sealing.get().unwrap();
        Table::new(Arc::new(SealedEngine::new(engine, Arc::clone(keyring))))
    }

    /// Keeps tokio's paused clock from running ahead of the table's own thread: it stands while a blocking task runs.
    pub fn hold_time(&self) {
        self.holds_time.store(true, Ordering::Relaxed);
        if let Some((_, keys)) = self.sealing.get() {
            keys.hold_time();
        }
    }

    /// Sets how often calls go wrong from now on.
    pub fn set_rates(&self, rates: Rates) {
        *self.rates.lock().unwrap() = rates;
    }

    /// Lets the next `times` calls that have all these words in their text go wrong.
    pub fn next(&self, times: usize, words: &[&str], mishap: Mishap) {
        self.appoint((0, times), words, mishap, true);
    }

    /// Puts the caller of the next call with all these words in its text to sleep: after the table did the call if
    /// `done`, before it otherwise.
    pub fn hold_next(&self, words: &[&str], done: bool) -> Arc<Held> {
        let held = Arc::new(Held::default());
        let mishap = Mishap::Hold {
            done,
            held: Arc::clone(&held),
        };
        self.next(1, words, mishap);
        held
    }

    /// Lets one call go wrong that has all these words in its text, after so many that do not, if there are as many calls:
    /// `all_happened` tells.
    pub fn later(&self, after: usize, words: &[&str], mishap: Mishap) {
        self.appoint((after, 1), words, mishap, false);
    }

    fn appoint(
        &self,
        (after, times): (usize, usize),
        words: &[&str],
        mishap: Mishap,
        must_happen: bool,
    ) {
        self.appointments.lock().unwrap().push(Appointment {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            mishap,
            after,
            times,
            is_missed: must_happen,
        });
    }

    /// Forgets what was appointed and has not happened.
    pub fn forget(&self) {
        self.appointments.lock().unwrap().clear();
    }

    /// How often what was appointed for these words has not happened yet.
    pub fn left(&self, words: &[&str]) -> usize {
        let appointments = self.appointments.lock().unwrap();
        let same = appointments.iter().filter(|a| a.words == words);
        same.map(|a| a.times).sum()
    }

    /// Whether everything that was appointed has happened.
    pub fn all_happened(&self) -> bool {
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
            appointments[place].is_missed = false;
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

impl Drop for FaultyTable {
    fn drop(&mut self) {
        let appointments = self.appointments.get_mut().unwrap();
        let missed = appointments.iter().find(|a| a.is_missed);
        if let Some(missed) = missed
            && !std::thread::panicking()
        {
            panic!("no call had these words: {:?}", missed.words);
        }
    }
}
