//! As much of an HTTP/1.1 server as the two stand-ins need: a thread per connection, kept alive. None of it is
//! measured, and it asks for no crate that could change the features of the measured binary.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

/// A request, as far as anyone looks at it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A reply; its length is added on the way out.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A stand-in's answer to a request.
pub(crate) trait Service: Send + Sync + 'static {
    /// The reply; `None` closes the connection.
    fn answer(&self, request: Request) -> Option<Reply>;
}

/// Bytes and connections that came in.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) connections: AtomicU32,
    pub(crate) bytes: AtomicU32,
}

/// A server on a loopback port; it stops accepting when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) traffic: Arc<Traffic>,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(service: Arc<dyn Service>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let traffic = Arc::new(Traffic::default());
        let acceptor = {
            let (stop, traffic) = (Arc::clone(&stop), Arc::clone(&traffic));
            thread::spawn(move || accept(&listener, &stop, &traffic, &service))
        };
        Ok(Self {
            address,
            traffic,
            stop,
            acceptor: Some(acceptor),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which waits for a connection.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            acceptor.join().ok();
        }
    }
}

fn accept(
    listener: &TcpListener,
    stop: &AtomicBool,
    traffic: &Arc<Traffic>,
    service: &Arc<dyn Service>,
) {
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        traffic.connections.fetch_add(1, Ordering::SeqCst);
        let (traffic, service) = (Arc::clone(traffic), Arc::clone(service));
        // A connection ends with its client, and an error on it is the client's: the run notices by itself.
        thread::spawn(move || serve(&stream, &traffic, service.as_ref()).ok());
    }
}

fn serve(stream: &TcpStream, traffic: &Traffic, service: &dyn Service) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((request, size)) = read(&mut reader)? {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        traffic.bytes.fetch_add(size, Ordering::SeqCst);
        let Some(reply) = service.answer(request) else {
            return Ok(());
        };
        let mut writer = stream;
        writer.write_all(&render(&reply)?)?;
    }
    Ok(())
}

fn render(reply: &Reply) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write!(bytes, "HTTP/1.1 {} Reply\r\n", reply.status)?;
    for (name, value) in &reply.headers {
        write!(bytes, "{name}: {value}\r\n")?;
    }
    write!(bytes, "content-length: {}\r\n\r\n", reply.body.len())?;
    bytes.extend_from_slice(&reply.body);
    Ok(bytes)
}

/// The next request and its size on the wire; `None` at the end of the connection.
fn read(reader: &mut impl BufRead) -> io::Result<Option<(Request, usize)>> {
    let (first, mut size) = line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut words = first.split(' ').map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let mut headers = Vec::new();
    loop {
        let (header, length) = line(reader)?;
        size += length;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        path,
        headers,
        body: Vec::new(),
    };
    request.body = body(reader, &request)?;
    size += request.body.len();
    Ok(Some((request, size)))
}

fn body(reader: &mut impl BufRead, request: &Request) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let length = number(&line(reader)?.0, 16)?;
            reader.by_ref().take(length).read_to_end(&mut body)?;
            line(reader)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
    let length = number(request.header("content-length").unwrap_or("0"), 10)?;
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn number(text: &str, radix: u32) -> io::Result<u64> {
    u64::from_str_radix(text, radix).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// A line without its end, and its length with it. Header values may be any bytes.
fn line(reader: &mut impl BufRead) -> io::Result<(String, usize)> {
    let mut bytes = Vec::new();
    let length = reader.read_until(b'\n', &mut bytes)?;
    Ok((
        String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        length,
    ))
}
