//! Lists parked posts and resends them, for operators.

use serde_json::{Value, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::outbox::Settled;
use tidegate_pipeline::table::{Due, DuePages, DueRow, SystemRows, TableError};
use tidegate_pipeline::worker::wake;

use super::Operator;
use super::events::{LIMIT, MOST, post_line};
use super::unreadable::Unreadable;
use crate::ApiError;

/// The parked posts that one read takes from each partition of the index.
const AT_ONCE: usize = 250;

impl Operator<'_> {
    pub(super) async fn list_posts(&self) -> Result<Value, ApiError> {
        let limit = self.call.query.limit(LIMIT, MOST)?;
        let tenant = self.call.query.tenant();
        let asked = |due: &&DueRow| tenant.as_ref().is_none_or(|t| *t == due.tenant);
        let mut posts = Vec::new();
        let mut unreadable = Unreadable::default();
        let system = self.table.system();
        let mut parked = parked_posts(&system);
        while posts.len() <= limit
            && let Some(page) = parked.next().await?
        {
            for due in page.iter().filter(asked).take(limit + 1 - posts.len()) {
                let line = self.parked_line(due).await;
                posts.extend(unreadable.unless(&due.tenant, line).flatten());
            }
        }
        let more = posts.len() > limit;
        posts.truncate(limit);
        Ok(json!({"posts": posts, "more": more, "unreadable": unreadable.tenants()}))
    }

    /// One line of the list. `None` if the post has been settled meanwhile, or its workspace is being erased.
    async fn parked_line(&self, due: &DueRow) -> Result<Option<Value>, ApiError> {
        let row = match self.table.tenant(&due.tenant).get(&due.key).await {
            Err(TableError::Erased) => return Ok(None),
            // Whoever lists it has to know that it is there, and cannot resend it.
            Err(TableError::Invalid(_)) => {
                return Ok(Some(json!({
                    "message_id": message_id_of(due),
                    "tenant": due.tenant,
                    "state": "parked",
                    "reason": "its row cannot be read: it is damaged",
                })));
            }
            row => row?,
        };
        let post = row.as_ref().and_then(|row| Settled::parse(&due.key, row));
        Ok(post.map(|post| {
            let mut line = post_line(&post);
            line["tenant"] = due.tenant.as_str().into();
            line
        }))
    }

    pub(super) async fn resend_post(&self) -> Result<Value, ApiError> {
        let message_id = self.call.path("id");
        let gone = || {
            ApiError::not_found(
                "no parked post with that id; `tidegate posts list` shows which there are",
            )
        };
        let due = self.find_parked(message_id).await?.ok_or_else(gone)?;
        let rows = self.table.tenant(&due.tenant);
        let row = match rows.get(&due.key).await {
            Err(TableError::Erased) => None,
            Err(TableError::Invalid(_)) => {
                return Err(ApiError::conflict(
                    "the post's row is damaged, so it cannot be sent again",
                ));
            }
            row => row?,
        };
        let row = row.ok_or_else(gone)?;
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

    async fn find_parked(&self, message_id: &str) -> Result<Option<DueRow>, ApiError> {
        let system = self.table.system();
        let mut parked = parked_posts(&system);
        while let Some(page) = parked.next().await? {
            let mut page = page.into_iter();
            if let Some(due) = page.find(|due| message_id_of(due).as_deref() == Some(message_id)) {
                return Ok(Some(due));
            }
        }
        Ok(None)
    }
}

fn parked_posts(system: &SystemRows) -> DuePages<'_> {
    system.due_pages(Due::ParkedPost, Timestamp(i64::MAX), AT_ONCE)
}

fn message_id_of(due: &DueRow) -> Option<String> {
    due.key.sort_parts().into_iter().next()
}
