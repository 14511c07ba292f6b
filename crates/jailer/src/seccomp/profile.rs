//! What a line of the list means in the jail of a plugin or of our worker.

use super::list::{Entry, PAIR_OPTIONS, Rule, WRITE_AND_EXEC};
use super::worker::{WORKER, WORKER_IOCTLS};
use crate::spec::SeccompProfile;

/// The rule that holds for a line of the list; nothing as if it were not on it.
pub(super) fn rule(entry: &Entry, profile: SeccompProfile) -> Option<Rule> {
    if profile.worker && !WORKER.contains(&entry.name) {
        return None;
    }
    Some(match (entry.rule, profile.writable_executable) {
        // Its code comes from a file, and becomes executable after it was put
        // in place; never both at once.
        (Rule::NoNewCode { argument, .. }, _) if profile.worker => {
            Rule::NoWritableCode { argument, bits: WRITE_AND_EXEC }
        }
        (Rule::OneOf { argument, mask, errno, .. }, _)
            if profile.worker && entry.name == "ioctl" =>
        {
            Rule::OneOf { values: WORKER_IOCTLS, argument, mask, errno }
        }
        (Rule::NoNewCode { .. } | Rule::NoWritableCode { .. }, true) => Rule::Allow,
        (Rule::NoNewCode { argument, bits }, false) => {
            Rule::WithoutBits { argument, bits, errno: libc::EPERM }
        }
        (Rule::SealedMemoryFile, false) => Rule::Refuse(libc::EACCES),
        (Rule::WithNetwork, _) if profile.network => Rule::Allow,
        (Rule::InternetSocket | Rule::WithNetwork, _) if !profile.network => {
            Rule::Refuse(libc::EACCES)
        }
        (Rule::SocketOption, _) if !profile.network => {
            Rule::Between { argument: 2, values: PAIR_OPTIONS, errno: libc::ENOPROTOOPT }
        }
        (rule, _) => rule,
    })
}
