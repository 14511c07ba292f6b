//! Matching a network target allocates nothing.
#![expect(
    unsafe_code,
    reason = "counting allocations needs a global allocator, whose trait is unsafe"
)]

use ringfence_types::{Host, Kind, NetworkTarget, Pattern, Seen};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn asking_whether_a_connection_is_in_scope_allocates_nothing() {
    let host = Host::parse("api.example.com").unwrap();
    let target = NetworkTarget::tcp(&host, 443);
    let name = Some("API.example.com");
    let seen = [
        Seen::Nothing,
        Seen::Tls { server_name: name, encrypted_hello: false },
        Seen::Http { secure: true, method: "GET", path: "/v1/a%2Fb" },
        Seen::Other,
    ];
    let scopes = [
        "*",
        "*.example.com:*",
        "https://api.example.com",
        "GET,POST https://api.example.com/v1/*",
        "tls-opaque://api.example.com",
        "192.0.2.1",
    ]
    .map(|text| Pattern::parse(Kind::NetworkRequest, text).unwrap());

    let before = ALLOCATIONS.get();
    let mut allowed = 0;
    for pattern in &scopes {
        let scope = pattern.network().unwrap();
        for seen in seen {
            let target = black_box(target.with(seen));
            allowed += usize::from(scope.matches(&target));
            black_box(scope.may_touch(&target));
        }
        black_box(scope.resolves(&host));
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_eq!(allowed, 4 + 4 + 3 + 2 + 2);

    // The counter counts: writing a target down does allocate.
    assert!(!target.to_string().is_empty());
    assert!(ALLOCATIONS.get() > before);
}
