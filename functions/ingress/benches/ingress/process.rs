//! The CPU time, memory and threads of a process so far, from `/proc`.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The CPU time, memory and threads of a process so far.
pub(crate) struct Usage {
    /// CPU time of all its threads.
    pub(crate) cpu_ms: f64,
    /// Memory that is resident at the moment, in MB.
    pub(crate) rss_mb: f64,
    /// The most that was ever resident.
    pub(crate) peak_mb: f64,
    /// Threads that run at the moment.
    pub(crate) threads: f64,
}

/// Reads it once the process waits for something: what runs at that moment is not in the kernel's sums yet.
pub(crate) fn usage(pid: u32) -> Result<Usage> {
    for _ in 0..400 {
        if tasks(pid)?.iter().all(|task| sleeps(task)) {
            break;
        }
        thread::sleep(Duration::from_micros(250));
    }
    let mut cpu_ns = 0.0;
    for task in tasks(pid)? {
        let text = fs::read_to_string(task.join("schedstat"))?;
        let first = text.split(' ').next().unwrap_or_default();
        cpu_ns += first.parse::<f64>().context("schedstat is no number")?;
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| -> Result<f64> {
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        let number = line.and_then(|l| l.split_whitespace().next());
        number
            .and_then(|n| n.parse().ok())
            .with_context(|| format!("no `{name}` in status"))
    };
    Ok(Usage {
        cpu_ms: cpu_ns / 1e6,
        rss_mb: field("VmRSS")? / 1024.0,
        peak_mb: field("VmHWM")? / 1024.0,
        threads: field("Threads")?,
    })
}

fn tasks(pid: u32) -> Result<Vec<PathBuf>> {
    let tasks =
        fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone, or no Linux")?;
    Ok(tasks.flatten().map(|task| task.path()).collect())
}

fn sleeps(task: &std::path::Path) -> bool {
    let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with('S'))
}
