//! Clients of buckets, made from the environment: what each service's own tools call its variables, and no other place.

use super::fault::settings_fault;
use super::given_up::check_not_given_up;
use crate::storage::location::{Location, Service};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use std::collections::BTreeMap;
use std::io::Result;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// By bucket, for the life of the process: a client holds connections and the credentials that it was lent.
static CLIENTS: LazyLock<Mutex<BTreeMap<PathBuf, Arc<dyn ObjectStore>>>> = LazyLock::new(Mutex::default);

/// The client of the bucket that an address lies in.
///
/// # Errors
/// The environment's settings make no client, or the bucket was out of reach before.
pub(super) fn client(of: &Location) -> Result<Arc<dyn ObjectStore>> {
    check_not_given_up(of)?;
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(&of.root()) {
        return Ok(Arc::clone(client));
    }
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = match of.service {
        Service::S3 => s3(of),
        Service::Azure => azure(of),
        Service::Gcs => gcs(of),
    };
    let made = made.map_err(|fault| settings_fault(&fault, of))?;
    clients.insert(of.root(), Arc::clone(&made));
    Ok(made)
}

type Made = object_store::Result<Arc<dyn ObjectStore>>;

fn s3(of: &Location) -> Made {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&of.bucket).with_retry(retries());
    for (key, value) in TIMEOUTS {
        builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
    }
    let endpoints = [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint];
    let endpoints = endpoints.iter().filter_map(|key| builder.get_config_value(key));
    if endpoints.into_iter().any(|endpoint| is_plain_http(&endpoint)) {
        builder = builder.with_allow_http(true);
    }
    Ok(Arc::new(builder.build()?))
}

fn azure(of: &Location) -> Made {
    let mut builder = MicrosoftAzureBuilder::from_env().with_retry(retries());
    // What the command line tool of Azure calls them.
    let aliases = [
        ("AZURE_STORAGE_ACCOUNT", AzureConfigKey::AccountName),
        ("AZURE_STORAGE_KEY", AzureConfigKey::AccessKey),
    ];
    for (name, key) in aliases {
        if let (None, Ok(value)) = (builder.get_config_value(&key), std::env::var(name)) {
            builder = builder.with_config(key, value);
        }
    }
    for (key, value) in TIMEOUTS {
        builder = builder.with_config(AzureConfigKey::Client(key), value);
    }
    builder = if of.bucket.contains('@') {
        builder.with_url(of.root().display().to_string())
    } else {
        builder.with_container_name(&of.bucket)
    };
    if builder.get_config_value(&AzureConfigKey::Endpoint).is_some_and(|endpoint| is_plain_http(&endpoint)) {
        builder = builder.with_allow_http(true);
    }
    Ok(Arc::new(builder.build()?))
}

fn gcs(of: &Location) -> Made {
    let mut builder =
        GoogleCloudStorageBuilder::from_env().with_bucket_name(&of.bucket).with_retry(retries());
    for (key, value) in TIMEOUTS {
        builder = builder.with_config(GoogleConfigKey::Client(key), value);
    }
    Ok(Arc::new(builder.build()?))
}

/// Who writes `http://` into the variable of an endpoint means it: a server of the house, or one for tests.
fn is_plain_http(endpoint: &str) -> bool {
    endpoint.starts_with("http://")
}

/// A row group takes as long as the line is slow; a connection that says nothing is dead.
const TIMEOUTS: [(ClientConfigKey, &str); 3] = [
    (ClientConfigKey::Timeout, "1 hour"),
    (ClientConfigKey::ReadTimeout, "30 seconds"),
    (ClientConfigKey::ConnectTimeout, "5 seconds"),
];

/// About a quarter of a minute of patience, after which a person should hear of it.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 8,
        retry_timeout: Duration::from_secs(120),
    }
}
