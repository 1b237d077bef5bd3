//! How large the binary is, and how large what Lambda gets of it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Bytes that a zip with one file named `bootstrap` has besides the compressed data.
const ZIP_FRAME: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Sizes of the binary and of its archive, in bytes.
pub(crate) struct Size {
    pub(crate) binary: u32,
    pub(crate) zip: u32,
}

/// The sizes of that binary.
pub(crate) fn of(program: &Path) -> Result<Size> {
    let binary = fs::read(program).context("read the binary")?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&binary)?;
    Ok(Size {
        binary: binary.len().try_into()?,
        zip: (encoder.finish()?.len() + ZIP_FRAME).try_into()?,
    })
}
