//! What was found out about a package's code, and how much of it was understood.

use std::rc::Rc;

use crate::event::Event;
use crate::place::{FileId, Place};

/// What an evaluator gives.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What the code does, in the order of places, without duplicates.
    pub events: Vec<Event>,
    /// How much of each file was understood; one for each file that was handed over.
    pub coverage: Vec<(FileId, Coverage)>,
    /// Files of the package that this code reads and runs as code, though they do not
    /// look like it, with the place that does so. They are analysed next.
    pub loads: Vec<(Rc<str>, Place)>,
    /// Where evaluation stopped at a bound, and which bound, as a lowercase fragment.
    /// The first place of each bound in each file. Where all of a file was walked and
    /// only not looked at again as often as it could be, it is covered whole.
    pub cut: Vec<(Place, Rc<str>)>,
}

/// How much of a file was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All of it was parsed and evaluated.
    Whole,
    /// It was parsed; evaluation stopped at a bound.
    Partly {
        /// Which bound, as a lowercase fragment.
        why: Rc<str>,
    },
    /// It was not parsed.
    Unparsed {
        /// Why, as a lowercase fragment.
        why: Rc<str>,
    },
}
