//! A browser: it keeps cookies, shows pages and follows nothing by itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::Method;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::Value;
use tidegate_fake_slack::Approval;

use super::{Answer, Client, Product, answer_of};

/// One browser; each has cookies of its own.
pub(crate) struct Browser<'a> {
    client: &'a Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self {
            client,
            cookies: Mutex::default(),
        }
    }

    /// Calls a path, or a whole address of the product.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}{path}", self.client.url),
        };
        let pairs: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let mut request = self
            .client
            .http
            .request(method, url)
            .header(COOKIE, pairs.join("; "));
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let answer = answer_of(request.send().await.unwrap()).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match value {
                "" => cookies.remove(name),
                value => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// The address behind the button of the install page.
    pub(crate) async fn authorize_url(&self) -> String {
        let page = self.get("/slack/install").await;
        let (_, rest) = page
            .body
            .split_once("href=\"")
            .expect("the page has a button");
        let (url, _) = rest.split_once('"').unwrap();
        url.replace("&amp;", "&")
    }

    /// Installs the app from the first page to the last. Answers the last one.
    pub(crate) async fn install(
        &self,
        product: &Product,
        approve: impl Fn(&str) -> Approval,
    ) -> Answer {
        let url = self.authorize_url().await;
        let back = product
            .slack()
            .approve(&approve(&url))
            .expect("Slack approves");
        self.get(&back).await
    }
}
