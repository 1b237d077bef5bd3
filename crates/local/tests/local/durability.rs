//! Every acknowledged request is on disk: the databases' settings, the order of sync and answer, and a disk that takes
//! nothing more.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use rusqlite::Connection;
use secrecy::SecretString;
use tempfile::TempDir;
use tidegate_ingress::Ingress;
use tidegate_ingress::signing::SigningKeys;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_testing::product::{Product, SIGNING_SECRET, id, mention, message, signed, until};

/// `PRAGMA synchronous`: the WAL is synced at every commit.
const FULL: i64 = 2;

#[tokio::test]
async fn both_files_keep_a_write_ahead_log() {
    let product = Product::start().await;
    for file in ["table.db", "queues.db"] {
        let connection = Connection::open(product.data_dir().join(file)).unwrap();
        assert_eq!(
            pragma::<String>(&connection, "journal_mode"),
            "wal",
            "{file}"
        );
        assert!(
            product.data_dir().join(format!("{file}-wal")).exists(),
            "{file}"
        );
    }
}

/// The table's engine sets nothing here, so the library's default is what it gets; `sync_comes_before_the_answer`
/// watches it.
#[test]
fn the_library_syncs_every_commit_by_default() {
    let folder = TempDir::new().unwrap();
    let connection = Connection::open(folder.path().join("new.db")).unwrap();
    assert_eq!(pragma::<i64>(&connection, "synchronous"), FULL);
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    assert_eq!(pragma::<i64>(&connection, "synchronous"), FULL);
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> T {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .unwrap()
}

/// No worker runs here, so what is found is what the acknowledgement stood for.
#[tokio::test]
async fn an_acknowledged_event_can_be_read_from_the_file_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("queues.db");
    let ingress = ingress(&path);
    for _ in 0..50 {
        let event = message("C0GENERAL01", "hello").to_string().into_bytes();
        let mut request = Request::post("/slack/events")
            .body(Bytes::from(event.clone()))
            .unwrap();
        *request.headers_mut() = signed("application/json", &event);
        assert_eq!(ingress.handle(request).await.status(), StatusCode::OK);
        let other = Connection::open(&path).unwrap();
        let newest = "SELECT body FROM messages ORDER BY id DESC LIMIT 1";
        let body: String = other.query_row(newest, [], |row| row.get(0)).unwrap();
        assert_eq!(Job::decode(&body).unwrap().body, event);
    }
}

fn ingress(path: &Path) -> Ingress {
    let file = QueueFile::open(path, Arc::new(SystemClock)).unwrap();
    let queue: Arc<dyn Queue> = Arc::new(file.queue(QueueSettings {
        name: "events",
        visibility: std::time::Duration::from_mins(3),
        max_receives: 5,
        dead_letters: None,
    }));
    let secret = FixedSecret(SecretString::from(SIGNING_SECRET));
    Ingress {
        keys: SigningKeys::new(Arc::new(secret), "SLACK_SIGNING_SECRET"),
        events: Arc::clone(&queue),
        commands: queue,
        clock: Arc::new(SystemClock),
    }
}

/// Somebody else holds the file: nothing can be committed, so nothing is acknowledged.
#[tokio::test]
async fn what_cannot_be_written_is_not_acknowledged() {
    let product = Product::start().await;
    let event = mention("C0GENERAL01", "are you there?");
    let holder = Connection::open(product.data_dir().join("queues.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(
        product.event(&event).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    holder.execute_batch("ROLLBACK").unwrap();

    // Slack sends it again.
    until("the queue takes events again", async || {
        let answer = product.event(&event).await;
        (answer.status == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(product.settled(id(&event)).await["state"], "done");
    product.drained().await;
    assert_eq!(product.replies("C0GENERAL01").len(), 1);
}

/// As on Ctrl-C: work that has begun is finished, and queued messages are there for the next start.
#[tokio::test]
async fn stopping_loses_nothing_and_repeats_nothing() {
    let folder = TempDir::new().unwrap();
    let first = Product::start_in(folder.path(), &[]).await;
    let events: Vec<_> = (0..20)
        .map(|n| mention(&format!("C0STOP{n:05}"), "are you there?"))
        .collect();
    for event in &events {
        assert_eq!(first.event(event).await.status, StatusCode::OK);
    }
    // The stand-in Slack ends with its product, so what it has by then is counted here.
    let slack = first.slack().clone();
    first.stop().await;
    let second = Product::start_in(folder.path(), &[]).await;
    for event in &events {
        let shown = second.settled(id(event)).await;
        assert_eq!(
            (&shown["state"], &shown["posts"][0]["state"]),
            (&"done".into(), &"done".into())
        );
    }
    second.drained().await;
    for event in &events {
        let channel = event["event"]["channel"].as_str().unwrap();
        let before = slack
            .messages(channel)
            .iter()
            .filter(|m| m.bot_id.is_some())
            .count();
        assert_eq!(before + second.replies(channel).len(), 1, "{channel}");
    }
}

/// Needs what only Linux has: a limit on the size of files that can be lifted while the process runs.
#[cfg(target_os = "linux")]
mod on_linux {
    use std::ffi::OsStr;
    use std::path::Path;

    use http::StatusCode;
    use serde_json::Value;
    use tempfile::TempDir;

    use tidegate_testing::process::{command, ended, is_here};
    use tidegate_testing::product::{id, message, until};
    use tidegate_testing::tidegate;

    /// A large event, so that a full disk is not far.
    fn large() -> Value {
        message("C0GENERAL01", &"a long story ".repeat(4_000))
    }

    #[tokio::test]
    async fn a_full_disk_acknowledges_nothing_and_recovers() {
        if !is_here("prlimit") {
            eprintln!("skipped: prlimit is not on this machine");
            return;
        }
        // Past the limit a write fails as on a full disk; the signal that comes with it is ignored.
        let limited = "trap '' XFSZ; ulimit -S -f 1000; exec \"$@\"";
        let under = ["sh", "-c", limited, "sh"].map(OsStr::new);
        let process = tidegate!().start(&under, &[]).await;
        let mut acknowledged = Vec::new();
        let refused = loop {
            let event = large();
            match process.event(&event).await.status {
                StatusCode::OK => acknowledged.push(event),
                status => {
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                    break event;
                }
            }
            assert!(acknowledged.len() < 100, "the disk is never full");
        };
        assert!(!acknowledged.is_empty());
        assert_eq!(
            process.event(&refused).await.status,
            StatusCode::SERVICE_UNAVAILABLE
        );

        let pid = process.child.id().unwrap().to_string();
        let lift = ["prlimit", "--pid", &pid, "--fsize=unlimited"].map(Into::into);
        assert_eq!(ended(command(&lift, &[])).await.code, Some(0));
        until("there is room again", async || {
            (process.event(&refused).await.status == StatusCode::OK).then_some(())
        })
        .await;
        acknowledged.push(refused);
        for event in &acknowledged {
            let shown = process.settled(id(event)).await;
            assert_eq!(shown["state"], "done", "{}", shown["reason"]);
            assert_eq!(
                process.archived_body(&shown).await,
                event.to_string().into_bytes()
            );
        }
        assert_eq!(process.archived(None).await.len(), acknowledged.len());
    }

    #[tokio::test]
    async fn sync_comes_before_the_answer() {
        if !is_here("strace")
            || ended(command(&["strace", "true"].map(Into::into), &[]))
                .await
                .code
                != Some(0)
        {
            eprintln!("skipped: strace is not on this machine, or may not trace");
            return;
        }
        let folder = TempDir::new().unwrap();
        let trace = folder.path().join("trace");
        let calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg";
        let under = ["strace", "-D", "-f", "-y", "-qq", "-e", calls, "-o"].map(OsStr::new);
        let under = [under.as_slice(), &[trace.as_os_str()]].concat();
        let process = tidegate!().start(&under, &[]).await;
        let before = lines(&trace).len();
        let event = message("C0GENERAL01", "hello");
        assert_eq!(process.event(&event).await.status, StatusCode::OK);
        let answered = until("the answer in the trace", async || {
            let answer = |line: &String| line.contains("\"HTTP/1.1 200 OK");
            lines(&trace).iter().skip(before).position(answer)
        })
        .await;
        let lines_of = |file: &str| Steps::of(&lines(&trace)[before..], file);
        let queue = lines_of("queues.db-wal>");
        assert!(
            queue.synced.is_some_and(|at| at < answered),
            "{queue:?}, answered at {answered}"
        );
        assert_eq!(process.settled(id(&event)).await["state"], "done");
        until("the table's commit is synced", async || {
            lines_of("table.db-wal>").synced
        })
        .await;
    }

    /// Where a file was first written, and where the first sync that began after that was over.
    #[derive(Debug, Default)]
    struct Steps {
        written: Option<usize>,
        synced: Option<usize>,
    }

    impl Steps {
        fn of(lines: &[String], file: &str) -> Self {
            let mut steps = Self::default();
            let mut syncing = None;
            for (at, line) in lines.iter().enumerate() {
                let thread = line.split(' ').next();
                let syncs = line.contains("fdatasync(") || line.contains("fsync(");
                if line.contains("pwrite64(") && line.contains(file) {
                    steps.written.get_or_insert(at);
                } else if syncs && line.contains(file) && steps.written.is_some() {
                    if line.ends_with("= 0") {
                        steps.synced.get_or_insert(at);
                    } else {
                        syncing = thread;
                    }
                } else if line.contains("sync resumed>")
                    && syncing == thread
                    && line.ends_with("= 0")
                {
                    steps.synced.get_or_insert(at);
                }
            }
            steps
        }
    }

    fn lines(trace: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(trace).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
