//! The cases of `tests/evasion` as folders, and what is found in folders, for
//! `cargo xtask corpus`, which holds other tools against the same files.
//!
//! `corpus write FOLDER` makes a folder for each case and prints its name and what must
//! be found. `corpus judge FOLDER` prints, for each folder three levels down, its name,
//! the codes that are found, and the outcome. Columns end with a tab.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "an example for a terminal")]
#![expect(clippy::unwrap_used, reason = "the cases are shared with a test")]

#[path = "../tests/evasion/cases.rs"]
#[expect(dead_code, reason = "the test needs more of it")]
mod cases;

use std::path::Path;

use cases::{Files, judge, read};

fn write(folder: &Path) -> std::io::Result<()> {
    let mut all = read(include_str!("../tests/evasion/javascript.txt"), "javascript");
    all.extend(read(include_str!("../tests/evasion/python.txt"), "python"));
    all.extend(read(include_str!("../tests/evasion/benign.txt"), "").into_iter().map(
        |mut case| {
            case.name = case.name.replace('/', "/honest/");
            case
        },
    ));
    for case in all {
        for (path, text) in &case.files {
            let path = folder.join(&case.name).join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(path, text)?;
        }
        let wanted: Vec<String> = case.wanted.iter().map(|any| any.join("|")).collect();
        println!("{}\t{}\t", case.name, wanted.join("+"));
    }
    Ok(())
}

fn folders(path: &Path, depth: u32, found: &mut Vec<std::path::PathBuf>) -> std::io::Result<()> {
    if depth == 0 {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut inner: Vec<_> = std::fs::read_dir(path)?.flatten().map(|one| one.path()).collect();
    inner.retain(|path| path.is_dir());
    inner.sort();
    inner.iter().try_for_each(|path| folders(path, depth - 1, found))
}

fn files(root: &Path, folder: &Path, into: &mut Files) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(root, &path, into)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            into.push((name, String::from_utf8_lossy(&std::fs::read(&path)?).into_owned()));
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", folder] => write(Path::new(folder)),
        ["judge", folder] => {
            let root = Path::new(folder);
            let mut all = Vec::new();
            folders(root, 3, &mut all)?;
            for folder in all {
                let mut inner = Files::new();
                files(&folder, &folder, &mut inner)?;
                let (codes, outcome) = judge(&inner);
                let name = folder.strip_prefix(root).unwrap_or(&folder).display();
                println!("{name}\t{}\t{}", codes.join(","), outcome.word());
            }
            Ok(())
        }
        _ => Err(std::io::Error::other("usage: corpus write|judge FOLDER")),
    }
}
