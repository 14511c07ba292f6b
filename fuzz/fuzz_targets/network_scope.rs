//! Text of a manifest or of the command line as hosts, paths and scopes of the
//! network. The first line is the scope, the second a host, the third a path.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_types::{
    Host, NetworkScope, NetworkTarget, Seen, is_normal_url_path, normal_url_path,
};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or("");
    let scope = next().parse::<NetworkScope>().ok();
    let host = Host::parse(next()).ok();
    let path = normal_url_path(next());

    if let Some(scope) = &scope {
        // What is written is read as the same.
        assert_eq!(scope.to_string().parse::<NetworkScope>().as_ref().ok(), Some(scope));
        assert!(scope.covers(scope) && scope.may_overlap(scope));
    }
    if let Some(host) = &host {
        assert_eq!(Host::parse(&host.to_string()).as_ref(), Ok(host));
    }
    if let Some(path) = &path {
        assert!(is_normal_url_path(path));
        assert_eq!(normal_url_path(path).as_ref(), Some(path));
    }
    if let (Some(scope), Some(host), Some(path)) = (scope, host, path) {
        for port in [80, 443, 8443] {
            let target = NetworkTarget::tcp(&host, port);
            let seen = Seen::Http { secure: false, method: "GET", path: &path };
            for target in [target, target.with(seen)] {
                // What is in a scope is in the scope that its text is.
                let own: NetworkScope = target.to_string().parse().unwrap();
                assert!(own.matches(&target));
                assert!(!scope.matches(&target) || scope.resolves(&host));
            }
        }
    }
});
