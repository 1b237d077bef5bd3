//! The most that the disk can do: appending 2.5 kB and waiting for it, over and over.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::load::now;

const LASTS: Duration = Duration::from_secs(2);

/// Bare appends with fdatasync, a second.
pub(super) fn fdatasyncs_per_second(folder: &Path) -> anyhow::Result<f64> {
    let path = folder.join("bare");
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    let began = now();
    let mut count = 0u32;
    while began.elapsed() < LASTS {
        file.write_all(&[b'x'; 2500])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}
