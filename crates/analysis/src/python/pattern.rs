//! `match`: each case is walked, with its names bound to the parts they would be.

use ruff_python_ast::{Pattern, StmtMatch};

use super::evaluator::Evaluator;
use super::statement::Flow;
use super::value::{Data, Value};

impl<'a> Evaluator<'a> {
    pub(super) fn match_statement(&mut self, it: &'a StmtMatch) -> Flow {
        let subject = self.eval(&it.subject);
        self.alternatives(it.cases.len(), false, |this, position| {
            let Some(case) = it.cases.get(position) else { return true };
            this.bind_pattern(&case.pattern, &subject, 0);
            if let Some(guard) = &case.guard {
                this.eval(guard);
            }
            this.block(&case.body) == Flow::Next
        });
        Flow::Next
    }

    fn bind_pattern(&mut self, pattern: &'a Pattern, subject: &Value<'a>, depth: u32) {
        if depth > 100 {
            return;
        }
        let part = Value::unknown().with(&subject.taint);
        match pattern {
            Pattern::MatchAs(it) => {
                if let Some(inner) = &it.pattern {
                    self.bind_pattern(inner, subject, depth + 1);
                }
                if let Some(name) = &it.name {
                    self.bind(name.id.as_str(), subject.clone());
                }
            }
            Pattern::MatchStar(it) => {
                if let Some(name) = &it.name {
                    self.bind(name.id.as_str(), part);
                }
            }
            Pattern::MatchSequence(it) => {
                for (position, inner) in it.patterns.iter().enumerate() {
                    let item = match &subject.data {
                        Data::List(id) => {
                            self.items(*id).get(position).cloned().unwrap_or_default()
                        }
                        _ => part.clone(),
                    };
                    self.bind_pattern(inner, &item, depth + 1);
                }
            }
            Pattern::MatchOr(it) => {
                for inner in &it.patterns {
                    self.bind_pattern(inner, subject, depth + 1);
                }
            }
            Pattern::MatchMapping(it) => {
                for inner in &it.patterns {
                    self.bind_pattern(inner, &part, depth + 1);
                }
            }
            Pattern::MatchClass(it) => {
                for inner in &it.arguments.patterns {
                    self.bind_pattern(inner, &part, depth + 1);
                }
                for keyword in &it.arguments.keywords {
                    let attribute =
                        self.attribute(subject, keyword.attr.id.as_str(), keyword.range);
                    self.bind_pattern(&keyword.pattern, &attribute, depth + 1);
                }
            }
            Pattern::MatchValue(it) => {
                self.eval(&it.value);
            }
            Pattern::MatchSingleton(_) => {}
        }
    }
}
