//! Sockets of a jail's network, which only somebody who stands in it can make.

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::net::{TcpSocket, TcpStream, UnixDatagram};
use tokio::sync::Mutex;

/// Asks the first process of a jail for sockets, one at a time.
///
/// The channel is one of packets in order; of the types of this event loop, that of
/// datagrams waits for it in the same way.
pub(crate) struct Sockets(Mutex<UnixDatagram>);

/// A family in requests and answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Ipv4 = 4,
    Ipv6 = 6,
}

impl Sockets {
    /// Asks at `channel`. Within an event loop.
    pub(crate) fn at(channel: OwnedFd) -> io::Result<Self> {
        let channel = std::os::unix::net::UnixDatagram::from(channel);
        channel.set_nonblocking(true)?;
        Ok(Self(Mutex::new(UnixDatagram::from_std(channel)?)))
    }

    /// Connects to `port` of the jail's loopback, by IPv4 or else by IPv6: programs
    /// that listen at `localhost` mean the one or the other.
    pub(crate) async fn connect(&self, port: NonZeroU16) -> io::Result<TcpStream> {
        let at = |address: IpAddr| SocketAddr::new(address, port.get());
        let socket = self.one(Family::Ipv4).await?;
        match socket.connect(at(Ipv4Addr::LOCALHOST.into())).await {
            Err(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => {
                // Where there is no IPv6, it stays refused.
                let Ok(socket) = self.one(Family::Ipv6).await else { return Err(refused) };
                socket.connect(at(Ipv6Addr::LOCALHOST.into())).await
            }
            other => other,
        }
    }

    async fn one(&self, family: Family) -> io::Result<TcpSocket> {
        let channel = self.0.lock().await;
        // Who asked before may have given up before it was answered: what nobody
        // takes would pile up, until the jail's first process waits for room.
        while receive(&channel).is_ok() {}
        let request = [family as u8];
        channel
            .async_io(Interest::WRITABLE, || Ok(send(&*channel, &request, SendFlags::NOSIGNAL)?))
            .await?;
        loop {
            let answered = channel.async_io(Interest::READABLE, || receive(&channel)).await?;
            // One may still come of those.
            if answered.family == family as u8 {
                return answered.socket(family);
            }
        }
    }
}

/// What came, as it came.
struct Answer {
    family: u8,
    error: i32,
    sockets: Vec<OwnedFd>,
}

fn receive(channel: &UnixDatagram) -> io::Result<Answer> {
    let mut bytes = [0; 2];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(channel, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags)?;
    if received.bytes == 0 {
        // The jail is over.
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let mut sockets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            sockets.extend(descriptors);
        }
    }
    let [family, error] = bytes;
    Ok(Answer { family, error: error.into(), sockets })
}

impl Answer {
    /// The socket, when it is what was asked for: it comes from beside a stranger.
    fn socket(self, family: Family) -> io::Result<TcpSocket> {
        let Some(socket) = self.sockets.into_iter().next() else {
            return Err(io::Error::from_raw_os_error(self.error));
        };
        let socket = socket2::Socket::from(socket);
        let domain = match family {
            Family::Ipv4 => socket2::Domain::IPV4,
            Family::Ipv6 => socket2::Domain::IPV6,
        };
        let is_right = socket.domain()? == domain
            && socket.r#type()? == socket2::Type::STREAM
            && socket.protocol()? == Some(socket2::Protocol::TCP);
        if !is_right {
            return Err(io::ErrorKind::InvalidData.into());
        }
        socket.set_nonblocking(true)?;
        let _ = socket.set_tcp_nodelay(true);
        Ok(TcpSocket::from_std_stream(socket.into()))
    }
}

#[cfg(test)]
#[path = "sockets_tests.rs"]
mod tests;
