//! The contract of visibility: a message is hidden during work, shown again, hidden for longer, or delayed.

use std::time::Duration;

use super::{UnderTest, VISIBILITY, message, ok};
use crate::queue::Outgoing;

impl UnderTest<'_> {
    pub(super) async fn a_hidden_message_comes_back(&self) {
        self.send("shown again").await;
        let first = self.find(self.queue, "shown again").await;
        ok(
            self.queue.hide(&first.receipt, Duration::ZERO).await,
            "hide for no time",
        );
        let second = self.find(self.queue, "shown again").await;
        assert_eq!(
            (second.receives, &second.id),
            (2, &first.id),
            "the same message, received twice"
        );
        assert_ne!(
            second.receipt, first.receipt,
            "each receive has a receipt of its own"
        );
        self.delete(&[second]).await;
    }

    pub(super) async fn visibility_ends_by_itself(&self) {
        self.send("forgotten").await;
        let first = self.find(self.queue, "forgotten").await;
        (self.pass_time)(VISIBILITY + Duration::from_millis(500)).await;
        let second = self.find(self.queue, "forgotten").await;
        assert_eq!(
            (second.receives, &second.id),
            (2, &first.id),
            "what nobody deleted comes back"
        );
        self.delete(&[second]).await;
    }

    pub(super) async fn hiding_prolongs(&self) {
        self.send("hidden").await;
        let first = self.find(self.queue, "hidden").await;
        ok(
            self.queue.hide(&first.receipt, VISIBILITY * 3).await,
            "hide",
        );
        (self.pass_time)(VISIBILITY + Duration::from_secs(1)).await;
        assert_eq!(
            self.look(self.queue).await,
            [],
            "hidden for longer than the visibility timeout"
        );
        (self.pass_time)(VISIBILITY * 2).await;
        let second = self.find(self.queue, "hidden").await;
        assert_eq!(second.receives, 2, "hiding is no receive");
        self.delete(&[second]).await;
    }

    pub(super) async fn a_stale_receipt_deletes_nothing(&self) {
        self.send("received again").await;
        let first = self.find(self.queue, "received again").await;
        ok(
            self.queue.hide(&first.receipt, Duration::ZERO).await,
            "hide for no time",
        );
        let second = self.find(self.queue, "received again").await;
        self.delete(&[first]).await;
        ok(
            self.queue.hide(&second.receipt, Duration::ZERO).await,
            "the current receipt still counts",
        );
        let third = self.find(self.queue, "received again").await;
        assert_eq!(third.receives, 3, "it is still the same message");
        self.delete(std::slice::from_ref(&third)).await;
        self.delete(&[third]).await;
    }

    pub(super) async fn a_delayed_message_waits(&self) {
        let delay = Duration::from_secs(3);
        ok(
            self.queue
                .send(Outgoing {
                    delay,
                    ..message("G1", "delayed")
                })
                .await,
            "send with a delay",
        );
        assert_eq!(
            self.look(self.queue).await,
            [],
            "a delayed message is not there yet"
        );
        (self.pass_time)(delay + Duration::from_millis(500)).await;
        let received = self.find(self.queue, "delayed").await;
        assert_eq!(received.receives, 1, "a delay is no receive");
        self.delete(&[received]).await;
    }
}
