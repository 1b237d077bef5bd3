//! What the environment has to hold, and the way to https endpoints.

use std::io::Write as _;

use tidegate_aws::client::Aws;
use tidegate_aws::sqs::SqsQueue;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

fn aws(settings: &[(&str, &str)]) -> Result<Aws, String> {
    let lookup = |name: &str| {
        settings
            .iter()
            .find(|(setting, _)| *setting == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Aws::from_lookup(&lookup).map_err(|e| e.to_string())
}

const COMPLETE: [(&str, &str); 3] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKID"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
];

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let e = aws(&[("AWS_REGION", " "), ("AWS_CA_BUNDLE", "/nowhere/ca.pem")])
        .err()
        .unwrap();
    insta::assert_snapshot!(e, @"the AWS environment is incomplete: `AWS_REGION` is not set; `AWS_ACCESS_KEY_ID` is not set; `AWS_SECRET_ACCESS_KEY` is not set; `AWS_CA_BUNDLE` names `/nowhere/ca.pem`, which cannot be read: No such file or directory (os error 2)");
    assert!(aws(&COMPLETE).is_ok());
}

#[test]
fn a_bundle_without_good_certificates_is_refused() {
    for (text, why) in [
        ("nothing of the kind", "which has no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "which has a bad certificate",
        ),
    ] {
        let path =
            std::env::temp_dir().join(format!("tidegate-ca-{}-{}", std::process::id(), text.len()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let bundle = ("AWS_CA_BUNDLE", path.to_str().unwrap());
        let e = aws(&[&COMPLETE[..], &[bundle]].concat()).err().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(e.contains(why), "{e}");
    }
}

#[tokio::test]
async fn an_https_endpoint_is_spoken_to_in_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let greeted = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap()
    });
    let aws = aws(&[&COMPLETE[..], &[("AWS_ENDPOINT_URL_SQS", &endpoint)]].concat()).unwrap();
    SqsQueue::for_ingress(&aws, "https://queue/1")
        .warm_up()
        .await;
    let handshake = 0x16;
    assert_eq!(greeted.await.unwrap(), handshake);
}
