//! The OpenAPI document as tests read it: requests that fit an operation, and requests that do not.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tidegate_app::api::Operation;
use tidegate_testing::product::Product;

/// The document of a running product.
pub(crate) struct Described(Value);

impl Described {
    pub(crate) async fn of(product: &Product) -> Self {
        let answer = product.ask(Method::GET, "/v1/openapi.json", "").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        Self(answer.json())
    }

    pub(crate) fn document(&self) -> &Value {
        &self.0
    }

    fn operation(&self, operation: &Operation) -> &Value {
        let method = operation.method.as_str().to_ascii_lowercase();
        &self.0["paths"][&operation.path][method]
    }

    /// The parameters in the query: their names and schemas.
    pub(crate) fn query(&self, operation: &Operation) -> Vec<(&str, &Value)> {
        let parameters = self.operation(operation)["parameters"].as_array();
        let parameters = parameters.into_iter().flatten();
        parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| Some((parameter["name"].as_str()?, &parameter["schema"])))
            .collect()
    }

    /// Whether the body takes no other fields than those that it has.
    pub(crate) fn takes_no_other_fields(&self, operation: &Operation) -> bool {
        let schema = self
            .body_schema(operation)
            .map(|schema| self.resolved(schema));
        schema.is_some_and(|schema| schema["additionalProperties"] == false)
    }

    /// A body that fits, with every field that there is. `None` for an operation without a body.
    pub(crate) fn body(&self, operation: &Operation) -> Option<Value> {
        Some(self.example(self.body_schema(operation)?))
    }

    /// The fields of the body, with a value of the wrong type for each.
    pub(crate) fn misfits(&self, operation: &Operation) -> Vec<(String, Value)> {
        let schema = self
            .body_schema(operation)
            .map(|schema| self.resolved(schema));
        let fields = schema.and_then(|schema| schema["properties"].as_object());
        let fields = fields.into_iter().flatten();
        fields
            .map(|(name, schema)| {
                let wrong = match self.example(schema) {
                    Value::String(_) => json!(7),
                    _ => json!("x"),
                };
                (name.clone(), wrong)
            })
            .collect()
    }

    fn body_schema(&self, operation: &Operation) -> Option<&Value> {
        let body = &self.operation(operation)["requestBody"];
        body.pointer("/content/application~1json/schema")
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let place = reference.trim_start_matches('#');
                self.resolved(self.0.pointer(place).unwrap())
            }
            None => schema,
        }
    }

    /// A value that fits a schema.
    fn example(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            let mut choices = choices.filter(|choice| choice["type"] != "null");
            if let Some(first) = choices.next() {
                return self.example(first);
            }
        }
        let whole = |name: &str| schema[name].as_u64();
        match kind(schema) {
            "integer" | "number" => json!(whole("minimum").unwrap_or(1)),
            "boolean" => json!(false),
            "array" => json!([self.example(&schema["items"])]),
            "string" if schema["format"] == "date-time" => json!("2026-01-02T03:04:05Z"),
            "string" => {
                let length = usize::try_from(whole("minLength").unwrap_or(1)).unwrap();
                json!("x".repeat(length.max(1)))
            }
            "object" => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields = fields.map(|(name, schema)| (name.clone(), self.example(schema)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            _ => json!({}),
        }
    }
}

/// The type of a schema, apart from null.
pub(crate) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    }
}
