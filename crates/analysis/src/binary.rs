//! What is found out about a file that is no text.

use std::rc::Rc;

use crate::event::Event;
use crate::trace::Coverage;

/// What a binary does, as far as its own tables say, and what is odd about it.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) events: Vec<Event>,
    pub(crate) oddities: Vec<(&'static str, Rc<str>)>,
    pub(crate) coverage: Coverage,
}

impl Default for Binary {
    fn default() -> Self {
        Self { events: Vec::new(), oddities: Vec::new(), coverage: Coverage::Whole }
    }
}
