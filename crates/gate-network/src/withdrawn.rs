//! An open connection on which nothing is said is closed, too, when what allowed it ends.

use std::time::Duration;

/// How often it is asked. What is said on a connection is decided when it is said.
const GLANCE: Duration = Duration::from_millis(500);

/// Waits until the connection would not be allowed any more.
pub(crate) async fn withdrawn(still_allowed: impl Fn() -> bool) {
    loop {
        tokio::time::sleep(GLANCE).await;
        if !still_allowed() {
            return;
        }
    }
}
