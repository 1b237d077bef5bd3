//! The delivery protocol under faults of Slack, table and queue.
