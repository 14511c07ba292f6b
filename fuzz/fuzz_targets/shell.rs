//! Whatever the text is, following it as a shell script ends, and what it gives lies
//! inside the script.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_analysis::{Limits, SourceFile, Tree, facts};

fuzz_target!(|bytes: &[u8]| {
    let file = SourceFile { path: "a.sh".to_owned(), bytes: bytes.into() };
    let facts = facts(&Tree::new(vec![file]), &Limits::default());
    // What is no text is replaced before it is read, which makes it longer.
    let most = String::from_utf8_lossy(bytes).len();
    for event in &facts.trace.events {
        assert!(event.place.start <= event.place.end);
        assert!(event.place.end as usize <= most);
    }
});
