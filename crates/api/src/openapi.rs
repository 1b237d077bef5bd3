//! The OpenAPI document of the API, and the operation `GET /v1/openapi.json`, which shows it.

mod page;

use axum::Extension;
use bytes::Bytes;
use http::StatusCode;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::routes;

use super::sessions::COOKIE_NAME;
use super::{Access, ApiResult, Routes};
use crate::error::ErrorBody;
use crate::reply;

/// The name of the response that describes every error.
pub(super) const ERROR_RESPONSE: &str = "Error";

const KEY: &str = "apiKey";
const SESSION: &str = "session";
const OPERATOR_KEY: &str = "operatorKey";

pub(super) fn routes() -> Routes {
    Routes::default()
        .at(&Access::Public, routes!(show))
        .and(page::routes())
}

/// Show this document
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "openapi",
    responses((status = 200, body = Object, description = "An OpenAPI document, version 3.1"))
)]
async fn show(Extension(Document(json)): Extension<Document>) -> ApiResult {
    Ok(reply::json_bytes(StatusCode::OK, json))
}

/// The document as JSON. It is made once, because anybody may ask for it.
#[derive(Clone)]
pub(super) struct Document(Bytes);

impl Document {
    pub(super) fn of(routes: &Routes) -> Self {
        // Every key of the document is a text, so it always serializes.
        Self(
            serde_json::to_vec(&document(routes))
                .unwrap_or_default()
                .into(),
        )
    }
}

/// Makes the whole document of these operations.
fn document(routes: &Routes) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tidegate")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A serverless Slack backend. Every error has the same body, and lists are read page by page.",
        ))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    document.merge(routes.described().clone());
    let components = document.components.get_or_insert_default();
    let bearer = |what: &str| {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(what))
            .build();
        SecurityScheme::Http(scheme)
    };
    components.add_security_scheme(KEY, bearer("An API key of one workspace: `tg_…`"));
    components.add_security_scheme(
        OPERATOR_KEY,
        bearer("The key of the people who run Tidegate"),
    );
    let cookie = ApiKeyValue::with_description(
        COOKIE_NAME,
        "The session of a person who signed in at `/slack/login`",
    );
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let name = ErrorBody::name().into_owned();
    let mut schemas = vec![(name.clone(), ErrorBody::schema())];
    ErrorBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name(name))))
        .build();
    let page = ContentBuilder::new().schema(Some(String::schema())).build();
    let whole = || ObjectBuilder::new().schema_type(Type::Integer);
    let header = |what: &str| {
        HeaderBuilder::new()
            .schema(Some(whole()))
            .description(Some(what))
            .build()
    };
    let error = ResponseBuilder::new()
        .header(
            "Retry-After",
            header("With status 429, and with 503 if waiting helps: seconds to wait"),
        )
        .header(
            "X-RateLimit-Limit",
            header("Calls in a minute. Only for a key or a session"),
        )
        .header(
            "X-RateLimit-Remaining",
            header("Calls that are left of them"),
        )
        .header(
            "X-RateLimit-Reset",
            header("Unix second at which the minute ends"),
        )
        .description("What went wrong, and what to do next")
        .content("application/json", content)
        .content("text/html", page)
        .build();
    components
        .responses
        .insert(ERROR_RESPONSE.to_owned(), error.into());
    document
}

/// Returns what a caller of an operation has to show: one of these. Empty for a public operation.
pub(super) fn security(access: &Access) -> Vec<SecurityRequirement> {
    let member = |scopes: &[&str]| {
        let scopes = || scopes.iter().copied();
        vec![
            SecurityRequirement::new(KEY, scopes()),
            SecurityRequirement::new(SESSION, scopes()),
        ]
    };
    let operator = SecurityRequirement::new(OPERATOR_KEY, Vec::<String>::new());
    match access {
        Access::Public => Vec::new(),
        Access::Operator => vec![operator],
        Access::Member => member(&[]),
        Access::Tenant(scope) => member(&[scope.as_str()]),
        Access::TenantOrOperator(scope) => {
            let mut of = member(&[scope.as_str()]);
            of.push(operator);
            of
        }
    }
}
