//! Attribute values and items, as in DynamoDB.

use std::collections::BTreeMap;
use std::fmt;

/// The value of an attribute. There are no sets, because nothing uses them.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A text in UTF-8.
    S(String),
    /// A whole number. DynamoDB transfers numbers as text, and Tidegate stores no fractions.
    N(i64),
    /// Bytes that the engine stores unchanged.
    B(Vec<u8>),
    /// A boolean: true or false.
    Bool(bool),
    /// A list of values of any type.
    L(Vec<Value>),
    /// A map from names to values of any type.
    M(BTreeMap<String, Value>),
    /// Bytes that only their tenant may read. The engine stores them sealed under the tenant's key. Only an attribute of a row may
    /// be sealed, not a value inside a list or a map.
    Sealed(Vec<u8>),
}

impl Value {
    /// Returns the approximate size of the value in bytes.
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

/// Shows only the length of texts, because rows hold message texts and `response_url`s.
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
    /// Makes an item without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute, in place of an earlier one of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets an attribute if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Sets an attribute to bytes that only the tenant may read.
    #[must_use]
    pub fn sealed(self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.with(name, Value::Sealed(bytes.into()))
    }

    /// Returns the bytes of a sealed attribute. `None` if it is absent or of another type.
    pub fn opened(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Value::Sealed(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the text of a sealed attribute. `None` if it is absent, of another type or not UTF-8.
    pub fn opened_text(&self, name: &str) -> Option<&str> {
        self.opened(name)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Returns a text attribute. `None` if it is absent or of another type.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::S(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns a number attribute. `None` if it is absent or of another type.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Value::N(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns a bytes attribute. `None` if it is absent or of another type.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Value::B(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Tells whether an attribute is present and true.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }
}
