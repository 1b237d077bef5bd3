//! Block Kit: the models of `slack-morphism`, without its HTTP client. A block, element or modal that it does not know,
//! or whose body is odd, is kept as the JSON it came as.
//!
//! For what we build. What we read stays JSON (`List<Value>` in [`crate::api`]): a field that the models do not know
//! would be lost on its way through them.

use serde_json::Value;
pub use slack_morphism::blocks::*;

/// Blocks as `chat.postMessage` and a view take them. `None` for what cannot be JSON, which no block is.
pub fn to_json(blocks: &[SlackBlock]) -> Option<Vec<Value>> {
    blocks
        .iter()
        .map(|block| serde_json::to_value(block).ok())
        .collect()
}
