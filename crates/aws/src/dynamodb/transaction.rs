//! Converts one write of a transaction to the SDK's type.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use tidegate_pipeline::table::{Key, Write, WriteAction};

use super::attributes::{attributes, key_attributes, values};
use super::{DynamoTable, names};

impl DynamoTable {
    pub(super) fn transact_item(&self, write: Write<Key>) -> Result<TransactWriteItem, BuildError> {
        let names = names(write.expressions());
        let Write {
            key,
            action,
            condition,
            values: bound,
        } = write;
        let (key, bound) = (Some(key_attributes(&key)), values(bound));
        let item = TransactWriteItem::builder();
        let item = match action {
            WriteAction::Put(row) => item.put(
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(attributes(row)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Update(expression) => item.update(
                Update::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Delete => item.delete(
                Delete::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Check => item.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
        };
        Ok(item.build())
    }
}
