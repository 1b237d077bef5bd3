//! A configuration that cannot work: every problem at once, in words, and an end.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use tidegate_local::local::LocalConfig;
use tidegate_testing::product::{Product, store_in};
use tokio::process::Command;

#[tokio::test]
async fn every_problem_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let told = refused(
        folder.path(),
        &[
            ("SLACK_SIGNING_SECRET", "sesame@someday"),
            ("SLACK_API_BASE_URL", "ftp://ada:sesame@slack.example"),
            ("TIDEGATE_ARCHIVE_DAYS", "soon"),
            ("TIDEGATE_QUIET_SECONDS", "0"),
            ("TIDEGATE_LOG_LEVEL", "loud"),
            ("TIDEGATE_PUBLIC_URL", "tidegate.example.com"),
            ("CORS_ORIGINS", "https://app.example.com,*"),
        ],
    )
    .await;
    for problem in [
        "SLACK_SIGNING_SECRET",
        "SLACK_API_BASE_URL",
        "SLACK_BOT_TOKEN",
        "TIDEGATE_ARCHIVE_DAYS",
        "TIDEGATE_QUIET_SECONDS",
        "TIDEGATE_LOG_LEVEL",
        "TIDEGATE_PUBLIC_URL",
        "CORS_ORIGINS",
        "wildcard",
    ] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
    assert!(!told.contains("sesame"), "{told}");
}

#[tokio::test]
async fn an_empty_signing_secret_is_refused() {
    let folder = TempDir::new().unwrap();
    for list in [",", "one,", "one,,two", "@2030-01-01", " , "] {
        let told = refused(folder.path(), &[("SLACK_SIGNING_SECRET", list)]).await;
        assert!(
            told.contains("SLACK_SIGNING_SECRET") && told.contains("empty"),
            "{told}"
        );
        assert!(!told.contains("one"), "{told}");
    }
}

#[tokio::test]
async fn a_token_without_a_signing_secret_is_refused() {
    let folder = TempDir::new().unwrap();
    let told = refused(folder.path(), &[("SLACK_BOT_TOKEN", "xoxb-sesame")]).await;
    assert!(
        told.contains("SLACK_SIGNING_SECRET") && told.contains("Basic Information"),
        "{told}"
    );
    assert!(!told.contains("sesame"), "{told}");
}

#[tokio::test]
async fn an_app_token_needs_a_token_to_post_with_and_must_be_one() {
    let folder = TempDir::new().unwrap();
    let told = refused(folder.path(), &[("SLACK_APP_TOKEN", "xoxb-sesame")]).await;
    for problem in ["begin with `xapp-`", "SLACK_BOT_TOKEN", "SLACK_CLIENT_ID"] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
    assert!(!told.contains("sesame"), "{told}");
}

/// Nothing that comes over Socket Mode is signed.
#[test]
fn an_app_token_needs_no_signing_secret() {
    let settings = [("SLACK_APP_TOKEN", "xapp-1"), ("SLACK_BOT_TOKEN", "xoxb-1")];
    let env = |name: &str| {
        let found = settings.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let config = LocalConfig::read(0, "folder".into(), &env).unwrap();
    assert!(config.signing_secret.is_none() && config.app_token.is_some());
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_or_taken_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    assert!(refused(&file, &[]).await.contains("data folder"));

    let taken = Product::start_in(&folder.path().join("taken"), &[]).await;
    let told = refused(taken.data_dir(), &[]).await;
    assert!(told.contains("in use by another tidegate"), "{told}");
}

#[tokio::test]
async fn a_data_folder_of_another_format_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    drop(store_in(folder.path()));
    let format = folder.path().join("format");
    // Format 1 had no such file.
    std::fs::remove_file(&format).unwrap();
    let told = refused(folder.path(), &[]).await;
    assert!(
        told.contains("has format 1") && told.contains("delete the folder"),
        "{told}"
    );
    assert!(!format.exists());
    std::fs::write(&format, "4\n").unwrap();
    let told = refused(folder.path(), &[]).await;
    assert!(told.contains("has format 4"), "{told}");
    std::fs::write(&format, "3\n").unwrap();
    drop(store_in(folder.path()));
}

/// Starts the binary on that folder; it must say why not, and end with 1.
async fn refused(data_dir: &Path, settings: &[(&str, &str)]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(["--port", "0", "--data-dir"])
        .arg(data_dir)
        .env_clear()
        .envs(settings.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    );
    assert_eq!(status.code(), Some(1), "{stdout}{stderr}");
    assert!(!stdout.contains("listening"), "{stdout}");
    stderr
}
