//! Methods that a class of the package gives a meaning by their name: what an operator,
//! brackets, a loop or a conversion calls without naming it.

use ruff_python_ast::{CmpOp, Operator};
use ruff_text_size::TextRange;

use super::call::Arguments;
use super::evaluator::Evaluator;
use super::value::{Data, Value};

impl<'a> Evaluator<'a> {
    /// Calls a method of a thing of the package by its special name, where its class
    /// has it.
    pub(super) fn special_method(
        &mut self,
        object: &Value<'a>,
        name: &'static str,
        given: Vec<Value<'a>>,
        range: TextRange,
    ) -> Option<Value<'a>> {
        let class = match object.data {
            Data::Instance(id) => self.heap.instance(id)?.class,
            Data::Class(id) if matches!(name, "__class_getitem__" | "__init_subclass__") => id,
            _ => return None,
        };
        let method = self.in_class(class, name, 0);
        let mut positional = given;
        match method.data {
            Data::Function(_) => positional.insert(0, object.clone()),
            Data::Api(_) | Data::Applied(_) => {}
            _ => return None,
        }
        Some(self.call(&method, Arguments { positional, ..Arguments::default() }, range))
    }

    /// `a + b` of things of the package.
    pub(super) fn special_operator(
        &mut self,
        operator: Operator,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Option<Value<'a>> {
        let range = TextRange::default();
        if let Data::Instance(_) = left.data {
            let (name, in_place) = operator_names(operator);
            return self
                .special_method(left, name, vec![right.clone()], range)
                .or_else(|| self.special_method(left, in_place, vec![right.clone()], range));
        }
        if let (Data::Instance(_), Operator::Add) = (&right.data, operator) {
            return self.special_method(right, "__radd__", vec![left.clone()], range);
        }
        None
    }

    /// `a == b`, `a in b` of things of the package.
    pub(super) fn special_comparison(
        &mut self,
        operator: CmpOp,
        left: &Value<'a>,
        right: &Value<'a>,
    ) {
        let range = TextRange::default();
        let name = match operator {
            CmpOp::Eq => "__eq__",
            CmpOp::NotEq => "__ne__",
            CmpOp::Lt => "__lt__",
            CmpOp::LtE => "__le__",
            CmpOp::Gt => "__gt__",
            CmpOp::GtE => "__ge__",
            CmpOp::In | CmpOp::NotIn => {
                self.special_method(right, "__contains__", vec![left.clone()], range);
                return;
            }
            CmpOp::Is | CmpOp::IsNot => return,
        };
        self.special_method(left, name, vec![right.clone()], range);
    }

    /// `str(a)`, `len(a)` and what else of the built in functions asks the thing itself.
    pub(super) fn special_conversion(
        &mut self,
        api: &str,
        object: &Value<'a>,
        range: TextRange,
    ) -> Option<Value<'a>> {
        let names: &[&'static str] = match api.strip_prefix("py:builtins.")? {
            "str" | "print" => &["__str__", "__repr__"],
            "repr" | "ascii" => &["__repr__"],
            "format" => &["__format__", "__str__"],
            "len" => &["__len__"],
            "bool" => &["__bool__", "__len__"],
            "int" => &["__int__", "__index__"],
            "float" => &["__float__"],
            "bytes" => &["__bytes__"],
            "hash" => &["__hash__"],
            "iter" | "list" | "tuple" | "set" | "sorted" | "sum" | "any" | "all" => &["__iter__"],
            "next" => &["__next__"],
            "reversed" => &["__reversed__"],
            "abs" => &["__abs__"],
            "dir" => &["__dir__"],
            _ => return None,
        };
        names.iter().find_map(|name| self.special_method(object, name, Vec::new(), range))
    }
}

fn operator_names(operator: Operator) -> (&'static str, &'static str) {
    match operator {
        Operator::Add => ("__add__", "__iadd__"),
        Operator::Sub => ("__sub__", "__isub__"),
        Operator::Mult => ("__mul__", "__imul__"),
        Operator::MatMult => ("__matmul__", "__imatmul__"),
        Operator::Div => ("__truediv__", "__itruediv__"),
        Operator::FloorDiv => ("__floordiv__", "__ifloordiv__"),
        Operator::Mod => ("__mod__", "__imod__"),
        Operator::Pow => ("__pow__", "__ipow__"),
        Operator::LShift => ("__lshift__", "__ilshift__"),
        Operator::RShift => ("__rshift__", "__irshift__"),
        Operator::BitOr => ("__or__", "__ior__"),
        Operator::BitXor => ("__xor__", "__ixor__"),
        Operator::BitAnd => ("__and__", "__iand__"),
    }
}
