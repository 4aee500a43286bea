//! Keys of `[profitability]`, `[run]`, `[publish]` and `[[expect]]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static PROFITABILITY: Section = Section {
    header: "[profitability]",
    keys: &[
        Key::optional(
            "break_even",
            Kind::Number,
            "0",
            "A profit or loss up to this amount over a customer's life is break-even",
        ),
        Key::optional(
            "high_profit",
            Kind::Number,
            "the profit of the customer at the top 20 %",
            "Profit above this is high profit",
        ),
        Key::optional(
            "order_bands",
            Kind::Numbers,
            "[0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]",
            "Net revenue of an order at which bands of order size begin, ascending; orders below the first are a band too",
        ),
        Key::optional(
            "bridges",
            Kind::Texts,
            "[\"period\"]",
            "Spans whose contribution `bridge` compares with that of the span before and of a year before: `period`, `quarter`, \
             `year`, and `year to date` with that of the year before; quarters and years are whole ones, made of months, and \
             years of quarters too",
        ),
        Key::optional(
            "bridge_history",
            Kind::Integer(1, 1_000_000),
            "2",
            "How many of the last spans of each kind are compared with earlier ones: what their customers had is read and split \
             again, customer by customer",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static RUN: Section = Section {
    header: "[run]",
    keys: &[
        Key::optional(
            "memory",
            Kind::Text,
            "three quarters of the machine's, or of what its control groups allow",
            "Resident memory that a run may take, from 64MiB, such as `\"512MiB\"`: B, KiB, MiB, GiB, TiB, KB, MB, GB or TB; what \
             does not fit goes to a file in the folder of the releases while the run lasts; `--memory` wins",
        ),
        Key::optional(
            "digests",
            Kind::Text,
            "",
            "A list as `b3sum` prints it, relative to this file's folder: every input that it lists must have the digest that it \
             gives, and every file that it lists must be there; its paths start from its own folder",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PUBLISH: Section = Section {
    header: "[publish]",
    keys: &[
        Key::optional(
            "path",
            Kind::Text,
            "`out/` and the pipeline's name",
            "Folder of the releases, relative to this file's folder",
        ),
        Key::optional(
            "store",
            Kind::Text,
            "",
            "Address in an object store, such as `\"s3://lake/sales\"` (also `az://`, `abfss://`, `gs://`), that each release is \
             published to as well, laid out by table: its `release.json` there changes last, in one step. The store has to keep \
             conditions of puts; a run that cannot publish there ends with exit code 7, and the next one sends what is missing",
        ),
        Key::optional(
            "encoding",
            Kind::Words(&["compact", "portable", "plain"]),
            "\"compact\"",
            "`portable` uses only dictionaries and PLAIN pages, compressed by zstd: for fastparquet, which reads wrong numbers \
             from `compact`, and for other readers without delta encodings; `plain` has neither dictionaries nor compression",
        ),
        Key::optional(
            "delta",
            Kind::Flag,
            "false",
            "Show each release as Delta tables too, in the folder `delta` beside the releases; without it that folder is removed",
        ),
        Key::optional(
            "customer_activity",
            Kind::Flag,
            "false",
            "Publish the long table `customer_activity` although `customer_period` has room for all activities",
        ),
        Key::optional(
            "customer_order",
            Kind::Flag,
            "false",
            "Publish the table `customer_order`: what every order brought and cost, by period",
        ),
        Key::optional(
            "customer_bridge",
            Kind::Flag,
            "false",
            "Publish the table `customer_bridge`: why the contribution of every customer changed, by the steps of `bridge`",
        ),
        Key::optional(
            "customer_price",
            Kind::Flag,
            "false",
            "Publish the table `customer_price`: the price waterfall of every customer, by period",
        ),
        Key::optional(
            "customer_group_period",
            Kind::Flag,
            "false",
            "Publish the table `customer_group_period`: what groups of [hierarchy] bring and cost in every period",
        ),
        Key::optional(
            "customer_group_member",
            Kind::Flag,
            "false",
            "Publish the table `customer_group_member`: which customers belong to which groups of [hierarchy], with their shares",
        ),
        Key::optional(
            "row_group_rows",
            Kind::Integer(1, 16_777_216),
            "131_072",
            "Rows per Parquet row group",
        ),
        Key::optional(
            "keep",
            Kind::Integer(1, i64::MAX),
            "all",
            "Releases kept when a run commits a new one; the current one, tagged ones (`releases tag`) and those of the next two \
             keys are kept besides",
        ),
        Key::optional(
            "keep_month_ends",
            Kind::Integer(0, 1_200),
            "0",
            "Calendar months, of the newest that have a release, whose last release is kept",
        ),
        Key::optional(
            "grace_minutes",
            Kind::Integer(0, 525_600),
            "60",
            "A release is kept so long after another took its place: readers may still be at its files",
        ),
        Key::optional(
            "gate",
            Kind::NumberByName,
            "",
            "By control total, such as `{ customer_profit = 0.01, rows = 0 }`: the most that a run with `--gate` may change of \
             it in periods that were published before, as a share of what it was",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static EXPECT: Section = Section {
    header: "[[expect]]",
    keys: &[
        Key::required("name", Kind::Text, "What it says; unique"),
        Key::required("sql", Kind::Query, "A query over published tables that yields one number"),
        Key::optional("at_least", Kind::Number, "", "The least it may be"),
        Key::optional("at_most", Kind::Number, "", "The most it may be"),
        Key::optional("equals", Kind::Number, "", "In place of both: what it must be"),
        Key::optional(
            "severity",
            Kind::Words(&["warn", "error"]),
            "\"error\"",
            "Whether a miss stops the release or is only said",
        ),
    ],
    choice: Choice::Free,
};
