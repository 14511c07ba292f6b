//! Package and grants to a plan: what is started, with what in sight.

use crate::built_in::Worker;
use crate::hash_seed::{HASH_SEED, hash_seed};
use crate::packed::packages;
use ringfence_limits::Budget;
use ringfence_package::{Entry, Package, Protocol, Runtime as PackageRuntime};
use ringfence_permission::{Admitted, Grants};
use ringfence_sandbox::{Exposed, Plan, Programs, Runtime, StartError};
use ringfence_sandbox_process::{Interpreter, InterpreterError, find_program};
use ringfence_sandbox_wasm::{jail_budget, worker_settings};
use ringfence_types::Kind;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// The runner shims, placed inside the jail.
const NODE_RUNNER: &str = include_str!("../../../sdk/node/runner.cjs");
const PYTHON_RUNNER: &str = include_str!("../../../sdk/python/runner.py");
const NODE_RUNNER_PATH: &str = "/ringfence/runner.cjs";
const PYTHON_RUNNER_PATH: &str = "/ringfence/runner.py";

/// What the host side of a start needs beside the package.
pub(crate) struct Surroundings<'a> {
    /// What runs it, when that is the built-in engine.
    pub(crate) worker: Option<Worker>,
    /// Variables that the operator set for this run.
    pub(crate) environment: &'a [(String, OsString)],
    /// The host's search path for programs.
    pub(crate) search: &'a OsStr,
    /// Ringfence's own folder: keys and log, never shown to anybody.
    pub(crate) home: &'a Path,
    /// The user's home folder: never shown whole by accident.
    pub(crate) user_home: Option<&'a Path>,
    /// Whether Landlock can keep "may change" and "may delete" apart.
    pub(crate) landlock: bool,
}

/// The plan for one plugin.
pub(crate) fn plan(
    package: &Package,
    admitted: &Admitted,
    around: &Surroundings<'_>,
) -> Result<Plan, StartError> {
    let grants = admitted.grants();
    let mut exposed = Vec::new();
    // A worker is handed the code, and needs no file of it.
    if let Some(root) = package.code_root.as_ref().filter(|_| around.worker.is_none()) {
        refuse_wide(root, "the plugin's code", around)?;
        exposed.push(Exposed {
            source: root.clone(),
            target: root.clone(),
            writable: false,
            removable: false,
            executable: true,
        });
    }
    refuse_own_folder(grants, own_package(package, around.home).as_deref(), around.home)?;
    expose_files(grants, around, &mut exposed)?;
    let start = match &around.worker {
        Some(worker) => start_of_worker(worker, package, admitted.budget(), &exposed)?,
        None => start_of(package, around)?,
    };
    let runtime = match package.runtime {
        PackageRuntime::Node => Runtime::Node,
        PackageRuntime::Python => Runtime::Python,
        // A script's name does not say what runs it; who typed it meant the script.
        PackageRuntime::Command if package.inferred => start.runtime,
        PackageRuntime::Command | PackageRuntime::Wasm | PackageRuntime::JavaScript => {
            Runtime::Command
        }
    };
    let budget = match &around.worker {
        Some(_) => jail_budget(admitted.budget()),
        None => admitted.budget().clone(),
    };
    Ok(Plan {
        runtime,
        program: start.program,
        arguments: start.arguments,
        environment: environment((package, runtime), grants, around),
        folder: folder(package, &exposed),
        exposed,
        files: start.files,
        // A worker asks the broker for programs, and needs none in its own jail.
        programs: match around.worker {
            Some(_) => Programs::None,
            None => programs(grants, around)?,
        },
        just_in_time_compiler: package.jit,
        control: package.protocol == Protocol::Actions,
        // Whoever may only be reached gets one too, and reaches nothing. A worker has
        // no sockets: it asks the broker.
        network: around.worker.is_none()
            && [Kind::NetworkRequest, Kind::NetworkListen]
                .into_iter()
                .any(|kind| !grants.of_kind(kind).is_empty()),
        published: Vec::new(),
        datagrams: Vec::new(),
        trusted: None,
        code: around.worker.as_ref().map(|worker| worker.code.clone()).unwrap_or_default(),
        long_lived: package.protocol != Protocol::Plain,
        budget,
    })
}

/// The worker, which is told what it runs and how far.
fn start_of_worker(
    worker: &Worker,
    package: &Package,
    budget: &Budget,
    exposed: &[Exposed],
) -> Result<Start, StartError> {
    let policy = (package.stateful, package.strict);
    let settings = worker_settings(worker.kind, policy, worker.swaps, budget, exposed);
    let settings =
        serde_json::to_string(&settings).map_err(|error| StartError::Plan(error.to_string()))?;
    Ok(Start {
        program: worker.program.clone(),
        runtime: Runtime::Command,
        arguments: vec![settings.into()],
        files: Vec::new(),
    })
}

struct Start {
    program: PathBuf,
    /// What runs it, as the file itself says.
    runtime: Runtime,
    arguments: Vec<OsString>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

fn start_of(package: &Package, around: &Surroundings<'_>) -> Result<Start, StartError> {
    if let Entry::Command { argv } = &package.entry {
        let (name, rest) =
            argv.split_first().ok_or_else(|| StartError::Plan("there is no program".to_owned()))?;
        let found = Interpreter::resolve(name, around.search).map_err(|error| not_found(&error))?;
        let mut arguments = found.arguments;
        arguments.extend(rest.iter().cloned());
        let (program, runtime) = (found.program, found.runtime);
        return Ok(Start { program, runtime, arguments, files: Vec::new() });
    }
    let program = interpreter(package, around)?;
    let actions = package.protocol == Protocol::Actions;
    let is_node = package.runtime == PackageRuntime::Node;
    let (arguments, files) = match (&package.entry, actions) {
        (_, true) if is_node => {
            (vec![NODE_RUNNER_PATH.into()], vec![(NODE_RUNNER_PATH.into(), NODE_RUNNER.into())])
        }
        (_, true) => {
            // Without `site` it starts in 6 ms instead of 27; an environment of
            // the plugin's own needs it to find its packages.
            let options: &[&str] =
                if package.interpreter.is_some() { &["-s", "-B"] } else { &["-I", "-S", "-B"] };
            let mut arguments: Vec<OsString> = options.iter().map(Into::into).collect();
            arguments.push(PYTHON_RUNNER_PATH.into());
            (arguments, vec![(PYTHON_RUNNER_PATH.into(), PYTHON_RUNNER.into())])
        }
        (Entry::File { path } | Entry::Class { path, .. }, false) => {
            (vec![path.clone().into_os_string()], Vec::new())
        }
        (Entry::Function { module, function, .. }, false) => {
            // Module and function were checked to be plain Python names.
            let code =
                format!("import sys\nfrom {module} import {function}\nsys.exit({function}())");
            (vec!["-c".into(), code.into()], Vec::new())
        }
        (Entry::Command { .. }, false) => (Vec::new(), Vec::new()),
    };
    let arguments = [arguments, package.arguments.clone()].concat();
    Ok(Start { program, runtime: Runtime::Command, arguments, files })
}

fn interpreter(package: &Package, around: &Surroundings<'_>) -> Result<PathBuf, StartError> {
    if let Some(own) = &package.interpreter {
        return Ok(own.clone());
    }
    let names: &[&str] = match package.runtime {
        PackageRuntime::Node => &["node", "nodejs"],
        PackageRuntime::Python => &["python3", "python"],
        PackageRuntime::Command | PackageRuntime::Wasm | PackageRuntime::JavaScript => &[],
    };
    // A version manager's shim costs a shell start; any native one will do for
    // a plugin that brought no environment of its own.
    let native = std::env::join_paths(
        std::env::split_paths(around.search).filter(|folder| !folder.ends_with("shims")),
    )
    .unwrap_or_default();
    // The first name is the one that people know.
    let mut first = None;
    for search in [native.as_os_str(), around.search] {
        for name in names {
            match Interpreter::resolve(OsStr::new(name), search) {
                Ok(found) => return Ok(found.program),
                Err(error) => first = first.or(Some(error)),
            }
        }
    }
    Err(first.map_or_else(
        || StartError::Plan("there is no interpreter".to_owned()),
        |error| not_found(&error),
    ))
}

fn not_found(error: &InterpreterError) -> StartError {
    let program = match error {
        InterpreterError::NotFound { name } => name.clone(),
        InterpreterError::NotAProgram { path }
        | InterpreterError::Unreadable { path, .. }
        | InterpreterError::TooDeep { path } => path.display().to_string(),
        _ => String::new(),
    };
    let help = match program.as_str() {
        "node" | "nodejs" => Some("install it: apt-get install nodejs".to_owned()),
        "python" | "python3" => Some("install it: apt-get install python3".to_owned()),
        _ => None,
    };
    StartError::Program { program, reason: error.to_string(), help }
}

/// Refuses to show a folder that holds our keys or the user's whole home.
fn refuse_wide(path: &Path, what: &str, around: &Surroundings<'_>) -> Result<(), StartError> {
    // One package that we unpacked or a part of it, and nothing beside it.
    let inside = path.strip_prefix(packages(around.home)).map(|rest| rest.components().collect());
    let inside: Vec<Component<'_>> = inside.unwrap_or_default();
    if !inside.is_empty() && inside.iter().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(());
    }
    let holds = |inner: &Path| inner.starts_with(path);
    if holds(around.home) || path.starts_with(around.home) {
        return Err(StartError::Plan(format!(
            "{what} `{}` overlaps with Ringfence's own keys and log in `{}`; name a narrower folder",
            path.display(),
            around.home.display()
        )));
    }
    // A home folder is often a link to another disk; paths here are resolved.
    let user_home = around
        .user_home
        .map(|home| std::fs::canonicalize(home).unwrap_or_else(|_| home.to_owned()));
    if user_home.as_deref().is_some_and(holds) {
        return Err(StartError::Plan(format!(
            "{what} `{}` is your whole home folder; move the plugin to a folder of its own or name a narrower one",
            path.display()
        )));
    }
    Ok(())
}

/// The folder of the home with this package's files, when they are there.
pub(crate) fn own_package(package: &Package, home: &Path) -> Option<PathBuf> {
    let packages = packages(home);
    let at = package.code_root.as_deref().or(package.folder.as_deref())?;
    match at.strip_prefix(&packages).ok()?.components().next()? {
        Component::Normal(digest) => Some(packages.join(digest)),
        _ => None,
    }
}

/// Refuses every file grant that reaches our keys, log or storage, those too
/// that only the broker would serve: it opens no folder through a link, so the
/// text of the scope says where it leads. A package may read its own files there.
pub(crate) fn refuse_own_folder(
    grants: &Grants,
    own: Option<&Path>,
    home: &Path,
) -> Result<(), StartError> {
    let kinds = [Kind::FilesRead, Kind::FilesWrite, Kind::FilesDelete];
    for grant in kinds.into_iter().flat_map(|kind| grants.of_kind(kind)) {
        let capability = grant.capability();
        let Some(path) = capability.scope().path().map(Path::new) else { continue };
        let is_own = own.is_some_and(|own| path.starts_with(own));
        if is_own && capability.kind() == Kind::FilesRead {
            continue;
        }
        let children_only = capability.scope().as_str().ends_with("/*");
        if path.starts_with(home) || (home.starts_with(path) && !children_only) {
            return Err(StartError::Plan(format!(
                "the granted `{capability}` overlaps with Ringfence's own keys and log in `{}`; name a narrower folder",
                home.display()
            )));
        }
    }
    Ok(())
}

/// Granted files, for programs that open them by themselves. A grant that a
/// mount cannot keep (only direct children, or writing without reading) is left
/// to the broker.
fn expose_files(
    grants: &Grants,
    around: &Surroundings<'_>,
    exposed: &mut Vec<Exposed>,
) -> Result<(), StartError> {
    let path_of = |grant: &ringfence_permission::Grant| -> Option<PathBuf> {
        let scope = grant.capability().scope();
        let children_only = scope.as_str().ends_with("/*");
        scope.path().filter(|_| !children_only).map(PathBuf::from)
    };
    let covered = |kind: Kind, path: &Path| {
        grants.of_kind(kind).iter().filter_map(path_of).any(|granted| path.starts_with(granted))
    };
    // What the operator denies inside a granted folder cannot be cut out of a
    // mount: the broker alone serves such a folder.
    let has_hole = |kind: Kind, folder: &Path| {
        let mut holes = grants.denied(kind).iter().filter_map(|pattern| pattern.path());
        holes.any(|hole| Path::new(hole).starts_with(folder) || folder.starts_with(hole))
            || grants.denied(kind).iter().any(ringfence_types::Pattern::is_any)
    };
    let mut reads: Vec<PathBuf> =
        grants.of_kind(Kind::FilesRead).iter().filter_map(path_of).collect();
    // What is readable and, below it, writable is mounted twice: outer first.
    let writes = grants.of_kind(Kind::FilesWrite).iter().filter_map(path_of);
    reads.extend(writes.filter(|path| covered(Kind::FilesRead, path)));
    reads.sort();
    reads.dedup();
    for target in reads {
        if has_hole(Kind::FilesRead, &target) {
            continue;
        }
        let source = std::fs::canonicalize(&target).map_err(|error| {
            StartError::Plan(format!("the granted `{}` cannot be shown: {error}", target.display()))
        })?;
        if source != target {
            // Links change hands: what was a folder when it was granted may be
            // a link of the last run by now.
            return Err(StartError::Plan(format!(
                "the granted `{}` is reached through a symbolic link; grant what it leads to: `{}`",
                target.display(),
                source.display()
            )));
        }
        refuse_wide(&source, "the granted", around)?;
        let may = |kind| covered(kind, &target) && !has_hole(kind, &target);
        let removable = may(Kind::FilesDelete);
        // A mount alone cannot tell changing from deleting, and Landlock adds up
        // along a path: below the private `/tmp`, everything may be deleted.
        let told_apart = around.landlock && !target.starts_with("/tmp");
        let writable = may(Kind::FilesWrite) && (removable || told_apart);
        exposed.push(Exposed { source, target, writable, removable, executable: false });
    }
    Ok(())
}

fn programs(grants: &Grants, around: &Surroundings<'_>) -> Result<Programs, StartError> {
    let granted = grants.of_kind(Kind::ProcessExecute);
    if granted.iter().any(|grant| grant.capability().scope().is_any()) {
        return Ok(Programs::All);
    }
    let mut listed = Vec::new();
    for grant in granted {
        let name = grant.capability().scope().as_str();
        listed.push(
            find_program(OsStr::new(name), around.search).map_err(|error| not_found(&error))?,
        );
    }
    Ok(if listed.is_empty() { Programs::None } else { Programs::Listed(listed) })
}

/// The variables that grants lend: the operator's value, else the host's own.
fn environment(
    (package, runtime): (&Package, Runtime),
    grants: &Grants,
    around: &Surroundings<'_>,
) -> Vec<(OsString, OsString)> {
    let mut lent: Vec<(OsString, OsString)> = Vec::new();
    let granted = |name: &str| {
        grants
            .of_kind(Kind::EnvironmentRead)
            .iter()
            .any(|grant| grant.capability().allows(Kind::EnvironmentRead, name))
    };
    for (name, value) in around.environment.iter().filter(|(name, _)| granted(name)) {
        lent.push((name.into(), value.clone()));
    }
    let host =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    for (name, value) in host.filter(|(name, _)| granted(name)) {
        if !lent.iter().any(|(known, _)| *known == *name) {
            lent.push((name.into(), value));
        }
    }
    if !package.python_path.is_empty() && package.protocol != Protocol::Actions {
        let path = std::env::join_paths(&package.python_path).unwrap_or_default();
        lent.push(("PYTHONPATH".into(), path));
    }
    // What a server says of its tools is compared with what it said before, and many print a
    // set there, whose order Python otherwise draws anew at every start.
    let is_server = package.protocol == Protocol::Mcp && runtime == Runtime::Python;
    if is_server && !lent.iter().any(|(name, _)| name == HASH_SEED) {
        lent.push((HASH_SEED.into(), hash_seed(package, around.home).into()));
    }
    lent
}

/// A command starts where it was typed when that is visible, so that relative
/// arguments mean the same; everything else starts in its own folder.
fn folder(package: &Package, exposed: &[Exposed]) -> Option<PathBuf> {
    let visible =
        |path: &Path| exposed.iter().any(|e| path.starts_with(&e.target)) && path.is_dir();
    let typed = std::env::current_dir().ok().and_then(|dir| std::fs::canonicalize(dir).ok());
    match &package.folder {
        Some(folder) => Some(folder.clone()).filter(|path| visible(path)),
        None => typed.filter(|path| visible(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_limits::Preset;
    use ringfence_permission::{AdmitRequest, Available, Consent, Consented, Policy, admit};
    use ringfence_types::{Capability, Digest};

    fn granted(kind: Kind, scope: &str) -> Admitted {
        let capability = Capability::new(kind, scope).unwrap();
        let digest = Digest::from_bytes([0; 32]);
        let consent = Consent::none().with(Consented {
            capability,
            by: "a person".to_owned(),
            at_ms: 0,
            expires_ms: None,
            digest,
        });
        admit(AdmitRequest {
            instance: &"one".parse().unwrap(),
            digest: &digest,
            declared: &[],
            inferred: true,
            policy: &Policy::default(),
            consent: &consent,
            available: &Available::built_in(),
            budget: Preset::Production.budget(),
            now_ms: 1,
        })
        .unwrap()
    }

    #[test]
    fn a_whole_home_folder_is_refused_when_the_home_is_a_link_too() {
        let folder = tempfile::tempdir().unwrap();
        let disk = std::fs::canonicalize(folder.path()).unwrap().join("disk");
        let home = folder.path().join("home");
        std::fs::create_dir(&disk).unwrap();
        std::os::unix::fs::symlink(&disk, &home).unwrap();
        let around = Surroundings {
            worker: None,
            environment: &[],
            search: OsStr::new(""),
            home: Path::new("/data/ringfence"),
            user_home: Some(&home),
            landlock: true,
        };
        assert!(refuse_wide(&disk, "the plugin's code", &around).is_err());
        assert!(refuse_wide(&disk.join("plugin"), "the plugin's code", &around).is_ok());
    }

    #[test]
    fn no_file_grant_reaches_our_own_keys_and_log_even_where_only_the_broker_serves_it() {
        let home = Path::new("/data/own/ringfence");
        let own = Some(Path::new("/data/own/ringfence/packages/aa"));
        for kind in [Kind::FilesRead, Kind::FilesWrite, Kind::FilesDelete] {
            for scope in [
                "/data/own/ringfence",
                "/data/own/ringfence/*",
                "/data/own/ringfence/keys/**",
                "/data/own/ringfence/keys/audit.ed25519",
                "/data/**",
                "/**",
            ] {
                let refused = refuse_own_folder(granted(kind, scope).grants(), own, home);
                assert!(refused.is_err(), "{kind} {scope}");
            }
            for scope in ["/data/own/*", "/data/own/other/**", "/data/own/ringfence2/**"] {
                let refused = refuse_own_folder(granted(kind, scope).grants(), own, home);
                assert!(refused.is_ok(), "{kind} {scope}");
            }
        }
    }

    #[test]
    fn a_package_in_the_home_may_read_its_own_files_and_nothing_else_there() {
        let home = Path::new("/home/ringfence");
        let own = Some(Path::new("/home/ringfence/packages/aa"));
        let refused = |kind, scope| refuse_own_folder(granted(kind, scope).grants(), own, home);
        for scope in ["/home/ringfence/packages/aa/**", "/home/ringfence/packages/aa/data/x"] {
            assert!(refused(Kind::FilesRead, scope).is_ok(), "{scope}");
            assert!(refused(Kind::FilesWrite, scope).is_err(), "{scope}");
            assert!(refused(Kind::FilesDelete, scope).is_err(), "{scope}");
        }
        for scope in ["/home/ringfence/packages/**", "/home/ringfence/packages/aab/**"] {
            assert!(refused(Kind::FilesRead, scope).is_err(), "{scope}");
        }
    }
}
