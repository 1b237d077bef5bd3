//! A stand-in for SQS with its JSON protocol: it keeps what is sent, and refuses it when told to.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::http::{Reply, Request, Server, Service};

/// The stand-in for SQS.
pub(crate) struct Sqs {
    pub(crate) server: Server,
    store: Arc<Store>,
}

#[derive(Default)]
struct Store {
    /// Last word of the queue's URL, and the message's body.
    messages: Mutex<Vec<(String, String)>>,
    refusing: AtomicBool,
}

impl Sqs {
    pub(crate) fn start() -> io::Result<Self> {
        let store = Arc::<Store>::default();
        let server = Server::start(store.clone())?;
        Ok(Self { server, store })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    pub(crate) fn queue_url(&self, name: &str) -> String {
        format!("{}/123456789012/{name}", self.url())
    }

    /// From now on refuses messages, or takes them again.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.store.refusing.store(refusing, Ordering::SeqCst);
    }

    /// The messages since the last call: queue name and body.
    pub(crate) fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.store.messages())
    }
}

impl Store {
    fn messages(&self) -> std::sync::MutexGuard<'_, Vec<(String, String)>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, request: &Value) -> (u16, Value) {
        // Not an error that a client tries again: the question is what the function makes of it.
        if self.refusing.load(Ordering::SeqCst) {
            let name = "com.amazonaws.sqs#AccessDeniedException";
            return (403, json!({"__type": name, "message": "refused"}));
        }
        let (Some(url), Some(body)) = (
            request["QueueUrl"].as_str(),
            request["MessageBody"].as_str(),
        ) else {
            return (400, json!({"__type": "com.amazonaws.sqs#InvalidParameter"}));
        };
        let queue = url.rsplit('/').next().unwrap_or_default().to_owned();
        let digest = format!("{:x}", md5::compute(body));
        self.messages().push((queue, body.to_owned()));
        let id = "5fea7756-0ea4-451a-a703-a558b933e274";
        (200, json!({"MessageId": id, "MD5OfMessageBody": digest}))
    }
}

impl Service for Store {
    fn answer(&self, request: Request) -> Option<Reply> {
        let parsed = serde_json::from_slice(&request.body).unwrap_or_default();
        let operation = request.header("x-amz-target").unwrap_or_default();
        let (status, body) = match operation.strip_prefix("AmazonSQS.") {
            Some("SendMessage") => self.send(&parsed),
            // What a function may call while it starts, to have the connection open.
            Some("GetQueueUrl") => (200, json!({"QueueUrl": parsed["QueueName"]})),
            Some("GetQueueAttributes") => (200, json!({"Attributes": {}})),
            Some("ListQueues") => (200, json!({"QueueUrls": []})),
            _ => (
                400,
                json!({"__type": "com.amazonaws.sqs#UnsupportedOperation"}),
            ),
        };
        Some(Reply {
            status,
            headers: vec![
                ("content-type", "application/x-amz-json-1.0".to_owned()),
                (
                    "x-amzn-requestid",
                    "b5293cb5-d306-4a17-9048-b263635abe42".to_owned(),
                ),
            ],
            body: body.to_string().into_bytes(),
        })
    }
}
