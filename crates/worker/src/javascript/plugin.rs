//! A plugin in the engine, from its source to its calls.

use super::api::{Error, Host, Sources};
use super::instance::Instance;
use super::snapshot::{Base, Snapshot};
use wasmtime::Module;

/// The most actions and the longest name are the runner's: see `sdk/node/runner.cjs`.
const MAX_ACTIONS: usize = 256;

/// A plugin in the engine, with the host that answers it.
pub struct JavaScript<H: Host> {
    module: Module,
    /// Until the snapshot has it.
    base: Option<Base>,
    actions: Vec<String>,
    snapshot: Option<Snapshot>,
    stateful: bool,
    // None while it is being replaced: after a trap, between two calls.
    instance: Option<Instance<H>>,
    host: Option<H>,
    left: Left,
}

/// What a call has left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing that has to go.
    Nothing,
    /// Pages and globals of its own.
    Written,
    /// An instance that stopped somewhere.
    Broken,
}

impl<H: Host> JavaScript<H> {
    /// An instance that is ready for a plugin, as the module is.
    ///
    /// # Errors
    /// [`Error::Engine`]: `module` is not the engine, or there is no memory for it.
    pub fn load(module: Module, host: H) -> Result<Self, Error> {
        let instance = Instance::new(&module, host).map_err(|(error, _)| error)?;
        let base = Base::of(&module).map_err(|error| Error::Engine(format!("{error:#}")))?;
        Ok(Self {
            module,
            base: Some(base),
            actions: Vec::new(),
            snapshot: None,
            stateful: false,
            instance: Some(instance),
            host: None,
            left: Left::Nothing,
        })
    }

    /// Whether calls keep the state of those before them. A call that is stopped or
    /// traps loses it: the next begins with the snapshot. To be said before
    /// [`initialise`](Self::initialise): what is there after it is never freed, unless
    /// calls keep their state.
    pub fn keep_state(&mut self, keep: bool) {
        self.stateful = keep;
    }

    /// Evaluates a plugin, once, and keeps what came of it as the state in which every
    /// call begins. Returns the names of its actions.
    ///
    /// # Errors
    /// [`Error::Plugin`] with what the plugin threw; the other kinds as for
    /// [`call`](Self::call). The instance is used up by an error.
    pub fn initialise(&mut self, sources: &Sources<'_>) -> Result<Vec<String>, Error> {
        let (Some(instance), Some(base)) = (self.instance.as_mut(), self.base.take()) else {
            return Err(Error::Engine("a plugin was initialised before".into()));
        };
        instance.limit(sources.memory);
        let outcome = instance.initialise(&sources.to_json(self.stateful));
        let frozen = outcome.and_then(|names| Ok((names, instance.freeze(base, sources.memory)?)));
        let (names, snapshot) = frozen.inspect_err(|_| self.discard())?;
        self.actions = serde_json::from_slice(&names)
            .map_err(|error| Error::Engine(format!("the engine names its actions: {error}")))?;
        self.actions.truncate(MAX_ACTIONS);
        self.snapshot = Some(snapshot);
        Ok(self.actions.clone())
    }

    /// Runs an action from the snapshot. `input` and the result are JSON.
    ///
    /// # Errors
    /// - [`Error::NoAction`]: the plugin has none of that name.
    /// - [`Error::Plugin`]: what the action threw.
    /// - [`Error::Stopped`]: what the host said at an epoch or in a request.
    /// - [`Error::Memory`]: the heap was full.
    /// - [`Error::Trap`]: the engine itself failed; always a reason to look.
    pub fn call(&mut self, action: &str, input: &str) -> Result<String, Error> {
        let outcome = self.run(action, input);
        self.settle();
        outcome
    }

    /// As [`JavaScript::call`], but what the action leaves stays until
    /// [`JavaScript::settle`] or the next call, which finds none of it either way.
    ///
    /// # Errors
    /// As [`JavaScript::call`].
    pub fn run(&mut self, action: &str, input: &str) -> Result<String, Error> {
        self.settle();
        let index = self.actions.iter().position(|name| name == action);
        let index = index.ok_or_else(|| Error::NoAction(action.to_owned()))?;
        let index = u32::try_from(index).map_err(|_| Error::NoAction(action.to_owned()))?;
        self.revive()?;
        let Some(instance) = self.instance.as_mut() else {
            return Err(Error::Engine("there is no instance".into()));
        };
        // Whatever happens below, the state is that of nobody.
        self.left = Left::Broken;
        let outcome = instance.call(index, input.as_bytes());
        self.left = match &outcome {
            Ok(_) | Err(Error::Plugin(_)) if self.stateful => Left::Nothing,
            Ok(_) | Err(Error::Plugin(_) | Error::Memory) => Left::Written,
            Err(_) => Left::Broken,
        };
        outcome
    }

    /// Puts the state back to that of the snapshot, if a call has left another.
    pub fn settle(&mut self) {
        let whole = match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Nothing => return,
            Left::Broken => false,
            Left::Written => match (self.instance.as_mut(), self.snapshot.as_ref()) {
                (Some(instance), Some(snapshot)) => instance.reset(snapshot),
                _ => false,
            },
        };
        if !whole {
            self.discard();
        }
    }

    /// The host, for what belongs to one call.
    pub fn host(&mut self) -> Option<&mut H> {
        match self.instance.as_mut() {
            Some(instance) => Some(instance.host()),
            None => self.host.as_mut(),
        }
    }

    /// Builds the instance again when the last call cost it (about a millisecond).
    ///
    /// # Errors
    /// [`Error::Engine`]: there is no memory, or nothing was initialised.
    pub fn revive(&mut self) -> Result<(), Error> {
        if self.instance.is_some() {
            return Ok(());
        }
        let (Some(snapshot), Some(host)) = (self.snapshot.as_ref(), self.host.take()) else {
            return Err(Error::Engine("no plugin was initialised".into()));
        };
        match Instance::new(&self.module, host) {
            Ok(mut instance) => {
                let adopted = instance.adopt(snapshot);
                match adopted {
                    Ok(()) => self.instance = Some(instance),
                    // Kept for the next call, which may find more memory.
                    Err(_) => self.host = Some(instance.into_host()),
                }
                adopted
            }
            Err((error, host)) => {
                self.host = Some(host);
                Err(error)
            }
        }
    }

    /// How many pages are put back after a call, of how many; for tests and figures.
    #[must_use]
    pub fn pages(&self) -> (usize, usize) {
        self.instance.as_ref().map_or((0, 0), Instance::pages)
    }

    /// How many pages of memory hold what the plugin has made of the engine; for
    /// figures.
    #[must_use]
    pub fn changed_pages(&self) -> usize {
        self.snapshot.as_ref().map_or(0, Snapshot::changed)
    }

    /// Whether the state is that of the snapshot, which it is between two calls; for
    /// tests.
    #[must_use]
    pub fn is_reset(&mut self) -> bool {
        match (self.instance.as_mut(), self.snapshot.as_ref()) {
            (Some(instance), Some(snapshot)) => instance.equals(snapshot),
            (None, Some(_)) => true, // It will be made from it.
            _ => false,
        }
    }

    fn discard(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.host = Some(instance.into_host());
        }
    }
}
