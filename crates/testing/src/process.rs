//! The built binary as a process of its own: what it prints, how it ends, and what it needs of the machine.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::product::{Client, OPERATOR_KEY, SIGNING_SECRET, until};

/// A running `tidegate` with a client of it; killed when dropped.
pub struct Process {
    /// The process itself, for its id and its end.
    pub child: Child,
    client: Client,
    stdout: PathBuf,
    stderr: PathBuf,
    _folder: TempDir,
}

/// How a finished call ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none if a signal ended the process.
    pub code: Option<i32>,
    /// What the process printed.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

/// The built binary `tidegate`, by its path. [`tidegate!`](crate::tidegate) names it.
#[derive(Debug, Clone, Copy)]
pub struct Program(pub &'static str);

/// The [`Program`] of the package whose test calls this. Cargo tells the path to the test targets of `crates/local` alone.
#[macro_export]
macro_rules! tidegate {
    () => {
        $crate::process::Program(env!("CARGO_BIN_EXE_tidegate"))
    };
}

impl Program {
    /// Starts local mode on a free port. `under` is a command line to run it under, for example `strace -D`.
    pub async fn start(self, under: &[&OsStr], settings: &[(&str, &str)]) -> Process {
        let folder = TempDir::new().unwrap();
        let data_dir = folder.path().join("data");
        let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
        let mut line: Vec<OsString> = under.iter().map(|&part| part.to_owned()).collect();
        line.push(self.0.into());
        let child = command(&line, settings)
            .args(["--port", "0", "--data-dir"])
            .arg(&data_dir)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let url = until("local mode listens", async || {
            let printed = fs::read_to_string(&stdout).unwrap();
            let (_, rest) = printed.split_once("listening on ")?;
            Some(rest.split_once('\n')?.0.to_owned())
        })
        .await;
        Process {
            child,
            client: Client::new(&url, &data_dir),
            stdout,
            stderr,
            _folder: folder,
        }
    }

    /// Calls the command line about the local mode behind `client` and waits for its end.
    pub async fn call(self, client: &Client, args: &[&str]) -> Ended {
        let mut command = command(&[self.0.into()], &[]);
        command
            .args(args)
            .env("TIDEGATE_URL", &client.url)
            .env("TIDEGATE_DATA_DIR", client.data_dir());
        ended(command).await
    }
}

impl Process {
    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    /// What it has printed to standard error so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }
}

impl Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Runs a command to its end.
pub async fn ended(mut command: Command) -> Ended {
    let output = command.output().await.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command line with the tests' secrets and those settings as its whole environment.
pub fn command(line: &[OsString], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(&line[0]);
    command
        .args(&line[1..])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SLACK_SIGNING_SECRET", SIGNING_SECRET)
        .env("TIDEGATE_OPERATOR_KEY", OPERATOR_KEY)
        .envs(settings.iter().copied())
        .kill_on_drop(true);
    command
}

/// Whether that program is on this machine.
pub fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| Path::new(&folder).join(program).is_file())
}
