//! The reasons why an install can fail, with the HTTP status and the error code of each.

use http::StatusCode;
use thiserror::Error;

use crate::state::StateError;

/// The reason why an install failed. Each message says what to do next.
#[derive(Debug, Error)]
pub enum InstallProblem {
    /// The person or Slack denied the install. Holds Slack's error code.
    #[error(
        "Slack did not allow the install ({0}). Nothing was changed. Begin again if that was a mistake, or ask an owner of the workspace."
    )]
    Denied(String),
    /// The request lacks the code or the state.
    #[error(
        "This address is where Slack sends browsers at the end of an install; it needs what Slack adds to it. Begin again."
    )]
    Incomplete,
    /// The state was used before, or Tidegate never issued it.
    #[error("This install was finished before, or was not begun here. Begin again.")]
    Used,
    /// The install was begun more than ten minutes ago.
    #[error("This install was begun more than ten minutes ago. Begin again.")]
    Expired,
    /// The install was begun in another browser.
    #[error("This install was begun in another browser. Finish it there, or begin again here.")]
    OtherBrowser,
    /// Slack rejected the code. Holds Slack's error code.
    #[error("Slack did not accept the install ({0}). Begin again.")]
    Code(String),
    /// Slack rejected the app's id, secret or redirect URL. Holds Slack's error code.
    #[error(
        "Slack does not know this app as it is configured ({0}). The people who run Tidegate have to check SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and the app's redirect URLs."
    )]
    App(String),
    /// The workspace is being erased.
    #[error("The data of this workspace is being erased. Begin again in a few minutes.")]
    Erasing,
    /// Slack or the table was unavailable. The detail goes to the log.
    #[error("Slack or Tidegate did not answer in time. Begin again in a minute.")]
    Later(String),
}

impl InstallProblem {
    /// Returns the HTTP status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::Incomplete | Self::Used | Self::Expired | Self::OtherBrowser | Self::Code(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::App(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Erasing => StatusCode::CONFLICT,
            Self::Later(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the stable error code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "access_denied",
            Self::Incomplete => "bad_request",
            Self::Used => "state_used",
            Self::Expired => "state_expired",
            Self::OtherBrowser => "other_browser",
            Self::Code(_) => "code_refused",
            Self::App(_) => "app_misconfigured",
            Self::Erasing => "erasing",
            Self::Later(_) => "unavailable",
        }
    }
}

impl From<StateError> for InstallProblem {
    fn from(e: StateError) -> Self {
        match e {
            StateError::Unknown => Self::Used,
            StateError::Expired => Self::Expired,
            StateError::OtherBrowser => Self::OtherBrowser,
            StateError::Table(_) | StateError::Entropy(_) => Self::Later(e.to_string()),
        }
    }
}
