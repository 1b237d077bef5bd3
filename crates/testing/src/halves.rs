//! Many worlds, half of them on a thread of their own: tests run on two cores.

/// Runs the even and the odd worlds beside each other.
pub fn in_halves<F: Future<Output = ()> + 'static>(live: fn(usize) -> F) {
    let halves: Vec<_> = (0..2)
        .map(|half| {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(live(half));
            })
        })
        .collect();
    for half in halves {
        half.join().unwrap();
    }
}
