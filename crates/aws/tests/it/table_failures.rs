//! What the table says when `DynamoDB` does not answer as it should.

use std::sync::Arc;

use serde_json::json;
use tidegate_aws::dynamodb::DynamoTable;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::table::{Engine, Item, Key, TableError, Write};

use crate::loopback::{Reply, Server, aws_at, error};

fn key() -> Key {
    Key {
        pk: "T1#a".to_owned(),
        sk: "b".to_owned(),
    }
}

fn row() -> Item {
    Item::new().with("pk", "T1#a").with("sk", "b")
}

fn claim() -> Write<Key> {
    Write::put(key(), row()).when("attribute_not_exists(#pk)")
}

fn ok() -> Reply {
    Reply::Json(200, "{}".to_owned())
}

fn cancelled(codes: &[&str]) -> Reply {
    let reasons: Vec<_> = codes.iter().map(|code| json!({"Code": code})).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": reasons,
    });
    Reply::Json(400, body.to_string())
}

async fn table(replies: impl IntoIterator<Item = Reply>) -> (DynamoTable, Server) {
    let server = Server::start(replies).await;
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    (DynamoTable::new(&server.aws(), "tidegate", clock), server)
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_then_busy() {
    let throttled = || error(400, "ProvisionedThroughputExceededException", "slow down");
    let (dynamo, server) = table([throttled(), throttled(), ok()]).await;
    assert_eq!(dynamo.write(claim()).await, Ok(None));
    assert_eq!(server.requests().len(), 3);

    let (dynamo, server) = table([
        throttled(),
        error(503, "ServiceUnavailable", ""),
        throttled(),
    ])
    .await;
    assert!(matches!(
        dynamo.write(claim()).await,
        Err(TableError::Busy(_))
    ));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_failed_condition_is_told_at_once() {
    let (dynamo, server) = table([error(400, "ConditionalCheckFailedException", "no")]).await;
    assert_eq!(dynamo.write(claim()).await, Err(TableError::Condition));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_sent_twice() {
    for lost in [
        Reply::Close,
        error(500, "InternalServerError", "oops"),
        Reply::Json(200, "no JSON".to_owned()),
    ] {
        let (dynamo, server) = table([lost.clone()]).await;
        let answer = dynamo.write(claim()).await;
        assert!(
            matches!(answer, Err(TableError::Unknown(_))),
            "{lost:?}: {answer:?}"
        );
        assert_eq!(server.requests().len(), 1, "{lost:?}");
    }
}

#[tokio::test]
async fn a_write_without_an_answer_in_time_is_unknown() {
    let server = Server::start([Reply::Silence]).await;
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    let dynamo = DynamoTable::new(&server.impatient_aws(), "tidegate", clock);
    let answer = dynamo.write(claim()).await;
    assert_eq!(
        answer,
        Err(TableError::Unknown("no answer in time".to_owned()))
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_repeated() {
    let (dynamo, server) = table([Reply::Close, error(500, "InternalServerError", ""), ok()]).await;
    assert_eq!(dynamo.get(&key()).await, Ok(None));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn nothing_was_written_where_nobody_listens() {
    let dynamo = DynamoTable::new(
        &aws_at("http://127.0.0.1:9"),
        "tidegate",
        Arc::new(ManualClock::at(1)),
    );
    assert_eq!(
        dynamo.write(claim()).await,
        Err(TableError::Busy("no connection".to_owned()))
    );
}

#[tokio::test]
async fn a_transaction_is_repeated_under_one_token() {
    let (dynamo, server) = table([
        Reply::Close,
        cancelled(&["TransactionConflict", "None"]),
        ok(),
    ])
    .await;
    let writes = vec![
        claim(),
        Write::check(Key {
            sk: "c".to_owned(),
            ..key()
        })
        .when("attribute_exists(#pk)"),
    ];
    assert_eq!(dynamo.transact(writes).await, Ok(()));
    let tokens: Vec<String> = server
        .requests()
        .iter()
        .map(|request| token(request))
        .collect();
    assert_eq!(tokens.len(), 3);
    assert!(
        tokens[0].len() == 32 && tokens.iter().all(|token| *token == tokens[0]),
        "{tokens:?}"
    );
}

fn token(request: &str) -> String {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["ClientRequestToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_lost_answer_outweighs_a_later_refusal_to_try() {
    let throttled = || error(400, "ThrottlingException", "");
    let (dynamo, _server) = table([Reply::Close, throttled(), throttled()]).await;
    let answer = dynamo.transact(vec![claim()]).await;
    assert!(
        matches!(answer, Err(TableError::Unknown(_))),
        "the first attempt may have written: {answer:?}"
    );
}

#[tokio::test]
async fn a_cancelled_transaction_tells_its_conditions() {
    let (dynamo, server) = table([cancelled(&["None", "ConditionalCheckFailed"])]).await;
    let writes = vec![
        claim(),
        Write::delete(Key {
            sk: "c".to_owned(),
            ..key()
        })
        .when("attribute_exists(#pk)"),
    ];
    assert_eq!(
        dynamo.transact(writes).await,
        Err(TableError::Cancelled(vec![false, true]))
    );
    assert_eq!(server.requests().len(), 1);

    let conflict = || cancelled(&["TransactionConflict"]);
    let (dynamo, _server) = table([conflict(), conflict(), conflict()]).await;
    let answer = dynamo.transact(vec![claim()]).await;
    assert_eq!(
        answer,
        Err(TableError::Busy("TransactionConflict".to_owned()))
    );
}

#[tokio::test]
async fn what_a_batch_leaves_over_is_put_again() {
    let left = |n: &str| {
        let item = json!({"PutRequest": {"Item": {"pk": {"S": "T1#a"}, "sk": {"S": n}}}});
        Reply::Json(
            200,
            json!({"UnprocessedItems": {"tidegate": [item]}}).to_string(),
        )
    };
    let rows = |count: usize| -> Vec<(Key, Item)> {
        let keys = (0..count).map(|n| Key {
            pk: "T1#a".to_owned(),
            sk: n.to_string(),
        });
        keys.map(|key| {
            (
                key.clone(),
                Item::new()
                    .with("pk", key.pk.as_str())
                    .with("sk", key.sk.as_str()),
            )
        })
        .collect()
    };
    let (dynamo, server) = table([left("7"), ok(), ok()]).await;
    assert_eq!(dynamo.put_all(rows(30)).await, Ok(()));
    let puts: Vec<usize> = server
        .requests()
        .iter()
        .map(|request| request.matches("PutRequest").count())
        .collect();
    assert_eq!(puts, [25, 1, 5]);

    let (dynamo, server) = table(std::iter::repeat_n(left("0"), 9)).await;
    assert!(matches!(
        dynamo.put_all(rows(1)).await,
        Err(TableError::Busy(_))
    ));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_wrong_request_is_invalid() {
    let (dynamo, server) =
        table([error(400, "ValidationException", "Item size has exceeded")]).await;
    let answer = dynamo.write(claim()).await;
    let expected = "ValidationException (HTTP 400): Item size has exceeded";
    assert_eq!(answer, Err(TableError::Invalid(expected.to_owned())));
    assert_eq!(server.requests().len(), 1);
}
