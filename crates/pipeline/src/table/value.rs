//! Attribute values and items, as DynamoDB has them.

use std::collections::BTreeMap;
use std::fmt;

/// An attribute's value. Sets are left out: nothing uses them.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Text.
    S(String),
    /// An integer; DynamoDB carries numbers as text, and Tidegate stores no fractions.
    N(i64),
    /// Bytes.
    B(Vec<u8>),
    /// Truth.
    Bool(bool),
    /// A list.
    L(Vec<Value>),
    /// A map.
    M(BTreeMap<String, Value>),
    /// Bytes that only their tenant may read: in the engine they lie under its key. Of a row's own attributes only,
    /// not inside lists and maps.
    Sealed(Vec<u8>),
}

impl Value {
    /// About how many bytes the value has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(_) => 21,
            Self::B(bytes) | Self::Sealed(bytes) => bytes.len(),
            Self::Bool(_) => 1,
            Self::L(list) => list.iter().map(|value| value.len() + 1).sum(),
            Self::M(map) => map.iter().map(|(name, v)| name.len() + v.len() + 1).sum(),
        }
    }
}

/// Rows hold message texts and `response_url`s, so texts show their length only.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S(text) => write!(f, "S({} bytes)", text.len()),
            Self::N(number) => write!(f, "N({number})"),
            Self::B(bytes) => write!(f, "B({} bytes)", bytes.len()),
            Self::Bool(truth) => write!(f, "Bool({truth})"),
            Self::L(list) => f.debug_list().entries(list).finish(),
            Self::M(map) => f.debug_map().entries(map).finish(),
            Self::Sealed(bytes) => write!(f, "Sealed({} bytes)", bytes.len()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::S(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::S(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::N(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::N(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::B(bytes)
    }
}

/// One row: attributes by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item(pub BTreeMap<String, Value>);

impl Item {
    /// An item without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// The item with that attribute set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The item with that attribute set, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The item with that attribute set to bytes that only the tenant may read.
    #[must_use]
    pub fn sealed(self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.with(name, Value::Sealed(bytes.into()))
    }

    /// The bytes of a sealed attribute; `None` when absent or of another type.
    pub fn opened(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Value::Sealed(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The text of a sealed attribute; `None` when absent, of another type or no text.
    pub fn opened_text(&self, name: &str) -> Option<&str> {
        self.opened(name)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// A text attribute; `None` when absent or of another type.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::S(text)) => Some(text),
            _ => None,
        }
    }

    /// A number attribute; `None` when absent or of another type.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Value::N(number)) => Some(*number),
            _ => None,
        }
    }

    /// A bytes attribute; `None` when absent or of another type.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Value::B(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Whether an attribute is present and true.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }
}
