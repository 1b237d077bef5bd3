//! The ids that Slack gives to blocks, and to elements that act, where the app gave none.

use serde_json::Value;

/// Gives every block, and every element in it that acts, the id Slack would give it.
pub(crate) fn fill_block_ids(blocks: &mut Value, seed: &str) {
    for (at, block) in blocks.as_array_mut().into_iter().flatten().enumerate() {
        let Some(block) = block.as_object_mut() else {
            continue;
        };
        block
            .entry("block_id")
            .or_insert_with(|| format!("b{at}-{seed}").into());
        let elements = block
            .get_mut("elements")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten();
        for (at, element) in elements.enumerate() {
            name_action(element, &format!("a{at}-{seed}"));
        }
        for single in ["accessory", "element"] {
            if let Some(element) = block.get_mut(single) {
                name_action(element, &format!("a-{seed}"));
            }
        }
    }
}

fn name_action(element: &mut Value, id: &str) {
    const PASSIVE: [&str; 8] = [
        "image",
        "mrkdwn",
        "plain_text",
        "rich_text_section",
        "rich_text_list",
        "rich_text_quote",
        "rich_text_preformatted",
        "text",
    ];
    let passive = element
        .get("type")
        .and_then(Value::as_str)
        .is_none_or(|kind| PASSIVE.contains(&kind));
    if let (false, Some(element)) = (passive, element.as_object_mut()) {
        element.entry("action_id").or_insert_with(|| id.into());
    }
}
