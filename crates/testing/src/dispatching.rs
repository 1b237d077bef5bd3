//! Work that a test gives to the dispatcher itself, without a worker around it.

use tidegate_pipeline::archive::Label;
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::Delivery;
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::worker::Handler;

/// Does a job as a worker does, and returns the lanes to wake. No domain may fail.
pub async fn handled(dispatcher: &Dispatcher, job: &Job) -> Vec<Lane> {
    let label = Label {
        name: job.kind.clone(),
        dispatched_at: None,
    };
    let delivery = Delivery {
        job,
        label: &label,
        message: "message",
        attempt: 1,
    };
    let follow_up = dispatcher.handle(delivery).await.unwrap();
    assert!(follow_up.jobs.is_empty(), "a share was left");
    follow_up.lanes
}
