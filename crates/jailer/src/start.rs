//! What a C library would bring: the way from the kernel to the first function,
//! memory, and the four functions that the compiler calls by name.
#![expect(unsafe_code, reason = "nothing below this can be called safely")]

use core::arch::{asm, global_asm};
use core::ffi::{CStr, c_char};
use core::panic::PanicInfo;
use ringfence_jailer::{Heap, exit_now, serve};

#[global_allocator]
static HEAP: Heap = Heap::new();

// The kernel starts a program with the number of its arguments and their addresses
// on the stack, and no address to return to.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {first}",
    "ud2",
    first = sym first,
);

extern "C" fn first(stack: *const usize) -> ! {
    // SAFETY: needed to read the arguments. Sound because the kernel put their
    // number here, and as many addresses of texts and a zero behind it.
    let argument = |number: usize| unsafe {
        let at = if *stack > number { *stack.add(number + 1) } else { 0 };
        let at: *const c_char = core::ptr::with_exposed_provenance(at);
        if at.is_null() { None } else { CStr::from_ptr(at).to_str().ok() }
    };
    exit_now(serve(argument(2), argument(1) == Some("one")).is_err().into())
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit_now(101)
}

// The ready-made parts of Rust name these two for a panic that unwinds. None does.
// SAFETY: needed to be found by their names. Sound because nobody calls them, and
// who did would end the program.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {
    exit_now(101)
}

// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit_now(101)
}

// SAFETY: needed because the compiler calls these by name for what it copies and
// compares. Sound because they do what the functions of C of the same names do,
// by single instructions, so that they cannot be turned into calls of themselves.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    // SAFETY: as above; the caller gives two parts of memory of this length.
    unsafe {
        asm!("rep movsb", inout("rcx") bytes => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags));
    }
    to
}

// SAFETY: as for `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= bytes {
        // SAFETY: forwards, nothing is overwritten before it was read.
        return unsafe { memcpy(to, from, bytes) };
    }
    // SAFETY: as above; backwards, from the last byte on.
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rcx") bytes => _,
            inout("rdi") to.wrapping_add(bytes).wrapping_sub(1) => _,
            inout("rsi") from.wrapping_add(bytes).wrapping_sub(1) => _, options(nostack));
    }
    to
}

// SAFETY: as for `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, bytes: usize) -> *mut u8 {
    // SAFETY: as above; the caller gives a part of memory of this length.
    unsafe {
        asm!("rep stosb", inout("rcx") bytes => _, inout("rdi") to => _, in("eax") byte,
            options(nostack, preserves_flags));
    }
    to
}

// SAFETY: as for `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
    for index in 0..bytes {
        // SAFETY: both have at least `bytes` bytes. Read so that the compiler does
        // not see the loop as what it is.
        let (l, r) = unsafe { (left.add(index).read_volatile(), right.add(index).read_volatile()) };
        if l != r {
            return i32::from(l) - i32::from(r);
        }
    }
    0
}

// SAFETY: as for `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
    // SAFETY: the caller keeps the same promise.
    unsafe { memcmp(left, right, bytes) }
}

// SAFETY: as for `memcpy`.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut length = 0;
    // SAFETY: the caller gives a text that ends with a zero.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}
