//! A state of an instance, and the way back to it.

use super::pages::{PAGE, Pages};
use std::sync::Arc;
use wasmtime::unix::StoreExt;
use wasmtime::{AsContextMut, Global, Instance, Linker, Memory, Module, Mutability, Store, Val};

/// More pages than this are not remembered over calls (4 MiB): to copy what one call
/// wrote after every later one would cost more than to learn anew.
const MOST_REMEMBERED: usize = 1024;
/// Calls after which the remembered pages are learned anew, so that those of one odd
/// call are forgotten: few pages cost little to copy and are kept long.
const FEW_PAGES: usize = 64;
const CALLS_WITH_FEW: u32 = 4096;
const CALLS_WITH_MANY: u32 = 64;

/// What an instance of a module begins with: one that nobody calls. Its memory is the
/// file of the native code, mapped, so that it takes none for itself and is one for
/// all processes that have this code.
pub struct Base {
    store: Store<()>,
    memory: Memory,
}

impl Base {
    /// What `module` begins with.
    ///
    /// # Errors
    /// It has not exactly one memory, or there is no room for it.
    pub fn of(module: &Module) -> wasmtime::Result<Self> {
        let mut store = Store::new(module.engine(), ());
        store.set_epoch_deadline(1);
        let mut linker = Linker::new(module.engine());
        linker.define_unknown_imports_as_traps(module)?;
        let instance = linker.instantiate(&mut store, module)?;
        let memory = Resettable::of(&mut store, module, &instance)
            .ok_or_else(|| wasmtime::Error::msg("it has not exactly one memory"))?
            .memory();
        Ok(Self { store, memory })
    }

    fn data(&self) -> &[u8] {
        self.memory.data(&self.store)
    }
}

/// Memory and mutable globals of an instance at one moment.
pub struct Snapshot {
    base: Base,
    /// For each page up to the last one that is not zero or that the module begins
    /// with: which of `copies` it is, or [`Snapshot::SAME`] for what it begins with.
    pages: Box<[u32]>,
    /// The pages that differ from those that the module begins with.
    copies: Box<[[u8; PAGE]]>,
    /// Bytes of the memory.
    size: usize,
    /// Values of the mutable globals, in the order of the exports.
    globals: Vec<Val>,
}

impl Snapshot {
    const SAME: u32 = u32::MAX;

    /// What a page holds; nothing for zeros.
    fn page(&self, page: usize) -> Option<&[u8]> {
        match self.pages.get(page) {
            None => None,
            Some(&Self::SAME) => self.base.data().get(page * PAGE..(page + 1) * PAGE),
            Some(&copy) => self.copies.get(copy as usize).map(<[u8; PAGE]>::as_slice),
        }
    }

    /// How many pages differ from what the module begins with; for figures.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.copies.len()
    }

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

    /// Clears the first `length` bytes of memory, which nothing reads any more: pages
    /// that hold a stack between two calls would be part of every snapshot.
    pub fn clear<T: 'static>(&self, store: &mut Store<T>, length: usize) {
        let whole = length / PAGE * PAGE;
        let data = self.memory.data_mut(store.as_context_mut());
        let Some(dead) = data.get_mut(..whole) else { return };
        for page in dead.chunks_mut(PAGE).filter(|page| **page != ZEROS) {
            page.fill(0);
        }
        drop_pages(dead);
    }

    /// The pages that differ from what the module begins with, and how many pages
    /// that and these are.
    fn changed<T: 'static>(&self, store: &Store<T>, base: &Base) -> (Vec<usize>, usize) {
        let (now, begin) = (self.memory.data(store), base.data());
        let begins = begin.chunks(PAGE).map(Some).chain(std::iter::repeat(None));
        let changed: Vec<usize> = now
            .chunks(PAGE)
            .zip(begins)
            .enumerate()
            .filter(|(_, (now, begin))| begin.map_or_else(|| *now != ZEROS, |begin| *now != begin))
            .map(|(page, _)| page)
            .collect();
        let end = changed.last().map_or(0, |last| last + 1);
        (changed, end.max(begin.len() / PAGE))
    }

    /// Bytes that a snapshot would take now, and bytes of the memory.
    pub fn used<T: 'static>(&self, store: &Store<T>, base: &Base) -> (u64, u64) {
        let (changed, _) = self.changed(store, base);
        ((changed.len() * PAGE) as u64, self.memory.data_size(store) as u64)
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
        base: Base,
        size: u64,
    ) -> std::io::Result<Snapshot> {
        let (changed, end) = self.changed(store, &base);
        let mut pages = vec![Snapshot::SAME; end].into_boxed_slice();
        let mut copies = Vec::with_capacity(changed.len());
        let data = self.memory.data(&*store);
        for page in changed {
            let bytes = data.get(page * PAGE..).and_then(<[u8]>::first_chunk::<PAGE>);
            let (Some(bytes), Some(entry)) = (bytes, pages.get_mut(page)) else {
                return Err(no_memory());
            };
            *entry = u32::try_from(copies.len()).map_err(|_| no_memory())?;
            copies.push(*bytes);
        }
        // What is added is zero and is not looked at, so that it takes no memory.
        self.grow_to(store, usize::try_from(size).unwrap_or(usize::MAX))?;
        let size = self.memory.data_size(&*store);
        let globals = self.globals.iter().map(|global| global.get(store.as_context_mut()));
        let globals = globals.collect();
        let snapshot = Snapshot { base, pages, copies: copies.into_boxed_slice(), size, globals };
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
        // What a new instance has beyond what it begins with is zero, as it is in the
        // snapshot.
        self.grow_to(store, snapshot.size)?;
        let data = self.memory.data_mut(store.as_context_mut());
        for (page, &copy) in snapshot.pages.iter().enumerate() {
            let Some(copy) = snapshot.copies.get(copy as usize) else { continue };
            let bytes = data.get_mut(page * PAGE..(page + 1) * PAGE).ok_or_else(no_memory)?;
            bytes.copy_from_slice(copy);
        }
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
            match snapshot.page(page) {
                Some(image) => bytes.copy_from_slice(image),
                None => bytes.fill(0),
            }
        }
        self.calls += 1;
        let few = written <= FEW_PAGES;
        if written > MOST_REMEMBERED {
            give_back(data, snapshot.pages.len() * PAGE, pages);
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
        let same = data.len() == snapshot.size
            && data
                .chunks(PAGE)
                .enumerate()
                .all(|(page, now)| now == snapshot.page(page).unwrap_or(&ZEROS));
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

const ZEROS: [u8; PAGE] = [0; PAGE];

fn no_memory() -> std::io::Error {
    std::io::ErrorKind::OutOfMemory.into()
}

/// The fault was one of protection, not of absence (asm-generic/siginfo.h).
const SEGV_ACCERR: i32 = 2;

/// Gives memory that is zero again back to the system.
fn give_back(data: &mut [u8], image: usize, pages: &Pages) {
    if pages.written().any(|page| page * PAGE >= image)
        && let Some(rest) = data.get_mut(image..)
    {
        drop_pages(rest);
    }
}

/// Drops whole pages, of which the caller has set every byte to zero.
fn drop_pages(bytes: &mut [u8]) {
    #[expect(unsafe_code, reason = "drops pages")]
    // SAFETY: needed so that what was used once does not cost its memory for ever. The
    // range is memory of the guest, which the runtime maps private: dropped pages read
    // as what the module begins with, zero where it begins with nothing. We hold it
    // exclusively, and every byte of such a page is a valid byte.
    unsafe {
        let _ = rustix::mm::madvise(
            bytes.as_mut_ptr().cast(),
            bytes.len(),
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
