//! The queue contract against a real or emulated SQS, where there is one, and what a sender is told otherwise.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use tidegate_aws::sqs::SqsQueue;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError};
use tidegate_pipeline::queue_contract::{MAX_RECEIVES, VISIBILITY, queue_contract};

use crate::loopback::{Reply, Server, aws_at, error};

/// Names the endpoint of an SQS emulator, which the deploy test starts.
const ENDPOINT: &str = "TIDEGATE_SQS_ENDPOINT";

#[tokio::test]
#[expect(clippy::print_stdout, reason = "says that it did not run")]
async fn sqs_keeps_the_contract_where_there_is_an_endpoint() {
    let Some(endpoint) = std::env::var(ENDPOINT).ok().filter(|url| !url.is_empty()) else {
        println!("skipped: {ENDPOINT} is not set");
        return;
    };
    let client = client(&endpoint);
    let run = random_hex(4).unwrap();
    let dead_letters = create(&client, &format!("contract-{run}-dlq"), None).await;
    let attributes = client.get_queue_attributes().queue_url(&dead_letters);
    let attributes = attributes
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .unwrap();
    let arn = attributes.attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let queue = create(&client, &format!("contract-{run}"), Some(&arn)).await;

    let aws = aws_at(&endpoint);
    let at = |url: &str| -> Arc<dyn Queue> { Arc::new(SqsQueue::new(&aws, url)) };
    let pass_time = |time| -> futures_util::future::BoxFuture<'static, ()> {
        Box::pin(async move { SystemClock.sleep(time).await })
    };
    queue_contract(at(&queue), at(&dead_letters), pass_time).await;
    for url in [queue, dead_letters] {
        client.delete_queue().queue_url(url).send().await.unwrap();
    }
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

async fn create(client: &Client, name: &str, dead_letters: Option<&str>) -> String {
    let mut request = client.create_queue().queue_name(name);
    let visibility = VISIBILITY.as_secs().to_string();
    request = request.attributes(QueueAttributeName::VisibilityTimeout, visibility);
    request = request.attributes(QueueAttributeName::MaximumMessageSize, "1048576");
    if let Some(arn) = dead_letters {
        let policy =
            serde_json::json!({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES});
        request = request.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    }
    request.send().await.unwrap().queue_url.unwrap()
}

fn message(delay: Duration) -> Outgoing {
    Outgoing {
        group: "T1".to_owned(),
        body: "a secret text".to_owned(),
        delay,
    }
}

fn sent() -> Reply {
    Reply::Json(
        200,
        r#"{"MessageId": "1", "MD5OfMessageBody": "x"}"#.to_owned(),
    )
}

#[tokio::test]
async fn a_message_carries_its_group_and_delay() {
    let server = Server::start([sent(), sent()]).await;
    let queue = SqsQueue::for_ingress(&server.aws(), "http://queue/1");
    queue.send(message(Duration::ZERO)).await.unwrap();
    queue
        .send(message(Duration::from_millis(1500)))
        .await
        .unwrap();
    let bodies: Vec<serde_json::Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap())
        .collect();
    insta::assert_json_snapshot!(bodies, @r#"
    [
      {
        "MessageBody": "a secret text",
        "MessageGroupId": "T1",
        "QueueUrl": "http://queue/1"
      },
      {
        "DelaySeconds": 2,
        "MessageBody": "a secret text",
        "MessageGroupId": "T1",
        "QueueUrl": "http://queue/1"
      }
    ]
    "#);
}

#[tokio::test]
async fn a_queue_beside_another_is_the_one_at_its_own_url() {
    let server = Server::start([sent(), sent()]).await;
    let first = SqsQueue::for_ingress(&server.aws(), "http://queue/1");
    let second = first.beside("http://queue/2");
    second.send(message(Duration::ZERO)).await.unwrap();
    first.send(message(Duration::ZERO)).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("http://queue/2") && !requests[0].contains("http://queue/1"));
    assert!(requests[1].contains("http://queue/1"));
}

#[tokio::test]
async fn a_busy_queue_is_tried_again() {
    let busy = error(503, "ServiceUnavailable", "");
    let server = Server::start([busy, sent()]).await;
    SqsQueue::for_ingress(&server.aws(), "http://queue/1")
        .send(message(Duration::ZERO))
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn errors_name_the_code_and_nothing_of_the_message() {
    for (code, refused) in [
        ("InvalidMessageContents", true),
        ("QueueDoesNotExist", false),
        ("AccessDenied", false),
        ("OverLimit", false),
    ] {
        let replies = std::iter::repeat_n(error(400, code, "the text was: a secret text"), 4);
        let server = Server::start(replies).await;
        let answer = SqsQueue::new(&server.aws(), "http://queue/1")
            .send(message(Duration::ZERO))
            .await;
        let e = answer.unwrap_err();
        assert_eq!(matches!(e, QueueError::Refused(_)), refused, "{e}");
        assert!(
            e.to_string().contains(code) && !format!("{e:?}{e}").contains("secret"),
            "{e:?}"
        );
    }
}

#[tokio::test]
async fn ingress_gives_up_in_time() {
    let server = Server::start([]).await;
    // Time passes only while everybody waits.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = SqsQueue::for_ingress(&server.impatient_aws(), "http://queue/1")
        .send(message(Duration::ZERO))
        .await;
    assert_eq!(
        answer,
        Err(QueueError::Unavailable("no answer in time".to_owned()))
    );
    assert!(
        began.elapsed() < Duration::from_millis(2500),
        "Slack gives up after 3 s"
    );
}

#[tokio::test]
async fn a_delete_of_many_goes_in_tens_and_forgives_old_receipts() {
    let old = r#"{"Successful": [], "Failed": [{"Id": "0", "SenderFault": true, "Code": "ReceiptHandleIsInvalid"}]}"#;
    let done = r#"{"Successful": [], "Failed": []}"#;
    let trouble = r#"{"Successful": [], "Failed": [{"Id": "0", "SenderFault": false, "Code": "InternalError"}]}"#;
    let replies = [old, done, done, trouble].map(|body| Reply::Json(200, body.to_owned()));
    let server = Server::start(replies).await;
    let queue = SqsQueue::new(&server.aws(), "http://queue/1");
    queue
        .delete((0..23).map(|n| n.to_string()).collect())
        .await
        .unwrap();
    let counts: Vec<usize> = server
        .requests()
        .iter()
        .map(|r| r.matches("ReceiptHandle").count())
        .collect();
    assert_eq!(counts, [10, 10, 3]);
    let answer = queue.delete(vec!["1".to_owned()]).await;
    assert_eq!(
        answer,
        Err(QueueError::Unavailable("InternalError".to_owned()))
    );
}

#[tokio::test]
async fn a_warm_up_takes_any_answer() {
    let server = Server::start([error(403, "AccessDenied", ""), sent()]).await;
    let queue = SqsQueue::for_ingress(&server.aws(), "http://queue/1");
    queue.warm_up().await;
    queue.send(message(Duration::ZERO)).await.unwrap();
}
