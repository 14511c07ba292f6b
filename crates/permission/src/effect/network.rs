//! The network: the object is one connection, or one request on it.

use crate::effect::Effect;
use crate::effect::rules::Rules;
use ringfence_types::{
    Kind, NetworkTarget, Pattern, Seen, Transport, is_http_method, is_normal_url_path,
};
use std::borrow::Cow;

/// Reach a host. The request is what is known of the connection: it is decided
/// when it opens, again when the client has spoken, and for plain HTTP at every
/// request.
#[derive(Debug)]
pub enum NetworkRequest {}

impl Effect for NetworkRequest {}

fn check_target(target: &NetworkTarget<'_>) -> Result<(), &'static str> {
    if target.port == 0 {
        return Err("a port is a number from 1 to 65535");
    }
    match target.seen {
        Seen::Nothing => Ok(()),
        _ if target.transport == Transport::Udp => Err("datagrams are not looked into"),
        Seen::Http { method, .. } if !is_http_method(method) => {
            Err("an HTTP method is an upper-case word")
        }
        Seen::Http { path, .. } if !is_normal_url_path(path) => {
            Err("the path is not in its normal form")
        }
        Seen::Http { .. } | Seen::Tls { .. } | Seen::Other => Ok(()),
    }
}

impl Rules for NetworkRequest {
    type Request<'a> = NetworkTarget<'a>;
    type Object<'a> = NetworkTarget<'a>;

    fn kind(_: NetworkTarget<'_>) -> Kind {
        Kind::NetworkRequest
    }

    fn text<'a>(request: Self::Request<'a>) -> Cow<'a, str> {
        Cow::Owned(request.to_string())
    }

    fn check(request: NetworkTarget<'_>) -> Result<(), &'static str> {
        check_target(&request)
    }

    fn is_within(_: Kind, scope: &Pattern, request: NetworkTarget<'_>) -> bool {
        scope.network().is_some_and(|scope| scope.matches(&request))
    }

    fn is_touched_by(_: Kind, scope: &Pattern, request: NetworkTarget<'_>) -> bool {
        scope.network().is_none_or(|scope| scope.may_touch(&request))
    }

    fn object_within<'a>(
        kind: Kind,
        scope: &'a Pattern,
        request: NetworkTarget<'a>,
    ) -> Option<NetworkTarget<'a>> {
        Self::is_within(kind, scope, request).then_some(request)
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
