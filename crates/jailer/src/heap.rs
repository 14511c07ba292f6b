//! The memory of the jailer, which has one thread and no C library.

use crate::sys;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};

/// Smallest and largest piece, as powers of two. What is larger is mapped alone.
const SMALLEST: u32 = 4;
const LARGEST: u32 = 15;
const SIZES: usize = (LARGEST - SMALLEST + 1) as usize;
/// What is asked of the kernel at once for pieces.
const BLOCK: usize = 64 * 1024;
const PAGE: usize = 4096;

/// Pieces of a few sizes. A piece that was given back is kept for the next one of
/// its size, and all of them end with the program.
pub struct Heap(UnsafeCell<State>);

struct State {
    /// Pieces given back, by size: each begins with the address of the next.
    free: [Option<NonNull<Piece>>; SIZES],
    /// What of the last block was never given out, and how much of it there is.
    fresh: *mut u8,
    left: usize,
}

struct Piece {
    next: Option<NonNull<Piece>>,
}

// SAFETY: needed because a global allocator is a static. Sound because the only
// program that makes it its allocator, the jailer, never starts a thread.
unsafe impl Sync for Heap {}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

impl Heap {
    /// An empty heap.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(State { free: [None; SIZES], fresh: null_mut(), left: 0 }))
    }
}

/// The power of two that holds this, or none when it is mapped alone.
fn size_of_piece(layout: Layout) -> Option<u32> {
    if layout.align() > PAGE {
        return None;
    }
    let bytes = layout.size().max(layout.align()).max(1 << SMALLEST);
    let power = bytes.checked_next_power_of_two()?.trailing_zeros();
    (power <= LARGEST).then_some(power)
}

fn whole_pages(layout: Layout) -> Option<usize> {
    // The kernel gives whole pages. Nothing in here asks for a larger alignment.
    (layout.align() <= PAGE).then(|| layout.size().checked_next_multiple_of(PAGE))?
}

impl State {
    /// A new piece of this size, all zero.
    fn cut(&mut self, power: u32) -> *mut u8 {
        let bytes = 1 << power;
        // A block begins with a page, and every piece is aligned as far as that when
        // they are cut from its end and what is left is a multiple of the piece.
        self.left &= !(bytes - 1);
        if self.left < bytes {
            self.fresh = sys::map_memory(BLOCK).unwrap_or(null_mut());
            self.left = if self.fresh.is_null() { 0 } else { BLOCK };
        }
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                // SAFETY: needed to name a part of the block. Sound because the
                // block has `left + bytes` bytes from `fresh` on.
                unsafe { self.fresh.add(left) }
            }
            None => null_mut(),
        }
    }
}

// SAFETY: needed because a program without a C library brings its own allocator.
// Sound because a piece is in the hands of the caller or in one list, never both,
// is at least as large and as aligned as was asked for, and no function here
// unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(power) = size_of_piece(layout) else {
            return whole_pages(layout).and_then(sys::map_memory).unwrap_or(null_mut());
        };
        // SAFETY: needed to reach the lists from a shared reference. Sound because
        // there is one thread and no call back from in here.
        let state = unsafe { &mut *self.0.get() };
        let Some(list) = state.free.get_mut((power - SMALLEST) as usize) else {
            return null_mut();
        };
        match *list {
            Some(piece) => {
                // SAFETY: needed to take the first of the list. Sound because
                // `dealloc` wrote its head, and nobody was given it since.
                *list = unsafe { piece.as_ref() }.next;
                piece.as_ptr().cast()
            }
            None => state.cut(power),
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let Some(power) = size_of_piece(layout) else {
            if let Some(bytes) = whole_pages(layout) {
                sys::unmap_memory(at, bytes);
            }
            return;
        };
        // SAFETY: needed to reach the lists from a shared reference. Sound because
        // there is one thread and no call back from in here.
        let state = unsafe { &mut *self.0.get() };
        if let (Some(list), Some(piece)) =
            (state.free.get_mut((power - SMALLEST) as usize), NonNull::new(at.cast::<Piece>()))
        {
            // SAFETY: needed to write the head into what was given back. Sound
            // because every piece has room for it and is aligned for it.
            unsafe { piece.write(Piece { next: *list }) };
            *list = Some(piece);
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: needed because the trait says so. Sound because the caller keeps
        // the promises of `alloc`.
        let at = unsafe { self.alloc(layout) };
        // Mapped alone, it comes from the kernel as zero, and is not touched.
        if !at.is_null() && size_of_piece(layout).is_some() {
            // SAFETY: needed to clear what another may have left. Sound because
            // `alloc` gave at least so many bytes.
            unsafe { at.write_bytes(0, layout.size()) };
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn take(heap: &Heap, layout: Layout) -> *mut u8 {
        // SAFETY: needed to call an allocator. Sound because no size here is zero.
        unsafe { heap.alloc(layout) }
    }

    fn fill(at: *mut u8, bytes: usize) {
        // SAFETY: needed to use what was given. Sound if it is as large as was asked
        // for, which is what these tests are about.
        unsafe { at.write_bytes(0xff, bytes) };
    }

    #[test]
    fn pieces_do_not_overlap_and_are_aligned() {
        let heap = Heap::new();
        let mut given: Vec<(usize, usize)> = Vec::new();
        for round in 0..400_usize {
            for (size, align) in [(1, 1), (24, 8), (100, 4), (4000, 16), (40, 4096), (70_000, 16)] {
                let size = size + round;
                let at = take(&heap, layout(size, align));
                assert!(!at.is_null());
                assert_eq!(at as usize % align, 0, "{size} {align}");
                fill(at, size);
                given.push((at as usize, size));
            }
        }
        given.sort_unstable();
        for pair in given.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{pair:x?}");
        }
    }

    #[test]
    fn what_was_given_back_is_used_again_and_is_zero_when_asked_for() {
        let heap = Heap::new();
        for size in [16, 100, 5000, 200_000] {
            let layout = layout(size, 8);
            let first = take(&heap, layout);
            fill(first, size);
            // SAFETY: needed to call an allocator. Sound because it gave this.
            unsafe { heap.dealloc(first, layout) };
            // SAFETY: as in `take`.
            let second = unsafe { heap.alloc_zeroed(layout) };
            if size < 1 << LARGEST {
                assert_eq!(first, second);
            }
            // SAFETY: as in `fill`.
            let bytes = unsafe { std::slice::from_raw_parts(second, size) };
            assert!(bytes.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn what_no_machine_has_is_refused_and_not_promised() {
        let heap = Heap::new();
        assert!(take(&heap, layout(1 << 60, 16)).is_null());
        assert!(take(&heap, layout(1 << 20, 1 << 20)).is_null());
    }
}
