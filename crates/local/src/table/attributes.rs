//! Between the seam's items and writes and the engine's.

use std::collections::{BTreeMap, HashMap};

use dynoxide::actions::transact_write_items::{
    TransactConditionCheck, TransactDelete, TransactPut, TransactUpdate, TransactWriteItem,
};
use dynoxide::errors::DynoxideError;
use dynoxide::types::AttributeValue;
use tidegate_pipeline::table::{Item, Key, TableError, Value, Write, WriteAction, names_in};

use super::TABLE;

pub(super) fn transact_item(write: Write<Key>) -> TransactWriteItem {
    let expression_attribute_names = names(write.expressions());
    let Write {
        key,
        action,
        condition,
        values: bound,
    } = write;
    let (table_name, expression_attribute_values) = (TABLE.to_owned(), values(bound));
    let mut item = TransactWriteItem::default();
    match action {
        WriteAction::Put(row) => {
            item.put = Some(TransactPut {
                table_name,
                item: attributes(row),
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Update(update_expression) => {
            item.update = Some(TransactUpdate {
                table_name,
                key: key_attributes(&key),
                update_expression,
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Delete => {
            item.delete = Some(TransactDelete {
                table_name,
                key: key_attributes(&key),
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Check => {
            item.condition_check = Some(TransactConditionCheck {
                table_name,
                key: key_attributes(&key),
                condition_expression: condition.unwrap_or_default(),
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
    }
    item
}

pub(super) fn error(e: DynoxideError) -> TableError {
    match e {
        DynoxideError::ConditionalCheckFailedException(..) => TableError::Condition,
        DynoxideError::TransactionCanceledException(message, reasons) => {
            let failed: Vec<bool> = reasons
                .iter()
                .map(|r| r.code == "ConditionalCheckFailed")
                .collect();
            if failed.contains(&true) {
                return TableError::Cancelled(failed);
            }
            TableError::Invalid(message)
        }
        // A full or read-only disk: nothing was committed, and it may have room again later.
        DynoxideError::InternalServerError(_) => {
            TableError::Busy("the database file cannot be written".to_owned())
        }
        other => TableError::Invalid(other.to_string()),
    }
}

pub(super) fn key_attributes(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

pub(super) fn names<'e>(
    expressions: impl Iterator<Item = &'e str>,
) -> Option<HashMap<String, String>> {
    let names: HashMap<_, _> = names_in(expressions).into_iter().collect();
    (!names.is_empty()).then_some(names)
}

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
        Value::B(bytes) | Value::Sealed(bytes) => AttributeValue::B(bytes),
        Value::Bool(truth) => AttributeValue::BOOL(truth),
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
        AttributeValue::B(bytes) => Value::B(bytes),
        AttributeValue::BOOL(truth) => Value::Bool(truth),
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
