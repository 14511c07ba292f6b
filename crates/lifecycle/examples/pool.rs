//! Prints how long a ready plugin from a pool takes to its first answer, beside
//! one that is started for the call.
//!
//! `cargo run --release -p ringfence-lifecycle --example pool -- plugins/examples/hello-python greet`
#![expect(clippy::print_stdout, reason = "a measuring program")]

use ringfence_lifecycle::{Engine, EngineOptions, Pool, Silent, Terms};
use ringfence_package::Package;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which plugin?")?);
    let action = arguments.next().ok_or("which action?")?.to_string_lossy().into_owned();
    let home = std::env::temp_dir().join(format!("ringfence-pool-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let engine = Arc::new(Engine::open(EngineOptions::new(home.clone()))?);
    let input = serde_json::json!({ "name": "Ada" });
    let review = {
        let (engine, folder) = (Arc::clone(&engine), folder.clone());
        move || engine.review(Package::open(&folder)?, Terms::default())
    };
    let mut cold = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        let mut instance = engine.start(review()?, None, Box::new(Silent))?;
        instance.execute(&action, &input)?;
        cold.push(begin.elapsed());
    }
    let pool = Pool::new(Arc::clone(&engine), 4, review, || Box::new(Silent))?;
    let mut warm = Vec::new();
    for _ in 0..20 {
        pool.wait_full();
        let begin = Instant::now();
        let mut instance = pool.take()?;
        instance.execute(&action, &input)?;
        warm.push(begin.elapsed());
    }
    for (name, mut times) in [("started for the call", cold), ("from a pool", warm)] {
        times.sort();
        let at = |percent: usize| {
            times.get(times.len() * percent / 100).copied().unwrap_or(Duration::ZERO)
        };
        println!("{name}: min {:?} median {:?} p95 {:?}", at(0), at(50), at(95));
    }
    drop(pool);
    std::fs::remove_dir_all(&home)?;
    Ok(())
}
