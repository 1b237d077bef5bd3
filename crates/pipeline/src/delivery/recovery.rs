//! Settles posts whose sender died or did not learn whether Slack accepted them.

use metrics::counter;

use super::search::{Found, Sought};
use super::{Deliverer, LaneContext, Next, NoToken};
use crate::ledger::JobError;
use crate::outbox::{Class, End, Pending, Target};
use crate::table::{Item, Rows};

/// The number of resends after which even a post that must arrive is parked.
pub(super) const MAX_RESENDS: i64 = 3;

impl Deliverer {
    /// Settles a post that is already taken, once its attempt is over.
    pub(super) async fn recover(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
    ) -> Result<Next, JobError> {
        let rows = place.rows;
        let over_at = self.over_at(post);
        if over_at > self.clock.now() {
            return Ok(Next::At(over_at));
        }
        match post.target {
            Target::ResponseUrl(_) => {
                let end = End::Parked("outcome unknown: its sender stopped".to_owned());
                return self.end(rows, post, row, &end).await;
            }
            Target::Effect => return self.continue_taken(place, post, row).await,
            Target::Channel => {}
        }
        let token = match self.tokens.token(place.tenant).await {
            Ok(token) => token,
            Err(NoToken::Later(why)) => return Err(JobError::Retry(why)),
            Err(NoToken::Disconnected(_)) => return self.hold(place).await,
        };
        let sought = Sought {
            body: &post.body,
            message_id: &post.message_id,
            since: post.first_attempt_at.unwrap_or_default(),
        };
        match self.search(rows, &token, sought).await? {
            Found::Yes(ts) => {
                counter!("tidegate_posts_total", "purpose" => post.purpose.clone(), "outcome" => "found").increment(1);
                self.end(rows, post, row, &End::Done(Some(ts))).await
            }
            Found::Later(time) => Ok(Next::At(time)),
            Found::No => {
                self.not_found(rows, post, row, "not found in the channel")
                    .await
            }
            Found::Never(why) => self.not_found(rows, post, row, &why).await,
        }
    }

    async fn not_found(
        &self,
        rows: &Rows,
        post: &Pending,
        row: &Item,
        why: &str,
    ) -> Result<Next, JobError> {
        if post.class != Class::AtMostOnce && post.resends < MAX_RESENDS {
            tracing::warn!(
                message_id = post.message_id,
                why,
                "post.resent: it may appear twice"
            );
            counter!("tidegate_posts_total", "purpose" => post.purpose.clone(), "outcome" => "resent").increment(1);
            let again = Pending {
                resends: post.resends + 1,
                ..post.clone()
            };
            self.make_ready(rows, &again, self.clock.now()).await?;
            return Ok(Next::Post);
        }
        self.end(
            rows,
            post,
            row,
            &End::Parked(format!("outcome unknown: {why}")),
        )
        .await
    }
}
