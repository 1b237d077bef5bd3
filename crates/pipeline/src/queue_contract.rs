//! The contract of the queue: one test that runs against every implementation and panics if one breaks it. Responses may be
//! late, as those of SQS are, so the test looks again for a limited time.
#![expect(
    clippy::missing_panics_doc,
    reason = "a test that is called from other crates: panicking is its answer"
)]

mod visibility;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use crate::queue::{MAX_BODY, Outgoing, Queue, QueueError, Received};

/// The visibility timeout that the queue must have.
pub const VISIBILITY: Duration = Duration::from_secs(2);

/// The number of receives after which the queue must move a message to its dead-letter queue.
pub const MAX_RECEIVES: u32 = 3;

/// The number of times that the test looks for a message that must be there, and the time in between.
const LOOKS: usize = 60;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Runs the whole contract. Both queues must be empty, and `queue` must have [`VISIBILITY`], [`MAX_RECEIVES`] and
/// `dead_letters`. `pass_time` lets time pass for the queues: it waits, or sets their clock.
pub async fn queue_contract<P>(queue: Arc<dyn Queue>, dead_letters: Arc<dyn Queue>, pass_time: P)
where
    P: Fn(Duration) -> BoxFuture<'static, ()>,
{
    let under_test = UnderTest {
        queue: &*queue,
        dead_letters: &*dead_letters,
        pass_time: &pass_time,
    };
    under_test.a_message_comes_and_goes().await;
    under_test.a_hidden_message_comes_back().await;
    under_test.visibility_ends_by_itself().await;
    under_test.hiding_prolongs().await;
    under_test.a_stale_receipt_deletes_nothing().await;
    under_test.a_delayed_message_waits().await;
    under_test.bodies_come_back_unchanged().await;
    under_test.many_messages_all_arrive().await;
    under_test.a_message_that_fails_moves_away().await;
    assert_eq!(under_test.look(&*queue).await, [], "the queue ends empty");
}

struct UnderTest<'a> {
    queue: &'a dyn Queue,
    dead_letters: &'a dyn Queue,
    pass_time: &'a dyn Fn(Duration) -> BoxFuture<'static, ()>,
}

impl UnderTest<'_> {
    async fn a_message_comes_and_goes(&self) {
        assert_eq!(self.look(self.queue).await, [], "the queue begins empty");
        self.send("one").await;
        let received = self.find(self.queue, "one").await;
        assert_eq!(received.receives, 1, "the first receive");
        assert!(
            !received.id.is_empty() && !received.receipt.is_empty(),
            "it has an id and a receipt"
        );
        assert_eq!(
            self.look(self.queue).await,
            [],
            "a message in work is hidden"
        );
        self.delete(&[received]).await;
        (self.pass_time)(VISIBILITY * 2).await;
        assert_eq!(
            self.look(self.queue).await,
            [],
            "a deleted message never comes back"
        );
        ok(self.queue.delete(Vec::new()).await, "delete nothing");
    }

    async fn bodies_come_back_unchanged(&self) {
        let bodies = [
            "é ß 漢字 🌊 \t\n \"quotes\" \\ <tag/> &amp; ]]> %25 + = {\"a\":\"\\u0000\"}"
                .to_owned(),
            " ".to_owned(),
            "x".repeat(MAX_BODY - 8 * 1024),
            "漢".repeat(100_000),
        ];
        for body in bodies {
            self.send(&body).await;
            let received = self.find(self.queue, &body).await;
            self.delete(&[received]).await;
        }
        let too_long = self
            .queue
            .send(message("G1", &"x".repeat(MAX_BODY + 1)))
            .await;
        assert!(
            matches!(too_long, Err(QueueError::Refused(_))),
            "a body over the limit: {too_long:?}"
        );
    }

    async fn many_messages_all_arrive(&self) {
        let sent: BTreeSet<String> = (0..60).map(|n| format!("message {n}")).collect();
        let sends = sent
            .iter()
            .enumerate()
            .map(|(n, body)| self.queue.send(message(&format!("G{}", n % 3), body)));
        for answer in join_all(sends).await {
            ok(answer, "send");
        }
        let one = self.receive(1).await;
        assert!(one.len() <= 1, "asked for one, got {}", one.len());
        let mut found: BTreeMap<String, Received> = BTreeMap::new();
        found.extend(
            one.into_iter()
                .map(|message| (message.body.clone(), message)),
        );
        for _ in 0..LOOKS {
            let batch = self.receive(10).await;
            assert!(batch.len() <= 10, "asked for ten, got {}", batch.len());
            if batch.is_empty() && found.len() == sent.len() {
                break;
            }
            if batch.is_empty() {
                (self.pass_time)(LOOK_AGAIN).await;
            }
            found.extend(
                batch
                    .into_iter()
                    .map(|message| (message.body.clone(), message)),
            );
        }
        let bodies: BTreeSet<String> = found.keys().cloned().collect();
        assert_eq!(bodies, sent, "everything arrives, whatever its group");
        let ids: BTreeSet<&str> = found.values().map(|message| message.id.as_str()).collect();
        assert_eq!(ids.len(), sent.len(), "every message has an id of its own");
        let received: Vec<Received> = found.into_values().collect();
        self.delete(&received).await;
        (self.pass_time)(VISIBILITY * 2).await;
        assert_eq!(
            self.look(self.queue).await,
            [],
            "all of them are deleted in one call"
        );
    }

    async fn a_message_that_fails_moves_away(&self) {
        let body = "poison \u{1f41f}";
        self.send(body).await;
        for receives in 1..=MAX_RECEIVES {
            let received = self.find(self.queue, body).await;
            assert_eq!(received.receives, receives, "a poison message's receives");
            ok(
                self.queue.hide(&received.receipt, Duration::ZERO).await,
                "hide for no time",
            );
        }
        assert_eq!(
            self.look(self.queue).await,
            [],
            "after its last receive it is gone from the queue"
        );
        let dead = self.find(self.dead_letters, body).await;
        assert_eq!(self.look(self.queue).await, [], "it is in one queue only");
        ok(
            self.dead_letters.delete(vec![dead.receipt]).await,
            "delete a dead letter",
        );
    }

    async fn send(&self, body: &str) {
        ok(self.queue.send(message("G1", body)).await, "send");
    }

    async fn receive(&self, max: usize) -> Vec<Received> {
        ok(self.queue.receive(max, Duration::ZERO).await, "receive")
    }

    /// Receives once, without waiting.
    async fn look(&self, queue: &dyn Queue) -> Vec<Received> {
        ok(queue.receive(10, Duration::ZERO).await, "receive")
    }

    /// Receives the message with that body, which must be the only one.
    #[expect(clippy::panic, reason = "a failed contract test panics")]
    async fn find(&self, queue: &dyn Queue, body: &str) -> Received {
        for _ in 0..LOOKS {
            let mut messages = self.look(queue).await;
            if let Some(message) = messages.pop() {
                assert!(messages.is_empty(), "only one message is there");
                assert!(
                    message.body == body,
                    "the body comes back unchanged: {}",
                    beginning(&message.body)
                );
                return message;
            }
            (self.pass_time)(LOOK_AGAIN).await;
        }
        panic!("the message never came: {}", beginning(body));
    }

    async fn delete(&self, messages: &[Received]) {
        let receipts = messages
            .iter()
            .map(|message| message.receipt.clone())
            .collect();
        ok(self.queue.delete(receipts).await, "delete");
    }
}

fn message(group: &str, body: &str) -> Outgoing {
    Outgoing {
        group: group.to_owned(),
        body: body.to_owned(),
        delay: Duration::ZERO,
    }
}

fn beginning(body: &str) -> String {
    body.chars().take(60).collect()
}

#[expect(clippy::panic, reason = "a failed contract test panics")]
#[track_caller]
fn ok<T>(result: Result<T, QueueError>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(e) => panic!("{what}: {e}"),
    }
}
