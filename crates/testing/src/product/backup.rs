//! Backups of a data folder that is in use. Its files may not be copied one by one: a database and its write-ahead log
//! belong together, and the product writes both meanwhile.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tidegate_local::data_dir::DataDir;

/// Writes the table as it stands at one moment to the folder `backup`, without the keys, as a cloud's backups are made.
pub fn back_up_table(folder: &Path, backup: &Path) {
    let (from, to) = (
        DataDir::open(folder).unwrap(),
        DataDir::open(backup).unwrap(),
    );
    fs::copy(from.format(), to.format()).unwrap();
    snapshot(&from.table(), &to.table());
}

/// Writes the keys as they stand at one moment to the folder `backup`, with the master key that opens them.
pub fn back_up_keys(folder: &Path, backup: &Path) {
    let (from, to) = (
        DataDir::open(folder).unwrap(),
        DataDir::open(backup).unwrap(),
    );
    snapshot(&from.keys(), &to.keys());
    fs::copy(folder.join("master-key"), backup.join("master-key")).unwrap();
}

/// One read transaction of SQLite's, whatever else is written meanwhile.
fn snapshot(from: &Path, to: &Path) {
    let database = Connection::open(from).unwrap();
    database
        .execute("VACUUM INTO ?1", [to.to_str().unwrap()])
        .unwrap();
}
