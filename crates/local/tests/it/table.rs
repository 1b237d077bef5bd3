//! The embedded table keeps the table contract.
