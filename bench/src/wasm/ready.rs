//! From a plugin's files to one that answers.

use super::guests::Guest;
use super::series::Series;
use ringfence::Ringfence;
use std::path::Path;
use std::time::Instant;

/// Everything a guest's start can find ready: nothing, the engine, its own code on
/// the disk, its own code in this process.
pub(crate) fn measure(scratch: &Path, guest: Guest) -> Result<Series, String> {
    let folder = scratch.join(format!("{}, ready", guest.name()));
    let open = || Ringfence::open_at(folder.join("home")).map_err(|error| error.to_string());
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut series = Series::default();
    let ringfence = open()?;
    let mut start = |ringfence: &Ringfence, name: &str, code: Vec<u8>, word: &str| {
        let placed = guest.place(&folder.join(name), &code, false)?;
        let begin = Instant::now();
        let mut instance = ringfence
            .plugin(placed)
            .grant(guest.grant())
            .start()
            .map_err(|error| error.to_string())?;
        instance.initialise().map_err(|error| error.to_string())?;
        series.add(word, begin.elapsed());
        Ok::<_, String>(())
    };
    start(&ringfence, "one", guest.code()?, "ready first")?;
    start(&ringfence, "two", guest.other_code(1)?, "ready second")?;
    start(&ringfence, "three", guest.other_code(2)?, "ready second")?;
    start(&ringfence, "one", guest.code()?, "ready here")?;
    drop(ringfence);
    start(&open()?, "one", guest.code()?, "ready cached")?;
    Ok(series)
}
