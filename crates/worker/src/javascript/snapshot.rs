//! A state of an instance, and the way back to it.

use super::pages::{PAGE, Pages};
use std::sync::Arc;
use wasmtime::unix::StoreExt;
use wasmtime::{AsContextMut, Global, Instance, Memory, Module, Mutability, Store, Val};

/// More pages than this are not remembered over calls (4 MiB): to copy what one call
/// wrote after every later one would cost more than to learn anew.
const MOST_REMEMBERED: usize = 1024;
/// Calls after which the remembered pages are learned anew, so that those of one odd
/// call are forgotten: few pages cost little to copy and are kept long.
const FEW_PAGES: usize = 64;
const CALLS_WITH_FEW: u32 = 4096;
const CALLS_WITH_MANY: u32 = 64;

/// Memory and mutable globals of an instance at one moment.
pub struct Snapshot {
    /// Up to the last byte that is not zero, in whole pages; never less than the
    /// module begins with.
    image: Box<[u8]>,
    /// Bytes of the memory.
    size: usize,
    /// Values of the mutable globals, in the order of the exports.
    globals: Vec<Val>,
}

impl Snapshot {
    /// Bytes of the memory.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size as u64
    }
}

/// What of an instance can be put back: everything, if `verify` passed its module.
pub struct Resettable {
    memory: Memory,
    globals: Vec<Global>,
    pages: Option<Arc<Pages>>,
    calls: u32,
}

impl Resettable {
    /// The memory and the mutable globals that `instance` exports. None when it has
    /// not exactly one memory.
    pub fn of<T: 'static>(
        store: &mut Store<T>,
        module: &Module,
        instance: &Instance,
    ) -> Option<Self> {
        let mut memories = module.exports().filter(|export| export.ty().memory().is_some());
        let name = memories.next()?.name();
        if memories.next().is_some() {
            return None;
        }
        let memory = instance.get_memory(store.as_context_mut(), name)?;
        let names = module.exports().filter(|export| {
            export.ty().global().is_some_and(|global| global.mutability() == Mutability::Var)
        });
        let mut globals = Vec::new();
        for export in names {
            globals.push(instance.get_global(store.as_context_mut(), export.name())?);
        }
        Some(Self { memory, globals, pages: None, calls: 0 })
    }

    /// The memory.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Bytes that a snapshot would take now, and bytes of the memory.
    pub fn used<T: 'static>(&self, store: &mut Store<T>) -> (u64, u64) {
        let least = usize::try_from(self.memory.ty(&*store).minimum()).unwrap_or(usize::MAX);
        let data = self.memory.data(&*store);
        let used = data.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let least = least.saturating_mul(WASM_PAGE).max(used);
        (least.next_multiple_of(PAGE).min(data.len()) as u64, data.len() as u64)
    }

    /// Takes the snapshot, grows the memory to `size` bytes and begins to watch. From
    /// here on the memory must not grow, and the host asks [`Guard::writable`] before
    /// it writes.
    ///
    /// # Errors
    /// There is no memory, or the kernel would not protect it.
    pub fn freeze<T: 'static>(
        &mut self,
        store: &mut Store<T>,
        size: u64,
    ) -> std::io::Result<Snapshot> {
        let end = usize::try_from(self.used(store).0).unwrap_or(usize::MAX);
        let data = self.memory.data(&*store);
        let image = data.get(..end).unwrap_or(data).into();
        // What is added is zero and is not looked at, so that it takes no memory.
        self.grow_to(store, usize::try_from(size).unwrap_or(usize::MAX))?;
        let size = self.memory.data_size(&*store);
        let globals = self.globals.iter().map(|global| global.get(store.as_context_mut()));
        let snapshot = Snapshot { image, size, globals: globals.collect() };
        self.watch(store)?;
        Ok(snapshot)
    }

    /// Makes a new instance of the same module what the snapshot says, and watches it.
    ///
    /// # Errors
    /// It cannot have as much memory, or the kernel would not protect it.
    pub fn adopt<T: 'static>(
        &mut self,
        store: &mut Store<T>,
        snapshot: &Snapshot,
    ) -> std::io::Result<()> {
        // What a new instance has beyond the image is zero, as it is in the snapshot.
        self.grow_to(store, snapshot.size)?;
        let data = self.memory.data_mut(store.as_context_mut());
        let Some(start) = data.get_mut(..snapshot.image.len()) else { return Err(no_memory()) };
        start.copy_from_slice(&snapshot.image);
        self.put_globals(store, snapshot);
        self.watch(store)
    }

    fn grow_to<T: 'static>(&self, store: &mut Store<T>, size: usize) -> std::io::Result<()> {
        let missing = size.saturating_sub(self.memory.data_size(&*store));
        let more = u64::try_from(missing.div_ceil(WASM_PAGE)).unwrap_or(u64::MAX);
        match self.memory.grow(store.as_context_mut(), more) {
            Ok(_) => Ok(()),
            Err(_) => Err(no_memory()),
        }
    }

    fn watch<T: 'static>(&mut self, store: &mut Store<T>) -> std::io::Result<()> {
        let base = self.memory.data_ptr(&*store).cast_const();
        base.expose_provenance();
        let pages = Arc::new(Pages::protect(base, self.memory.data_size(&*store))?);
        let seen = Arc::clone(&pages);
        #[expect(unsafe_code, reason = "installs what runs in a signal")]
        // SAFETY: needed because a first write is told by a signal. The handler only
        // reads the description of the fault, touches atomics and calls mprotect, all
        // of which may be done in a signal; it does not allocate, lock or unwind. The
        // kernel's `siginfo` is valid while it runs, and `si_addr` is set for SIGSEGV.
        // The handler belongs to this store and answers for addresses of its memory
        // only; everything else stays the runtime's.
        unsafe {
            store.set_signal_handler(move |signal, info, _| {
                signal == libc::SIGSEGV
                    && (*info).si_code == SEGV_ACCERR
                    && seen.fault((*info).si_addr().addr())
            });
        }
        self.pages = Some(pages);
        Ok(())
    }

    /// What the host asks before it writes.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard(self.pages.clone())
    }

    /// Puts back what was written. False when that could not be done; the instance is
    /// then of no use.
    #[must_use]
    pub fn reset<T: 'static>(&mut self, store: &mut Store<T>, snapshot: &Snapshot) -> bool {
        let Some(pages) = self.pages.as_ref() else { return false };
        let data = self.memory.data_mut(store.as_context_mut());
        if data.len() != snapshot.size {
            return false;
        }
        let written = pages.written_count();
        for page in pages.written() {
            let start = page * PAGE;
            let Some(bytes) = data.get_mut(start..start + PAGE) else { return false };
            match snapshot.image.get(start..start + PAGE) {
                Some(image) => bytes.copy_from_slice(image),
                None => bytes.fill(0),
            }
        }
        self.calls += 1;
        let few = written <= FEW_PAGES;
        if written > MOST_REMEMBERED {
            give_back(data, snapshot.image.len(), pages);
        }
        if written > MOST_REMEMBERED
            || self.calls >= if few { CALLS_WITH_FEW } else { CALLS_WITH_MANY }
        {
            self.calls = 0;
            if pages.forget().is_err() {
                return false;
            }
        }
        self.put_globals(store, snapshot);
        true
    }

    fn put_globals<T: 'static>(&self, store: &mut Store<T>, snapshot: &Snapshot) {
        for (global, value) in self.globals.iter().zip(&snapshot.globals) {
            // The type is the one it was read with.
            let _ = global.set(store.as_context_mut(), *value);
        }
    }

    /// Whether memory and globals are those of the snapshot; for tests.
    #[must_use]
    pub fn equals<T: 'static>(&self, store: &mut Store<T>, snapshot: &Snapshot) -> bool {
        let data = self.memory.data(&*store);
        let (start, rest) = data.split_at(snapshot.image.len().min(data.len()));
        let same = data.len() == snapshot.size
            && *start == *snapshot.image
            && rest.iter().all(|&byte| byte == 0);
        let mut globals = self.globals.iter().zip(&snapshot.globals);
        same && globals
            .all(|(global, value)| same_value(global.get(store.as_context_mut()), *value))
    }

    /// How many pages are put back after a call, of how many; for tests and figures.
    #[must_use]
    pub fn pages(&self) -> (usize, usize) {
        self.pages.as_ref().map_or((0, 0), |pages| (pages.written_count(), pages.count()))
    }

    /// Lifts the protection, for whoever frees the memory.
    pub fn release(&mut self) {
        if let Some(pages) = self.pages.take() {
            // Memory that stays protected is freed as well.
            let _ = pages.release();
        }
    }
}

/// Knows of what the host writes to a memory that is watched.
#[derive(Default, Clone)]
pub struct Guard(Option<Arc<Pages>>);

impl Guard {
    /// To be asked before the host writes to `length` bytes at `start`. False when they
    /// are not all in the memory.
    #[must_use]
    pub fn writable(&self, start: usize, length: usize) -> bool {
        let Some(end) = start.checked_add(length) else { return false };
        self.0.as_ref().is_none_or(|pages| pages.write(start..end))
    }
}

/// Bytes of a page of WebAssembly.
const WASM_PAGE: usize = 64 * 1024;

fn no_memory() -> std::io::Error {
    std::io::ErrorKind::OutOfMemory.into()
}

/// The fault was one of protection, not of absence (asm-generic/siginfo.h).
const SEGV_ACCERR: i32 = 2;

/// Gives memory that is zero again back to the system.
fn give_back(data: &mut [u8], image: usize, pages: &Pages) {
    let Some(rest) = data.get_mut(image..) else { return };
    if rest.is_empty() || !pages.written().any(|page| page * PAGE >= image) {
        return;
    }
    #[expect(unsafe_code, reason = "drops pages")]
    // SAFETY: needed so that one large call does not cost its memory for ever. The
    // range is memory of the guest beyond what its module begins with, which the
    // runtime maps as private anonymous memory: dropped pages read as zero, and zero
    // is what they were just set to, or never written. We hold it exclusively.
    unsafe {
        let _ = rustix::mm::madvise(
            rest.as_mut_ptr().cast(),
            rest.len(),
            rustix::mm::Advice::LinuxDontNeed,
        );
    }
}

/// Equality of the bits, so that a NaN equals itself.
fn same_value(one: Val, other: Val) -> bool {
    match (one, other) {
        (Val::I32(one), Val::I32(other)) => one == other,
        (Val::I64(one), Val::I64(other)) => one == other,
        (Val::F32(one), Val::F32(other)) => one == other,
        (Val::F64(one), Val::F64(other)) => one == other,
        (Val::V128(one), Val::V128(other)) => one.as_u128() == other.as_u128(),
        _ => false,
    }
}
