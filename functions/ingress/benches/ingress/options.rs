//! The options of the benchmark, after `--` or by environment variables.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// The options that the benchmark was given.
pub(crate) struct Options {
    /// `--quick`, `TIDEGATE_BENCH_QUICK=1`: fewer runs, and shorter, to see that all works.
    pub(crate) quick: bool,
    /// `--json FILE`, `TIDEGATE_BENCH_JSON=FILE`: the figures as JSON too.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn read(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            quick: std::env::var("TIDEGATE_BENCH_QUICK").is_ok_and(|v| v == "1"),
            json: std::env::var_os("TIDEGATE_BENCH_JSON").map(PathBuf::from),
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                // Cargo's own.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--json" => {
                    options.json = Some(args.next().context("`--json` takes a file")?.into());
                }
                _ => bail!("`{arg}` is unknown; there are `--quick` and `--json FILE`"),
            }
        }
        Ok(options)
    }

    /// Runs of each subject.
    pub(crate) fn runs(&self) -> u32 {
        if self.quick { 2 } else { 7 }
    }

    /// Rounds of each run.
    pub(crate) fn rounds(&self) -> u32 {
        if self.quick { 5 } else { 20 }
    }
}
