//! Command: `tidegate bench [--rate 1000] [--seconds 60]`
//!
//! Starts a Tidegate of its own in a process of its own, with the stand-in Slack outside it, and sends it signed events
//! at a fixed rate whether or not it keeps up. Then it asks the table and the stand-in what arrived. The rate of a bare
//! fdatasync loop on the same disk stands beside the result: disks differ by fifty times, ratios do not.

mod disk;
mod load;
mod process;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use tidegate_pipeline::entropy::random_hex;

use self::load::{Load, Report};
use self::process::Tidegate;

/// Acknowledgements slower than this at the 99th percentile end the search for the highest rate.
const ACK_P99: Duration = Duration::from_millis(50);

/// Length of one step of that search.
const STEP_SECONDS: u64 = 10;

#[derive(Debug, Args)]
#[command(after_help = "Example: cargo run --release -- bench --seconds 60")]
pub(super) struct BenchArgs {
    /// Events to send in a second.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Length of the measurement in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Workspaces that the events come from.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    tenants: u64,
    /// Afterwards, raise the rate until acknowledgements pass 50 ms.
    #[arg(long)]
    ramp: bool,
    /// Folder on the disk to measure; a fresh one below it is used and removed.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

pub(super) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let folder = args.dir.join(format!(".tidegate-bench-{}", random_hex(4)?));
    std::fs::create_dir_all(&folder)?;
    let done = measure(&args, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn measure(args: &BenchArgs, folder: &std::path::Path) -> anyhow::Result<()> {
    let before = disk::fdatasyncs_per_second(folder)?;
    let (fake, fake_url) = process::serve_fake().await?;
    let mut tidegate = Tidegate::start(folder, &fake_url).await?;
    let load = Load {
        url: tidegate.url.clone(),
        secret: tidegate.secret.clone(),
        tenants: args.tenants,
    };

    anstream::eprintln!("{} events/s for {} s …", args.rate, args.seconds);
    let report = load
        .run(0, args.rate, args.seconds, Some(tidegate.pid))
        .await?;
    say(&report, before);
    verify::wait_until_quiet(&fake, folder, &report.acked).await?;
    say_cpu(&report, tidegate.pid);
    let mut highest = None;
    let mut sent = report.sent;
    if args.ramp {
        let mut rate = args.rate;
        loop {
            anstream::eprintln!("{rate} events/s for {STEP_SECONDS} s …");
            let step = load.run(sent, rate, STEP_SECONDS, None).await?;
            sent += step.sent;
            if step.percentile(99.0) > ACK_P99 || step.refused > 0 {
                break;
            }
            highest = Some(rate);
            rate += rate / 4;
        }
        let told = highest.map_or("below the rate asked for".to_owned(), |r| {
            format!("{r} events/s")
        });
        println(&format!("highest rate with p99 under 50 ms  {told}"));
    }
    tidegate.stop().await?;
    let after = disk::fdatasyncs_per_second(folder)?;
    println(&format!(
        "bare fdatasync loop                {before:.0}/s before, {after:.0}/s after"
    ));
    let found = verify::verify(&fake, folder, &report.acked).await?;
    println(&format!(
        "stored and answered                {} of {} acked, {} lost, {} replies of {} mentions, {} twice",
        found.stored,
        report.acked.len(),
        found.lost,
        found.replies,
        found.mentions,
        found.twice,
    ));
    ensure!(
        found.lost == 0 && found.twice == 0 && found.replies == found.mentions,
        "the result is wrong"
    );
    Ok(())
}

fn say(report: &Report, bare: f64) {
    let ms = |p: f64| report.percentile(p).as_secs_f64() * 1000.0;
    let rate = report.rate();
    println(&format!(
        "acked                              {} of {}, {rate:.0}/s",
        report.acked.len(),
        report.sent
    ));
    println(&format!(
        "  per bare fdatasync               {:.2}",
        rate / bare
    ));
    println(&format!(
        "ack p50 / p99 / p99.9 / max        {:.1} / {:.1} / {:.1} / {:.1} ms",
        ms(50.0),
        ms(99.0),
        ms(99.9),
        ms(100.0)
    ));
    let memory: Vec<String> = report.memory_mb.iter().map(u64::to_string).collect();
    println(&format!(
        "memory, MB, every 5 s              {}",
        memory.join(" ")
    ));
}

/// From the start to the last reply: ingress, queue, worker, table and delivery together.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn say_cpu(report: &Report, pid: u32) {
    if let Some(seconds) = process::cpu_seconds(pid) {
        let micros = seconds * 1e6 / report.sent as f64;
        println(&format!(
            "CPU per event, all of it            {micros:.0} us"
        ));
    }
}

fn println(line: &str) {
    anstream::println!("{line}");
}
