//! One process of a subject with its two stand-ins, from its start to its end.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process::{Usage, usage};
use crate::runtime_api::{Heard, RuntimeApi, Said};
use crate::sqs::Sqs;
use crate::subject::Subject;

/// How long a process may stay silent. Not a measure of anything: under valgrind a start takes seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes of a process's output that are kept for error messages.
const LAST_WORDS: usize = 2_000;

/// How an invocation ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The function answered with a response.
    Answered {
        /// HTTP status of the response.
        status: u64,
        /// Body of the response.
        body: String,
    },
    /// With an error reported to the Runtime API.
    Failed(String),
}

/// The output of a process.
#[derive(Default)]
struct Log {
    bytes: u32,
    last: Vec<u8>,
}

/// One process of a subject.
pub(crate) struct Session {
    child: Child,
    began: Instant,
    api: RuntimeApi,
    pub(crate) sqs: Sqs,
    log: Arc<Mutex<Log>>,
}

impl Session {
    /// Starts it; under a wrapper if one is named.
    pub(crate) fn start(subject: &Subject, wrapper: &[String]) -> Result<Self> {
        let (api, sqs) = (RuntimeApi::start()?, Sqs::start()?);
        let mut command = subject.command(wrapper, &api, &sqs);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("start {}", subject.name))?;
        let log = Arc::<Mutex<Log>>::default();
        listen(child.stdout.take(), &log);
        listen(child.stderr.take(), &log);
        Ok(Self {
            child,
            began,
            api,
            sqs,
            log,
        })
    }

    /// Waits until it asks for an invocation; the time from its start.
    pub(crate) fn ready(&mut self) -> Result<Duration> {
        let heard = self.hear()?;
        match heard.said {
            Said::Next => Ok(heard.at - self.began),
            Said::Response(_) => bail!("a response without an invocation"),
            Said::Error(e) => bail!("an error: {e}"),
        }
    }

    /// One invocation, up to the point where it asks for another; its outcome and the time to the answer.
    pub(crate) fn invoke(&mut self, event: Vec<u8>) -> Result<(Outcome, Duration)> {
        let began = Instant::now();
        self.api
            .invocations
            .send(event)
            .context("the runtime API has stopped")?;
        let heard = self.hear()?;
        let outcome = match heard.said {
            Said::Next => bail!("it asked for another invocation before it answered"),
            Said::Response(response) => parse(&response)?,
            Said::Error(e) => Outcome::Failed(e),
        };
        self.ready()?;
        Ok((outcome, heard.at - began))
    }

    /// The CPU time, memory and threads of the process so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        usage(self.child.id())
    }

    /// Bytes written to its logs so far.
    pub(crate) fn logged(&self) -> u32 {
        self.log().bytes
    }

    /// Asks it to end and waits for that, so that a wrapper can write its results. Dropped, it is killed.
    pub(crate) fn end(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("it did not end for {PATIENCE:?}; {}", self.last_words())
    }

    fn hear(&mut self) -> Result<Heard> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            match self.api.heard.recv_timeout(Duration::from_millis(100)) {
                Ok(heard) => return Ok(heard),
                Err(RecvTimeoutError::Disconnected) => bail!("the runtime API has stopped"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended by itself ({status}); {}", self.last_words());
            }
        }
        bail!("it said nothing for {PATIENCE:?}; {}", self.last_words())
    }

    fn last_words(&self) -> String {
        let log = self.log();
        match String::from_utf8_lossy(&log.last).trim() {
            "" => "it logged nothing".to_owned(),
            words => format!("its last words: {words}"),
        }
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn listen(output: Option<impl Read + Send + 'static>, log: &Arc<Mutex<Log>>) {
    let Some(mut output) = output else { return };
    let log = Arc::clone(log);
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.bytes += u32::try_from(length).unwrap_or(u32::MAX);
            log.last
                .extend_from_slice(buffer.get(..length).unwrap_or_default());
            let surplus = log.last.len().saturating_sub(LAST_WORDS);
            log.last.drain(..surplus);
        }
    });
}

fn parse(response: &[u8]) -> Result<Outcome> {
    let response: Value = serde_json::from_slice(response).context("the response is no JSON")?;
    Ok(Outcome::Answered {
        status: response["statusCode"]
            .as_u64()
            .context("the response has no status")?,
        body: response["body"].as_str().unwrap_or_default().to_owned(),
    })
}
