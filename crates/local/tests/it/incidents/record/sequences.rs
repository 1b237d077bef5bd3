//! Whatever happens to a few messages, in whatever order: the chain holds, and each has one entry at most.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tidegate_app::incidents::decide::{marks, notes};

use super::world::{World, delete, edit, pin, react, source};

/// Something that happens to one of three messages.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pin(bool),
    React(bool, usize),
    Edit,
    Delete,
    Add,
    Correct,
    Hide,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(Step::Pin),
        3 => (any::<bool>(), 0usize..2).prop_map(|(on, who)| Step::React(on, who)),
        2 => Just(Step::Edit),
        1 => Just(Step::Delete),
        2 => Just(Step::Add),
        1 => Just(Step::Correct),
        1 => Just(Step::Hide),
    ];
    (0usize..3, step)
}

async fn make(world: &World, n: usize, at: usize, step: Step) {
    let (ts, at) = (
        format!("{}.000100", 100 + n),
        format!("{}.000001", 1000 + at),
    );
    match step {
        Step::Pin(on) => drop(world.handle(pin(on, &ts, &at)).await),
        Step::React(on, who) => drop(world.handle(react(on, ["U1", "U2"][who], &ts, &at)).await),
        Step::Edit => drop(
            world
                .handle(edit(&ts, &format!("edited at {at}"), &at))
                .await,
        ),
        Step::Delete => drop(world.handle(delete(&ts, &at)).await),
        Step::Add => {
            let source = source(&ts);
            world
                .decide("ULEAD", async |case| {
                    let known = marks::find(&world.rows, &world.id, &source).await.unwrap();
                    notes::add_message(case, &source, "added", None, known.as_ref())
                })
                .await;
        }
        Step::Correct | Step::Hide => {
            let seq = u64::try_from(n).unwrap() + 1;
            world
                .decide("ULEAD", async |case| {
                    let entry = marks::load_entry(&world.rows, &world.id, seq)
                        .await
                        .unwrap();
                    if matches!(step, Step::Hide) {
                        return notes::hide(case, seq, entry.as_ref());
                    }
                    notes::edit(case, seq, entry.as_ref(), &at)
                })
                .await;
        }
    }
}

/// Whether something holds a message on the timeline after those steps.
fn is_held(steps: &[(usize, Step)], n: usize) -> bool {
    let (mut marks, mut marked, mut deleted) = (BTreeSet::new(), false, false);
    for (_, step) in steps.iter().filter(|(at, _)| *at == n) {
        match step {
            Step::Pin(on) | Step::React(on, _) if !on => {
                marks.remove(&mark(*step));
            }
            Step::Pin(_) | Step::React(..) => {
                marks.insert(mark(*step));
            }
            Step::Add if !deleted => {
                marks.insert(2);
            }
            // A message that was never marked is not known to be deleted: Slack sends no mark of it afterwards.
            Step::Delete => deleted |= marked,
            _ => {}
        }
        marked |= !marks.is_empty();
    }
    !deleted && !marks.is_empty()
}

fn mark(step: Step) -> usize {
    match step {
        Step::React(_, who) => who,
        _ => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_sequence_keeps_the_chain_whole_and_makes_one_entry_of_a_message(
        steps in prop::collection::vec(step(), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for (at, (n, step)) in steps.iter().enumerate() {
                make(&world, *n, at, *step).await;
            }
            let (incident, entries) = (world.incident().await, world.entries().await);
            assert_eq!(notes::broken_at(&incident, &entries), None);
            for n in 0..3 {
                let source = source(&format!("{}.000100", 100 + n));
                let made: Vec<_> = entries.iter().filter(|e| e.source.as_ref() == Some(&source)).collect();
                assert!(made.len() <= 1, "{} entries of one message", made.len());
                let stands = made.first().is_some_and(|entry| entry.removed_at.is_none());
                assert_eq!(stands, is_held(&steps, n), "message {n}");
            }
        });
    }
}
