//! A process killed at random points under load loses nothing and says nothing twice.
