//! How fast JavaScript is evaluated: `javascript-speed [--events] <folder or file>…`
//! prints megabytes a second of one core, from files in memory.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use ringfence_analysis::{Coverage, SourceFile, Tree, javascript};

fn collect(path: &Path, name: &str, files: &mut Vec<SourceFile<'static>>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let inner = entry.file_name().to_string_lossy().into_owned();
            let inner = if name.is_empty() { inner } else { format!("{name}/{inner}") };
            if !entry.file_type()?.is_symlink() {
                collect(&entry.path(), &inner, files)?;
            }
        }
        return Ok(());
    }
    let name = if name.is_empty() { path.to_string_lossy().into_owned() } else { name.to_owned() };
    files.push(SourceFile { path: name, bytes: Cow::Owned(std::fs::read(path)?) });
    Ok(())
}

fn is_script(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "js" | "cjs" | "mjs" | "ts" | "cts" | "mts" | "jsx" | "tsx")
}

#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a program that measures")]
fn main() -> std::io::Result<()> {
    let mut shows_events = false;
    for argument in std::env::args().skip(1) {
        if argument == "--events" {
            shows_events = true;
            continue;
        }
        let mut files = Vec::new();
        collect(Path::new(&argument), "", &mut files)?;
        let tree = Tree::new(files);
        let scripts: Vec<_> = tree
            .files()
            .filter(|(_, file)| is_script(&file.path) || tree.files().count() == 1)
            .map(|(id, file)| (id, file.bytes.len()))
            .collect();
        let bytes: usize = scripts.iter().map(|(_, length)| length).sum();
        let ids: Vec<_> = scripts.iter().map(|(id, _)| *id).collect();
        let mut best = f64::INFINITY;
        let mut trace = javascript::trace(&tree, &ids);
        for _ in 0..if shows_events { 0 } else { 3 } {
            let start = Instant::now();
            trace = javascript::trace(&tree, &ids);
            best = best.min(start.elapsed().as_secs_f64());
        }
        let unparsed = trace
            .coverage
            .iter()
            .filter(|(_, coverage)| matches!(coverage, Coverage::Unparsed { .. }))
            .count();
        let partly = trace
            .coverage
            .iter()
            .filter(|(_, coverage)| matches!(coverage, Coverage::Partly { .. }))
            .count();
        println!(
            "{argument}: {} files, {:.2} MB, {:.1} ms, {:.1} MB/s, {} events, {partly} partly, {unparsed} unparsed",
            ids.len(),
            bytes as f64 / 1e6,
            best * 1e3,
            bytes as f64 / 1e6 / best,
            trace.events.len(),
        );
        if shows_events {
            for event in &trace.events {
                let path = tree.file(event.place.file).map_or("", |file| file.path.as_str());
                println!(
                    "{path}:{} {:?} {} {:?} {:?}",
                    event.place.start, event.effect, event.api, event.when, event.hiding
                );
                for argument in &event.arguments {
                    let text = format!("{:?}", argument.value);
                    println!(
                        "    {:?}: {}",
                        argument.role,
                        text.chars().take(300).collect::<String>()
                    );
                }
            }
            for (file, coverage) in &trace.coverage {
                if *coverage != Coverage::Whole {
                    let path = tree.file(*file).map_or("", |file| file.path.as_str());
                    println!("{path}: {coverage:?}");
                }
            }
            for (path, _) in &trace.loads {
                println!("loads {path}");
            }
        }
    }
    Ok(())
}
