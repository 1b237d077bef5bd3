//! Converts values and items to and from the SDK's types.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use tidegate_pipeline::table::{Item, Key, TableError, Value};

pub(super) fn key_attributes(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// Converts the values of expressions. `None` if there are none, because `DynamoDB` rejects an empty map.
pub(super) fn values(values: BTreeMap<String, Value>) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<_, _> = values
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    (!values.is_empty()).then_some(values)
}

pub(super) fn attributes(item: Item) -> HashMap<String, AttributeValue> {
    item.0
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect()
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number.to_string()),
        // Sealed values have been refused before they get here.
        Value::B(bytes) | Value::Sealed(bytes) => AttributeValue::B(Blob::new(bytes)),
        Value::Bool(truth) => AttributeValue::Bool(truth),
        Value::L(list) => AttributeValue::L(list.into_iter().map(attribute).collect()),
        Value::M(map) => {
            AttributeValue::M(map.into_iter().map(|(n, v)| (n, attribute(v))).collect())
        }
    }
}

pub(super) fn item_from(attributes: HashMap<String, AttributeValue>) -> Result<Item, TableError> {
    let pairs = attributes
        .into_iter()
        .map(|(name, value)| Ok((name, value_from(value)?)));
    Ok(Item(pairs.collect::<Result<_, TableError>>()?))
}

fn value_from(attribute: AttributeValue) -> Result<Value, TableError> {
    let odd = |what: &str| {
        TableError::Invalid(format!("a row holds {what}, which Tidegate never writes"))
    };
    Ok(match attribute {
        AttributeValue::S(text) => Value::S(text),
        AttributeValue::N(number) => Value::N(number.parse().map_err(|_| odd("a fraction"))?),
        AttributeValue::B(bytes) => Value::B(bytes.into_inner()),
        AttributeValue::Bool(truth) => Value::Bool(truth),
        AttributeValue::L(list) => {
            Value::L(list.into_iter().map(value_from).collect::<Result<_, _>>()?)
        }
        AttributeValue::M(map) => {
            let pairs = map
                .into_iter()
                .map(|(name, value)| Ok((name, value_from(value)?)));
            Value::M(pairs.collect::<Result<_, TableError>>()?)
        }
        _ => return Err(odd("a set or null")),
    })
}
