//! Plugins for the built-in engine: WebAssembly is compiled in a jail of its own,
//! once, and what came out is handed to a worker that starts in the plugin's jail.

use crate::error::RunError;
use crate::interrupt::Interrupt;
use crate::jailed::Jailed;
use crate::observer::Observer;
use crate::plain;
use crate::record::{Given, Recorder};
use ringfence_package::{Entry, Package, Runtime as PackageRuntime, WasmKind};
use ringfence_protocol::worker::{CodeKind, Sources, TAKE_TYPES_OUT};
use ringfence_sandbox::{Backend as _, Plan, Programs, Runtime, StartError};
use ringfence_sandbox_process::ProcessBackend;
use ringfence_sandbox_wasm::{
    CodeCache, CodeKey, JAVASCRIPT_ENGINE, Programs as WorkerPrograms, WasmError, compiler_budget,
    sealed,
};
use ringfence_types::UntrustedText;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most plugins whose native code stays in memory; others are read again.
const LOADED: usize = 64;
/// Most bytes of it: sealed memory is not given back under pressure.
const LOADED_BYTES: usize = 256 << 20;

/// What a plan needs to start a worker.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) program: PathBuf,
    /// Native code, and what it evaluates.
    pub(crate) code: Vec<Arc<OwnedFd>>,
    pub(crate) kind: CodeKind,
    /// Whether the kernel may move its memory to a disk.
    pub(crate) swaps: bool,
}

/// Programs and code of an engine.
pub(crate) struct BuiltIn {
    programs: WorkerPrograms,
    cache: CodeCache,
    loaded: Mutex<Loaded>,
}

/// Code that is in memory: each piece holds a descriptor of the host, and its bytes.
#[derive(Default)]
struct Loaded {
    codes: HashMap<CodeKey, (Arc<OwnedFd>, usize)>,
}

impl Loaded {
    /// Keeps a piece; without room the others go, which are read again.
    fn keep(&mut self, key: CodeKey, code: &Arc<OwnedFd>, bytes: usize) {
        let there: usize = self.codes.values().map(|(_, bytes)| bytes).sum();
        if self.codes.len() >= LOADED || there.saturating_add(bytes) > LOADED_BYTES {
            self.codes.clear();
        }
        if bytes <= LOADED_BYTES {
            self.codes.insert(key, (Arc::clone(code), bytes));
        }
    }
}

/// Who wants code, and who hears what happens meanwhile.
pub(crate) struct Wanted<'a> {
    pub(crate) backend: &'a ProcessBackend,
    pub(crate) recorder: &'a Recorder,
    pub(crate) interrupts: Vec<Interrupt>,
    pub(crate) observer: &'a mut dyn Observer,
}

/// What the compiler is asked for. Its answers are kept under the bytes that it was
/// given, which tell WebAssembly from sources.
#[derive(Clone, Copy)]
enum Work {
    Native,
    TakeTypesOut,
}

impl Work {
    /// What comes out, for the record.
    const fn made(self) -> &'static str {
        match self {
            Self::Native => "native code",
            Self::TakeTypesOut => "JavaScript without types",
        }
    }

    fn arguments(self) -> Vec<OsString> {
        match self {
            Self::Native => Vec::new(),
            Self::TakeTypesOut => vec![TAKE_TYPES_OUT.into()],
        }
    }
}

/// Hears of the time that compiling takes, and nothing else: what comes out is code.
struct Compiling<'a>(&'a mut dyn Observer);

impl Observer for Compiling<'_> {
    fn waiting(&mut self, elapsed: Duration) {
        self.0.compiling(elapsed);
    }
}

fn internal(error: &WasmError) -> RunError {
    RunError::Internal { what: error.to_string() }
}

/// A start that ends before there is code. The reason is the compiler's or speaks of
/// a file, so parts of it are the plugin's own text.
fn refused(path: &Path, reason: &str) -> RunError {
    RunError::Start(StartError::Program {
        program: UntrustedText::new(&path.display().to_string()).to_string(),
        reason: UntrustedText::new(reason).to_string(),
        help: None,
    })
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl BuiltIn {
    pub(crate) fn open(home: &Path) -> Result<Self, RunError> {
        Ok(Self {
            programs: WorkerPrograms::install(home).map_err(|error| internal(&error))?,
            cache: CodeCache::open(home).map_err(|error| internal(&error))?,
            loaded: Mutex::default(),
        })
    }

    /// The worker for a package; `None` when it needs none.
    pub(crate) fn worker(
        &self,
        package: &Package,
        mut wanted: Wanted<'_>,
    ) -> Result<Option<Worker>, RunError> {
        let Entry::File { path } = &package.entry else { return Ok(None) };
        let swaps = wanted.backend.machine().may_swap();
        let program = self.programs.worker.clone();
        let made = |code, kind| Ok(Some(Worker { program, code, kind, swaps }));
        if let Some(sources) =
            package.sources().map_err(|error| refused(path, &with_cause(&error)))?
        {
            let engine = self.made(Work::Native, JAVASCRIPT_ENGINE, path, &mut wanted)?;
            let typed = sources.has_types();
            let sources = Sources { entry: sources.entry, files: sources.files };
            let sources = sources.to_bytes().map_err(|error| refused(path, &error.to_string()))?;
            let sources = if typed {
                self.made(Work::TakeTypesOut, &sources, path, &mut wanted)?
            } else {
                Arc::new(sealed(&sources).map_err(|error| internal(&error))?)
            };
            return made(vec![engine, sources], CodeKind::JavaScript);
        }
        let kind = match (package.runtime, package.wasm) {
            (PackageRuntime::Wasm, Some(WasmKind::Plugin)) => CodeKind::Plugin,
            (PackageRuntime::Wasm, Some(WasmKind::Program)) => CodeKind::Program,
            (PackageRuntime::Wasm, Some(WasmKind::Module)) => CodeKind::Module,
            _ => return Ok(None),
        };
        let wasm = package.webassembly().map_err(|error| refused(path, &with_cause(&error)))?;
        let Some(wasm) = wasm else { return Ok(None) };
        made(vec![self.made(Work::Native, &wasm, path, &mut wanted)?], kind)
    }

    /// What the compiler makes of `given`: of this process, of the cache, or made now.
    fn made(
        &self,
        work: Work,
        given: &[u8],
        path: &Path,
        wanted: &mut Wanted<'_>,
    ) -> Result<Arc<OwnedFd>, RunError> {
        let key = CodeKey::of(work.made(), given);
        let loaded = || self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((code, _)) = loaded().codes.get(&key) {
            return Ok(Arc::clone(code));
        }
        let of = Given { made: work.made(), digest: key.source(), bytes: given.len() };
        let code = match self.cache.get(key).map_err(|error| internal(&error))? {
            Some(code) => {
                wanted.recorder.taken_from_cache(&of, code.len())?;
                code
            }
            None => {
                let code = self.compile(work, given, &of, path, wanted)?;
                // Without room on the disk it is compiled again next time.
                let _ = self.cache.put(key, &code);
                code
            }
        };
        let bytes = code.len();
        let code = Arc::new(sealed(&code).map_err(|error| internal(&error))?);
        loaded().keep(key, &code, bytes);
        Ok(code)
    }

    fn compile(
        &self,
        work: Work,
        given: &[u8],
        of: &Given,
        path: &Path,
        wanted: &mut Wanted<'_>,
    ) -> Result<Vec<u8>, RunError> {
        let plan = Plan {
            runtime: Runtime::Command,
            program: self.programs.compiler.clone(),
            arguments: work.arguments(),
            environment: Vec::new(),
            folder: None,
            exposed: Vec::new(),
            files: Vec::new(),
            programs: Programs::None,
            just_in_time_compiler: false,
            control: false,
            network: false,
            published: Vec::new(),
            datagrams: Vec::new(),
            trusted: None,
            code: vec![Arc::new(sealed(given).map_err(|error| internal(&error))?)],
            long_lived: false,
            budget: compiler_budget(),
        };
        // The plugin's own jailer may be there for one jail only.
        let backend = wanted.backend.another();
        let running = backend.start(&plan)?;
        let mut jailed = Jailed::new(
            running,
            plan.budget.clone(),
            wanted.recorder.clone(),
            wanted.interrupts.clone(),
            None,
        )?;
        let compiled = plain::run(&mut jailed, b"", &mut Compiling(&mut *wanted.observer));
        let (_, usage) = jailed.finish();
        let compiled = compiled.map_err(|error| match error {
            RunError::Status { stderr, .. } => {
                refused(path, stderr.lines().next().unwrap_or("it cannot be compiled"))
            }
            RunError::Timeout { .. } | RunError::Resource { .. } | RunError::Crash { .. } => {
                refused(path, &format!("it cannot be compiled: {error}"))
            }
            other => other,
        });
        let outcome = compiled.as_ref().map(Vec::len).map_err(ToString::to_string);
        wanted.recorder.compiled(of, outcome, &usage)?;
        compiled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_memory_is_bounded_in_pieces_and_in_bytes() {
        let mut loaded = Loaded::default();
        let code = Arc::new(sealed(b"code").unwrap());
        for number in 0..1000_u32 {
            loaded.keep(CodeKey::of("code", &number.to_be_bytes()), &code, 1);
            assert!(loaded.codes.len() <= LOADED);
        }
        for number in 0..10_u32 {
            loaded.keep(CodeKey::of("code", &number.to_be_bytes()), &code, LOADED_BYTES / 3);
            assert!(loaded.codes.values().map(|(_, bytes)| bytes).sum::<usize>() <= LOADED_BYTES);
        }
        loaded.keep(CodeKey::of("code", b"large"), &code, LOADED_BYTES + 1);
        assert!(loaded.codes.is_empty());
    }
}
