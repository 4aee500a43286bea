//! What a failed request means to a person.
//!
//! Texts of responses and addresses of requests are never shown: they hold key ids, strings to sign and signatures.

use super::given_up::give_up;
use crate::storage::CHANGED;
use crate::storage::location::{Location, Service};
use object_store::Error as Fault;
use object_store::client::HttpError;
use std::error::Error as _;
use std::io::{Error, ErrorKind};

/// A failed request to an object or a bucket.
pub(super) fn meaning(fault: &Fault, at: &Location) -> Error {
    let text = fault.to_string();
    let code = code_in(&text).unwrap_or_default();
    let status = status_in(&text).unwrap_or_default();
    let says = if code.is_empty() { status.to_owned() } else { format!("{status} {code}").trim().to_owned() };
    let bucket = &at.bucket;
    if METADATA.iter().any(|host| text.contains(host)) {
        let none = "no credentials are in the environment, and this machine lends none";
        return Error::new(ErrorKind::PermissionDenied, format!("{none}; {}", credentials(at.service)));
    }
    if ["NoSuchBucket", "ContainerNotFound"].contains(&code) {
        return Error::other(format!(
            "there is no bucket '{bucket}' ({code}); make it, or correct its name{}",
            endpoint(at)
        ));
    }
    match fault {
        Fault::NotFound { .. } => Error::new(ErrorKind::NotFound, "no such object"),
        Fault::Precondition { .. } | Fault::NotModified { .. } => Error::other(CHANGED),
        Fault::AlreadyExists { .. } => {
            Error::new(ErrorKind::AlreadyExists, "an object of this name is there already")
        }
        // Listings are refused as any request is answered.
        _ if is_refused(fault) || ["401", "403"].contains(&status) => {
            let refusal = format!("the store refuses ({says}); {}", credentials(at.service));
            Error::new(ErrorKind::PermissionDenied, refusal)
        }
        // S3 redirects to another region without saying where to.
        _ if text.contains("redirect") || status == "301" => {
            Error::other(format!("the bucket '{bucket}' lies in another region; set AWS_REGION to it"))
        }
        _ if status.starts_with('5') || status == "429" => {
            give_up(at, format!("the store answers {says}, after retries; run again later"))
        }
        _ if !status.is_empty() => Error::other(format!("the store answers {says}")),
        _ if is_of_network(fault) => {
            let (cause, endpoint) = (innermost(fault), endpoint(at));
            let said = "the store cannot be reached, after retries";
            give_up(at, format!("{said}: {cause}; check the network{endpoint}, and run again"))
        }
        _ => Error::other(innermost(fault)),
    }
}

fn is_refused(fault: &Fault) -> bool {
    matches!(fault, Fault::PermissionDenied { .. } | Fault::Unauthenticated { .. })
}

/// Settings of the environment that make no client.
pub(super) fn settings_fault(fault: &Fault, at: &Location) -> Error {
    Error::other(format!(
        "no client can be made of the environment: {}; {}",
        innermost(fault),
        credentials(at.service)
    ))
}

/// Where instances of the clouds ask for credentials.
const METADATA: [&str; 3] = ["169.254.169.254", "169.254.170.", "metadata.google.internal"];

/// Which variables give credentials.
fn credentials(of: Service) -> &'static str {
    match of {
        Service::S3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), AWS_WEB_IDENTITY_TOKEN_FILE with \
             AWS_ROLE_ARN, or AWS_SKIP_SIGNATURE=true for what is public"
        }
        Service::Azure => {
            "set AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID, \
             AZURE_TENANT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE"
        }
        Service::Gcs => "set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account or of a user",
    }
}

/// The variable that may lead elsewhere.
fn endpoint(at: &Location) -> &'static str {
    match at.service {
        Service::S3 => " and AWS_ENDPOINT_URL, if it is set",
        Service::Azure => " and AZURE_STORAGE_ENDPOINT, if it is set",
        Service::Gcs => "",
    }
}

/// The code of the service in the XML of an answer, such as `AccessDenied`.
fn code_in(text: &str) -> Option<&str> {
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    code.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(code)
}

/// The status of an answer, which the library gives in its text alone.
fn status_in(text: &str) -> Option<&str> {
    text.split_once("status code: ")?
        .1
        .get(..3)
        .filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether an answer broke off, and was not asked for again.
pub(super) fn broke_off(fault: &Fault) -> bool {
    is_of_network(fault) && !fault.to_string().contains("max_retries")
}

fn is_of_network(fault: &Fault) -> bool {
    let mut cause = fault.source();
    while let Some(fault) = cause {
        if fault.is::<HttpError>() {
            return true;
        }
        cause = fault.source();
    }
    false
}

/// The first cause, such as `Connection refused`: causes above it repeat it, with addresses.
fn innermost(fault: &Fault) -> String {
    let mut cause: &dyn std::error::Error = fault;
    while let Some(below) = cause.source() {
        cause = below;
    }
    without_secrets(
        cause.to_string(),
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// A text in which no value of a variable that is a secret is left.
fn without_secrets(mut text: String, variables: impl Iterator<Item = (String, String)>) -> String {
    const OF_STORES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];
    const SECRET: [&str; 4] = ["KEY", "SECRET", "TOKEN", "PASSWORD"];
    for (name, value) in variables {
        let is_secret = OF_STORES.iter().any(|start| name.starts_with(start))
            && SECRET.iter().any(|part| name.contains(part));
        if is_secret && !value.is_empty() {
            text = text.replace(&value, &format!("${name}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of_body(body: &str) -> String {
        let at = Location::of(Path::new("s3://sales/x")).unwrap();
        let fault = Fault::PermissionDenied { path: "x".to_owned(), source: body.into() };
        meaning(&fault, &at).to_string()
    }

    #[test]
    fn an_answer_is_told_by_its_code_and_never_by_its_text() {
        let body = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code>\
                    <AWSAccessKeyId>AKIA1</AWSAccessKeyId><StringToSign>AWS4-HMAC</StringToSign></Error>";
        let text = of_body(body);
        assert!(text.contains("(403 SignatureDoesNotMatch)"), "{text}");
        assert!(!text.contains("AKIA1") && !text.contains("HMAC"), "{text}");
        assert!(of_body("<Code>a b=c</Code>").contains("refuses ()"));
    }

    #[test]
    fn values_of_secret_variables_are_replaced_by_their_names() {
        let variables =
            [("AWS_SECRET_ACCESS_KEY", "s3cr3t"), ("AWS_REGION", "eu"), ("AZURE_STORAGE_ACCOUNT_KEY", "")];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = without_secrets("bad header s3cr3t in eu".to_owned(), variables);
        assert_eq!(text, "bad header $AWS_SECRET_ACCESS_KEY in eu");
    }
}
