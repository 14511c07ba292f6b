//! Facts made by hand, so that rules are tested by what they read.

use std::rc::Rc;

use crate::capability;
use crate::event::{Argument, Effect, Event, Hiding, Role, Source, When};
use crate::facts::{
    Class, Dependency, DependencyOrigin, Ecosystem, Facts, FileFacts, Oddity, PackageFacts,
};
use crate::finding::{Finding, Severity};
use crate::place::{FileId, Place};
use crate::rules::{self, Context};
use crate::trace::Coverage;
use crate::tree::{SourceFile, Tree};
use crate::value::{Origin, Shape, Value};

/// A package in the making. Each event has a line of its own.
pub(crate) struct Made {
    facts: Facts,
    path: String,
    declared: Option<Vec<capability::Declared>>,
    at: u32,
}

impl Made {
    pub(crate) fn new() -> Self {
        Self { facts: Facts::default(), path: "index.js".to_owned(), declared: None, at: 0 }
    }

    /// The name of the one file.
    pub(crate) fn named(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    /// Something that the code does when it is called.
    pub(crate) fn event(mut self, effect: Effect, api: &str, given: &[(Role, Value)]) -> Self {
        self.facts.trace.events.push(Event {
            effect,
            api: api.into(),
            place: place(self.at),
            arguments: given
                .iter()
                .map(|(role, value)| Argument { role: *role, value: value.clone() })
                .collect(),
            when: When::Call,
            hiding: Vec::new(),
        });
        self.at += 1;
        self
    }

    /// All events so far happen then.
    pub(crate) fn when(mut self, when: When) -> Self {
        self.facts.trace.events.iter_mut().for_each(|event| event.when = when);
        self
    }

    /// The last event was hidden so.
    pub(crate) fn hidden(mut self, hiding: &[Hiding]) -> Self {
        self.facts.trace.events.last_mut().unwrap().hiding = hiding.to_vec();
        self
    }

    pub(crate) fn dependency(
        mut self,
        name: &str,
        requirement: &str,
        origin: DependencyOrigin,
    ) -> Self {
        self.facts.dependencies.push(Dependency {
            ecosystem: Ecosystem::Npm,
            name: name.into(),
            requirement: requirement.into(),
            origin,
            place: place(self.at),
        });
        self
    }

    pub(crate) fn file(mut self, class: Class, coverage: Coverage) -> Self {
        self.facts.files.push(FileFacts { file: FileId(0), class, coverage });
        self
    }

    pub(crate) fn declares(mut self, asked: &[(ringfence_types::Kind, Option<&str>)]) -> Self {
        let declared = asked.iter().map(|(kind, scope)| capability::Declared {
            kind: *kind,
            scope: scope.map(str::to_owned),
            line: 1,
        });
        self.declared = Some(declared.collect());
        self
    }

    /// Something is odd about how the package came.
    pub(crate) fn odd(mut self, code: &'static str) -> Self {
        let (path, why) = ("strange".into(), "it is strange".into());
        self.facts.oddities.push(Oddity { code, path, place: None, why });
        self
    }

    /// What the package says of itself.
    pub(crate) fn own(mut self, name: &str, version: &str) -> Self {
        self.facts.packages.push(PackageFacts {
            ecosystem: Ecosystem::Npm,
            root: "".into(),
            name: Some(name.into()),
            version: Some(version.into()),
            place: place(0),
        });
        self
    }

    pub(crate) fn facts(self) -> Facts {
        self.facts
    }

    /// Everything that all rules say.
    pub(crate) fn findings(self) -> Vec<Finding> {
        let bytes = b"0123456789\n".repeat(100);
        let tree = Tree::new(vec![SourceFile { path: self.path, bytes: bytes.into() }]);
        let inferred = capability::infer(&self.facts);
        rules::run(&Context {
            tree: &tree,
            facts: &self.facts,
            inferred: &inferred,
            declared: self.declared.as_deref(),
        })
    }

    /// How bad the findings of one rule are, worst first.
    pub(crate) fn found(self, code: &str) -> Vec<Severity> {
        let mut found: Vec<Severity> = self
            .findings()
            .into_iter()
            .filter(|finding| finding.code == code)
            .map(|finding| finding.severity)
            .collect();
        found.sort_by(|one, other| other.cmp(one));
        found
    }
}

/// The place of the event with this number.
pub(crate) fn place(number: u32) -> Place {
    Place { file: FileId(0), start: number * 11, end: number * 11 + 10 }
}

pub(crate) fn text(text: &str) -> Value {
    Value { shape: Shape::Text(text.into()), origins: Vec::new() }
}

pub(crate) fn partial(prefix: &str, rest: &[&str]) -> Value {
    let rest = rest.iter().map(|piece| Rc::from(*piece)).collect();
    Value { shape: Shape::Partial { prefix: prefix.into(), rest }, origins: Vec::new() }
}

pub(crate) fn list(words: &[&str]) -> Value {
    let items = words.iter().map(|word| text(word)).collect();
    Value { shape: Shape::List(items), origins: Vec::new() }
}

/// Something unknown that came from there.
pub(crate) fn from(source: Source, name: Option<&str>) -> Value {
    from_at(source, name, 90)
}

pub(crate) fn from_at(source: Source, name: Option<&str>, number: u32) -> Value {
    let origin = Origin { source, place: place(number), name: name.map(Rc::from) };
    Value { shape: Shape::Unknown, origins: vec![origin] }
}
