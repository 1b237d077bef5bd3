//! A stand-in for Lambda's Runtime API. It hands out the invocations that a run puts in, one at a time, and tells
//! what the function says and when.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::http::{Reply, Request, Server, Service};

const PREFIX: &str = "/2018-06-01/runtime/";

/// Milliseconds that an invocation may take, as told to the function.
const DEADLINE_MS: u128 = 3_000;

/// The answer of the function.
pub(crate) enum Said {
    /// It asks for the next invocation.
    Next,
    /// It answered the invocation with this body.
    Response(Vec<u8>),
    /// It failed, in an invocation or before the first.
    Error(String),
}

/// The answer of the function, and when it was heard.
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) said: Said,
}

/// The stand-in for the Lambda Runtime API.
pub(crate) struct RuntimeApi {
    pub(crate) server: Server,
    pub(crate) invocations: Sender<Vec<u8>>,
    pub(crate) heard: Receiver<Heard>,
}

impl RuntimeApi {
    pub(crate) fn start() -> io::Result<Self> {
        let (invocations, waiting) = mpsc::channel();
        let (tell, heard) = mpsc::channel();
        let server = Server::start(Arc::new(Api {
            tell,
            waiting: Mutex::new(waiting),
        }))?;
        Ok(Self {
            server,
            invocations,
            heard,
        })
    }
}

struct Api {
    tell: Sender<Heard>,
    waiting: Mutex<Receiver<Vec<u8>>>,
}

impl Service for Api {
    fn answer(&self, request: Request) -> Option<Reply> {
        let at = Instant::now();
        let path = request.path.strip_prefix(PREFIX)?;
        let said = match (request.method.as_str(), path.rsplit_once('/')) {
            ("GET", Some(("invocation", "next"))) => Said::Next,
            ("POST", Some((_, "response"))) => Said::Response(request.body),
            ("POST", Some((_, "error"))) => {
                Said::Error(String::from_utf8_lossy(&request.body).into_owned())
            }
            _ => return None,
        };
        let is_next = matches!(said, Said::Next);
        self.tell.send(Heard { at, said }).ok()?;
        if is_next {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            return waiting.recv().ok().map(invocation);
        }
        Some(Reply {
            status: 202,
            headers: vec![("content-type", "application/json".to_owned())],
            body: br#"{"status":"OK"}"#.to_vec(),
        })
    }
}

fn invocation(event: Vec<u8>) -> Reply {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = now.as_millis() + DEADLINE_MS;
    let id = format!("{:08x}-0000-4000-8000-000000000000", now.subsec_nanos());
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:ingress";
    Reply {
        status: 200,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("lambda-runtime-aws-request-id", id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            ("lambda-runtime-invoked-function-arn", arn.to_owned()),
            (
                "lambda-runtime-trace-id",
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
                    .to_owned(),
            ),
        ],
        body: event,
    }
}
