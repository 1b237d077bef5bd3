//! A port on loopback that no other process is given, although nobody listens on it yet.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// Keeps a free port from being given to anybody who asks for any port. Connections to it are refused until somebody
/// listens on it by its number, as a process that is killed and started again does.
pub struct HeldPort {
    number: u16,
    /// Only Linux lets somebody else listen on the port meanwhile. Elsewhere the port is free until then.
    _socket: Option<TcpSocket>,
}

impl HeldPort {
    /// Takes a free port. The socket is bound and never listens.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Without this, nobody could listen on the port while it is held.
        socket.set_reuseaddr(true).unwrap();
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        Self {
            number: socket.local_addr().unwrap().port(),
            _socket: cfg!(target_os = "linux").then_some(socket),
        }
    }

    /// The number of the port.
    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_held_port_refuses_until_somebody_listens_by_its_number() {
        let port = HeldPort::new();
        let there = (Ipv4Addr::LOCALHOST, port.number());
        for _ in 0..2 {
            let refused = TcpStream::connect(there).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            let listener = TcpListener::bind(there).await.unwrap();
            TcpStream::connect(there).await.unwrap();
            drop(listener);
        }
    }
}
