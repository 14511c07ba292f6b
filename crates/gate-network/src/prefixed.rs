//! A stream whose first bytes were read already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Gives `first` before what the stream gives.
pub(crate) struct Prefixed<'a> {
    first: Vec<u8>,
    given: usize,
    stream: &'a mut TcpStream,
}

impl<'a> Prefixed<'a> {
    pub(crate) const fn new(first: Vec<u8>, stream: &'a mut TcpStream) -> Self {
        Self { first, given: 0, stream }
    }
}

impl AsyncRead for Prefixed<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let rest = this.first.get(this.given..).unwrap_or(&[]);
        if rest.is_empty() {
            return Pin::new(&mut *this.stream).poll_read(context, buffer);
        }
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or(&[]));
        this.given = this.given.saturating_add(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().stream).poll_shutdown(context)
    }
}
