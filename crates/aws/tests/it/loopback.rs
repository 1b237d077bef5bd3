//! A server that answers as it is told, and what the adapters need to find it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate_aws::client::Aws;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with that status and JSON.
    Json(u16, String),
    /// Closes the connection without a word.
    Close,
    /// Keeps the connection open and never answers.
    Silence,
}

type Answer = dyn Fn(&str) -> Reply + Send + Sync;

/// An error of AWS's JSON protocol.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({"__type": format!("com.amazonaws#{code}"), "message": message});
    Reply::Json(status, body.to_string())
}

/// A running server that stands in for AWS.
pub(crate) struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it. It gives the replies in turn, one per request; when they run out it is silent.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
        let next = move || replies.lock().unwrap().pop_front();
        Self::answering(move |_| next().unwrap_or(Reply::Silence)).await
    }

    /// Starts it. It answers each request as that function says.
    pub(crate) async fn answering(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer: Arc<Answer> = Arc::new(answer);
        let requests = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn({
            let requests = Arc::clone(&requests);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&requests)));
                }
            }
        });
        Self { address, requests }
    }

    /// An environment whose endpoints are this server, for clients that get an answer however busy the machine is.
    pub(crate) fn aws(&self) -> Aws {
        aws_at(&self.address).patient(Duration::from_mins(5))
    }

    /// An environment whose endpoints are this server, for clients that give up as they do on AWS.
    pub(crate) fn impatient_aws(&self) -> Aws {
        aws_at(&self.address)
    }

    /// Heads and bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// An environment whose endpoints are at that address.
pub(crate) fn aws_at(endpoint: &str) -> Aws {
    let environment = |name: &str| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        // The one key that the emulator of the deploy test takes for its owner's.
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        _ => None,
    };
    Aws::from_lookup(&environment).unwrap()
}

async fn serve(mut stream: TcpStream, answer: Arc<Answer>, requests: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        let reply = answer(&request);
        requests.lock().unwrap().push(request);
        match reply {
            Reply::Json(status, body) => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
                );
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
            Reply::Close => return,
            Reply::Silence => std::future::pending().await,
        }
    }
}

/// One request as text; `None` when the client is gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        let Some(end) = text.find("\r\n\r\n") else {
            continue;
        };
        let length = text[..end].lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().unwrap())
        });
        if request.len() >= end + 4 + length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}
