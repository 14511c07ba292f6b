//! Finds the real program behind a name, a `#!` line or a version shim.

use ringfence_sandbox::Runtime;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why no program was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterpreterError {
    /// Nothing of that name on the search path.
    #[error("`{name}` is not installed: no such program in PATH")]
    NotFound {
        /// What was looked for.
        name: String,
    },
    /// The file is there but is no program.
    #[error("`{path}` is not a program")]
    NotAProgram {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `#!` lines that name each other.
    #[error("`{path}` has more than {MAX_SCRIPTS} interpreters in a row")]
    TooDeep {
        /// The first script.
        path: PathBuf,
    },
}

/// How many `#!` lines are followed; the kernel follows 5.
const MAX_SCRIPTS: usize = 4;

/// A native program and the arguments that a script put in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program as it should be called: absolute, but a link such as the
    /// `python` of a virtual environment stays a link, since it finds its
    /// packages by its own name.
    pub program: PathBuf,
    /// The file behind it.
    pub file: PathBuf,
    /// Arguments from `#!` lines and scripts, to stand before the caller's own.
    pub arguments: Vec<OsString>,
    /// What it is.
    pub runtime: Runtime,
    /// Folder that holds its library, when that is outside the system's folders.
    pub prefix: Option<PathBuf>,
}

impl Interpreter {
    /// Finds the native program behind `name`, which is a path when it has a
    /// slash and else a name on `search`.
    ///
    /// # Errors
    /// When there is none.
    pub fn resolve(name: &OsStr, search: &OsStr) -> Result<Self, InterpreterError> {
        let first = find_program(name, search)?;
        let mut program = first.clone();
        let mut arguments: Vec<OsString> = Vec::new();
        for _ in 0..=MAX_SCRIPTS {
            let head = head_of(&program)?;
            if head.starts_with(b"\x7fELF") {
                return Self::native(program, arguments);
            }
            let Some(line) = head.strip_prefix(b"#!") else {
                return Err(InterpreterError::NotAProgram { path: program });
            };
            let (interpreter, option) = split_line(line);
            if let Some(real) = behind_shim(&program, search) {
                program = real;
                continue;
            }
            let script = program;
            if interpreter.as_bytes().ends_with(b"/env") {
                let mut words = env_words(&option);
                if words.is_empty() {
                    return Err(InterpreterError::NotAProgram { path: script });
                }
                let name = words.remove(0);
                program = find_program(&name, search)?;
                words.push(script.into_os_string());
                words.append(&mut arguments);
                arguments = words;
            } else {
                program = find_program(&interpreter, search)?;
                let mut front: Vec<OsString> = Vec::new();
                if !option.is_empty() {
                    front.push(option);
                }
                front.push(script.into_os_string());
                front.append(&mut arguments);
                arguments = front;
            }
        }
        Err(InterpreterError::TooDeep { path: first })
    }

    fn native(program: PathBuf, arguments: Vec<OsString>) -> Result<Self, InterpreterError> {
        let file = std::fs::canonicalize(&program)
            .map_err(|source| InterpreterError::Unreadable { path: program.clone(), source })?;
        let runtime = runtime_of(&file);
        let prefix = match runtime {
            Runtime::Node | Runtime::Python => own_prefix(&file),
            Runtime::Command => None,
        };
        Ok(Self { program, file, arguments, runtime, prefix })
    }
}

/// `<prefix>/bin/program` with its library in `<prefix>/lib`, outside the system.
fn own_prefix(file: &Path) -> Option<PathBuf> {
    let prefix = file.parent().filter(|bin| bin.ends_with("bin"))?.parent()?;
    let system = ["/", "/usr", "/usr/local"];
    if system.iter().any(|folder| prefix == Path::new(folder)) {
        return None;
    }
    // Only a language's own installation, never `~/lib` beside `~/bin`; and only
    // what is there itself: a package can bring a `bin/node` with a link `lib`
    // to the project around it, which has `node_modules` too.
    let lib = prefix.join("lib");
    if !std::fs::symlink_metadata(&lib).ok()?.is_dir() {
        return None;
    }
    let is_language = std::fs::read_dir(&lib).ok()?.flatten().any(|entry| {
        let name = entry.file_name();
        name == "node_modules" || name.as_bytes().starts_with(b"python")
    });
    is_language.then(|| prefix.to_owned())
}

fn runtime_of(file: &Path) -> Runtime {
    let name = file.file_name().unwrap_or_default().as_bytes();
    let is = |word: &[u8]| {
        name.strip_prefix(word).is_some_and(|rest| {
            rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.' || *byte == b'-')
        })
    };
    if is(b"node") || is(b"nodejs") {
        Runtime::Node
    } else if is(b"python") {
        Runtime::Python
    } else {
        Runtime::Command
    }
}

/// The absolute path of a program, as it should be called.
///
/// # Errors
/// When there is no such executable file.
pub fn find_program(name: &OsStr, search: &OsStr) -> Result<PathBuf, InterpreterError> {
    let not_found = || InterpreterError::NotFound { name: name.to_string_lossy().into_owned() };
    if name.as_bytes().contains(&b'/') {
        let path = std::path::absolute(name).map_err(|_| not_found())?;
        return if is_executable(&path) { Ok(path) } else { Err(not_found()) };
    }
    std::env::split_paths(search)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| is_executable(path))
        .ok_or_else(not_found)
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A version manager's shim is a script that finds the real program by asking
/// the environment, which a jail does not have: take the next native program of
/// that name, or ask the shim once.
///
/// Asking starts it outside of any jail. So only what the operator's own search
/// path holds is asked: a package can bring a folder called `shims` too. And it
/// is asked in `/`, since version managers read settings from where they are
/// started, which may be the package's folder.
fn behind_shim(script: &Path, search: &OsStr) -> Option<PathBuf> {
    let folder = script.parent().filter(|folder| folder.ends_with("shims"))?;
    let name = script.file_name()?;
    let folders = || std::env::split_paths(search).filter(|folder| folder.is_absolute());
    if !folders().any(|searched| searched == folder) {
        return None;
    }
    if runtime_of(script) == Runtime::Python {
        let output = std::process::Command::new(script)
            .args(["-I", "-c", "import sys; sys.stdout.write(sys.executable)"])
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        let path = PathBuf::from(OsString::from_vec(output.stdout));
        if path.is_absolute() && is_executable(&path) && path != script {
            return Some(path);
        }
    }
    folders()
        .map(|folder| folder.join(name))
        .find(|path| path != script && is_executable(path) && is_native(path))
}

fn is_native(path: &Path) -> bool {
    head_of(path).is_ok_and(|head| head.starts_with(b"\x7fELF"))
}

/// The first line or 256 bytes, as much as the kernel looks at.
fn head_of(path: &Path) -> Result<Vec<u8>, InterpreterError> {
    let unreadable = |source| InterpreterError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::with_capacity(256);
    file.take(256).read_to_end(&mut head).map_err(unreadable)?;
    Ok(head)
}

/// Interpreter and the one optional argument of a `#!` line.
fn split_line(line: &[u8]) -> (OsString, OsString) {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or(&[]).trim_ascii();
    let at = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (program, option) = line.split_at_checked(at).unwrap_or((line, &[]));
    (OsStr::from_bytes(program).to_owned(), OsStr::from_bytes(option.trim_ascii()).to_owned())
}

/// `env [-S] program [arguments]`.
fn env_words(option: &OsStr) -> Vec<OsString> {
    option
        .as_bytes()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty() && *word != b"-S" && *word != b"--split-string")
        .map(|word| OsStr::from_bytes(word.strip_prefix(b"-S").unwrap_or(word)).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> OsString {
        std::env::var_os("PATH").unwrap()
    }

    #[test]
    fn a_script_resolves_to_its_native_interpreter_with_the_script_as_argument() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("tool");
        std::fs::write(&script, "#!/usr/bin/env -S sh -e\necho hi\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = Interpreter::resolve(script.as_os_str(), &path()).unwrap();
        assert!(is_native(&found.file));
        assert_eq!(found.arguments, ["-e".into(), script.into_os_string()]);
    }

    /// A `shims/python3` that leaves a file behind when it is started.
    fn telltale_shim(folder: &Path) -> (PathBuf, PathBuf) {
        let (shims, mark) = (folder.join("shims"), folder.join("was-started"));
        std::fs::create_dir(&shims).unwrap();
        let shim = shims.join("python3");
        let text = format!("#!/bin/sh\npwd > '{}'\nprintf /bin/true\n", mark.display());
        std::fs::write(&shim, text).unwrap();
        std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o755)).unwrap();
        (shim, mark)
    }

    #[test]
    fn a_shims_folder_of_a_package_is_never_started_on_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let (shim, mark) = telltale_shim(folder.path());
        let named_by = folder.path().join("python");
        std::fs::write(&named_by, format!("#!{}\n", shim.display())).unwrap();
        std::fs::set_permissions(&named_by, std::fs::Permissions::from_mode(0o755)).unwrap();
        for program in [&shim, &named_by] {
            let found = Interpreter::resolve(program.as_os_str(), &path()).unwrap();
            assert_eq!(found.file, std::fs::canonicalize("/bin/sh").unwrap());
        }
        assert!(!mark.exists());
    }

    #[test]
    fn a_shim_of_the_operators_search_path_is_asked_in_the_root_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (shim, mark) = telltale_shim(folder.path());
        let search = shim.parent().unwrap().as_os_str();
        let found = Interpreter::resolve(OsStr::new("python3"), search).unwrap();
        assert_eq!(found.program, Path::new("/bin/true"));
        assert_eq!(std::fs::read_to_string(mark).unwrap(), "/\n");
    }

    #[test]
    fn the_library_of_an_interpreter_is_never_a_link_to_somewhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let project = std::fs::canonicalize(folder.path()).unwrap();
        let prefix = project.join("plugin");
        std::fs::create_dir_all(project.join("node_modules")).unwrap();
        std::fs::create_dir_all(prefix.join("bin")).unwrap();
        let node = prefix.join("bin/node");
        std::fs::copy("/bin/true", &node).unwrap();
        std::os::unix::fs::symlink("..", prefix.join("lib")).unwrap();
        let resolve = || Interpreter::resolve(node.as_os_str(), OsStr::new("")).unwrap();
        assert_eq!(resolve().prefix, None);
        std::fs::remove_file(prefix.join("lib")).unwrap();
        std::fs::create_dir_all(prefix.join("lib/node_modules")).unwrap();
        assert_eq!(resolve().prefix, Some(prefix));
    }

    #[test]
    fn scripts_that_name_each_other_do_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        for (file, other) in [(&a, &b), (&b, &a)] {
            std::fs::write(file, format!("#!{}\n", other.display())).unwrap();
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert!(matches!(
            Interpreter::resolve(a.as_os_str(), &path()),
            Err(InterpreterError::TooDeep { .. })
        ));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Interpreter::resolve(OsStr::new("no-such-program-x"), &path()).unwrap_err();
        assert!(error.to_string().contains("no-such-program-x"));
    }

    #[test]
    fn python_and_node_are_known_by_their_file_names_only_when_those_fit() {
        assert_eq!(runtime_of(Path::new("/usr/bin/python3.11")), Runtime::Python);
        assert_eq!(runtime_of(Path::new("/usr/bin/node")), Runtime::Node);
        assert_eq!(runtime_of(Path::new("/usr/bin/nodetool")), Runtime::Command);
    }
}
