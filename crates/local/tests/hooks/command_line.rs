//! The command `tidegate hooks`, from making a hook to replaying what it missed.

use serde_json::{Value, json};
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT, id, mention};
use tidegate_testing::tidegate;

use crate::receiver::{Receiver, Reply};
use crate::setting::{CHANNEL, make, product, settled};

/// Runs `tidegate hooks …` for the workspace of the tests, which has to work. Answers what it printed.
async fn run(product: &Product, args: &[&str]) -> String {
    let all = [
        &["hooks"],
        args,
        &["--tenant", TENANT, "--key", OPERATOR_KEY],
    ]
    .concat();
    let ended = tidegate!().call(product, &all).await;
    assert_eq!(ended.code, Some(0), "{args:?} {ended:?}");
    ended.stdout
}

#[tokio::test]
async fn a_hook_lives_by_the_command_line() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let add = [
        "add",
        &receiver.url,
        "--events",
        "app_mention,message",
        "--json",
    ];
    let made: Value = serde_json::from_str(&run(&product, &add).await).unwrap();
    let hook = made["hook"]["id"].as_str().unwrap();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let list = run(&product, &["list"]).await;
    assert!(
        list.contains(hook) && list.contains("app_mention,message  all channels"),
        "{list}"
    );
    let change = [
        "change",
        hook,
        "--events",
        "app_mention",
        "--channel",
        CHANNEL,
    ];
    assert_eq!(
        run(&product, &change).await,
        format!("{hook} is changed.\n")
    );
    let shown: Value = serde_json::from_str(&run(&product, &["show", hook]).await).unwrap();
    assert_eq!(
        (&shown["events"], &shown["channels"]),
        (&json!(["app_mention"]), &json!([CHANNEL]))
    );

    let secret = run(&product, &["secret", hook]).await;
    assert!(secret.starts_with("whsec_"), "{secret}");
    for (command, done) in [("disable", "disabled"), ("enable", "enabled")] {
        let said = run(&product, &[command, hook]).await;
        assert_eq!(said, format!("{hook} is {done}.\n"));
    }
    run(&product, &["remove", hook]).await;
    assert_eq!(run(&product, &["list"]).await, "");
}

#[tokio::test]
async fn deliveries_are_listed_shown_and_replayed_by_the_command_line() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let made = make(&product, &receiver.url, json!({})).await;
    let hook = made.id.as_str();
    let event = mention(CHANNEL, "hi");
    product.event(&event).await;
    product.settled(id(&event)).await;
    let delivered = settled(&product, hook, "delivered", 1).await.remove(0);
    let delivery = delivered["id"].as_str().unwrap();
    let list = run(&product, &["deliveries", hook]).await;
    assert!(
        list.contains(delivery) && list.contains("delivered"),
        "{list}"
    );
    let detail: Value =
        serde_json::from_str(&run(&product, &["deliveries", hook, delivery]).await).unwrap();
    assert_eq!(detail["attempts"][0]["response"], "thanks");

    let replay = ["replay", hook, "--hours", "1", "--all"];
    assert_eq!(run(&product, &replay).await, "1 delivery is sent again.\n");
    receiver.has_got(2).await;
    settled(&product, hook, "delivered", 1).await;
    run(&product, &["replay", hook, delivery]).await;
    receiver.has_got(3).await;
    run(&product, &["test", hook]).await;
    receiver.has_got(4).await;
}
