//! The embedded queue keeps the queue contract.
