//! Opening a connection: Slack is asked where to, and gives an address that is good for one connection.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};
use tidegate_ingress::BODY_LIMIT;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::api::apps::OpenConnection;
use tidegate_slack::client::SlackClient;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Longest message that is read at all, in bytes. A message beyond [`BODY_LIMIT`] is read and refused, so that it does
/// not take the connection with it; the room between the two is for the escapes of JSON and for the envelope.
const MESSAGE_LIMIT: usize = 4 * BODY_LIMIT;

/// How long it may take to stand, the call to Slack not included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A WebSocket over a stream that may be encrypted.
pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// Encrypted, or plain to a stand-in on this machine.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections to the address that Slack gives out.
pub(super) struct Dialer {
    pub(super) slack: SlackClient,
    pub(super) token: SecretString,
    pub(super) tls: Arc<ClientConfig>,
}

/// Why there is no connection.
pub(super) enum NotOpen {
    /// Slack will not, until somebody does something about it.
    Refused(String),
    /// Not before this is over.
    Limited(Duration),
    /// It did not work this time. Without addresses: they hold a ticket.
    Failed(String),
}

impl NotOpen {
    /// The outcome, as the metrics name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Limited(_) => "rate_limited",
            Self::Failed(_) => "failed",
        }
    }
}

impl Dialer {
    /// Asks Slack for an address and opens a connection there, within [`CONNECT_TIMEOUT`].
    pub(super) async fn dial(&self) -> Result<Socket, NotOpen> {
        let url = match self.slack.perform(&self.token, &OpenConnection {}).await {
            Outcome::Done(connection) => connection.url,
            Outcome::Ambiguous(what) => return Err(NotOpen::Failed(what)),
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                return Err(NotOpen::Limited(Duration::from_secs(retry_after)));
            }
            Outcome::Refused(why @ Refusal::Unreachable) => {
                return Err(NotOpen::Failed(why.to_string()));
            }
            Outcome::Refused(why) => return Err(NotOpen::Refused(why.to_string())),
        };
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, self.connect(&url)).await;
        let socket = connected.unwrap_or_else(|_| Err("no connection in time"));
        let socket = socket.map_err(|what| NotOpen::Failed(what.to_owned()))?;
        counter!("socket_connects_total", "outcome" => "connected").increment(1);
        Ok(socket)
    }

    /// Goes where Slack said. Errors are named here, because those of the libraries may repeat the address.
    async fn connect(&self, url: &SecretString) -> Result<Socket, &'static str> {
        const BAD: &str = "Slack's address for the connection is no `wss` address";
        let url = url.expose_secret();
        let uri: Uri = url.parse().map_err(|_| BAD)?;
        let host = uri.host().ok_or(BAD)?;
        let encrypted = match uri.scheme_str() {
            Some("wss") => true,
            // The client takes plain `http` for this machine only.
            Some("ws") if self.slack.base_url().starts_with("http://") => false,
            _ => return Err(BAD),
        };
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let address = (host.trim_matches(['[', ']']), port);
        let tcp = TcpStream::connect(address).await;
        let tcp = tcp.map_err(|_| "Slack cannot be reached")?;
        // Only a delay, if it cannot be had.
        let _ = tcp.set_nodelay(true);
        let stream: Box<dyn Stream> = if encrypted {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| BAD)?;
            let connector = TlsConnector::from(Arc::clone(&self.tls));
            let tls = connector.connect(name, tcp).await;
            Box::new(tls.map_err(|_| "the other end is not Slack: its certificate is not good")?)
        } else {
            Box::new(tcp)
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_LIMIT))
            .max_frame_size(Some(MESSAGE_LIMIT));
        let opened = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await;
        let (socket, _) = opened.map_err(|_| "Slack did not open the WebSocket")?;
        Ok(socket)
    }
}
