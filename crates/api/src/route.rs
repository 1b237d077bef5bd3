//! Operations of the API: each has a method, a path, an access rule and a handler. The router and the OpenAPI document are made
//! from the same list, so neither has an operation that the other lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use http::Method;
use serde_json::{Value, json};
use utoipa::openapi::path::{
    Operation as Description, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::call::{IDEMPOTENCY_KEY, MAX_IDEMPOTENCY_KEY};
use super::credentials::CSRF_TOKEN;
use super::openapi::{ERROR_RESPONSE, security};
use super::{Api, ApiError, Caller, Scope};

/// The callers that an operation admits. The API checks this before the handler runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anyone. The handler does any further check.
    Public,
    /// Only the operator key, for the rows of all tenants.
    Operator,
    /// Programs and people of one workspace that hold the scope, for their own data. The operator key is not admitted.
    Tenant(Scope),
    /// As [`Access::Tenant`], and the operator key for the workspace that it names.
    TenantOrOperator(Scope),
    /// Programs and people of one workspace, with any scopes.
    Member,
}

impl Access {
    /// Fails with `forbidden` if a member lacks the scope.
    pub(super) fn admits(&self, caller: &Caller) -> Result<(), ApiError> {
        match (self, caller) {
            (Self::Tenant(scope) | Self::TenantOrOperator(scope), Caller::Member(member)) => {
                member.must_have(scope)
            }
            _ => Ok(()),
        }
    }
}

/// The result of a call: a response, or an error that the API renders.
pub type ApiResult = Result<axum::response::Response, ApiError>;

/// One operation, without its handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The HTTP method that it takes.
    pub method: Method,
    /// The path pattern. `{name}` stands for one segment.
    pub path: String,
    /// The callers that are admitted.
    pub access: Access,
    /// The names of the parameters that it takes in the query.
    pub query: Vec<String>,
}

/// The operations of the API or of a domain.
#[derive(Default)]
pub struct Routes {
    router: OpenApiRouter<Arc<Api>>,
    operations: Vec<Operation>,
    schemas: BTreeMap<String, Value>,
    clashes: BTreeSet<String>,
}

impl Routes {
    /// Adds operations of one path that admit the same callers: `.at(&Access::Operator, routes!(show, replace))`.
    #[must_use]
    pub fn at(mut self, access: &Access, mut added: UtoipaMethodRouter<Arc<Api>>) -> Self {
        let schemas = added.0.iter();
        self.note_schemas(schemas.map(|(name, schema)| (name.clone(), json!(schema))));
        for (path, item) in &mut added.1.paths {
            for (method, description) in descriptions(item) {
                description.operation_id = Some(operation_id(&method, path));
                describe(description, access);
                let parameters = description.parameters.get_or_insert_default();
                let query = parameters.iter().filter_map(query_name).collect();
                parameters.extend(headers_of(&method, access).map(RefOr::from));
                self.operations.push(Operation {
                    method,
                    path: path.clone(),
                    access: access.clone(),
                    query,
                });
            }
        }
        self.router = self.router.routes(added);
        self
    }

    /// Adds the operations of another list.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.note_schemas(others.schemas);
        self.clashes.extend(others.clashes);
        self.router = self.router.merge(others.router);
        self.operations.extend(others.operations);
        self
    }

    /// Notes the schemas of types, which the document names by the types' names alone.
    fn note_schemas(&mut self, schemas: impl IntoIterator<Item = (String, Value)>) {
        for (name, schema) in schemas {
            match self.schemas.get(&name) {
                Some(other) if *other != schema => {
                    self.clashes.insert(name);
                }
                Some(_) => {}
                None => {
                    self.schemas.insert(name, schema);
                }
            }
        }
    }

    /// Returns the names that several different types have. The document could describe only one of them.
    pub fn clashes(&self) -> &BTreeSet<String> {
        &self.clashes
    }

    /// Returns the operations in the order in which they were added.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the descriptions of the operations, without a title and other general parts.
    pub fn described(&self) -> &OpenApi {
        self.router.get_openapi()
    }

    pub(super) fn into_router(self) -> Router<Arc<Api>> {
        self.router.into()
    }
}

/// Describes that operations take a call without a body too.
pub fn with_optional_body(mut added: UtoipaMethodRouter<Arc<Api>>) -> UtoipaMethodRouter<Arc<Api>> {
    for item in added.1.paths.values_mut() {
        for (_, description) in descriptions(item) {
            if let Some(RefOr::T(body)) = &mut description.request_body {
                body.required = Some(Required::False);
            }
        }
    }
    added
}

fn descriptions(item: &mut PathItem) -> Vec<(Method, &mut Description)> {
    let of = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ];
    let there = of.into_iter();
    there
        .filter_map(|(method, description)| Some((method, description.as_mut()?)))
        .collect()
}

/// Returns the id of an operation, such as `get_incidents_id_timeline`. The document may have each only once.
fn operation_id(method: &Method, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "v1");
    let method = method.as_str().to_ascii_lowercase();
    let words: Vec<&str> = std::iter::once(method.as_str()).chain(words).collect();
    words.join("_")
}

/// Returns the name of a parameter in the query.
fn query_name(parameter: &RefOr<Parameter>) -> Option<String> {
    match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => {
            Some(parameter.name.clone())
        }
        _ => None,
    }
}

/// Describes the headers that an operation takes, besides the credential.
fn headers_of(method: &Method, access: &Access) -> impl Iterator<Item = Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let key = text()
        .min_length(Some(1))
        .max_length(Some(MAX_IDEMPOTENCY_KEY));
    let key = header(IDEMPOTENCY_KEY, "Makes a repeat of the call harmless", key);
    let token = header(
        CSRF_TOKEN,
        "The `csrf_token` of `GET /v1/me`. Only a call with a session needs it",
        text(),
    );
    let takes_sessions = !matches!(access, Access::Public | Access::Operator);
    let key = (method == Method::POST).then_some(key);
    let token = (takes_sessions && method != Method::GET).then_some(token);
    key.into_iter().chain(token)
}

fn header(name: &str, what: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(what))
        .schema(Some(schema))
        .build()
}

/// Completes the description of an operation: who is admitted, and how it fails.
fn describe(description: &mut Description, access: &Access) {
    description.security = Some(security(access));
    let responses = &mut description.responses.responses;
    for response in responses.values_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            "The call was answered".clone_into(&mut response.description);
        }
    }
    responses
        .entry("default".to_owned())
        .or_insert(RefOr::Ref(Ref::from_response_name(ERROR_RESPONSE)));
}
