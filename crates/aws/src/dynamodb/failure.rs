//! Classifies failed calls: nothing was done, something may have been done, or the request is invalid.

use std::error::Error;
use std::io::ErrorKind;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use tidegate_pipeline::table::TableError;

/// The kind of a call, which decides whether a lost response leaves its outcome unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The call only reads.
    Read,
    /// The call writes, so a lost response leaves its outcome unknown.
    Write,
}

/// The error codes of invalid requests, which trying again cannot help. A missing table or permission is not among them, because
/// the request itself is valid.
const INVALID: [&str; 4] = [
    "ValidationException",
    "SerializationException",
    "ItemCollectionSizeLimitExceededException",
    "IdempotentParameterMismatchException",
];

pub(super) fn failure<E>(e: &SdkError<E>, call: Call) -> TableError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match e {
        SdkError::ConstructionFailure(_) => {
            TableError::Invalid("the request could not be built".to_owned())
        }
        SdkError::TimeoutError(_) => no_answer(call, "no answer in time"),
        SdkError::DispatchFailure(e)
            if e.is_timeout() || never_connected(e.as_connector_error()) =>
        {
            TableError::Busy("no connection".to_owned())
        }
        SdkError::DispatchFailure(_) => no_answer(call, "the connection broke"),
        SdkError::ResponseError(_) => no_answer(call, "the answer could not be read"),
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            service_failure(answer.err().code(), answer.err().message(), status, call)
        }
        _ => no_answer(call, "an unknown error"),
    }
}

pub(super) fn transaction_failure(e: &SdkError<TransactWriteItemsError>) -> TableError {
    match e.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancellation(cancelled.cancellation_reasons())
        }
        _ => failure(e, Call::Write),
    }
}

fn cancellation(reasons: &[CancellationReason]) -> TableError {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let failed: Vec<bool> = reasons
        .iter()
        .map(|reason| code(reason) == "ConditionalCheckFailed")
        .collect();
    if failed.contains(&true) {
        return TableError::Cancelled(failed);
    }
    let invalid =
        |code: &String| code == "ValidationError" || code == "ItemCollectionSizeLimitExceeded";
    if let Some(code) = reasons.iter().map(code).find(invalid) {
        return TableError::Invalid(code);
    }
    // In conflict with another transaction, or throttled.
    let code = reasons.iter().map(code).find(|code| code != "None");
    TableError::Busy(code.unwrap_or_else(|| "the transaction was cancelled".to_owned()))
}

fn service_failure(
    code: Option<&str>,
    message: Option<&str>,
    status: u16,
    call: Call,
) -> TableError {
    let code = code.unwrap_or("an error without a code");
    let told = format!("{code} (HTTP {status})");
    match code {
        "ConditionalCheckFailedException" => TableError::Condition,
        // Its message names attributes and rules, never contents.
        _ if INVALID.contains(&code) => TableError::Invalid(match message {
            Some(message) => format!("{told}: {message}"),
            None => told,
        }),
        _ if status == 413 => TableError::Invalid(told),
        "TransactionInProgressException" => no_answer(call, &told),
        // Refused, throttled, or not served: it was not done.
        _ if (400..500).contains(&status) || status == 503 => TableError::Busy(told),
        // After a 500, DynamoDB may have done the write. The same holds for the error of a gateway.
        _ => no_answer(call, &told),
    }
}

fn no_answer(call: Call, why: &str) -> TableError {
    match call {
        Call::Read => TableError::Busy(why.to_owned()),
        Call::Write => TableError::Unknown(why.to_owned()),
    }
}

/// Tells whether the connection was refused, so that nothing can have been sent.
fn never_connected(e: Option<&(impl Error + 'static)>) -> bool {
    let mut next = e.map(|e| e as &(dyn Error + 'static));
    while let Some(e) = next {
        let kind = e.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let unreachable = [
            ErrorKind::ConnectionRefused,
            ErrorKind::HostUnreachable,
            ErrorKind::NetworkUnreachable,
        ];
        if kind.is_some_and(|kind| unreachable.contains(&kind)) {
            return true;
        }
        next = e.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes
            .iter()
            .map(|code| CancellationReason::builder().code(*code).build())
            .collect()
    }

    #[test]
    fn cancellations_tell_conditions_from_conflicts() {
        let cancelled = |codes: &[&str]| cancellation(&reasons(codes));
        let conditions = cancelled(&["None", "ConditionalCheckFailed", "TransactionConflict"]);
        assert_eq!(conditions, TableError::Cancelled(vec![false, true, false]));
        let conflict = cancelled(&["None", "TransactionConflict"]);
        assert_eq!(conflict, TableError::Busy("TransactionConflict".to_owned()));
        for busy in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
            assert_eq!(
                cancelled(&[busy, "None"]),
                TableError::Busy(busy.to_owned())
            );
        }
        let invalid = cancelled(&["TransactionConflict", "ValidationError"]);
        assert_eq!(invalid, TableError::Invalid("ValidationError".to_owned()));
        assert!(matches!(cancellation(&[]), TableError::Busy(_)));
    }

    #[test]
    fn service_errors_tell_what_became_of_the_write() {
        let told = |code, status, call| service_failure(Some(code), Some("why"), status, call);
        let condition = told("ConditionalCheckFailedException", 400, Call::Write);
        assert_eq!(condition, TableError::Condition);
        for busy in [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "TransactionConflictException",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "ExpiredTokenException",
        ] {
            assert!(
                matches!(told(busy, 400, Call::Write), TableError::Busy(_)),
                "{busy}"
            );
        }
        assert!(matches!(
            told("ServiceUnavailable", 503, Call::Write),
            TableError::Busy(_)
        ));
        assert!(matches!(
            told("InternalServerError", 500, Call::Write),
            TableError::Unknown(_)
        ));
        assert!(matches!(
            told("InternalServerError", 500, Call::Read),
            TableError::Busy(_)
        ));
        for unknown in [200, 502, 504] {
            assert!(matches!(
                service_failure(None, None, unknown, Call::Write),
                TableError::Unknown(_)
            ));
        }
        let invalid = told("ValidationException", 400, Call::Write);
        assert_eq!(
            invalid,
            TableError::Invalid("ValidationException (HTTP 400): why".to_owned())
        );
        assert!(matches!(
            service_failure(None, None, 413, Call::Write),
            TableError::Invalid(_)
        ));
    }
}
