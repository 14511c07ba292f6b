//! The seal of [`super::Effect`], and what every effect must say about itself.

use crate::meet::may_overlap;
use ringfence_types::{Kind, Pattern};
use std::borrow::Cow;

pub trait Rules: Sized {
    /// What a request names.
    type Request<'a>: Copy;
    /// What a permit hands to the gate.
    type Object<'a>;

    fn kind(request: Self::Request<'_>) -> Kind;

    /// The request's object as text, for denials and records.
    fn text<'a>(request: Self::Request<'a>) -> Cow<'a, str>;

    /// Whether the request is well-formed at all; the reason when not.
    fn check(request: Self::Request<'_>) -> Result<(), &'static str>;

    /// Whether all of what is requested is in `scope`.
    fn is_within(kind: Kind, scope: &Pattern, request: Self::Request<'_>) -> bool;

    /// Whether any of what is requested may be in `scope`, which is denied.
    fn is_touched_by(kind: Kind, scope: &Pattern, request: Self::Request<'_>) -> bool;

    /// The object for the gate when all of it is in `scope`.
    fn object_within<'a>(
        kind: Kind,
        scope: &'a Pattern,
        request: Self::Request<'a>,
    ) -> Option<Self::Object<'a>>;
}

/// Whether a request for a whole set may reach into a denied scope.
pub(super) fn set_is_touched(kind: Kind, denied: &Pattern, requested: &Pattern) -> bool {
    may_overlap(kind, denied, requested)
}

/// An effect whose object is one name.
macro_rules! named_effect {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $check:path) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl crate::effect::Effect for $name {}

        impl crate::effect::rules::Rules for $name {
            type Request<'a> = &'a str;
            type Object<'a> = &'a str;

            fn kind(_: &str) -> ringfence_types::Kind {
                $kind
            }

            fn text<'a>(request: Self::Request<'a>) -> std::borrow::Cow<'a, str> {
                std::borrow::Cow::Borrowed(request)
            }

            fn check(request: &str) -> Result<(), &'static str> {
                $check(request)
            }

            fn is_within(kind: ringfence_types::Kind, scope: &ringfence_types::Pattern, request: &str) -> bool {
                scope.matches(kind, request)
            }

            fn is_touched_by(kind: ringfence_types::Kind, scope: &ringfence_types::Pattern, request: &str) -> bool {
                scope.matches(kind, request)
            }

            fn object_within<'a>(
                kind: ringfence_types::Kind,
                scope: &'a ringfence_types::Pattern,
                request: &'a str,
            ) -> Option<&'a str> {
                scope.matches(kind, request).then_some(request)
            }
        }
    };
}
pub(super) use named_effect;

/// An effect whose object is a set of names, given as a pattern: the grant must
/// cover all of it.
macro_rules! set_effect {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $check:path) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl crate::effect::Effect for $name {}

        impl crate::effect::rules::Rules for $name {
            type Request<'a> = &'a ringfence_types::Pattern;
            type Object<'a> = &'a ringfence_types::Pattern;

            fn kind(_: &ringfence_types::Pattern) -> ringfence_types::Kind {
                $kind
            }

            fn text<'a>(request: Self::Request<'a>) -> std::borrow::Cow<'a, str> {
                std::borrow::Cow::Borrowed(request.as_str())
            }

            fn check(request: &ringfence_types::Pattern) -> Result<(), &'static str> {
                $check(request.as_str())
            }

            fn is_within(
                kind: ringfence_types::Kind,
                scope: &ringfence_types::Pattern,
                request: &ringfence_types::Pattern,
            ) -> bool {
                scope.covers(kind, request)
            }

            fn is_touched_by(
                kind: ringfence_types::Kind,
                scope: &ringfence_types::Pattern,
                request: &ringfence_types::Pattern,
            ) -> bool {
                crate::effect::rules::set_is_touched(kind, scope, request)
            }

            fn object_within<'a>(
                kind: ringfence_types::Kind,
                scope: &'a ringfence_types::Pattern,
                request: &'a ringfence_types::Pattern,
            ) -> Option<&'a ringfence_types::Pattern> {
                scope.covers(kind, request).then_some(request)
            }
        }
    };
}
pub(super) use set_effect;
