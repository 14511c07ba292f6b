//! Saying yes allocates nothing.
#![expect(
    unsafe_code,
    reason = "counting allocations needs a global allocator, whose trait is unsafe"
)]

use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Available, Consent, Consented, EventsPublish, EventsSubscribe, FilesRead, Policy,
    StorageWrite, admit, decide,
};
use ringfence_types::{Digest, Kind, Pattern};
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
fn an_allowed_effect_allocates_nothing() {
    let digest = Digest::from_bytes([0; 32]);
    let consent = Consent {
        items: [
            "files.read /data/**",
            "storage.write notes/*",
            "events.publish chat.>",
            "events.subscribe chat.>",
        ]
        .into_iter()
        .map(|text| Consented {
            capability: text.parse().unwrap(),
            by: "ada".into(),
            at_ms: 0,
            expires_ms: Some(u64::MAX),
            digest,
        })
        .collect(),
    };
    let admitted = admit(AdmitRequest {
        instance: &"demo".parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default().deny("files.read /data/keys/**".parse().unwrap()),
        consent: &consent,
        available: &Available::built_in(),
        budget: Preset::Production.budget(),
        now_ms: 0,
    })
    .unwrap();
    let grants = admitted.grants();
    let pattern = Pattern::parse(Kind::EventsSubscribe, "chat.room.>").unwrap();

    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        assert!(black_box(decide::<FilesRead>(grants, "/data/a/b/c", 1)).is_ok());
        assert!(black_box(decide::<StorageWrite>(grants, "notes/1", 1)).is_ok());
        assert!(black_box(decide::<EventsPublish>(grants, "chat.a", 1)).is_ok());
        assert!(black_box(decide::<EventsSubscribe>(grants, &pattern, 1)).is_ok());
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);

    // The counter counts: a denial does allocate.
    assert!(decide::<FilesRead>(grants, "/etc/passwd", 1).is_err());
    assert!(ALLOCATIONS.get() > before);
}
