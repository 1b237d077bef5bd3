//! The configuration of a stand-in Statuspage: its page, its key, and its manners.

use std::fmt;

/// Configuration of a [`FakeStatuspage`](crate::FakeStatuspage); `Default` is the sandbox page.
#[derive(Clone)]
pub struct FakeConfig {
    /// The key that is accepted.
    pub api_key: String,
    /// The id of the page.
    pub page_id: String,
    /// The name of the page.
    pub page_name: String,
    /// The components of the page, all operational at first.
    pub components: Vec<SeedComponent>,
    /// Calls of one key in any 60 seconds; more are refused. Statuspage's number is 60.
    pub calls_per_minute: usize,
    /// The HTTP status of that refusal: 429, or 420 as old keys get it.
    pub limit_status: u16,
    /// How a refusal says why.
    pub error_shape: ErrorShape,
}

/// A component that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedComponent {
    /// The id of the component, as the API uses it.
    pub id: String,
    /// As readers see it.
    pub name: String,
}

impl SeedComponent {
    /// A component with this id and name.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// How the body of a refusal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// `{"message": "…"}`, as documented.
    Message,
    /// `{"error": "…"}`, with one text.
    ErrorText,
    /// `{"error": ["…"]}`, with a list of texts.
    ErrorList,
}

impl Default for FakeConfig {
    fn default() -> Self {
        Self {
            api_key: "sandbox-statuspage-key".to_owned(),
            page_id: "sandboxpage1".to_owned(),
            page_name: "Sandbox".to_owned(),
            components: vec![
                SeedComponent::new("cmpwebsite01", "Website"),
                SeedComponent::new("cmpapi000001", "API"),
                SeedComponent::new("cmppayments1", "Payments"),
            ],
            calls_per_minute: 60,
            limit_status: 429,
            error_shape: ErrorShape::Message,
        }
    }
}

/// Leaves the key out.
impl fmt::Debug for FakeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeConfig")
            .field("page_id", &self.page_id)
            .field("components", &self.components)
            .field("calls_per_minute", &self.calls_per_minute)
            .field("limit_status", &self.limit_status)
            .field("error_shape", &self.error_shape)
            .finish_non_exhaustive()
    }
}
