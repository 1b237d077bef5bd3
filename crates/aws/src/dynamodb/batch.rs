//! Puts and removes any number of rows in batches, and repeats what a batch has not processed.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use tidegate_pipeline::table::{Item, Key, TableError};

use super::DynamoTable;
use super::attributes::{attributes, key_attributes};
use super::failure::{Call, failure};
use super::repeat::Repeat;

/// The most rows in one `BatchWriteItem`. That many of the largest rows, 400 kB, stay below its 16 MB even in base64.
const BATCH: usize = 25;

/// The attempts at the rows that a batch has not processed.
const BATCH_ATTEMPTS: u32 = 6;

impl DynamoTable {
    /// Writes one batch and returns the rows that were not processed.
    async fn put_once(&self, rows: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, TableError> {
        let request = self
            .client
            .batch_write_item()
            .request_items(&self.name, rows);
        let answer = request.send().await.map_err(|e| failure(&e, Call::Write))?;
        Ok(answer
            .unprocessed_items
            .into_iter()
            .flatten()
            .flat_map(|(_, rows)| rows)
            .collect())
    }

    /// Puts and removes rows, in batches.
    pub(super) async fn write_all(
        &self,
        mut requests: impl Iterator<Item = Result<WriteRequest, BuildError>> + Send,
    ) -> Result<(), TableError> {
        loop {
            let batch = requests.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>();
            let batch = batch.map_err(|e| TableError::Invalid(e.to_string()))?;
            if batch.is_empty() {
                return Ok(());
            }
            self.put_batch(batch).await?;
        }
    }

    async fn put_batch(&self, mut rows: Vec<WriteRequest>) -> Result<(), TableError> {
        for attempt in 1..=BATCH_ATTEMPTS {
            rows = self
                .repeated(Repeat::Always, || self.put_once(rows.clone()))
                .await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.pause(attempt).await;
        }
        Err(TableError::Busy(
            "rows of a batch were left over".to_owned(),
        ))
    }
}

pub(super) fn delete_request(key: &Key) -> Result<WriteRequest, BuildError> {
    let delete = DeleteRequest::builder()
        .set_key(Some(key_attributes(key)))
        .build()?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

pub(super) fn put_request(item: Item) -> Result<WriteRequest, BuildError> {
    let put = PutRequest::builder()
        .set_item(Some(attributes(item)))
        .build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}
