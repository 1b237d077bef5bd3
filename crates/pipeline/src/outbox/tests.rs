//! Tests of lanes and of the order within them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn post(lane: &Lane) -> Post {
    Post {
        lane: lane.clone(),
        target: Target::Effect,
        body: json!({}),
        class: Class::Repeatable,
        purpose: "test",
    }
}

/// A post as it would be read from its row.
fn pending(write: &Write<RowKey>) -> Pending {
    let crate::table::WriteAction::Put(item) = &write.action else {
        panic!("{write:?}");
    };
    Pending::parse(&write.key, item).unwrap()
}

#[test]
fn posts_of_one_event_stand_in_the_order_of_their_places() {
    let lane = Lane::named(&["incident", "1"]);
    let keys: Vec<RowKey> = (0..100)
        .map(|n| insert("Ev1", "hello", n, &post(&lane), Timestamp(5)).key)
        .collect();
    assert!(keys.is_sorted());
    let parent = pending(&insert("Ev1", "hello", 3, &post(&lane), Timestamp(5)));
    let keys: Vec<RowKey> = (0..100)
        .map(|n| insert_after(&parent, n, &post(&lane), Timestamp(6)).key)
        .collect();
    assert!(keys.is_sorted());
}

#[test]
fn what_follows_has_an_id_and_a_place_of_its_own() {
    let lane = Lane::named(&["incident", "1"]);
    let mut generation: Vec<Pending> = (0..4)
        .map(|n| pending(&insert("Ev1", "hello", n, &post(&lane), Timestamp(5))))
        .collect();
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        for one in &generation {
            assert!(seen.insert(one.message_id.clone()), "{one:?}");
            assert!(seen.insert(one.key.sort_parts().join("#")), "{one:?}");
            assert_eq!(one.event_id, "Ev1");
        }
        // All in one millisecond and one lane.
        let follow = |parent: &Pending| {
            let parent = parent.clone();
            let lane = lane.clone();
            (0..4).map(move |n| pending(&insert_after(&parent, n, &post(&lane), Timestamp(5))))
        };
        let next: Vec<Pending> = generation.iter().flat_map(follow).collect();
        let again: Vec<Pending> = generation.iter().flat_map(follow).collect();
        for (one, other) in next.iter().zip(&again) {
            assert_eq!((&one.key, &one.message_id), (&other.key, &other.message_id));
        }
        generation = next;
    }
}

#[test]
fn an_effect_comes_back_from_its_row() {
    let lane = Lane::named(&["incident", "1"]);
    for class in [Class::AtLeastOnce, Class::AtMostOnce, Class::Repeatable] {
        let one = pending(&insert(
            "Ev1",
            "hello",
            0,
            &Post {
                class,
                ..post(&lane)
            },
            Timestamp(5),
        ));
        assert_eq!(one.class, class);
        assert!(matches!(one.target, Target::Effect));
    }
}

#[test]
fn empty_parts_make_lanes_of_their_own() {
    let lanes = [&[][..], &[""], &["", ""], &["C1"], &["C1", ""], &["", "C1"]];
    let names: std::collections::BTreeSet<_> = lanes.map(Lane::named).into();
    assert_eq!(names.len(), lanes.len(), "{names:?}");
}

#[test]
fn posts_are_one_group_and_each_kind_of_named_lanes_another() {
    let tenant = TenantId::from("T1");
    let url = SecretString::from("https://hooks.example.com/1");
    for (lane, group) in [
        (Lane::channel(&"C1".into()), "T1"),
        (Lane::response_url(&url), "T1"),
        (Lane::named(&["response", "1"]), "T1.%response"),
        (Lane::named(&["hooks", "hook_1", "1"]), "T1.hooks"),
        (Lane::named(&["hooks", "hook_2", "drain", "0"]), "T1.hooks"),
        (Lane::named(&["status_page"]), "T1.status_page"),
    ] {
        assert_eq!(lane.group(&tenant), group, "{lane:?}");
    }
}

proptest! {
    #[test]
    fn named_lanes_are_nobody_elses(
        a in prop::collection::vec("(response|[.%A-C0-9é]{0,4}|C[0-9]{10})", 0..4),
        b in prop::collection::vec("(response|[.%A-C0-9é]{0,4}|C[0-9]{10})", 0..4),
        channel in "[A-Z0-9]{0,12}",
    ) {
        let named = |parts: &[String]| {
            Lane::named(&parts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        prop_assert_eq!(a == b, named(&a) == named(&b));
        prop_assert!(named(&a) != Lane::channel(&channel.as_str().into()));
        prop_assert!(!named(&a).as_str().starts_with("response."));
    }
}
