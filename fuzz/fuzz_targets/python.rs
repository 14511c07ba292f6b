//! Whatever the text is, following it as Python ends, and what it gives lies inside
//! the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_analysis::{SourceFile, Tree, python};

fuzz_target!(|bytes: &[u8]| {
    let file = SourceFile { path: "a.py".to_owned(), bytes: bytes.into() };
    let tree = Tree::new(vec![file]);
    let files: Vec<_> = tree.files().map(|(id, _)| id).collect();
    let trace = python::trace(&tree, &files);
    // What is no text is replaced before it is read, which makes it longer.
    let most = 3 * bytes.len();
    for event in &trace.events {
        assert!(event.place.start <= event.place.end);
        assert!(event.place.end as usize <= most);
    }
});
