"""Reads events with the classes of the reference client: check.py EVENTS DEMO.

Every event, facet and field is built as the client's class for it, which refuses what the specification does not know, and is
written again by the client: nothing may be lost. Then what the events say is held against the release. Exit 1 on a difference.
"""

import json
import sys
import typing
from pathlib import Path

import attr
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

FACETS = {
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "parent": facet_v2.parent_run.ParentRunFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "inputStatistics": facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}
DOCUMENTATION = {
    event_v2.Job: facet_v2.documentation_job.DocumentationJobFacet,
    event_v2.OutputDataset: facet_v2.documentation_dataset.DocumentationDatasetFacet,
}


def main():
    """Checks the events of four runs: published, unchanged, refused by a check, without a pipeline file."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    for event in events:
        check_whole(event)
    kinds = [event["eventType"] for event in events]
    assert kinds == ["START", "COMPLETE", "START", "COMPLETE", "START", "FAIL", "START", "FAIL"], kinds
    runs = [event["run"]["runId"] for event in events]
    assert runs[::2] == runs[1::2] and len(set(runs)) == 4, runs
    start, complete, _, unchanged, _, refused, _, nowhere = events
    assert start["job"]["namespace"] == "nightly" and start["job"]["name"] == "retail"
    assert complete["run"]["facets"]["parent"]["job"] == {"namespace": "airflow", "name": "nightly.abacus"}
    assert "parent" not in unchanged["run"]["facets"] and unchanged["job"]["namespace"] == "abacus"
    assert unchanged["outputs"] == [] and refused["outputs"] == [] and nowhere["inputs"] == []
    assert "3000" in refused["run"]["facets"]["errorMessage"]["message"].replace("_", "").replace(",", ""), refused["run"]
    demo = Path(sys.argv[2]).resolve()
    check_inputs(complete, demo)
    columns = check_outputs(complete, demo)
    print(f"lineage: {len(events)} events, {len(complete['outputs'])} tables, origins of {columns} columns; "
          f"{max(map(len, lines)):,} bytes at most")


def check_whole(event):
    """The event as the client's classes, written again, is the same document."""
    built = build(event_v2.RunEvent, event)
    assert without_empty(Serde.to_dict(built)) == without_empty(event)


def build(kind, value):
    """A value as the client's class, or as a list or mapping of such."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is not None and type(None) in arguments:
        return build(next(one for one in arguments if one is not type(None)), value)
    if origin is list:
        return [build(arguments[0], one) for one in value]
    if origin is dict:
        return {key: build(arguments[1], one) for key, one in value.items()}
    if not attr.has(kind):
        return kind(value) if isinstance(kind, type) and issubclass(kind, event_v2.RunState) else value
    hints = typing.get_type_hints(kind)
    given, url = {}, None
    for key, one in value.items():
        name = key.lstrip("_")
        if key in ("schemaURL", "_schemaURL"):
            url = one
        elif key in ("facets", "inputFacets", "outputFacets"):
            given[name] = {facet: build(FACETS.get(facet) or DOCUMENTATION[kind], inner) for facet, inner in one.items()}
        else:
            given[name] = build(hints[key], one)
    built = kind(**given)
    expected = getattr(built, "schemaURL", None) or getattr(built, "_schemaURL", None)
    assert url == expected, (url, expected)
    return built


def without_empty(value):
    """Without what is empty, which the client adds where nothing is given."""
    if isinstance(value, dict):
        return {key: one for key, one in ((key, without_empty(one)) for key, one in value.items()) if one not in ({}, [])}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


def check_inputs(event, demo):
    """Sources by their paths, with the rows that were read."""
    release = json.loads((demo / "out/retail/release.json").read_text(encoding="utf-8"))
    read = {source["source"]: source["rows"]["read"] for source in release["run"]["sources"]}
    found = {Path(one["name"]): one for one in event["inputs"]}
    assert len(found) == len(event["inputs"]) and all(path.exists() for path in found), list(found)
    data = demo / "sample_data/retail"
    assert found[data / "transactions"]["inputFacets"]["inputStatistics"]["rowCount"] == read["transactions"]
    fields = {field["name"] for field in found[data / "transactions"]["facets"]["schema"]["fields"]}
    assert {"customer_id", "quantity", "unit_price", "status"} <= fields, fields


def check_outputs(event, demo):
    """Tables as the release has them; every column that lineage names is one, of the output or of an input."""
    release = json.loads((demo / "out/retail/release.json").read_text(encoding="utf-8"))
    inputs = {
        (one["namespace"], one["name"], field["name"])
        for one in event["inputs"]
        for field in one["facets"]["schema"]["fields"]
    }
    named = 0
    assert {Path(one["name"]).name for one in event["outputs"]} == set(release["tables"])
    for output in event["outputs"]:
        path, facets = Path(output["name"]), output["facets"]
        table = release["tables"][path.name]
        assert path.is_dir() and facets["version"]["datasetVersion"] == release["release"]
        columns = [column["name"] for column in table["columns"]]
        assert [field["name"] for field in facets["schema"]["fields"]] == columns
        statistics = output["outputFacets"]["outputStatistics"]
        assert statistics["rowCount"] == sum(file["rows"] for file in table["files"])
        lineage = facets.get("columnLineage", {"fields": {}, "dataset": []})
        of_columns = [field for one in lineage["fields"].values() for field in one["inputFields"]]
        for field in of_columns + lineage["dataset"]:
            assert (field["namespace"], field["name"], field["field"]) in inputs, field
        assert set(lineage["fields"]) <= set(columns)
        named += len(lineage["fields"])
    return named


main()
