//! What a person gets from the program `ringfence`: its answers, its exit
//! codes, and that it never leaves anything behind.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

mod advisories;
mod asking;
mod attack;
mod bundles;
mod card;
mod components;
mod effects;
mod exit_codes;
mod feeds;
mod feeds_fetched;
mod inputs;
mod inspect;
mod installed;
mod installed_attacks;
mod installed_killed;
mod installed_known;
mod installed_reputation;
mod interruption;
mod limits;
mod loans;
mod log;
mod ordinary_user;
mod output;
mod own_programs;
mod packed;
mod pins;
mod program;
mod published;
mod question;
mod recalled;
mod secret_keyring;
mod secret_store;
mod terminal;
