//! `try`, `catch` and `finally`: both ends of what may be thrown are taken.

use oxc_ast::ast::TryStatement;

use super::machine::Machine;
use super::statement::Flow;
use super::value::{Marks, Value};

impl<'a> Machine<'a> {
    pub(crate) fn try_statement(&mut self, it: &'a TryStatement<'a>) -> Flow<'a> {
        let outer = self.thrown.take();
        self.tried.push(Marks::NONE);
        let mut flow = self.block(&it.block.body);
        let answered = self.tried.pop().unwrap_or(Marks::NONE);
        if let Some(around) = self.tried.last().copied() {
            let both = self.marks.union(around, answered);
            if let Some(around) = self.tried.last_mut() {
                *around = both;
            }
        }
        let thrown = std::mem::replace(&mut self.thrown, outer);
        if let Some(handler) = &it.handler {
            let is_thrown = flow == Flow::Throw;
            if !is_thrown {
                self.begin_branch();
            }
            if let Some(parameter) = &handler.param {
                let value = match thrown {
                    Some(value) if is_thrown => value,
                    Some(value) => self.either(Value::unknown(answered), value, false),
                    None => Value::unknown(answered),
                };
                self.bind(&parameter.pattern, value);
            }
            let caught = self.block(&handler.body.body);
            if is_thrown {
                flow = caught;
            } else {
                let mut changes = self.undo_branch();
                // Nothing was thrown as far as we know. Programs that turn a table of
                // strings until it is right do it once more where they catch.
                changes.forget_lists();
                if matches!(caught, Flow::Normal) {
                    self.join(changes, false);
                    // What the block returns is one end; this is the other.
                    if matches!(flow, Flow::Return) {
                        self.may_leave = true;
                        flow = Flow::Normal;
                    }
                } else {
                    self.may_leave = true;
                }
            }
        }
        if let Some(finalizer) = &it.finalizer {
            let last = self.block(&finalizer.body);
            if !matches!(last, Flow::Normal) {
                flow = last;
            }
        }
        flow
    }
}
