//! Netlink messages: built, sent, acknowledged.
//!
//! Layout as in netlink(7): a header of 16 bytes, a family header, attributes
//! padded to 4 bytes.

use crate::sys::OwnedFd;
use crate::sys::{self, Errno};
use alloc::vec::Vec;

const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLMSG_ERROR: u16 = 2;
const HEADER: usize = 16;
/// Bit of an attribute that holds attributes.
const NESTED: u16 = 1 << 15;

/// Several messages for the kernel in one packet.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Messages that ask for an answer.
    asked: u32,
    number: u32,
}

impl Batch {
    /// Adds one message; `flags` beside those for a request.
    pub(super) fn message(
        &mut self,
        kind: u16,
        flags: u16,
        answered: bool,
        family_header: &[u8],
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        let start = self.bytes.len();
        self.number += 1;
        self.asked += u32::from(answered);
        let flags = flags | NLM_F_REQUEST | if answered { NLM_F_ACK } else { 0 };
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&self.number.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(family_header);
        fill(&mut Attributes(&mut self.bytes));
        let length = u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX);
        write_at(&mut self.bytes, start, &length.to_ne_bytes());
    }

    /// Sends everything and takes the kernel's answers.
    ///
    /// The kernel handles a request inside the call that sends it, so every
    /// answer is there when that call returns.
    pub(super) fn exchange(&self, protocol: i32) -> Result<(), Errno> {
        let socket = sys::netlink(protocol)?;
        sys::write_all(&socket, &self.bytes)?;
        let mut left = self.asked;
        while left > 0 {
            left = left.saturating_sub(answers(&socket)?);
        }
        Ok(())
    }
}

/// How many requests one packet of the kernel acknowledges.
fn answers(socket: &OwnedFd) -> Result<u32, Errno> {
    let mut buffer = [0; 8192];
    let (length, _) = sys::receive(socket, &mut buffer)?;
    let mut rest = buffer.get(..length).unwrap_or(&[]);
    let mut count = 0;
    while let Some((header, _)) = rest.split_at_checked(HEADER) {
        let size = field::<4>(header, 0).map_or(0, u32::from_ne_bytes) as usize;
        let kind = field::<2>(header, 4).map_or(0, u16::from_ne_bytes);
        if kind == NLMSG_ERROR {
            let code = field::<4>(rest, HEADER).map_or(-libc::EPROTO, i32::from_ne_bytes);
            if code != 0 {
                return Err(Errno(code.saturating_neg()));
            }
            count += 1;
        }
        match rest.get(size.next_multiple_of(4)..) {
            Some(next) if size >= HEADER => rest = next,
            _ => break,
        }
    }
    if count == 0 { Err(Errno(libc::EPROTO)) } else { Ok(count) }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn write_at(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// The attributes of one message, or of one attribute.
pub(super) struct Attributes<'a>(&'a mut Vec<u8>);

impl Attributes<'_> {
    fn put(&mut self, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = self.0.len();
        self.0.extend_from_slice(&[0; 2]);
        self.0.extend_from_slice(&kind.to_ne_bytes());
        fill(self.0);
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        write_at(self.0, start, &length.to_ne_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    pub(super) fn bytes(&mut self, kind: u16, value: &[u8]) {
        self.put(kind, |out| out.extend_from_slice(value));
    }

    /// A number in the byte order of the network, as netfilter wants it.
    pub(super) fn number(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// A text with its final zero.
    pub(super) fn text(&mut self, kind: u16, value: &str) {
        self.put(kind, |out| {
            out.extend_from_slice(value.as_bytes());
            out.push(0);
        });
    }

    pub(super) fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Attributes<'_>)) {
        self.put(kind | NESTED, |out| fill(&mut Attributes(out)));
    }
}
