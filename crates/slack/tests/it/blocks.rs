//! The borrowed Block Kit models, held to what we rely on: they build what Slack takes, and bear with what is new.

use std::fs;

use serde_json::{Value, json};
use tidegate_slack::blocks::{
    SlackBlock, SlackBlockMarkDownText, SlackDividerBlock, SlackSectionBlock, to_json,
};

use crate::corpus::answers;

#[test]
fn blocks_are_built_as_slack_takes_them() {
    let text = SlackBlockMarkDownText::new("*hello*".to_owned());
    let section = SlackSectionBlock::new().with_text(text.into());
    let blocks = [
        section.into(),
        SlackBlock::Divider(SlackDividerBlock::new()),
    ];
    assert_eq!(
        to_json(&blocks).unwrap(),
        [
            json!({"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}),
            json!({"type": "divider"}),
        ]
    );
}

#[test]
fn a_block_of_tomorrow_comes_through_as_it_is() {
    for block in [
        json!({"type": "brand_new", "x": [1]}),
        json!({"type": "section", "text": 7}),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": {"type": "brand_new", "x": 1}}),
        json!({"type": "actions", "elements": [{"type": "brand_new", "x": 1}]}),
        json!({"type": "rich_text", "elements": [{"type": "brand_new"}]}),
        json!({"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "brand_new", "x": 1}]}]}),
    ] {
        let read: SlackBlock = serde_json::from_value(block.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), block);
    }
}

#[test]
fn every_published_block_is_readable() {
    let Some(folder) = answers() else { return };
    let file = folder.join("views.open.json");
    let view: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let blocks = view["view"]["blocks"].as_array().unwrap();
    assert!(blocks.len() >= 20);
    for block in blocks {
        serde_json::from_value::<SlackBlock>(block.clone()).unwrap();
    }
}
