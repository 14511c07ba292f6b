//! Hashes of names, fast, with a key that nobody outside knows: a file whose names all
//! fall into one place cannot be written.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Makes [`NameHasher`]s of one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameKey(u64);

impl Default for NameKey {
    fn default() -> Self {
        // Drawn once: tables come and go by the thousand.
        static KEY: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0u8) | 1);
        Self(*KEY)
    }
}

impl BuildHasher for NameKey {
    type Hasher = NameHasher;

    fn build_hasher(&self) -> NameHasher {
        NameHasher { key: self.0, state: self.0.rotate_left(32) }
    }
}

/// Multiplies eight bytes at a time and folds the product.
#[derive(Debug)]
pub(crate) struct NameHasher {
    key: u64,
    state: u64,
}

impl NameHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.state ^ word).wrapping_mul(u128::from(self.key));
        let bytes = product.to_le_bytes();
        let (low, high) = bytes.split_at(8);
        let half = |half: &[u8]| <[u8; 8]>::try_from(half).map_or(0, u64::from_le_bytes);
        self.state = half(low) ^ half(high).rotate_left(29);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.mix(<[u8; 8]>::try_from(chunk).map_or(0, u64::from_le_bytes));
        }
        let last = chunks.remainder();
        let word = match (last.first_chunk::<4>(), last.last_chunk::<4>()) {
            (Some(first), Some(second)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*second))
            }
            _ => last.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let length = u64::try_from(bytes.len()).unwrap_or(0);
        self.mix(word ^ length.rotate_left(56));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(u64::try_from(number).unwrap_or(u64::MAX));
    }

    fn write_u8(&mut self, byte: u8) {
        self.state ^= u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.state ^ self.state.rotate_right(23)
    }
}

/// A table by names.
pub(crate) type NameMap<K, V> = std::collections::HashMap<K, V, NameKey>;
