//! The peers: Bolt for Python, and Python without a framework, in a virtual environment of pinned packages that is
//! made once and kept.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::subject::Subject;

const REQUIREMENTS: &str = include_str!("../bolt/requirements.txt");
const BOLT: &str = include_str!("../bolt/app.py");
const RAW: &str = include_str!("../raw_python/app.py");

/// Newest first; `python3` may be any of them or another.
const INTERPRETERS: [&str; 5] = [
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3",
];

/// The peers, and what they run on.
pub(crate) struct Peers {
    pub(crate) version: String,
    pub(crate) subjects: Vec<Subject>,
}

/// Makes them ready. `TIDEGATE_BENCH_PYTHON` names another interpreter than the newest on the path.
pub(crate) fn peers() -> Result<Peers> {
    let (interpreter, version) = interpreter()?;
    let home = std::env::var_os("HOME").context("`HOME` is not set")?;
    let venv = Path::new(&home).join(".cache/tidegate/bolt-venv");
    let stamp = format!("{version}\n{REQUIREMENTS}");
    if fs::read_to_string(venv.join("stamp")).unwrap_or_default() != stamp {
        make(&interpreter, &venv)?;
        fs::write(venv.join("stamp"), stamp)?;
    }
    let app = |name: &'static str, key: &'static str, source: &str| -> Result<Subject> {
        let dir = venv.join("apps").join(key);
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("app.py"), source)?;
        let program = venv.join("bin/python");
        run(&program, ["-m", "compileall", "-q", "app.py"], Some(&dir))?;
        Ok(Subject {
            name,
            key,
            program,
            args: ["-m", "awslambdaric", "app.handler"]
                .map(str::to_owned)
                .into(),
            dir: Some(dir),
            is_peer: true,
            is_target: key == "bolt",
        })
    };
    Ok(Peers {
        version,
        subjects: vec![
            app("Bolt for Python", "bolt", BOLT)?,
            app("raw Python", "raw_python", RAW)?,
        ],
    })
}

fn interpreter() -> Result<(PathBuf, String)> {
    let named = std::env::var_os("TIDEGATE_BENCH_PYTHON").map(PathBuf::from);
    let known = INTERPRETERS.map(PathBuf::from);
    let candidates = named.map_or(known.into(), |named| vec![named]);
    let ask = [
        "-c",
        "import ensurepip, platform, venv; print(platform.python_version())",
    ];
    for candidate in candidates {
        if let Ok(version) = run(&candidate, ask, None) {
            return Ok((candidate, version));
        }
    }
    bail!("no `python3` with `venv` and `ensurepip`")
}

fn make(interpreter: &Path, venv: &Path) -> Result<()> {
    if venv.exists() {
        fs::remove_dir_all(venv).context("remove the old virtual environment")?;
    }
    fs::create_dir_all(venv)?;
    let dir = venv.to_str().context("the home folder's name is no text")?;
    run(interpreter, ["-m", "venv", dir], None)?;
    fs::write(venv.join("requirements.txt"), REQUIREMENTS)?;
    // `pip` compiles what it installs.
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "-r",
        "requirements.txt",
    ];
    run(&venv.join("bin/python"), pip, Some(venv))?;
    Ok(())
}

/// The output of a command; an error if it fails.
pub(crate) fn run<S: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = S>,
    dir: Option<&Path>,
) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args);
    if let Some(dir) = dir {
        command.current_dir(dir);
    }
    let output = command
        .output()
        .with_context(|| format!("run {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        bail!("{} failed: {last}", program.display());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
