//! `cargo xtask packages`: the real packages of `tests/packages.toml`, each fetched and run by
//! its name in a home of its own, with what the list grants it and nothing else; as the table
//! of `docs/registries.md`.

use crate::Result;
use crate::run::{cargo, must, root, target};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Stands in the list for the folder with the files that packages are given.
const DATA: &str = "DATA";

struct Package {
    source: String,
    options: Vec<String>,
    action: Option<String>,
    input: Option<String>,
    arguments: Vec<String>,
    answers: String,
}

/// Runs those whose source holds one of these words; all without a word.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    must(cargo()?.args(["build", "--release", "--locked", "-p", "ringfence-cli"]))?;
    let place = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
    let place = place.join(format!("ringfence-packages-{}", std::process::id()));
    let outcome = table(&place, words);
    fs::remove_dir_all(&place)?;
    outcome
}

fn table(place: &Path, words: &[&str]) -> Result<()> {
    let list = fs::read_to_string(root().join("tests/packages.toml"))?;
    let (home, data) = (place.join("home"), place.join("data"));
    fs::create_dir_all(&home)?;
    prepare(&data)?;
    println!(
        "| package | what it did | what it was granted | packages | score | first start | of npm or pip | later |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut failed = Vec::new();
    for package in packages(&list, &data)? {
        if !words.is_empty() && !words.iter().any(|word| package.source.contains(word)) {
            continue;
        }
        match row(&package, &home, &data) {
            Ok(row) => println!("{row}"),
            Err(error) => failed.push(format!("{}: {error}", package.source)),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// A note and a repository for those that read files.
fn prepare(data: &Path) -> Result<()> {
    fs::create_dir_all(data)?;
    fs::write(data.join("note.txt"), "hello note\n")?;
    let name = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    for words in [&["init", "-q"][..], &["commit", "-q", "--allow-empty", "-m", "first"]] {
        let done = Command::new("git").args(name).args(words).current_dir(data).status()?;
        if !done.success() {
            return Err("git made no repository".into());
        }
    }
    Ok(())
}

fn packages(list: &str, data: &Path) -> Result<Vec<Package>> {
    let table: toml::Table = list.parse()?;
    let data = data.to_str().ok_or("the folder's name is not UTF-8")?;
    let rows = table.get("package").and_then(toml::Value::as_array).ok_or("no packages")?;
    let text = |row: &toml::Value, key: &str| {
        row.get(key).and_then(toml::Value::as_str).map(|text| text.replace(DATA, data))
    };
    let texts = |row: &toml::Value, key: &str| -> Vec<String> {
        let values = row.get(key).and_then(toml::Value::as_array);
        let values = values.into_iter().flatten().filter_map(toml::Value::as_str);
        values.map(|text| text.replace(DATA, data)).collect()
    };
    rows.iter()
        .map(|row| {
            Ok(Package {
                source: text(row, "source").ok_or("a package without `source`")?,
                options: texts(row, "options"),
                action: text(row, "action"),
                input: text(row, "input"),
                arguments: texts(row, "arguments"),
                answers: text(row, "answers").ok_or("a package without `answers`")?,
            })
        })
        .collect()
}

fn row(package: &Package, home: &Path, data: &Path) -> Result<String> {
    // Each with a cache of its own that is empty, one after the other.
    let plain = plain(&package.source, &data.with_file_name("plain"))?;
    let (first, _) = start(package, home)?;
    let (later, report) = start(package, home)?;
    let notes: Vec<&str> = at(&report, "/card/notes")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let number = |before: &str, after: &str| {
        let found = notes.iter().find_map(|note| note.split_once(before)?.1.split_once(after));
        found.map_or("?", |(number, _)| number.rsplit(' ').next().unwrap_or(number)).to_owned()
    };
    let count = notes.iter().find_map(|note| note.split(" package").next()?.rsplit(' ').next());
    let did = match (&package.action, package.arguments.as_slice()) {
        (Some(action), _) => format!("`{action}`"),
        (None, []) => "lists its tools".to_owned(),
        (None, words) => format!("`{}`", words.join(" ")),
    };
    let granted: Vec<String> = package
        .options
        .chunks(2)
        .map(|pair| pair.join(" "))
        .map(|text| format!("`{}`", text.replace(&data.display().to_string(), "/data")))
        .collect();
    let did = did.replace(&data.display().to_string(), "/data");
    let granted = if granted.is_empty() { "nothing".to_owned() } else { granted.join("<br>") };
    Ok(format!(
        "| `{}` {} | {did} | {granted} | {} | {} | {:.1} s | {:.1} s, {:.1} times | {:.2} s |",
        package.source,
        at(&report, "/card/version").as_str().unwrap_or_default(),
        count.unwrap_or("?"),
        number("its code scores ", " of 100"),
        first.as_secs_f32(),
        plain.as_secs_f32(),
        first.as_secs_f32() / plain.as_secs_f32(),
        later.as_secs_f32(),
    ))
}

/// How long the client of the ecosystem takes to install it as most people would, but for
/// scripts and source packages, which are not run here either.
fn plain(source: &str, folder: &Path) -> Result<Duration> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let (kind, name) = source.split_once(':').ok_or("a source without a kind")?;
    let mut command = match kind {
        "npm" => {
            let mut command = Command::new("npm");
            command.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]);
            command.arg("--prefix").arg(folder).arg("--cache").arg(folder.join("cache"));
            command
        }
        _ => {
            let mut command = Command::new("python3");
            command.args(["-m", "pip", "install", "--quiet", "--no-cache-dir"]);
            command.args(["--only-binary=:all:", "--disable-pip-version-check"]);
            command.arg("--target").arg(folder);
            command
        }
    };
    let begun = Instant::now();
    let done = command.arg(name).stdin(Stdio::null()).output()?;
    let took = begun.elapsed();
    fs::remove_dir_all(folder)?;
    if done.status.success() {
        return Ok(took);
    }
    Err(format!("{kind} itself: {}", String::from_utf8_lossy(&done.stderr)).into())
}

/// One start to its end, with its time and report.
fn start(package: &Package, home: &Path) -> Result<(Duration, Value)> {
    let mut command = Command::new(target()?.join("release/ringfence"));
    command.args(["run", "--json"]).args(&package.options).arg(&package.source);
    command.args(&package.action);
    if let Some(input) = &package.input {
        command.args(["--input", input]);
    }
    if !package.arguments.is_empty() {
        command.arg("--").args(&package.arguments);
    }
    let begun = Instant::now();
    let done = command.env("RINGFENCE_HOME", home).stdin(Stdio::null()).output()?;
    let took = begun.elapsed();
    let text = String::from_utf8(done.stdout)?;
    let report: Value = serde_json::from_str(&text)?;
    if !done.status.success() {
        return Err(format!("{}: {}", done.status, at(&report, "/error")).into());
    }
    if !at(&report, "/result").to_string().contains(&package.answers) {
        return Err(format!(
            "it does not answer `{}`: {}",
            package.answers,
            at(&report, "/result")
        )
        .into());
    }
    Ok((took, report))
}

/// A part of a report; null when it is not there.
fn at<'v>(report: &'v Value, path: &str) -> &'v Value {
    report.pointer(path).unwrap_or(&Value::Null)
}
