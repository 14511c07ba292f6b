//! The log as a user, a crash and an attacker meet it.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod everyday;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod processes;

#[cfg(test)]
pub(crate) use bench::Bench;
