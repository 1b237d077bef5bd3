//! What current Bolt gets wrong, answered right.
