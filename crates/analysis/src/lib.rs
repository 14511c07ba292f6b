//! A package's files to a report: what the code does, before anything of it runs.
//!
//! Takes: the files of a package as bytes in memory, and a policy.
//! Gives: a report: findings with their evidence, a score, the capabilities that the
//! code needs, and how much of the package was understood.
//! Never: runs code of the package, opens a file, speaks to a network, looks at a
//! clock, or depends on the order in which files are handed over.
//!
//! The way: [`Tree`] (bytes) -> [`Trace`] (what each piece of code does, found by an
//! evaluator for each language) -> findings (one rule a file, over traces of any
//! language) -> report.
#![forbid(unsafe_code)]

mod binary;
mod capability;
mod classify;
pub mod decode;
mod difference;
mod event;
mod facts;
mod finding;
mod glob;
pub mod javascript;
mod limits;
#[cfg(test)]
mod made;
mod manifest;
mod metadata;
pub mod names;
mod native;
mod place;
mod policy;
mod policy_file;
pub mod python;
mod report;
mod rules;
mod scan;
mod score;
mod sensitive;
mod shell;
mod survive;
mod trace;
mod tree;
mod value;
mod webassembly;

pub use capability::{Declared, Inferred, Need, Standing, infer};
pub use difference::Difference;
pub use event::{Argument, Effect, Event, Hiding, Role, Source, When};
pub use facts::{
    Class, Covered, Dependency, DependencyOrigin, Ecosystem, Facts, FileFacts, Oddity, PackageFacts,
};
pub use finding::{Finding, Severity, Step};
pub use glob::Glob;
pub use limits::Limits;
pub use manifest::{Identity, manifest};
pub use place::{FileId, Place};
pub use policy::{BLOCK_BELOW, Exception, Level, Policy, WARN_BELOW};
pub use policy_file::{MAX_POLICY_BYTES, PolicyError, PolicyProblem};
pub use report::{
    FORMAT, Look, Outcome, Question, Report, ReportError, ReportedFinding, ReportedNeed,
    ReportedStep, Spot, assess, markdown, sarif, text,
};
pub use rules::{RULES, Rule, RuleClass, nearest_code, page, rule};
pub use scan::facts;
pub use score::{
    MOST_FOR_LOW, MOST_FOR_MEDIUM, NOT_UNDERSTOOD, Understood, score, weight, words as score_words,
};
pub use trace::{Coverage, Trace};
pub use tree::{SourceFile, Tree};
pub use value::{Origin, Shape, Value};
