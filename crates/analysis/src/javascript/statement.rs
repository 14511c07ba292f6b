//! Statements: ways through the program that are known are taken, ways that are not
//! known are all taken, and what they leave behind is joined.

use oxc_ast::ast::{
    BindingIdentifier, Declaration, ExportDefaultDeclarationKind, Expression, ForStatement,
    ForStatementInit, ForStatementLeft, IfStatement, Statement, SwitchStatement, TSEnumDeclaration,
    TSEnumMemberName, TSModuleReference, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
    VariableDeclaration,
};
use oxc_span::GetSpan;

use super::budget::Below;
use super::function::Code;
use super::heap::Class as ObjectClass;
use super::machine::{MAX_DEPTH, Machine};
use super::value::{Kind, Value};

/// How a statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow<'a> {
    Normal,
    Break(Option<&'a str>),
    Continue(Option<&'a str>),
    Return,
    Throw,
}

/// The most rounds of one loop.
const MAX_ROUNDS: u32 = 1 << 20;

impl<'a> Machine<'a> {
    pub(crate) fn declare_functions(&mut self, statements: &'a [Statement<'a>]) {
        for statement in statements {
            let function = match statement {
                Statement::FunctionDeclaration(function) => Some(function),
                Statement::ExportDeclaration(export) => match &export.declaration {
                    Declaration::FunctionDeclaration(function) => Some(function),
                    _ => None,
                },
                Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => Some(function),
                    _ => None,
                },
                _ => None,
            };
            if let Some(function) = function
                && function.body.is_some()
                && let Some(name) = &function.id
            {
                let value = self.closure(Code::Function(function), None);
                self.declare(name, value);
            }
        }
    }

    pub(crate) fn declare(&mut self, name: &BindingIdentifier<'a>, value: Value<'a>) {
        if let Some(slot) = name.symbol_id.get() {
            self.set_slot(self.frame, slot.index(), value);
        }
    }

    pub(crate) fn statement(&mut self, statement: &'a Statement<'a>) -> Flow<'a> {
        self.steps += 1;
        if self.depth > MAX_DEPTH {
            self.defer(Below::Statement(statement));
            return Flow::Normal;
        }
        self.depth += 1;
        let flow = self.statement_within(statement, None);
        self.depth -= 1;
        flow
    }

    fn statement_within(
        &mut self,
        statement: &'a Statement<'a>,
        label: Option<&'a str>,
    ) -> Flow<'a> {
        match statement {
            Statement::ExpressionStatement(it) => {
                self.expression(&it.expression);
            }
            Statement::VariableDeclaration(it) => self.variables(it),
            Statement::ReturnStatement(it) => {
                let value = match &it.argument {
                    Some(argument) => self.expression(argument),
                    None => Value::UNDEFINED,
                };
                self.give_back(value);
                return Flow::Return;
            }
            Statement::IfStatement(it) => return self.if_statement(it),
            Statement::BlockStatement(it) => return self.block(&it.body),
            Statement::ForStatement(it) => return self.for_statement(it, label),
            Statement::ForInStatement(it) => {
                let value = self.expression(&it.right);
                let keys = self.keys_of(&value);
                return self.for_each(&it.left, keys, &it.body, label);
            }
            Statement::ForOfStatement(it) => {
                let mut value = self.expression(&it.right);
                if it.r#await {
                    value = self.awaited(&value);
                }
                let elements = self.elements_of(&value);
                return self.for_each(&it.left, elements, &it.body, label);
            }
            Statement::WhileStatement(it) => {
                self.look_for_endless_loop(Some(&it.test), None, &it.body, label, it.span);
                return self.repeat(Some(&it.test), None, &it.body, true, label);
            }
            Statement::DoWhileStatement(it) => {
                self.look_for_endless_loop(Some(&it.test), None, &it.body, label, it.span);
                return self.repeat(Some(&it.test), None, &it.body, false, label);
            }
            Statement::BreakStatement(it) => {
                return Flow::Break(it.label.as_ref().map(|label| label.name.as_str()));
            }
            Statement::ContinueStatement(it) => {
                return Flow::Continue(it.label.as_ref().map(|label| label.name.as_str()));
            }
            Statement::ThrowStatement(it) => {
                let value = self.expression(&it.argument);
                self.thrown = Some(value);
                return Flow::Throw;
            }
            Statement::TryStatement(it) => return self.try_statement(it),
            Statement::SwitchStatement(it) => return self.switch(it, label),
            Statement::LabeledStatement(it) => {
                let name = it.label.name.as_str();
                let flow = self.statement_within(&it.body, Some(name));
                return if flow == Flow::Break(Some(name)) { Flow::Normal } else { flow };
            }
            Statement::WithStatement(it) => {
                let object = self.expression(&it.object);
                self.withs.push(object);
                let flow = self.statement(&it.body);
                self.withs.pop();
                return flow;
            }
            Statement::ImportDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::ExportDefaultDeclaration(_)
            | Statement::ExportDeclaration(_)
            | Statement::ExportNamedDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::TSExportAssignment(_) => self.module_statement(statement),
            statement => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration);
                }
            }
        }
        Flow::Normal
    }

    pub(crate) fn declaration(&mut self, declaration: &'a Declaration<'a>) {
        match declaration {
            Declaration::VariableDeclaration(it) => self.variables(it),
            Declaration::ClassDeclaration(it) => {
                let value = self.class(it);
                if let Some(name) = &it.id {
                    self.declare(name, value);
                }
            }
            Declaration::TSEnumDeclaration(it) => {
                let value = self.enumeration(it);
                self.declare(&it.id, value);
            }
            Declaration::TSImportEqualsDeclaration(it) => {
                if let TSModuleReference::ExternalModuleReference(module) = &it.module_reference {
                    let name = Value::new(Kind::Literal(module.expression.value.as_str()));
                    let value = self.import(&name, it.span);
                    self.declare(&it.id, value);
                }
            }
            Declaration::TSNamespaceDeclaration(it) => self.namespace(it),
            _ => {}
        }
    }

    fn namespace(&mut self, it: &'a TSNamespaceDeclaration<'a>) {
        if it.declare {
            return;
        }
        match &it.body {
            TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                self.block(&block.body);
            }
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                if self.depth < MAX_DEPTH {
                    self.depth += 1;
                    self.namespace(inner);
                    self.depth -= 1;
                }
            }
        }
    }

    fn enumeration(&mut self, it: &'a TSEnumDeclaration<'a>) -> Value<'a> {
        let value = self.new_object(ObjectClass::Plain);
        let mut next = 0.0;
        for member in &it.body.members {
            let key = match &member.id {
                TSEnumMemberName::Identifier(name) => name.name.as_str(),
                TSEnumMemberName::String(text) | TSEnumMemberName::ComputedString(text) => {
                    text.value.as_str()
                }
                TSEnumMemberName::ComputedTemplateString(_) => continue,
            };
            let element = match &member.initializer {
                Some(initializer) => self.expression(initializer),
                None => Value::number(next),
            };
            if let Kind::Number(number) = element.kind {
                next = number + 1.0;
            }
            if let Some(object) = value.as_object().and_then(|id| self.change(id)) {
                object.set(key, element, false);
                object.is_open = true;
            }
        }
        value
    }

    fn variables(&mut self, declaration: &'a VariableDeclaration<'a>) {
        for declarator in &declaration.declarations {
            match &declarator.init {
                Some(init) => {
                    let value = self.expression(init);
                    self.bind(&declarator.id, value);
                }
                None if !declaration.kind.is_var() => self.bind(&declarator.id, Value::UNDEFINED),
                None => {}
            }
        }
    }

    /// The running function gives this back, or may.
    pub(crate) fn give_back(&mut self, value: Value<'a>) {
        self.returned = Some(match self.returned.take() {
            Some(before) => self.either(before, value, false),
            None => value,
        });
    }

    fn if_statement(&mut self, it: &'a IfStatement<'a>) -> Flow<'a> {
        if self.guarded.is_none() && self.is_started_by_name(&it.test) {
            return self.as_program(|machine| machine.branch(it));
        }
        self.branch(it)
    }

    fn branch(&mut self, it: &'a IfStatement<'a>) -> Flow<'a> {
        let test = self.expression(&it.test);
        match test.truth() {
            Some(true) => {
                if let Some(alternate) = &it.alternate {
                    self.skip();
                    self.aside(|machine| machine.statement(alternate));
                }
                let flow = self.statement(&it.consequent);
                self.perhaps(flow)
            }
            Some(false) => {
                self.skip();
                self.aside(|machine| machine.statement(&it.consequent));
                let Some(alternate) = &it.alternate else { return Flow::Normal };
                let flow = self.statement(alternate);
                self.perhaps(flow)
            }
            None => {
                self.begin_branch();
                let one = self.statement(&it.consequent);
                let changes = self.undo_branch();
                let Some(alternate) = &it.alternate else {
                    if matches!(one, Flow::Normal) {
                        self.join(changes, false);
                    } else {
                        self.may_leave = true;
                    }
                    return Flow::Normal;
                };
                self.begin_branch();
                let two = self.statement(alternate);
                let others = self.undo_branch();
                match (one, two) {
                    (Flow::Normal, Flow::Normal) => {
                        self.join_both(changes, others);
                        Flow::Normal
                    }
                    (Flow::Normal, _) => {
                        self.may_leave = true;
                        self.redo(changes);
                        Flow::Normal
                    }
                    (_, Flow::Normal) => {
                        self.may_leave = true;
                        self.redo(others);
                        Flow::Normal
                    }
                    (one, two) => {
                        self.join_both(changes, others);
                        if one == two || matches!(two, Flow::Return | Flow::Throw) {
                            one
                        } else {
                            two
                        }
                    }
                }
            }
        }
    }

    fn for_statement(&mut self, it: &'a ForStatement<'a>, label: Option<&'a str>) -> Flow<'a> {
        match &it.init {
            Some(ForStatementInit::VariableDeclaration(declaration)) => self.variables(declaration),
            Some(init) => {
                if let Some(expression) = init.as_expression() {
                    self.expression(expression);
                }
            }
            None => {}
        }
        self.look_for_endless_loop(it.test.as_ref(), it.update.as_ref(), &it.body, label, it.span);
        self.repeat(it.test.as_ref(), it.update.as_ref(), &it.body, true, label)
    }

    fn repeat(
        &mut self,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        test_first: bool,
        label: Option<&'a str>,
    ) -> Flow<'a> {
        let saved = std::mem::replace(&mut self.may_leave, false);
        let flow = self.rounds(test, update, body, test_first, label);
        self.may_leave = saved;
        flow
    }

    fn rounds(
        &mut self,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        test_first: bool,
        label: Option<&'a str>,
    ) -> Flow<'a> {
        let (site, begun) = (body.span(), self.steps);
        for round in 0..MAX_ROUNDS {
            let before = self.steps;
            let truth = match test {
                Some(test) if round > 0 || test_first => self.expression(test).truth(),
                _ => Some(true),
            };
            if round > 0 {
                self.charge_since(before, site);
            }
            if truth == Some(false) {
                if round == 0 {
                    self.skip();
                    self.aside(|machine| machine.statement(body));
                }
                return Flow::Normal;
            }
            if round > 0 && !self.can_spend(site) {
                let rounds = usize::try_from(round).unwrap_or(usize::MAX);
                self.exhausted_by(site, rounds, self.steps - begun);
                // The body was walked. To walk it once more for each loop around it would
                // double the work at every level of a nest.
                if let Some(update) = update {
                    self.forget_target(update);
                }
                return Flow::Normal;
            }
            if truth.is_none() || self.may_leave {
                // How often it runs is not known: once more, perhaps. What counts the
                // rounds may be anything by then.
                self.begin_branch();
                if let Some(update) = update {
                    self.forget_target(update);
                }
                let flow = if round == 0 {
                    self.statement(body)
                } else {
                    self.spend(site, |machine| machine.statement(body))
                };
                if let Some(update) = update {
                    self.expression(update);
                }
                let changes = self.undo_branch();
                if !matches!(flow, Flow::Throw) {
                    self.join(changes, true);
                }
                return Flow::Normal;
            }
            let flow = if round == 0 {
                self.statement(body)
            } else {
                self.spend(site, |machine| machine.statement(body))
            };
            match flow {
                Flow::Normal | Flow::Continue(None) => {}
                Flow::Break(None) => return Flow::Normal,
                Flow::Continue(Some(name)) if label == Some(name) => {}
                other => return other,
            }
            if let Some(update) = update {
                let before = self.steps;
                self.expression(update);
                if round > 0 {
                    self.charge_since(before, site);
                }
            }
        }
        self.exhausted_by(site, usize::MAX, u64::MAX);
        Flow::Normal
    }

    /// What an expression counts up is not known any more.
    fn forget_target(&mut self, update: &'a Expression<'a>) {
        match update {
            Expression::UpdateExpression(it) => self.assign_simple(&it.argument, Value::UNKNOWN),
            Expression::AssignmentExpression(it) => {
                if let Some(target) = it.left.as_simple_assignment_target() {
                    self.assign_simple(target, Value::UNKNOWN);
                }
            }
            Expression::SequenceExpression(it) => {
                for one in it.expressions.iter().take(8) {
                    self.forget_target(one);
                }
            }
            _ => {}
        }
    }

    /// Runs a body for each of these; without a list, for something that may be there.
    fn for_each(
        &mut self,
        left: &'a ForStatementLeft<'a>,
        elements: Result<Vec<Value<'a>>, Value<'a>>,
        body: &'a Statement<'a>,
        label: Option<&'a str>,
    ) -> Flow<'a> {
        let saved = std::mem::replace(&mut self.may_leave, false);
        let flow = match elements {
            Ok(elements) => self.for_known(left, elements, body, label),
            Err(element) => {
                self.begin_branch();
                self.bind_left(left, element);
                self.statement(body);
                let changes = self.undo_branch();
                self.join(changes, true);
                Flow::Normal
            }
        };
        self.may_leave = saved;
        flow
    }

    fn for_known(
        &mut self,
        left: &'a ForStatementLeft<'a>,
        elements: Vec<Value<'a>>,
        body: &'a Statement<'a>,
        label: Option<&'a str>,
    ) -> Flow<'a> {
        let (site, begun) = (body.span(), self.steps);
        if elements.is_empty() {
            self.skip();
            self.aside(|machine| machine.statement(body));
        }
        for (round, element) in elements.into_iter().enumerate() {
            if round > 0 && !self.can_spend(site) {
                self.exhausted_by(site, round, self.steps - begun);
                break;
            }
            if self.may_leave {
                self.begin_branch();
                self.bind_left(left, element);
                self.statement(body);
                let changes = self.undo_branch();
                self.join(changes, true);
                continue;
            }
            let run = |machine: &mut Self| {
                machine.bind_left(left, element);
                machine.statement(body)
            };
            let flow = if round == 0 { run(self) } else { self.spend(site, run) };
            match flow {
                Flow::Normal | Flow::Continue(None) => {}
                Flow::Break(None) => return Flow::Normal,
                Flow::Continue(Some(name)) if label == Some(name) => {}
                other => return other,
            }
        }
        Flow::Normal
    }

    fn bind_left(&mut self, left: &'a ForStatementLeft<'a>, value: Value<'a>) {
        match left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                if let Some(declarator) = declaration.declarations.first() {
                    self.bind(&declarator.id, value);
                }
            }
            left => {
                if let Some(target) = left.as_assignment_target() {
                    self.assign(target, value);
                }
            }
        }
    }

    fn switch(&mut self, it: &'a SwitchStatement<'a>, label: Option<&'a str>) -> Flow<'a> {
        let value = self.expression(&it.discriminant);
        for case in &it.cases {
            self.declare_functions(&case.consequent);
        }
        let flow = if value.is_unknown() { None } else { self.known_case(it, &value) };
        match flow {
            Some(start) => {
                self.skip();
                for case in &it.cases {
                    self.aside(|machine| machine.statements(&case.consequent));
                }
                let mut flow = Flow::Normal;
                for case in it.cases.iter().skip(start) {
                    flow = self.statements(&case.consequent);
                    if !matches!(flow, Flow::Normal) {
                        break;
                    }
                }
                match flow {
                    Flow::Break(None) => Flow::Normal,
                    Flow::Break(name) if name == label => Flow::Normal,
                    other => self.perhaps(other),
                }
            }
            None => {
                let (mut ends, mut has_default) = (0, false);
                for case in &it.cases {
                    has_default |= case.test.is_none();
                    self.begin_branch();
                    let flow = self.statements(&case.consequent);
                    let changes = self.undo_branch();
                    match flow {
                        Flow::Normal | Flow::Break(None) => self.join(changes, false),
                        _ => {
                            ends += 1;
                            self.may_leave = true;
                        }
                    }
                }
                if has_default && ends == it.cases.len() { Flow::Return } else { Flow::Normal }
            }
        }
    }

    fn statements(&mut self, statements: &'a [Statement<'a>]) -> Flow<'a> {
        for statement in statements {
            let flow = self.statement(statement);
            if !matches!(flow, Flow::Normal) {
                return flow;
            }
        }
        Flow::Normal
    }

    /// The case that a known value comes to; nothing, where that cannot be told.
    fn known_case(&mut self, it: &'a SwitchStatement<'a>, value: &Value<'a>) -> Option<usize> {
        let mut default = it.cases.len();
        for (at, case) in it.cases.iter().enumerate() {
            match &case.test {
                Some(test) => {
                    let test = self.expression(test);
                    if self.strictly_equal(value, &test)? {
                        return Some(at);
                    }
                }
                None => default = at,
            }
        }
        Some(default)
    }
}
