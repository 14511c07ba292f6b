//! The log as a user, a crash and an attacker meet it.
#[cfg(test)]
mod bench;
#[cfg(test)]
mod everyday;

#[cfg(test)]
pub(crate) use bench::Bench;
