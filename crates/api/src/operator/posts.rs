//! Lists parked posts and resends them, for operators.

use serde_json::{Value, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::outbox::Settled;
use tidegate_pipeline::table::{Due, DueRow, TableError};
use tidegate_pipeline::worker::wake;

use super::Operator;
use super::events::{LIMIT, MOST, post_line};
use crate::ApiError;

impl Operator<'_> {
    pub(super) async fn list_posts(&self) -> Result<Value, ApiError> {
        let limit = self.call.query.limit(LIMIT, MOST)?;
        let mut posts = Vec::new();
        let parked = self.parked_posts().await?;
        let more = parked.len() > limit;
        for due in parked.iter().take(limit) {
            let row = self.table.tenant(&due.tenant).get(&due.key).await?;
            let Some(post) = row.as_ref().and_then(|row| Settled::parse(&due.key, row)) else {
                continue;
            };
            let mut line = post_line(&post);
            line["tenant"] = due.tenant.as_str().into();
            posts.push(line);
        }
        Ok(json!({"posts": posts, "more": more}))
    }

    pub(super) async fn resend_post(&self) -> Result<Value, ApiError> {
        let message_id = self.call.path("id");
        let gone = || {
            ApiError::not_found(
                "no parked post with that id; `tidegate posts list` shows which there are",
            )
        };
        let parked = self.parked_posts().await?;
        let due = parked.iter().find(|due| {
            due.key
                .sort_parts()
                .first()
                .is_some_and(|id| id == message_id)
        });
        let due = due.ok_or_else(gone)?;
        let rows = self.table.tenant(&due.tenant);
        let row = rows.get(&due.key).await?.ok_or_else(gone)?;
        let post = Settled::parse(&due.key, &row).ok_or_else(gone)?;
        match rows
            .transact(post.requeue(&row, self.api.clock.now()).into())
            .await
        {
            Ok(()) => {}
            Err(TableError::Cancelled(_)) => return Err(gone()),
            Err(e) => return Err(e.into()),
        }
        wake(
            &*self.api.wake_ups,
            &due.tenant,
            &post.lane,
            0,
            &*self.api.clock,
        )
        .await?;
        tracing::info!(message_id, tenant = %due.tenant, "post.resent by an operator");
        Ok(json!({"ok": true, "message_id": message_id, "message": "queued again"}))
    }

    async fn parked_posts(&self) -> Result<Vec<DueRow>, ApiError> {
        Ok(self
            .table
            .system()
            .due(Due::ParkedPost, Timestamp(i64::MAX), 1000)
            .await?)
    }
}
