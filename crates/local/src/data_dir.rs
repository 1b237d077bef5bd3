//! The data folder: table, queues, and the secrets that local mode makes for itself. One process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use tidegate_pipeline::entropy::random_hex;

/// The format of what the folder holds. It rises with a change after which a folder of an earlier Tidegate cannot be read. Format 1
/// had no file that names it, and did not bind sealed values to their rows. In format 2, messages had no group.
const FORMAT: &str = "3";

/// The folder, without a claim on it.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// The claim of one process on the folder; ends with the process.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl DataDir {
    /// The folder at `path`; made when it is not there, readable by its owner only.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("make the data folder {}", path.display()))?;
        restrict(path, 0o700)?;
        Ok(Self(path.to_owned()))
    }

    /// The folder at `path`, if it is there.
    pub fn existing(path: &Path) -> Option<Self> {
        path.is_dir().then(|| Self(path.to_owned()))
    }

    /// Claims the folder: two processes on one table would each believe to be the only sender.
    pub fn claim(&self) -> anyhow::Result<Claim> {
        let path = self.0.join("lock");
        let file = File::create(&path).with_context(|| format!("open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Claim(file)),
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is in use by another tidegate; stop that one or choose another `--data-dir`",
                self.0.display()
            ),
            Err(TryLockError::Error(e)) => Err(e).context("lock the data folder"),
        }
    }

    /// Makes sure that this version can read the folder, and writes the format down in a new one. Call this before the table is opened.
    pub fn check_format(&self) -> anyhow::Result<()> {
        let path = self.format();
        let found = match fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned(),
            Err(e) if e.kind() == ErrorKind::NotFound => "1".to_owned(),
            Err(e) => return Err(e).with_context(|| format!("read {}", path.display())),
        };
        if found == FORMAT {
            return Ok(());
        }
        if self.table().exists() {
            bail!(
                "the data folder {} is of another version of Tidegate: it has format {found}, and this version reads format {FORMAT} only; start the version that made it, choose another `--data-dir`, or delete the folder to start afresh",
                self.0.display()
            );
        }
        // It must be on disk before the table is, or a power cut could leave a table whose format nobody knows.
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            writeln!(file, "{FORMAT}")?;
            file.sync_all()?;
            sync_folder(&self.0)
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// Where the format of the folder is written down.
    pub fn format(&self) -> PathBuf {
        self.0.join("format")
    }

    /// Where the table is.
    pub fn table(&self) -> PathBuf {
        self.0.join("table.db")
    }

    /// Where the keys are that seal the table's rows.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys.db")
    }

    /// Where the queues are.
    pub fn queues(&self) -> PathBuf {
        self.0.join("queues.db")
    }

    /// A secret that was made before, if there is one.
    pub fn secret(&self, name: &str) -> anyhow::Result<Option<SecretString>> {
        let path = self.0.join(name);
        match fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().into())),
            Ok(_) => Ok(None),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| format!("read {}", path.display())),
        }
    }

    /// A secret that was made before, or a new one of `bytes` random bytes, kept for the next time.
    pub fn secret_or_new(&self, name: &str, bytes: usize) -> anyhow::Result<SecretString> {
        if let Some(secret) = self.secret(name)? {
            return Ok(secret);
        }
        let secret = random_hex(bytes)?;
        let path = self.0.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        restrict(&path, 0o600)?;
        writeln!(file, "{secret}").with_context(|| format!("write {}", path.display()))?;
        file.sync_all()?;
        Ok(secret.into())
    }
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// Only Unix opens a folder as a file.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
