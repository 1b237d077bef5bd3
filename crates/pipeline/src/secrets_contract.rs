//! The contract of the secrets: one test that runs against every implementation and panics if one breaks it. The format of a
//! secret, such as a list of signing secrets, is not part of the contract.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret;

use crate::secrets::{DOUBTED_AFTER, KEPT_AT_MOST, SecretError, Secrets, USED_ON_AT_MOST};

/// The name of the secret that the contract reads.
pub const NAME: &str = "/tidegate/contract/secret";

/// A second name, for a store that holds several.
const OTHER: &str = "/tidegate/contract/other";

/// A time that is long enough to make a difference.
const MOMENT: Duration = Duration::from_secs(1);

/// The store behind a caching implementation, and the clock that the implementation uses.
pub trait Store {
    /// Stores a value under a name.
    fn put(&self, name: &str, value: &str);

    /// Makes every read of a name fail until a value is stored there.
    fn fail(&self, name: &str);

    /// Returns the number of reads of all names so far, including those that failed.
    fn reads(&self) -> usize;

    /// Advances the clock that the implementation uses.
    fn pass_time(&self, by: Duration);
}

/// Runs the whole contract. `open` makes an implementation that has read nothing yet, over a store that holds the given value under
/// [`NAME`]. `store` is that store if the implementation caches what it reads. `None` if its secret cannot change.
pub async fn secrets_contract<O>(open: O, store: Option<&dyn Store>)
where
    O: Fn(&str) -> Arc<dyn Secrets>,
{
    the_value_comes_back_whole(&open).await;
    no_value_is_ever_shown(&open).await;
    everybody_gets_it_at_once(&open).await;
    a_doubt_takes_nothing_away(&open).await;
    let Some(store) = store else { return };
    names_stay_apart(&*open("one"), store).await;
    a_change_is_seen_in_time(&*open("one"), store).await;
    a_doubt_brings_the_change_sooner(&*open("one"), store).await;
    a_flood_of_doubts_reads_no_more(&*open("one"), store).await;
    an_outage_is_bridged_for_a_while(&*open("one"), store).await;
    a_failure_names_the_secret_and_shows_none(&*open("sesame"), store).await;
}

async fn the_value_comes_back_whole(open: &dyn Fn(&str) -> Arc<dyn Secrets>) {
    let long = "x".repeat(4096);
    for value in [
        "xoxb-1-2-abc",
        " new@2026-12-01, old \n",
        "é 漢字 \"quotes\" \\ {}",
        &long,
    ] {
        let secrets = open(value);
        for time in ["first", "second"] {
            let got = get(&*secrets, NAME).await;
            assert!(got == value, "the {time} get gives the value as it stands");
        }
    }
}

async fn no_value_is_ever_shown(open: &dyn Fn(&str) -> Arc<dyn Secrets>) {
    let shown = format!("{:?}", open("sesame").get(NAME).await);
    assert!(!shown.contains("sesame"), "an answer's `Debug` shows it");
}

async fn everybody_gets_it_at_once(open: &dyn Fn(&str) -> Arc<dyn Secrets>) {
    let secrets = open("one");
    let all = join_all((0..20).map(|_| get(&*secrets, NAME))).await;
    assert!(
        all.iter().all(|got| got == "one"),
        "many at once all get the value"
    );
}

async fn a_doubt_takes_nothing_away(open: &dyn Fn(&str) -> Arc<dyn Secrets>) {
    let secrets = open("one");
    secrets.doubt(NAME);
    let got = get(&*secrets, NAME).await;
    assert_eq!(got, "one", "a doubt before anything was read does nothing");
    secrets.doubt(NAME);
    secrets.doubt("/tidegate/contract/unknown");
    let got = get(&*secrets, NAME).await;
    assert_eq!(got, "one", "a doubt about a good value leaves it as it is");
}

async fn names_stay_apart(secrets: &dyn Secrets, store: &dyn Store) {
    store.put(OTHER, "another");
    for (name, value) in [(NAME, "one"), (OTHER, "another"), (NAME, "one")] {
        assert_eq!(get(secrets, name).await, value, "each name has its value");
    }
    store.pass_time(DOUBTED_AFTER);
    let reads = store.reads();
    secrets.doubt(OTHER);
    get(secrets, NAME).await;
    assert_eq!(store.reads(), reads, "a doubt is about one name only");
}

async fn a_change_is_seen_in_time(secrets: &dyn Secrets, store: &dyn Store) {
    get(secrets, NAME).await;
    store.put(NAME, "two");
    store.pass_time(KEPT_AT_MOST);
    let got = get(secrets, NAME).await;
    assert_eq!(got, "two", "a value is not kept for longer");
}

async fn a_doubt_brings_the_change_sooner(secrets: &dyn Secrets, store: &dyn Store) {
    for (old, new) in [("one", "two"), ("two", "three")] {
        assert_eq!(get(secrets, NAME).await, old);
        store.put(NAME, new);
        store.pass_time(DOUBTED_AFTER);
        secrets.doubt(NAME);
        let got = get(secrets, NAME).await;
        assert_eq!(got, new, "the next get after a doubt reads anew");
    }
}

async fn a_flood_of_doubts_reads_no_more(secrets: &dyn Secrets, store: &dyn Store) {
    get(secrets, NAME).await;
    // The second round begins with a read that fails: it has been tried, and is not repeated at once either.
    for round in ["good", "failed"] {
        let reads = store.reads();
        for _ in 0..20 {
            secrets.doubt(NAME);
            get(secrets, NAME).await;
        }
        store.pass_time(DOUBTED_AFTER.saturating_sub(MOMENT));
        secrets.doubt(NAME);
        get(secrets, NAME).await;
        assert_eq!(
            store.reads(),
            reads,
            "a doubt soon after a {round} read reads nothing"
        );
        store.fail(NAME);
        store.pass_time(MOMENT);
        secrets.doubt(NAME);
        assert_eq!(
            store.reads(),
            reads,
            "a doubt alone reads nothing: the next get does"
        );
        let got = get(secrets, NAME).await;
        assert_eq!(got, "one", "a doubted value serves while none can be read");
        assert_eq!(
            store.reads(),
            reads + 1,
            "a doubt some time after a {round} read makes the next get read once"
        );
    }
}

async fn an_outage_is_bridged_for_a_while(secrets: &dyn Secrets, store: &dyn Store) {
    get(secrets, NAME).await;
    store.fail(NAME);
    store.pass_time(KEPT_AT_MOST);
    let got = get(secrets, NAME).await;
    assert_eq!(got, "one", "a value that cannot be renewed is used on");
    store.put(NAME, "two");
    store.pass_time(KEPT_AT_MOST);
    let got = get(secrets, NAME).await;
    assert_eq!(got, "two", "a store that is back is read again");
    store.fail(NAME);
    store.pass_time(USED_ON_AT_MOST);
    let answer = secrets.get(NAME).await;
    assert!(
        answer.is_err(),
        "a value that was read so long ago is not used any more"
    );
    store.put(NAME, "three");
    let got = get(secrets, NAME).await;
    assert_eq!(got, "three", "who has no value asks the store every time");
}

#[expect(clippy::panic, reason = "a failed contract test panics")]
async fn a_failure_names_the_secret_and_shows_none(secrets: &dyn Secrets, store: &dyn Store) {
    get(secrets, NAME).await;
    store.fail(NAME);
    store.pass_time(USED_ON_AT_MOST);
    let Err(e) = secrets.get(NAME).await else {
        panic!("a secret that cannot be read is an error");
    };
    assert_eq!(e.name, NAME, "an error names the secret");
    assert!(!e.why.is_empty(), "an error says what went wrong");
    assert!(
        !format!("{e} {e:?}").contains("sesame"),
        "an error holds the value"
    );
}

async fn get(secrets: &dyn Secrets, name: &str) -> String {
    ok(secrets.get(name).await, "get")
        .expose_secret()
        .to_owned()
}

#[expect(clippy::panic, reason = "a failed contract test panics")]
#[track_caller]
fn ok<T>(result: Result<T, SecretError>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(e) => panic!("{what}: {e}"),
    }
}
