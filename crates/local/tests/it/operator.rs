//! The operator API and its command line.
