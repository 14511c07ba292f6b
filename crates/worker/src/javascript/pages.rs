//! Which pages of a memory were written since its snapshot.
//!
//! Memory is write-protected. The first write to a page faults; the handler records
//! the page, lifts its protection and lets the write happen again. A page stays
//! recorded over calls, so that a call that writes where the last one did costs no
//! fault: every page that can be written is on the list of those that are put back,
//! by construction.
//!
//! The handler runs in a signal, on the thread of the call, in the middle of guest
//! code or of a copy that the runtime makes for it. It touches atomics and makes one
//! system call.

use rustix::mm::{MprotectFlags, mprotect};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Bytes of a page of the machine; the target is x86-64 and AArch64 with 4 KiB.
pub(super) const PAGE: usize = 4096;

/// The most pages that one fault lifts, when a guest writes straight through memory.
const MOST_AT_ONCE: usize = 64;

/// A write-protected memory. One thread uses it: the one that runs the guest, in its
/// own code or in a signal; atomics are for the second of these.
pub(super) struct Pages {
    base: usize,
    count: usize,
    /// 1 for a page that is recorded, and so writable.
    recorded: Box<[AtomicU8]>,
    /// Numbers of the recorded pages.
    list: Box<[AtomicU32]>,
    length: AtomicUsize,
    /// Where the last fault ended and how much it lifted.
    last_end: AtomicUsize,
    last_run: AtomicUsize,
    /// Set when the kernel would split no more mappings: then all is writable, and
    /// all is put back.
    everything: AtomicBool,
}

impl Pages {
    /// Protects `bytes` from `base` on. The caller keeps that memory in place, at that
    /// length, for as long as this value or a copy of its handler lives.
    pub(super) fn protect(base: *const u8, bytes: usize) -> std::io::Result<Self> {
        let count = bytes / PAGE;
        let pages = Self {
            base: base.addr(),
            count,
            recorded: zeros(count),
            list: zeros(count),
            length: AtomicUsize::new(0),
            last_end: AtomicUsize::new(usize::MAX),
            last_run: AtomicUsize::new(1),
            everything: AtomicBool::new(false),
        };
        pages.set(0..count, MprotectFlags::READ)?;
        Ok(pages)
    }

    fn set(&self, pages: Range<usize>, flags: MprotectFlags) -> std::io::Result<()> {
        debug_assert!(pages.end <= self.count, "beyond the memory");
        let start = self.base.saturating_add(pages.start.saturating_mul(PAGE));
        let bytes = pages.len().saturating_mul(PAGE);
        #[expect(unsafe_code, reason = "changes what may be done with memory")]
        // SAFETY: needed because protection is the only way to learn of a write. The
        // range lies within the guest's memory, which the caller of `protect` keeps in
        // place. Readable stays readable, so nothing that held before is broken; what
        // only reads is lifted by `record` or `write` before anything writes to it.
        unsafe {
            mprotect(std::ptr::with_exposed_provenance_mut(start), bytes, flags)?;
        }
        Ok(())
    }

    /// Whether a fault at `address` was the first write to a page; if so, it can be
    /// done again. Called in a signal.
    pub(super) fn fault(&self, address: usize) -> bool {
        let Some(page) = address.checked_sub(self.base).map(|offset| offset / PAGE) else {
            return false;
        };
        if page >= self.count || self.is_recorded(page) {
            return false; // A true fault of the guest.
        }
        // A guest that writes one page after the other gets more at a time.
        let run = if self.last_end.load(Relaxed) == page {
            (self.last_run.load(Relaxed) * 2).min(MOST_AT_ONCE)
        } else {
            1
        };
        let end = (page..self.count.min(page + run))
            .find(|&next| self.is_recorded(next))
            .unwrap_or_else(|| self.count.min(page + run));
        self.last_end.store(end, Relaxed);
        self.last_run.store(run, Relaxed);
        self.record(page..end)
    }

    /// Makes bytes writable for the host, which must ask before it writes: outside of a
    /// call nobody handles a fault. False when they are not all in the memory.
    pub(super) fn write(&self, bytes: Range<usize>) -> bool {
        if bytes.is_empty() {
            return bytes.end <= self.count * PAGE;
        }
        if bytes.end > self.count * PAGE {
            return false;
        }
        let pages = bytes.start / PAGE..bytes.end.div_ceil(PAGE);
        let mut at = pages.start;
        while at < pages.end {
            if self.is_recorded(at) {
                at += 1;
                continue;
            }
            let end = (at..pages.end).find(|&next| self.is_recorded(next)).unwrap_or(pages.end);
            if !self.record(at..end) {
                return false;
            }
            at = end;
        }
        true
    }

    fn is_recorded(&self, page: usize) -> bool {
        self.recorded.get(page).is_some_and(|flag| flag.load(Relaxed) != 0)
    }

    /// Records pages that are not, and lifts their protection. Also in a signal. The
    /// order matters: a page that is writable and not recorded would not be put back.
    fn record(&self, pages: Range<usize>) -> bool {
        let mut length = self.length.load(Relaxed);
        for page in pages.clone() {
            let (Some(flag), Some(entry), Ok(number)) =
                (self.recorded.get(page), self.list.get(length), u32::try_from(page))
            else {
                return false;
            };
            flag.store(1, Relaxed);
            entry.store(number, Relaxed);
            length += 1;
            self.length.store(length, Relaxed);
        }
        let writable = MprotectFlags::READ | MprotectFlags::WRITE;
        if self.set(pages, writable).is_ok() {
            return true;
        }
        // Too many mappings, each a run of its own: one for all takes less.
        self.everything.store(true, Relaxed);
        self.set(0..self.count, writable).is_ok()
    }

    /// The pages that may differ from the snapshot; every page once.
    pub(super) fn written(&self) -> Written<'_> {
        Written { pages: self, at: 0 }
    }

    /// How many these are.
    pub(super) fn written_count(&self) -> usize {
        if self.everything.load(Relaxed) { self.count } else { self.length.load(Relaxed) }
    }

    /// Pages of the memory.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Forgets all pages and protects them again. Only after they were put back.
    pub(super) fn forget(&self) -> std::io::Result<()> {
        self.set(0..self.count, MprotectFlags::READ)?;
        for flag in &self.recorded {
            flag.store(0, Relaxed);
        }
        self.length.store(0, Relaxed);
        self.last_end.store(usize::MAX, Relaxed);
        self.everything.store(false, Relaxed);
        Ok(())
    }

    /// Lifts all protection, for whoever frees the memory.
    pub(super) fn release(&self) -> std::io::Result<()> {
        self.set(0..self.count, MprotectFlags::READ | MprotectFlags::WRITE)
    }
}

/// What is zero in all its bytes.
trait Zero {}
impl Zero for AtomicU8 {}
impl Zero for AtomicU32 {}

/// So many zeros, which take no memory until they are written: a memory has many pages,
/// and a plugin writes to few.
fn zeros<T: Zero>(count: usize) -> Box<[T]> {
    #[expect(unsafe_code, reason = "takes zeroed memory as what it is")]
    // SAFETY: needed because values that are put there one by one are written, and so
    // take memory. An atomic number has the layout of the number, and zero is one.
    unsafe {
        Box::new_zeroed_slice(count).assume_init()
    }
}

/// Iterates over page numbers.
pub(super) struct Written<'a> {
    pages: &'a Pages,
    at: usize,
}

impl Iterator for Written<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = self.at;
        if at >= self.pages.written_count() {
            return None;
        }
        self.at += 1;
        if self.pages.everything.load(Relaxed) {
            return Some(at);
        }
        self.pages.list.get(at).map(|number| number.load(Relaxed) as usize)
    }
}
