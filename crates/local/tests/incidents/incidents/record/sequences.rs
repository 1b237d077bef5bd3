//! A few messages change in every way, and the events arrive in any order: the chain holds, and each message has one entry at most.

use std::collections::BTreeMap;

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

/// A step, to which of the messages, and at which second by Slack's clock: steps arrive in another order than they happen.
type Happening = (usize, usize, Step);

fn happening() -> impl Strategy<Value = Happening> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(Step::Pin),
        3 => (any::<bool>(), 0usize..2).prop_map(|(on, who)| Step::React(on, who)),
        2 => Just(Step::Edit),
        1 => Just(Step::Delete),
        2 => Just(Step::Add),
        1 => Just(Step::Correct),
        1 => Just(Step::Hide),
    ];
    (0usize..3, 0usize..12, step)
}

/// `arrival` tells apart what happens within one second.
async fn make(world: &World, arrival: usize, (n, second, step): Happening) {
    let (ts, at) = (
        format!("{}.000100", 100 + n),
        format!("{}.{arrival:06}", 1000 + second),
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

/// Whether something holds a message on the timeline after those steps have arrived.
fn is_held(steps: &[Happening], n: usize) -> bool {
    let (mut marks, mut deleted) = (BTreeMap::new(), false);
    for (arrival, (of, second, step)) in steps.iter().enumerate() {
        match step {
            _ if *of != n => {}
            Step::Pin(on) | Step::React(on, _) => {
                let latest = marks.entry(mark(*step)).or_default();
                *latest = (*second, arrival, *on).max(*latest);
            }
            Step::Add if !deleted => {
                marks.insert(2, (usize::MAX, arrival, true));
            }
            // A message without a mark, set or removed, leaves nothing here: the mirror knows of its deletion.
            Step::Delete => deleted |= !marks.is_empty(),
            _ => {}
        }
    }
    !deleted && marks.values().any(|(.., on)| *on)
}

fn mark(step: Step) -> usize {
    match step {
        Step::React(_, who) => who,
        _ => 3,
    }
}

/// The chain holds after those steps, and each message has one entry at most, which stands if something holds it.
async fn check(steps: &[Happening]) {
    let world = World::new().await;
    for (arrival, happening) in steps.iter().enumerate() {
        make(&world, arrival, *happening).await;
    }
    let (incident, entries) = (world.incident().await, world.entries().await);
    assert_eq!(notes::broken_at(&incident, &entries), None);
    for n in 0..3 {
        let source = source(&format!("{}.000100", 100 + n));
        let made: Vec<_> = entries
            .iter()
            .filter(|e| e.source.as_ref() == Some(&source))
            .collect();
        assert!(made.len() <= 1, "{} entries of one message", made.len());
        let stands = made.first().is_some_and(|entry| entry.removed_at.is_none());
        assert_eq!(stands, is_held(steps, n), "message {n}");
    }
}

#[tokio::test]
async fn a_mark_that_comes_after_the_deletion_of_an_unmarked_message_brings_nothing_back() {
    check(&[
        (2, 0, Step::React(true, 1)),
        (2, 1, Step::React(false, 1)),
        (2, 2, Step::Delete),
        (2, 3, Step::React(true, 0)),
    ])
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_sequence_keeps_the_chain_whole_and_makes_one_entry_of_a_message(
        steps in prop::collection::vec(happening(), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&steps));
    }
}
