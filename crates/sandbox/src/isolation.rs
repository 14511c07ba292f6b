//! What a level isolates, said honestly.

use serde::Serialize;

/// One wall and whether it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// What it is, in a word or two.
    pub name: &'static str,
    /// What it keeps apart.
    pub isolates: &'static str,
    /// Whether it stands on this machine.
    pub stands: bool,
    /// In which form, or why not.
    pub detail: String,
}

/// A table of walls for one backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// The backend.
    pub backend: &'static str,
    /// Its walls.
    pub walls: Vec<Wall>,
}

/// How much of a level stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Every wall.
    Full,
    /// All but limits over the whole jail; each process is limited by itself.
    PerProcessLimits,
}

impl Level {
    /// The walls that do not stand.
    pub fn missing(&self) -> impl Iterator<Item = &Wall> {
        self.walls.iter().filter(|wall| !wall.stands)
    }
}
