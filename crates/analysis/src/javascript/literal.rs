//! Lists, records, templates and markup as the program writes them.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, Expression, JSXAttributeItem, JSXAttributeValue,
    JSXChild, JSXElement, ObjectExpression, ObjectPropertyKind, PropertyKind,
    TaggedTemplateExpression, TemplateElement, TemplateLiteral,
};

use super::budget::Below;
use super::function::{Call, Code};
use super::heap::Class as ObjectClass;
use super::machine::{MAX_DEPTH, Machine};
use super::value::{Kind, Value};

impl<'a> Machine<'a> {
    pub(crate) fn template(&mut self, it: &'a TemplateLiteral<'a>) -> Value<'a> {
        let mut quasis = it.quasis.iter();
        let piece = |quasi: Option<&TemplateElement<'a>>| {
            let text = quasi.and_then(|quasi| quasi.value.cooked).map_or("", |text| text.as_str());
            Value::new(Kind::Literal(text))
        };
        let mut value = piece(quasis.next());
        for expression in &it.expressions {
            let inner = self.expression(expression);
            value = self.concatenate(&value, &inner);
            let next = piece(quasis.next());
            value = self.concatenate(&value, &next);
        }
        value
    }

    pub(crate) fn tagged_template(&mut self, it: &'a TaggedTemplateExpression<'a>) -> Value<'a> {
        let (tag, this) = self.callee(&it.tag);
        let strings: Vec<Value<'a>> = it
            .quasi
            .quasis
            .iter()
            .map(|quasi| Value::new(Kind::Literal(quasi.value.raw.as_str())))
            .collect();
        if tag.as_api().is_some_and(|api| self.apis.name(api) == "js:String.raw")
            || tag.as_api().and_then(|api| self.apis.spec(api)).is_some()
        {
            let mut text = Value::new(Kind::Literal(""));
            let mut expressions = it.quasi.expressions.iter();
            for string in strings {
                text = self.concatenate(&text, &string);
                if let Some(expression) = expressions.next() {
                    let value = self.expression(expression);
                    text = self.concatenate(&text, &value);
                }
            }
            if tag.as_api().is_some_and(|api| self.apis.name(api) == "js:String.raw") {
                return text;
            }
            return self
                .call(&tag, Call { this, arguments: vec![text], is_open: false, span: it.span });
        }
        let strings = self.new_array(strings);
        let mut arguments = vec![strings];
        for expression in &it.quasi.expressions {
            arguments.push(self.expression(expression));
        }
        self.call(&tag, Call { this, arguments, is_open: false, span: it.span })
    }

    pub(crate) fn array_literal(&mut self, it: &'a ArrayExpression<'a>) -> Value<'a> {
        let mut elements = Vec::with_capacity(it.elements.len());
        let mut is_open = false;
        for element in &it.elements {
            match element {
                ArrayExpressionElement::SpreadElement(spread) => {
                    let value = self.expression(&spread.argument);
                    match self.elements_of(&value) {
                        Ok(more) => elements.extend(more),
                        Err(one) => {
                            elements.push(one);
                            is_open = true;
                        }
                    }
                }
                ArrayExpressionElement::Elision(_) => elements.push(Value::UNDEFINED),
                element => {
                    if let Some(expression) = element.as_expression() {
                        elements.push(self.expression(expression));
                    }
                }
            }
        }
        let array = self.new_array(elements);
        if is_open && let Some(object) = array.as_object().and_then(|id| self.change(id)) {
            object.is_open = true;
        }
        array
    }

    pub(crate) fn object_literal(&mut self, it: &'a ObjectExpression<'a>) -> Value<'a> {
        let value = self.new_object(ObjectClass::Plain);
        let Some(id) = value.as_object() else { return value };
        for property in &it.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let from = self.expression(&spread.argument);
                    self.copy_properties(id, &from);
                }
                ObjectPropertyKind::ObjectProperty(property) => {
                    let key = self.property_key(&property.key, property.computed);
                    let element = match (
                        &property.value,
                        property.method || property.kind != PropertyKind::Init,
                    ) {
                        (Expression::FunctionExpression(function), true) => {
                            self.closure(Code::Function(function), None)
                        }
                        (value, _) => self.expression(value),
                    };
                    match (key, property.kind) {
                        (Some(key), PropertyKind::Set) => {
                            let name = self.setter_name(key);
                            if let Some(object) = self.change(id) {
                                object.set(name, element, false);
                            }
                        }
                        (None, PropertyKind::Set) => {}
                        (Some("__proto__"), _) if !property.computed => {
                            let prototype = element.as_object();
                            if let Some(object) = self.change(id) {
                                object.prototype = prototype;
                            }
                        }
                        (Some(key), kind) => {
                            if let Some(object) = self.change(id) {
                                object.set(key, element, kind == PropertyKind::Get);
                            }
                        }
                        (None, _) => self.set_elsewhere(id, element),
                    }
                }
            }
        }
        value
    }

    pub(crate) fn jsx_element(&mut self, it: &'a JSXElement<'a>) {
        for attribute in &it.opening_element.attributes {
            match attribute {
                JSXAttributeItem::Attribute(attribute) => {
                    if let Some(JSXAttributeValue::ExpressionContainer(container)) =
                        &attribute.value
                        && let Some(expression) = container.expression.as_expression()
                    {
                        self.expression(expression);
                    }
                }
                JSXAttributeItem::SpreadAttribute(spread) => {
                    self.expression(&spread.argument);
                }
            }
        }
        self.jsx_children(&it.children);
    }

    pub(crate) fn jsx_children(&mut self, children: &'a [JSXChild<'a>]) {
        for child in children {
            self.jsx_child(child);
        }
    }

    pub(crate) fn jsx_child(&mut self, child: &'a JSXChild<'a>) {
        if self.depth > MAX_DEPTH {
            self.defer(Below::Child(child));
            return;
        }
        self.depth += 1;
        match child {
            JSXChild::Element(element) => self.jsx_element(element),
            JSXChild::Fragment(fragment) => self.jsx_children(&fragment.children),
            JSXChild::ExpressionContainer(container) => {
                if let Some(expression) = container.expression.as_expression() {
                    self.expression(expression);
                }
            }
            JSXChild::Spread(spread) => {
                self.expression(&spread.expression);
            }
            JSXChild::Text(_) => {}
        }
        self.depth -= 1;
    }
}
