//! Who else runs such plugins: Wasmtime as it comes, Extism, node.

use super::guests::Guest;
use super::series::Series;
use crate::options::{INSIDE, PLAIN};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Somebody who measures, and whose figures ours are beside.
pub(crate) struct Contender<'a> {
    pub(crate) who: String,
    /// The guest of ours that does the same.
    pub(crate) like: Option<Guest>,
    pub(crate) once: Box<dyn FnMut() -> Result<Series, String> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        who: impl Into<String>,
        like: Option<Guest>,
        once: impl FnMut() -> Result<Series, String> + 'a,
    ) -> Self {
        Self { who: who.into(), like, once: Box::new(once) }
    }

    /// Whether it carries a whole language: compiling that takes long, so that it
    /// is measured in one round.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self.like, Some(Guest::StarlingMonkey | Guest::Python))
    }

    /// A program that prints its times.
    fn program(
        who: impl Into<String>,
        like: Guest,
        program: Result<PathBuf, String>,
        words: Vec<String>,
    ) -> Self {
        Self::new(who, Some(like), move || {
            Series::told_by(Command::new(program.clone()?).args(&words))
        })
    }
}

/// What our rows begin with.
pub(crate) const OURS: &str = "Ringfence worker";

/// Our worker's library, in processes of their own: each gives up the right to make
/// code once it has loaded one plugin. Native code is kept in `folder` between them.
pub(crate) fn inside(guest: Guest, quick: bool, folder: &Path) -> Contender<'static> {
    let native = folder.join(format!("{}.native", guest.name()));
    Contender::new(format!("{OURS}: {}", guest.name()), Some(guest), move || {
        let mut series = Series::default();
        for work in super::inside::works(guest) {
            let mut command = own(INSIDE, guest, quick)?;
            series.extend(Series::told_by(command.arg(work).arg(&native))?);
        }
        Ok(series)
    })
}

/// Wasmtime as it comes, in a process of its own.
pub(crate) fn plain(guest: Guest, quick: bool) -> Contender<'static> {
    Contender::new(format!("plain Wasmtime: {}", guest.name()), Some(guest), move || {
        Series::told_by(&mut own(PLAIN, guest, quick)?)
    })
}

/// This program, to measure one guest.
fn own(how: &str, guest: Guest, quick: bool) -> Result<Command, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.args([how, guest.name(), if quick { "quick" } else { "full" }]);
    Ok(command)
}

/// Other people's. Extism is built only when it is asked for by name, since that
/// takes minutes; `wanted` is whether it is.
pub(crate) fn others(quick: bool, wanted: bool) -> Vec<Contender<'static>> {
    let length = || if quick { "quick" } else { "full" }.to_owned();
    let script = folder().join("node/measure.mjs").to_string_lossy().into_owned();
    let node = |who: &str, way: &str| {
        let words = vec![script.clone(), way.to_owned(), length()];
        Contender::program(who, Guest::BuiltIn, crate::rivals::find("node"), words)
    };
    vec![
        Contender::program(
            "Extism 1.30: core module",
            Guest::Module,
            extism(wanted),
            vec![length()],
        ),
        node("node: worker_threads", "thread"),
        node("node: child process", "child"),
    ]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals")
}

/// A program of its own outside the workspace: its engine is another version.
fn extism(wanted: bool) -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = own.ancestors().nth(2).ok_or("no target folder")?.join("rivals/extism");
    let program = target.join("release/ringfence-bench-extism");
    if let (true, Some(cargo)) = (wanted, std::env::var_os("CARGO")) {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--release", "--locked", "--target-dir"]).arg(&target);
        let status = command.current_dir(folder().join("extism")).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err("building it failed".to_owned());
        }
    }
    if program.is_file() { Ok(program) } else { Err("built with `--only wasm`".to_owned()) }
}
