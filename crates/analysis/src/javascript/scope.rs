//! Names to places: every use of a name is resolved once, before evaluation, to a
//! number of functions outwards and a slot there. What is found is written into the
//! syntax tree's own cells, so that evaluation looks nothing up.

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, BindingIdentifier, BindingPattern, BlockStatement,
    CatchClause, Class, Declaration, ExportDefaultDeclarationKind, Expression, ForInStatement,
    ForOfStatement, ForStatement, ForStatementInit, ForStatementLeft, FormalParameters, Function,
    FunctionBody, IdentifierReference, Program, Statement, StaticBlock, SwitchStatement,
    TSInterfaceDeclaration, TSModuleBlock, TSType, TSTypeAliasDeclaration, TSTypeAnnotation,
    TSTypeParameterDeclaration, TSTypeParameterInstantiation, ThisExpression, VariableDeclaration,
    WhileStatement,
};
use oxc_ast_visit::{Visit, walk};
use oxc_syntax::reference::ReferenceId;
use oxc_syntax::scope::{ScopeFlags, ScopeId};
use oxc_syntax::symbol::SymbolId;

use super::confusables;
use super::names::NameMap;

/// What evaluation needs to know of a function before it runs.
#[derive(Debug, Default)]
pub(crate) struct Layout<'a> {
    /// The names of its slots.
    pub(crate) names: Vec<&'a str>,
    /// Whether it mentions `arguments`.
    pub(crate) uses_arguments: bool,
    /// Whether it mentions `this`, or a function within it does.
    pub(crate) uses_this: bool,
    /// Whether it has a loop: nothing else copies an object into another, or steps down
    /// a path of names.
    pub(crate) loops_over: bool,
}

/// How many bits of a resolved name are its slot.
const SLOT_BITS: u32 = 20;

/// Functions outwards and slot there.
pub(crate) fn hops_and_slot(reference: ReferenceId) -> (u32, usize) {
    let number = reference.index();
    (u32::try_from(number >> SLOT_BITS).unwrap_or(0), number & ((1 << SLOT_BITS) - 1))
}

/// The deepest walk; what is deeper stays unresolved and is unknown.
const MAX_DEPTH: u32 = 40_000;

/// What resolving a program gave.
pub(crate) struct Resolved<'a> {
    /// The number of the program's own layout; those of its functions follow.
    pub(crate) layout: u32,
    pub(crate) is_too_deep: bool,
    /// Where a name is that looks like another one.
    pub(crate) misleading: Option<&'a str>,
}

/// Resolves a program. Layouts are put to the end of `layouts`.
pub(crate) fn resolve<'a>(program: &Program<'a>, layouts: &mut Vec<Layout<'a>>) -> Resolved<'a> {
    let first = layouts.len();
    let mut resolver = Resolver {
        layouts,
        names: NameMap::default(),
        bindings: Vec::new(),
        undo: Vec::new(),
        functions: Vec::new(),
        depth: 0,
        is_too_deep: false,
    };
    resolver.enter_function(&program.scope_id);
    for name in ["require", "module", "exports", "__filename", "__dirname"] {
        resolver.declare_name(name);
    }
    for statement in &program.body {
        resolver.hoist(statement, 0);
    }
    resolver.declare_block(&program.body);
    for statement in &program.body {
        resolver.visit_statement(statement);
    }
    let misleading = if program.source_text.is_ascii() {
        None
    } else {
        confusables::misleading(program.source_text, &resolver.names.keys().copied())
    };
    Resolved {
        layout: u32::try_from(first).unwrap_or(0),
        is_too_deep: resolver.is_too_deep,
        misleading,
    }
}

#[derive(Clone, Copy)]
struct Binding {
    function: u32,
    slot: u32,
}

struct Resolver<'a, 'b> {
    layouts: &'b mut Vec<Layout<'a>>,
    names: NameMap<&'a str, usize>,
    bindings: Vec<Option<Binding>>,
    undo: Vec<(usize, Option<Binding>)>,
    /// The functions around, by their number in `layouts`.
    functions: Vec<usize>,
    depth: u32,
    is_too_deep: bool,
}

impl<'a> Resolver<'a, '_> {
    /// `a.b(c)[d]…` leans to the left as far as it is long.
    fn chain(&mut self, it: &Expression<'a>) {
        let mut left = it;
        loop {
            match left {
                Expression::CallExpression(it) => {
                    self.visit_arguments(&it.arguments);
                    left = &it.callee;
                }
                Expression::StaticMemberExpression(it) => left = &it.object,
                Expression::ComputedMemberExpression(it) => {
                    self.visit_expression(&it.expression);
                    left = &it.object;
                }
                other => return self.visit_expression(other),
            }
        }
    }

    fn name(&mut self, name: &'a str) -> usize {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let number = self.bindings.len();
        self.bindings.push(None);
        self.names.insert(name, number);
        number
    }

    fn enter_function(&mut self, cell: &std::cell::Cell<Option<ScopeId>>) {
        cell.set(Some(ScopeId::from_usize(self.layouts.len())));
        self.functions.push(self.layouts.len());
        self.layouts.push(Layout::default());
    }

    /// Notes something of the running function and of those around it.
    fn mark(&mut self, flag: impl for<'b> Fn(&'b mut Layout<'a>) -> &'b mut bool) {
        for function in self.functions.iter().rev() {
            let Some(layout) = self.layouts.get_mut(*function) else { continue };
            // What was noted of an inner one was noted of all around it.
            if std::mem::replace(flag(layout), true) {
                return;
            }
        }
    }

    fn leave(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some((name, before)) = self.undo.pop()
                && let Some(binding) = self.bindings.get_mut(name)
            {
                *binding = before;
            }
        }
    }

    fn here(&self) -> u32 {
        u32::try_from(self.functions.len()).unwrap_or(u32::MAX)
    }

    fn declare_name(&mut self, text: &'a str) -> u32 {
        let name = self.name(text);
        let function = self.here();
        let slot = match self.functions.last().and_then(|function| self.layouts.get_mut(*function))
        {
            Some(layout) => {
                layout.names.push(text);
                u32::try_from(layout.names.len() - 1).unwrap_or(0)
            }
            None => 0,
        };
        if let Some(binding) = self.bindings.get_mut(name) {
            self.undo.push((name, *binding));
            *binding = Some(Binding { function, slot });
        }
        slot
    }

    /// Declares a name and writes its slot into the tree.
    fn declare(&mut self, identifier: &BindingIdentifier<'a>) {
        let slot = self.declare_name(identifier.name.as_str());
        identifier.symbol_id.set(Some(SymbolId::from_usize(usize::try_from(slot).unwrap_or(0))));
    }

    /// Declares a `var` or parameter, which may be declared several times.
    fn declare_once(&mut self, identifier: &BindingIdentifier<'a>) {
        let name = self.name(identifier.name.as_str());
        let here = self.here();
        match self.bindings.get(name).copied().flatten() {
            Some(known) if known.function == here => {
                let slot = usize::try_from(known.slot).unwrap_or(0);
                identifier.symbol_id.set(Some(SymbolId::from_usize(slot)));
            }
            _ => self.declare(identifier),
        }
    }

    fn declare_pattern(&mut self, pattern: &BindingPattern<'a>, once: bool) {
        if let BindingPattern::BindingIdentifier(identifier) = pattern {
            return if once { self.declare_once(identifier) } else { self.declare(identifier) };
        }
        for identifier in pattern.get_binding_identifiers() {
            if once {
                self.declare_once(identifier);
            } else {
                self.declare(identifier);
            }
        }
    }

    fn declare_variables(&mut self, declaration: &VariableDeclaration<'a>, vars: bool) {
        if declaration.kind.is_var() == vars {
            for declarator in &declaration.declarations {
                self.declare_pattern(&declarator.id, vars);
            }
        }
    }

    /// Declares every `var` below, as far as the next function.
    fn hoist(&mut self, statement: &Statement<'a>, depth: u32) {
        if depth > MAX_DEPTH {
            self.is_too_deep = true;
            return;
        }
        let next = depth + 1;
        match statement {
            Statement::VariableDeclaration(declaration) => {
                self.declare_variables(declaration, true);
            }
            Statement::ExportDeclaration(export) => {
                if let Declaration::VariableDeclaration(declaration) = &export.declaration {
                    self.declare_variables(declaration, true);
                }
            }
            Statement::BlockStatement(block) => self.hoist_all(&block.body, next),
            Statement::IfStatement(branch) => {
                self.hoist(&branch.consequent, next);
                if let Some(alternate) = &branch.alternate {
                    self.hoist(alternate, next);
                }
            }
            Statement::ForStatement(each) => {
                if let Some(ForStatementInit::VariableDeclaration(declaration)) = &each.init {
                    self.declare_variables(declaration, true);
                }
                self.hoist(&each.body, next);
            }
            Statement::ForInStatement(each) => {
                if let ForStatementLeft::VariableDeclaration(declaration) = &each.left {
                    self.declare_variables(declaration, true);
                }
                self.hoist(&each.body, next);
            }
            Statement::ForOfStatement(each) => {
                if let ForStatementLeft::VariableDeclaration(declaration) = &each.left {
                    self.declare_variables(declaration, true);
                }
                self.hoist(&each.body, next);
            }
            Statement::WhileStatement(each) => self.hoist(&each.body, next),
            Statement::DoWhileStatement(each) => self.hoist(&each.body, next),
            Statement::LabeledStatement(labeled) => self.hoist(&labeled.body, next),
            Statement::WithStatement(with) => self.hoist(&with.body, next),
            Statement::TryStatement(attempt) => {
                self.hoist_all(&attempt.block.body, next);
                if let Some(handler) = &attempt.handler {
                    self.hoist_all(&handler.body.body, next);
                }
                if let Some(finalizer) = &attempt.finalizer {
                    self.hoist_all(&finalizer.body, next);
                }
            }
            Statement::SwitchStatement(switch) => {
                for case in &switch.cases {
                    self.hoist_all(&case.consequent, next);
                }
            }
            _ => {}
        }
    }

    fn hoist_all(&mut self, statements: &[Statement<'a>], depth: u32) {
        for statement in statements {
            self.hoist(statement, depth);
        }
    }

    /// Declares what a list of statements declares for itself.
    fn declare_block(&mut self, statements: &[Statement<'a>]) {
        for statement in statements {
            match statement {
                Statement::ImportDeclaration(import) => {
                    for specifier in import.specifiers.iter().flatten() {
                        self.declare(specifier.local());
                    }
                }
                Statement::ExportDeclaration(export) => self.declare_one(&export.declaration),
                Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        self.declare_some(function.id.as_ref());
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        self.declare_some(class.id.as_ref());
                    }
                    _ => {}
                },
                statement => {
                    if let Some(declaration) = statement.as_declaration() {
                        self.declare_one(declaration);
                    }
                }
            }
        }
    }

    fn declare_some(&mut self, identifier: Option<&BindingIdentifier<'a>>) {
        if let Some(identifier) = identifier {
            self.declare_once(identifier);
        }
    }

    fn declare_one(&mut self, declaration: &Declaration<'a>) {
        match declaration {
            Declaration::VariableDeclaration(declaration) => {
                self.declare_variables(declaration, false);
            }
            Declaration::FunctionDeclaration(function) => self.declare_some(function.id.as_ref()),
            Declaration::ClassDeclaration(class) => self.declare_some(class.id.as_ref()),
            Declaration::TSEnumDeclaration(it) => self.declare_once(&it.id),
            Declaration::TSNamespaceDeclaration(it) => {
                self.declare_once(&it.id);
            }
            Declaration::TSImportEqualsDeclaration(import) => self.declare_once(&import.id),
            _ => {}
        }
    }

    fn parameters(&mut self, parameters: &FormalParameters<'a>) {
        for parameter in &parameters.items {
            self.declare_pattern(&parameter.pattern, true);
        }
        if let Some(rest) = &parameters.rest {
            self.declare_pattern(&rest.rest.argument, true);
        }
        for parameter in &parameters.items {
            self.visit_binding_pattern(&parameter.pattern);
            if let Some(initializer) = &parameter.initializer {
                self.visit_expression(initializer);
            }
            for decorator in &parameter.decorators {
                self.visit_expression(&decorator.expression);
            }
        }
    }

    fn body(&mut self, body: &FunctionBody<'a>) {
        self.hoist_all(&body.statements, 0);
        self.declare_block(&body.statements);
        for statement in &body.statements {
            self.visit_statement(statement);
        }
    }

    fn in_block(&mut self, walk: impl FnOnce(&mut Self)) {
        let mark = self.undo.len();
        walk(self);
        self.leave(mark);
    }
}

impl<'a> Visit<'a> for Resolver<'a, '_> {
    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        let text = it.name.as_str();
        let name = self.name(text);
        match self.bindings.get(name).copied().flatten() {
            Some(binding) => {
                let hops = self.here() - binding.function;
                let number = (u64::from(hops) << SLOT_BITS) | u64::from(binding.slot);
                if hops < 1 << 11 && binding.slot < 1 << SLOT_BITS {
                    let number = usize::try_from(number).unwrap_or(0);
                    it.reference_id.set(Some(ReferenceId::from_usize(number)));
                }
            }
            None if text == "arguments" => {
                // An arrow function's are those of the function around it.
                self.mark(|layout| &mut layout.uses_arguments);
            }
            None => {}
        }
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        match it {
            Expression::Identifier(identifier) => {
                return self.visit_identifier_reference(identifier);
            }
            Expression::StringLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_) => return,
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            self.is_too_deep = true;
            return;
        }
        self.depth += 1;
        if let Expression::BinaryExpression(binary) = it {
            // `a + b + c + …` leans to the left as far as it is long.
            let mut rights = Vec::new();
            let mut left = &binary.left;
            while let Expression::BinaryExpression(inner) = left {
                rights.push(&inner.right);
                left = &inner.left;
            }
            self.visit_expression(left);
            for right in rights.into_iter().rev() {
                self.visit_expression(right);
            }
            self.visit_expression(&binary.right);
        } else if matches!(
            it,
            Expression::CallExpression(_)
                | Expression::StaticMemberExpression(_)
                | Expression::ComputedMemberExpression(_)
        ) {
            self.chain(it);
        } else {
            walk::walk_expression(self, it);
        }
        self.depth -= 1;
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        if self.depth > MAX_DEPTH {
            self.is_too_deep = true;
            return;
        }
        self.depth += 1;
        walk::walk_statement(self, it);
        self.depth -= 1;
    }

    fn visit_function(&mut self, it: &Function<'a>, _flags: ScopeFlags) {
        let mark = self.undo.len();
        self.enter_function(&it.scope_id);
        if it.is_expression()
            && let Some(name) = &it.id
        {
            self.declare(name);
        }
        self.parameters(&it.params);
        if let Some(body) = &it.body {
            self.body(body);
        }
        self.functions.pop();
        self.leave(mark);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        let mark = self.undo.len();
        self.enter_function(&it.scope_id);
        self.parameters(&it.params);
        match &it.body {
            ArrowFunctionBody::FunctionBody(body) => self.body(body),
            body => {
                if let Some(expression) = body.as_expression() {
                    self.visit_expression(expression);
                }
            }
        }
        self.functions.pop();
        self.leave(mark);
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.in_block(|resolver| {
            resolver.hoist_all(&it.body, 0);
            resolver.declare_block(&it.body);
            walk::walk_static_block(resolver, it);
        });
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.in_block(|resolver| {
            if it.is_expression()
                && let Some(name) = &it.id
            {
                resolver.declare(name);
            }
            walk::walk_class(resolver, it);
        });
    }

    fn visit_block_statement(&mut self, it: &BlockStatement<'a>) {
        self.in_block(|resolver| {
            resolver.declare_block(&it.body);
            walk::walk_block_statement(resolver, it);
        });
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.mark(|layout| &mut layout.loops_over);
        walk::walk_while_statement(self, it);
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        self.mark(|layout| &mut layout.loops_over);
        self.in_block(|resolver| {
            if let Some(ForStatementInit::VariableDeclaration(declaration)) = &it.init {
                resolver.declare_variables(declaration, false);
            }
            walk::walk_for_statement(resolver, it);
        });
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.mark(|layout| &mut layout.loops_over);
        self.in_block(|resolver| {
            if let ForStatementLeft::VariableDeclaration(declaration) = &it.left {
                resolver.declare_variables(declaration, false);
            }
            walk::walk_for_in_statement(resolver, it);
        });
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.mark(|layout| &mut layout.loops_over);
        self.in_block(|resolver| {
            if let ForStatementLeft::VariableDeclaration(declaration) = &it.left {
                resolver.declare_variables(declaration, false);
            }
            walk::walk_for_of_statement(resolver, it);
        });
    }

    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        self.in_block(|resolver| {
            for case in &it.cases {
                resolver.declare_block(&case.consequent);
            }
            walk::walk_switch_statement(resolver, it);
        });
    }

    fn visit_catch_clause(&mut self, it: &CatchClause<'a>) {
        self.in_block(|resolver| {
            if let Some(parameter) = &it.param {
                resolver.declare_pattern(&parameter.pattern, false);
            }
            walk::walk_catch_clause(resolver, it);
        });
    }

    fn visit_ts_module_block(&mut self, it: &TSModuleBlock<'a>) {
        self.in_block(|resolver| {
            resolver.hoist_all(&it.body, 0);
            resolver.declare_block(&it.body);
            walk::walk_ts_module_block(resolver, it);
        });
    }

    fn visit_this_expression(&mut self, _it: &ThisExpression) {
        self.mark(|layout| &mut layout.uses_this);
    }

    // Types do nothing when code runs.
    fn visit_ts_type(&mut self, _it: &TSType<'a>) {}
    fn visit_ts_type_annotation(&mut self, _it: &TSTypeAnnotation<'a>) {}
    fn visit_ts_type_parameter_declaration(&mut self, _it: &TSTypeParameterDeclaration<'a>) {}
    fn visit_ts_type_parameter_instantiation(&mut self, _it: &TSTypeParameterInstantiation<'a>) {}
    fn visit_ts_interface_declaration(&mut self, _it: &TSInterfaceDeclaration<'a>) {}
    fn visit_ts_type_alias_declaration(&mut self, _it: &TSTypeAliasDeclaration<'a>) {}
}
