//! What the Python of a folder does, and how fast that is found out.
//!
//! `cargo run --release -p ringfence-analysis --example python_trace -- <folder> [events]`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::borrow::Cow;
use std::path::Path;

use ringfence_analysis::{SourceFile, Tree, python};

fn collect(folder: &Path, root: &Path, into: &mut Vec<SourceFile<'static>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, root, into)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            into.push(SourceFile { path: name, bytes: Cow::Owned(std::fs::read(&path)?) });
        }
    }
    Ok(())
}

/// Seconds that a processor worked for this thread; other load does not count.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let shows = arguments.next().is_some();
    let mut files = Vec::new();
    let root = Path::new(&folder);
    if root.is_file() {
        let name =
            root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push(SourceFile { path: name, bytes: Cow::Owned(std::fs::read(root)?) });
    } else {
        collect(root, root, &mut files)?;
    }
    let tree = Tree::new(files);
    let python: Vec<_> =
        tree.files().filter(|(_, file)| file.path.ends_with(".py")).map(|(id, _)| id).collect();
    let size: usize =
        python.iter().filter_map(|id| tree.file(*id)).map(|file| file.bytes.len()).sum();
    let mut best = f64::INFINITY;
    let mut parsing = f64::INFINITY;
    for _ in 0..if shows { 0 } else { 3 } {
        let begin = processor_seconds();
        for file in python.iter().filter_map(|id| tree.file(*id)) {
            let text = String::from_utf8_lossy(&file.bytes);
            let options = ruff_python_parser::ParseOptions::from(ruff_python_parser::Mode::Module);
            drop(ruff_python_parser::parse_unchecked(&text, options));
        }
        parsing = parsing.min(processor_seconds() - begin);
    }
    let mut trace = python::trace(&tree, &python);
    for _ in 0..if shows { 0 } else { 5 } {
        let begin = processor_seconds();
        trace = python::trace(&tree, &python);
        best = best.min(processor_seconds() - begin);
    }
    if shows {
        for event in &trace.events {
            let path = tree.file(event.place.file).map_or("", |file| &file.path);
            let arguments: Vec<String> = event
                .arguments
                .iter()
                .map(|it| {
                    format!(
                        "{:?}={:?}{:?}",
                        it.role,
                        it.value.shape,
                        it.value
                            .origins
                            .iter()
                            .map(|origin| (origin.source, origin.name.clone()))
                            .collect::<Vec<_>>()
                    )
                })
                .collect();
            println!(
                "{path}:{} {:?} {} {:?} {:?} {}",
                event.place.start,
                event.effect,
                event.api,
                event.when,
                event.hiding,
                arguments.join(" ")
            );
        }
        for (file, coverage) in &trace.coverage {
            println!("{:?} {coverage:?}", tree.file(*file).map(|file| &file.path));
        }
        println!("loads {:?}", trace.loads);
    } else {
        #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
        let megabytes = size as f64 / 1e6;
        println!(
            "{} files, {megabytes:.2} MB, {:.1} ms, {:.1} MB/s, {} events",
            python.len(),
            best * 1e3,
            megabytes / best,
            trace.events.len()
        );
        println!("the parser alone: {:.1} MB/s", megabytes / parsing);
        let partly = trace
            .coverage
            .iter()
            .filter(|(_, coverage)| *coverage != ringfence_analysis::Coverage::Whole)
            .count();
        println!("{partly} files not whole");
    }
    Ok(())
}
