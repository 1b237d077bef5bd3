//! A browser: it keeps cookies, shows pages and follows nothing by itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::Method;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::Value;
use tidegate_fake_slack::Approval;

use super::{Answer, Client, Product, answer_of};

/// The value of a field in the query of a URL. Panics if the query has no such field.
pub fn query_value(url: &str, field: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == field)
        .map(|(_, value)| value.into_owned())
        .unwrap()
}

/// One browser; each has cookies of its own.
pub struct Browser<'a> {
    client: &'a Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    /// A browser without cookies.
    pub fn new(client: &'a Client) -> Self {
        Self {
            client,
            cookies: Mutex::default(),
        }
    }

    /// Calls a path, or a whole address of the product.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.call_with(method, path, &[], body).await
    }

    /// What a script on a page makes it call, with headers of the script's.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.client.url)
        };
        let mut request = self
            .client
            .http
            .request(method, url)
            .header(COOKIE, self.cookies());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
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

    /// All cookies, as the header that sends them.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    /// Shows the page at a path, or at a whole address of the product.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// The address behind the button of the install page.
    pub async fn authorize_url(&self) -> String {
        let page = self.get("/slack/install").await;
        let (_, rest) = page
            .body
            .split_once("href=\"")
            .expect("the page has a button");
        let (url, _) = rest.split_once('"').unwrap();
        url.replace("&amp;", "&")
    }

    /// Signs in from the first redirect to the last page. Answers that one.
    pub async fn sign_in(&self, product: &Product, team: &str, user: &str) -> Answer {
        let url = self.sign_in_url().await;
        let approval = Approval {
            user: Some(user.to_owned()),
            ..Approval::of_team(&url, team)
        };
        let back = product.slack().approve(&approval).expect("Slack approves");
        self.get(&back).await
    }

    /// Where signing in sends the browser.
    pub async fn sign_in_url(&self) -> String {
        let sent = self.get("/slack/login").await;
        sent.headers["location"].to_str().unwrap().to_owned()
    }

    /// Installs the app from the first page to the last. Answers the last one.
    pub async fn install(&self, product: &Product, approve: impl Fn(&str) -> Approval) -> Answer {
        let url = self.authorize_url().await;
        let back = product
            .slack()
            .approve(&approve(&url))
            .expect("Slack approves");
        self.get(&back).await
    }
}
