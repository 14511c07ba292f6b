//! What is handed to the built-in engine is what was looked at, and nothing else.

use crate::place::{Place, told};
use std::fs;

const MANIFEST: &str = "name: x\nversion: 1.0.0\nruntime: javascript\nentry: a.js\n";

fn javascript(entry: &str) -> Place {
    Place::with(&[("plugin.yaml", MANIFEST), ("a.js", entry), ("lib/b.js", "export default 1;")])
}

#[test]
fn sources_that_changed_after_they_were_looked_at_are_not_handed_over() {
    let place = javascript("import b from './lib/b.js';");
    let package = place.open().unwrap();
    assert_eq!(package.sources().unwrap().unwrap().files.len(), 2);
    place.file("lib/b.js", "export default 2;");
    let error = package.sources().unwrap_err();
    assert!(told(&error).contains("changed after it was looked at"), "{error}");
    // Whoever looks again sees the new ones.
    assert!(place.open().unwrap().sources().is_ok());
    place.file("lib/b.js", "export default 1;");
    assert!(package.sources().is_ok());
}

#[test]
fn a_folder_that_becomes_a_link_out_of_the_package_leads_nowhere() {
    let outside = Place::with(&[("b.js", "export default 1;")]);
    let place = javascript("import b from './lib/b.js';");
    let package = place.open().unwrap();
    fs::remove_dir_all(place.at("lib")).unwrap();
    place.link("lib", outside.path());
    // The same text, and still not that of the package.
    let error = package.sources().unwrap_err();
    assert!(told(&error).contains("out of the package"), "{error}");
    // One that stays inside is followed.
    fs::remove_file(place.at("lib")).unwrap();
    place.file("other/b.js", "export default 1;");
    place.link("lib", "other");
    assert!(package.sources().is_ok());
}

#[test]
fn more_imports_than_anybody_writes_are_refused_and_not_looked_for() {
    let many = |count: usize| -> String {
        (0..count).map(|number| format!("import './none{number}';\n")).collect()
    };
    assert!(javascript(&many(1000)).open().is_ok());
    let error = javascript(&many(20_001)).open().unwrap_err();
    assert!(told(&error).contains("20,000 imports"), "{error}");
}

#[test]
fn webassembly_that_changed_after_it_was_looked_at_is_not_handed_over() {
    let place = Place::new();
    let (one, two) = (b"\0asm\x01\0\0\0", b"\0asm\x01\0\0\0\0\x02\x01x");
    fs::write(place.at("a.wasm"), one).unwrap();
    let package = place.open_at("a.wasm").unwrap();
    assert_eq!(package.webassembly().unwrap().as_deref(), Some(&one[..]));
    fs::write(place.at("a.wasm"), two).unwrap();
    let error = package.webassembly().unwrap_err();
    assert!(told(&error).contains("changed after it was looked at"), "{error}");
    fs::File::create(place.at("a.wasm")).unwrap().set_len(1 << 40).unwrap();
    let error = package.webassembly().unwrap_err();
    assert!(told(&error).contains("64 MiB"), "{error}");
}
