//! Effects that the embedding application performs.

use crate::available::is_host_kind;
use crate::effect::Effect;
use crate::effect::name::check_name;
use crate::effect::rules::Rules;
use ringfence_types::{Kind, Pattern};
use std::borrow::Cow;

/// A call of a service that the host application registered: the kind it is
/// asked for, and on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostObject<'a> {
    /// The capability asked for.
    pub kind: Kind,
    /// On what: a node type, a model, `service/method`; empty for kinds without
    /// an object.
    pub object: &'a str,
}

/// Have the host application do something. The request says which kind.
#[derive(Debug)]
pub enum HostService {}

impl Effect for HostService {}

impl Rules for HostService {
    type Request<'a> = HostObject<'a>;
    type Object<'a> = HostObject<'a>;

    fn kind(request: HostObject<'_>) -> Kind {
        request.kind
    }

    fn text<'a>(request: Self::Request<'a>) -> Cow<'a, str> {
        Cow::Borrowed(request.object)
    }

    fn check(request: HostObject<'_>) -> Result<(), &'static str> {
        if !is_host_kind(request.kind) {
            // Answered as "unavailable" by the rules about the kind; never as
            // an effect of the host.
            return Ok(());
        }
        if request.kind.is_scopeless() {
            return if request.object.is_empty() { Ok(()) } else { Err("this takes no object") };
        }
        check_name(request.object)
    }

    fn is_within(kind: Kind, scope: &Pattern, request: HostObject<'_>) -> bool {
        is_host_kind(kind) && scope.matches(kind, request.object)
    }

    fn is_touched_by(kind: Kind, scope: &Pattern, request: HostObject<'_>) -> bool {
        scope.matches(kind, request.object)
    }

    fn object_within<'a>(
        kind: Kind,
        scope: &'a Pattern,
        request: HostObject<'a>,
    ) -> Option<HostObject<'a>> {
        (is_host_kind(kind) && scope.matches(kind, request.object)).then_some(request)
    }
}
