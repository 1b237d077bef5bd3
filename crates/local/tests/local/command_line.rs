//! The operator's command line: what it prints and how it ends.

use std::ffi::OsString;

use http::Method;
use serde_json::{Value, json};
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_ingress::request_id;
use tidegate_testing::process::{command, ended};
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT, id, mention, message, signed};
use tidegate_testing::tidegate;

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn events_are_listed_a_line_each() {
    let product = Product::start().await;
    let event = message(CHANNEL, "hello");
    product.event(&event).await;
    product.settled(id(&event)).await;
    let body = b"garbage".to_vec();
    let headers = signed("application/json", &body);
    let parked = request_id(&headers);
    product.send("/slack/events", headers, body).await;
    product.settled(&parked).await;

    let all = tidegate!()
        .call(&product, &["events", "list", "--json"])
        .await;
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""));
    let mut lines = lines(&all.stdout);
    lines.sort_by_key(|line| line["state"].to_string());
    assert_eq!(lines.len(), 2);
    for (line, (event_id, tenant, kind, state)) in lines.iter().zip([
        (id(&event), TENANT, "message", "done"),
        (parked.as_str(), "unreadable", "unreadable", "parked"),
    ]) {
        assert_eq!(
            [
                &line["event_id"],
                &line["tenant"],
                &line["type"],
                &line["state"],
                &line["attempts"]
            ],
            [
                &json!(event_id),
                &json!(tenant),
                &json!(kind),
                &json!(state),
                &json!(1)
            ]
        );
    }
    let only = tidegate!()
        .call(&product, &["events", "list", "--json", "--state", "parked"])
        .await;
    assert_eq!(ids_of(&only.stdout), [parked.as_str()]);
    let only = tidegate!()
        .call(&product, &["events", "list", "--json", "--tenant", TENANT])
        .await;
    assert_eq!(ids_of(&only.stdout), [id(&event)]);
    let table = tidegate!().call(&product, &["events", "list"]).await;
    assert_eq!(table.code, Some(0));
    assert!(
        table.stdout.contains(id(&event)) && table.stdout.contains(&parked),
        "{table:?}"
    );
    let none = tidegate!()
        .call(&product, &["events", "list", "--tenant", "T0OTHER0001"])
        .await;
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn an_event_is_shown_as_json() {
    let product = Product::start().await;
    let event = mention(CHANNEL, "are you there?");
    product.event(&event).await;
    product.settled(id(&event)).await;
    for args in [
        vec!["events", "show", id(&event)],
        vec!["events", "show", id(&event), "--tenant", TENANT],
    ] {
        let ended = tidegate!().call(&product, &args).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let shown: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(
            (&shown["state"], &shown["posts"][0]["state"]),
            (&json!("done"), &json!("done"))
        );
        assert_eq!(shown["body"]["token"], "(hidden)");
    }
}

#[tokio::test]
async fn what_went_wrong_is_said_and_the_exit_code_is_1() {
    let product = Product::start().await;
    for args in [
        ["events", "show", "Ev0UNKNOWN"].as_slice(),
        &["events", "replay", "Ev0UNKNOWN"],
        &["posts", "resend", "unknown"],
    ] {
        let ended = tidegate!().call(&product, args).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{args:?}"
        );
        assert!(ended.stderr.contains("not_found"), "{ended:?}");
        assert!(ended.stderr.contains("(request "), "{ended:?}");
    }
    let wrong_key = ["events", "list", "--key", "sesame"];
    let ended = tidegate!().call(&product, &wrong_key).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("unauthorized") && !ended.stderr.contains("sesame"),
        "{ended:?}"
    );

    let nobody = ["events", "list", "--url", "http://127.0.0.1:1"];
    let ended = tidegate!().call(&product, &nobody).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("is `tidegate` running?"), "{ended:?}");

    for args in [
        ["events", "list", "--limit", "0"],
        ["events", "list", "--state", "strange"],
    ] {
        assert_eq!(
            tidegate!().call(&product, &args).await.code,
            Some(2),
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn a_list_that_is_cut_short_says_so_also_beside_json() {
    let product = Product::start().await;
    for n in 0..2 {
        let mut refusal = Fault::new("chat.postMessage", FaultKind::OkFalse);
        refusal.error = Some("is_archived".to_owned());
        product.slack().add_fault(refusal);
        let event = mention(CHANNEL, &format!("are you there, {n}?"));
        product.event(&event).await;
        product.settled(id(&event)).await;
    }
    for list in ["events", "posts"] {
        for more in [&[][..], &["--json"]] {
            let args = [&[list, "list", "--limit", "1"], more].concat();
            let cut = tidegate!().call(&product, &args).await;
            assert_eq!(cut.code, Some(0), "{cut:?}");
            assert!(
                cut.stderr.contains("There are more: raise --limit; "),
                "{args:?}: {cut:?}"
            );
        }
        let whole = [list, "list", "--limit", "2", "--json"];
        let whole = tidegate!().call(&product, &whole).await;
        assert_eq!(
            (lines(&whole.stdout).len(), whole.stderr.as_str()),
            (2, ""),
            "{list}"
        );
    }
}

/// The API's messages speak of HTTP, so the command line adds what to type.
#[tokio::test]
async fn a_refusal_says_what_to_type() {
    let product = Product::start().await;
    let without_incidents = Product::start_with(&[("TIDEGATE_DOMAINS", "hello")]).await;
    for (product, args, hint) in [
        (
            &product,
            &["incidents", "list"][..],
            "here that is `--tenant`",
        ),
        (
            &product,
            &["keys", "list", "--tenant", "foo"],
            "here that is `--tenant`",
        ),
        (
            &product,
            &["workspaces", "show", "T0UNKNOWN01"],
            "here that is `tidegate workspaces list`",
        ),
        (
            &product,
            &["events", "list", "--url", "localhost:3000"],
            "such as http://127.0.0.1:3000",
        ),
        (
            &without_incidents,
            &["incidents", "list", "--tenant", TENANT],
            "TIDEGATE_DOMAINS",
        ),
    ] {
        let ended = tidegate!().call(product, args).await;
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(hint), "{args:?}: {ended:?}");
    }
}

/// The key of local mode is in its data folder, and goes to this machine only.
#[tokio::test]
async fn the_key_is_read_from_the_data_folder() {
    let product = Product::start().await;
    let data_dir = product.data_dir().to_str().unwrap();
    let call = |url: &str| {
        let line = [
            env!("CARGO_BIN_EXE_tidegate"),
            "events",
            "list",
            "--url",
            url,
            "--data-dir",
            data_dir,
        ];
        let mut command = command(&line.map(OsString::from), &[]);
        command.env_remove("TIDEGATE_OPERATOR_KEY");
        ended(command)
    };
    let without = call(&product.url).await;
    assert_eq!(without.code, Some(1), "{without:?}");
    assert!(without.stderr.contains("no operator key"), "{without:?}");
    std::fs::write(product.data_dir().join("operator-key"), OPERATOR_KEY).unwrap();
    assert_eq!(call(&product.url).await.code, Some(0));
    for elsewhere in [
        "http://127.0.0.1.example.com",
        "https://tidegate.example.com",
    ] {
        let ended = call(elsewhere).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("is not this machine"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_post_that_slack_refused_is_listed_and_sent_again_once() {
    let product = Product::start().await;
    let none = tidegate!().call(&product, &["posts", "list"]).await;
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    let mut refusal = Fault::new("chat.postMessage", FaultKind::OkFalse);
    refusal.error = Some("is_archived".to_owned());
    product.slack().add_fault(refusal);
    let event = mention(CHANNEL, "are you there?");
    product.event(&event).await;
    let shown = product.settled(id(&event)).await;
    assert_eq!(shown["posts"][0]["state"], "parked", "{shown}");

    let list = tidegate!()
        .call(&product, &["posts", "list", "--json"])
        .await;
    assert_eq!(list.code, Some(0));
    let lines = lines(&list.stdout);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        [
            &lines[0]["event_id"],
            &lines[0]["purpose"],
            &lines[0]["tenant"]
        ],
        [&json!(id(&event)), &json!("mention_reply"), &json!(TENANT)]
    );
    assert!(
        lines[0]["reason"].as_str().unwrap().contains("is_archived"),
        "{lines:?}"
    );
    assert_eq!(product.replies(CHANNEL).len(), 0);

    let message_id = lines[0]["message_id"].as_str().unwrap();
    assert_eq!(
        tidegate!()
            .call(&product, &["posts", "resend", message_id])
            .await
            .code,
        Some(0)
    );
    let again = tidegate!()
        .call(&product, &["posts", "resend", message_id])
        .await;
    assert_eq!(again.code, Some(1), "{again:?}");
    product.settled(id(&event)).await;
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 1);
    let posts = product
        .operator(Method::GET, "/v1/operator/posts")
        .await
        .json();
    assert_eq!(posts["posts"], json!([]));
}

fn lines(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids_of(stdout: &str) -> Vec<String> {
    let lines = lines(stdout);
    lines.iter().map(|line| id(line).to_owned()).collect()
}
