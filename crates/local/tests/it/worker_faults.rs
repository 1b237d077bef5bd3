//! The worker loop under faults of table and queue.
