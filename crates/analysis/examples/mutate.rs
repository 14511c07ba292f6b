//! Looks for an input that breaks the analysis, without a fuzzer: real files are cut, joined, repeated and strewn with pieces of the
//! languages, and each result goes through everything that `ringfence scan` does.
//!
//! `cargo run --release -p ringfence-analysis --example mutate -- SECONDS SEED FILE...`
//!
//! The input at hand is in `mutate-SEED.txt` in the folder for temporary files, so that
//! it is there when the process dies of it; what panicked or was slow is kept beside it.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringfence_analysis::{Limits, Policy, Question, SourceFile, Tree, assess, facts};

/// An input that takes longer is kept, as one that panics is. Ordinary ones take milliseconds.
const SLOW: Duration = Duration::from_secs(1);
/// An input that makes the process hold this much more than ever before is kept, in KiB.
const LARGE: u64 = 96 << 10;
/// Most bytes of an input, in bytes.
const LARGEST: usize = 256 << 10;

const PIECES: [&str; 44] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "`${",
    "}`",
    "=>",
    "...",
    "?.",
    ";",
    ",",
    "\n",
    "\n    ",
    "'",
    "\"",
    "\"\"\"",
    "/*",
    "*/",
    "//",
    "#",
    "\\",
    "\\u{65}",
    "\0",
    "\u{202e}",
    "eval(",
    "exec(",
    "while(1){",
    "while True:\n ",
    "for(;;)",
    "def f(a=f):\n return f(",
    "function f(a=f){return f(",
    "lambda:",
    "class A(A):",
    "class A extends A{",
    "import ",
    "require(",
    "async ",
    "await ",
    "yield ",
    "x=x+x;",
    "a=[a,a]\n",
    "f\"{f'{",
];

/// Numbers that depend on the seed only.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default();
        mixed.checked_rem(below).unwrap_or_default()
    }

    fn part<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let start = self.roll(bytes.len());
        let length = 1 + self.roll(200);
        bytes.get(start..bytes.len().min(start + length)).unwrap_or_default()
    }
}

/// One of the files, changed in some places.
fn mutated(dice: &mut Dice, files: &[(PathBuf, Vec<u8>)]) -> (String, Vec<u8>) {
    let Some((path, bytes)) = files.get(dice.roll(files.len())) else {
        return Default::default();
    };
    let mut made = bytes.get(..bytes.len().min(LARGEST)).unwrap_or_default().to_vec();
    for _ in 0..1 + dice.roll(8) {
        let at = dice.roll(made.len() + 1);
        let new: Vec<u8> = match dice.roll(8) {
            0 => PIECES.get(dice.roll(PIECES.len())).unwrap_or(&"").as_bytes().to_vec(),
            1 => {
                let piece = PIECES.get(dice.roll(PIECES.len())).unwrap_or(&"");
                piece.repeat(1 << dice.roll(14)).into_bytes()
            }
            2 => {
                let end = made.len().min(at + dice.roll(300));
                made.drain(at..end);
                Vec::new()
            }
            3 => {
                let times = 1 << dice.roll(10);
                dice.part(&made).repeat(times)
            }
            4 => files
                .get(dice.roll(files.len()))
                .map_or(Vec::new(), |(_, other)| dice.part(other).to_vec()),
            5 => vec![u8::try_from(dice.roll(256)).unwrap_or_default()],
            6 => dice.part(&made).to_vec(),
            _ => {
                made.truncate(at);
                Vec::new()
            }
        };
        let at = at.min(made.len());
        made.splice(at..at, new);
    }
    made.truncate(2 * LARGEST);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    (name.unwrap_or_default(), made)
}

/// Everything that a scan does with one file.
fn scan(path: &str, bytes: &[u8]) {
    let tree = Tree::new(vec![SourceFile { path: path.to_owned(), bytes: bytes.into() }]);
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question = Question { subject: "mutated", declared: None, policy: &policy, today: None };
    let report = assess(&tree, &facts, &question);
    assert!(report.score <= 100, "a score is at most 100");
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> std::io::Result<()> {
    if path.is_dir() {
        let mut inner: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        inner.sort();
        inner.iter().try_for_each(|path| collect(path, files))
    } else {
        if path.is_file() {
            files.push((path.to_owned(), std::fs::read(path)?));
        }
        Ok(())
    }
}

/// Most memory that this process ever held, in KiB, as the system says it.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let seed: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut files = Vec::new();
    for path in arguments {
        collect(Path::new(&path), &mut files)?;
    }
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(seed);
    let (mut inputs, mut broken, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    let kept = |what: &str, number: u64| {
        std::env::temp_dir().join(format!(
            "mutate-{seed}{what}{}",
            match number {
                0 => ".txt".to_owned(),
                number => format!("-{number}.txt"),
            }
        ))
    };
    while Instant::now() < end {
        let (path, bytes) = mutated(&mut dice, &files);
        inputs += 1;
        std::fs::write(kept("", 0), &bytes)?;
        let before = most_memory();
        let begin = Instant::now();
        let panicked = catch_unwind(AssertUnwindSafe(|| scan(&path, &bytes))).is_err();
        let taken = begin.elapsed();
        slowest = slowest.max(taken);
        let large = most_memory() - before > LARGE;
        if panicked || taken > SLOW || large {
            broken += 1;
            let kind = if panicked {
                "-panic"
            } else if large {
                "-large"
            } else {
                "-slow"
            };
            let name = kept(kind, inputs);
            std::fs::write(&name, &bytes)?;
            println!("{path}, {} bytes, {taken:?}: {}", bytes.len(), name.display());
        }
    }
    println!(
        "{inputs} inputs from {} files, {broken} kept, slowest {slowest:?}, most memory {} MiB",
        files.len(),
        most_memory() >> 10
    );
    Ok(())
}
