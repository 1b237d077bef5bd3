//! API keys that the operator makes.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, OPERATOR_KEY, Product, TENANT};

/// A key that was made.
pub struct Made {
    /// Names the key where it is listed or revoked.
    pub id: String,
    /// What opens the API.
    pub key: String,
}

impl Product {
    /// Has the operator make a key that lasts 30 days.
    pub async fn make_key(&self, tenant: &str, scopes: &[&str]) -> Made {
        let wanted = json!({"name": "tests", "scopes": scopes, "expires_days": 30});
        let path = format!("/v1/keys?tenant={tenant}");
        let answer: Answer = self.tell(&path, OPERATOR_KEY, &wanted).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let made = answer.json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Made {
            id: text("id"),
            key: text("key"),
        }
    }

    /// The keys of [`TENANT`], as the API lists them.
    pub async fn keys(&self) -> Vec<Value> {
        let path = format!("/v1/keys?tenant={TENANT}");
        let list = self.operator(Method::GET, &path).await.json();
        list["keys"].as_array().unwrap().clone()
    }
}
