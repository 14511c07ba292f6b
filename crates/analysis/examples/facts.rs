//! What is found out about packages, and how fast: folders and archives as arguments.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use ringfence_analysis::{Coverage, Limits, SourceFile, Tree, facts};
use ringfence_package::{PackageError, TreeLimits, read_tree};

fn main() -> Result<(), PackageError> {
    let mut all = (0.0, 0.0);
    for path in std::env::args().skip(1) {
        let read = read_tree(Path::new(&path), &TreeLimits::default())?;
        let files = read.files.into_iter();
        let tree = Tree::new(
            files.map(|file| SourceFile { path: file.path, bytes: file.bytes.into() }).collect(),
        );
        let begin = Instant::now();
        let found = facts(&tree, &Limits::default());
        let seconds = begin.elapsed().as_secs_f64();
        let covered = found.covered;
        let bytes = covered.parsed + covered.data + covered.opaque;
        all = (all.0 + f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)), all.1 + seconds);
        println!(
            "{path}: {} files, {bytes} bytes, {:.1} ms, {covered:?}",
            found.files.len(),
            seconds * 1e3
        );
        let mut effects: BTreeMap<String, usize> = BTreeMap::new();
        for event in &found.trace.events {
            *effects.entry(format!("{:?} {:?}", event.when, event.effect)).or_default() += 1;
        }
        println!("  {effects:?}");
        for oddity in read.oddities {
            println!("  odd: {} {} {}", oddity.code, oddity.path.escape_debug(), oddity.why);
        }
        for oddity in found.oddities {
            println!(
                "  odd: {} {} {}",
                oddity.code,
                oddity.path.escape_debug(),
                oddity.why.escape_debug()
            );
        }
        let mut unparsed: BTreeMap<String, usize> = BTreeMap::new();
        for file in &found.files {
            if let Coverage::Unparsed { why } | Coverage::Partly { why } = &file.coverage {
                *unparsed.entry(format!("{:?}: {why}", file.class)).or_default() += 1;
            }
        }
        println!("  not understood: {unparsed:?}");
        if std::env::var_os("EVENTS").is_some() {
            for event in &found.trace.events {
                let at = tree.file(event.place.file).map_or("", |file| file.path.as_str());
                println!(
                    "  {at}:{} {:?} {:?} {} {:?} {:?}",
                    event.place.start,
                    event.when,
                    event.effect,
                    event.api,
                    event.hiding,
                    event.arguments
                );
            }
        }
    }
    println!("{:.1} MB/s over {} bytes", all.0 / 1e6 / all.1, all.0);
    Ok(())
}
