//! What was acknowledged is on disk.
