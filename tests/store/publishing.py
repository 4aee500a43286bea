"""Releases in a store: sent once, committed in one step, by one of several writers. publishing.py ABACUS"""

import json
import subprocess
import sys
import time
from pathlib import Path

from proxy import CUTS, FirstAttempts
from world import BUCKET, ROOT, World, digests, failed, succeeded

NAME = "time_driven.toml"


def main():
    world = World(sys.argv[1])
    try:
        released(world)
        retained(world)
        refused(world)
        cut_connections(world)
        unknown_outcomes(world)
        racing(world)
    finally:
        world.close()


def pipeline(world, folder, prefix):
    """A shipped pipeline that publishes to a prefix of the bucket."""
    path = world.pipeline(NAME, ROOT / "sample_data", folder)
    text = path.read_text()
    store = f'[publish]\nstore = "s3://{BUCKET}/{prefix}"\n'
    path.write_text(text.replace("[publish]\n", store) if "[publish]\n" in text else f"{text}\n{store}")
    return path


def local(world, folder):
    return world.release(folder, NAME)


def remote(world, prefix):
    return json.loads(world.s3.get_object(Bucket=BUCKET, Key=f"{prefix}/release.json")["Body"].read())


def keys(world, prefix):
    pages = world.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def is_whole(world, prefix, release):
    """Every file that the release lists is there, with its bytes; the release is that of the out folder."""
    there = remote(world, prefix)
    assert there["release"] == release["release"] and digests(there) == digests(release)
    held = keys(world, prefix)
    files = [file for table in there["tables"].values() for file in table["files"]]
    for file in files:
        assert f"{prefix}/{file['path']}" in held, file["path"]
        size = world.s3.head_object(Bucket=BUCKET, Key=f"{prefix}/{file['path']}")["ContentLength"]
        assert size == file["bytes"]
    assert f"{prefix}/releases/{there['release']}.json" in held
    assert not any("/.trial" in key for key in held)
    return files


def puts(world):
    return [request for request in world.proxy.log if request.method == "PUT" and "/tables/" in request.path]


def released(world):
    """Files are laid out by table and sent once; nights and rollbacks follow."""
    path = pipeline(world, "first", "lake/first")
    start = time.monotonic()
    done = succeeded(world.run("run", path))
    assert f"s3://{BUCKET}/lake/first" in done.stdout, done.stdout
    files = is_whole(world, "lake/first", local(world, "first"))
    first = local(world, "first")["release"]
    print(f"published: {len(files)} files, {len(world.proxy.log)} requests, {time.monotonic() - start:.1f} s")
    views = world.s3.get_object(Bucket=BUCKET, Key="lake/first/views.sql")["Body"].read().decode()
    assert f"s3://{BUCKET}/lake/first/tables/activity_period/activity_period-" in views

    world.proxy.log.clear()
    assert "unchanged" in succeeded(world.run("run", path)).stdout
    assert not puts(world)

    world.proxy.log.clear()
    succeeded(world.run("run", path, "--republish"))
    sent = {request.path.split("/tables/")[1].split("/")[0] for request in puts(world)}
    assert sent <= {"run", "restatement"}, sent
    is_whole(world, "lake/first", local(world, "first"))

    succeeded(world.run("releases", "rollback", path))
    assert remote(world, "lake/first")["release"] == first
    is_whole(world, "lake/first", local(world, "first"))
    print(f"nights: an unchanged one sends nothing, a new release {sorted(sent)}; a rollback is followed")


def retained(world):
    """Old releases go by the rules of the pipeline, unless they are tagged, and their files a day later."""
    path = pipeline(world, "retained", "lake/retained")
    path.write_text(path.read_text().replace("[publish]\n", "[publish]\nkeep = 2\ngrace_minutes = 0\n"))
    made = []
    for _ in range(4):
        succeeded(world.run("run", path, "--republish"))
        made.append(local(world, "retained")["release"])
        if len(made) == 1:
            succeeded(world.run("releases", "tag", path, made[0], "audit"))
    held = manifests(world, "lake/retained")
    assert held == {made[0], made[2], made[3]}, (held, made)
    files = tables(world, "lake/retained")
    assert files - named(world, "lake/retained", held), "files of the second release stay a day"

    world.age("lake/retained", days=2)
    succeeded(world.run("releases", "tag", path, made[0], "--remove"))
    done = succeeded(world.run("releases", "vacuum", path, "--keep", "2", "--format", "json"))
    assert json.loads(done.stdout)["removed_from_store"] == [made[0]], done.stdout
    assert manifests(world, "lake/retained") == {made[2], made[3]}
    assert tables(world, "lake/retained") == named(world, "lake/retained", {made[2], made[3]})

    # A file that is there and old is put again with the release that wants it, so that no other vacuum takes it for left over.
    world.age("lake/retained", days=2)
    succeeded(world.run("releases", "rollback", path))
    only = named(world, "lake/retained", {made[2]}) - named(world, "lake/retained", {made[3]})
    assert only and all(world.is_young(key) for key in only)
    is_whole(world, "lake/retained", local(world, "retained"))
    print("retention: two releases and a tagged one stay, files of others go a day later")


def manifests(world, prefix):
    return {Path(key).stem for key in keys(world, f"{prefix}/releases") if key.endswith(".json")}


def tables(world, prefix):
    return keys(world, f"{prefix}/tables")


def named(world, prefix, releases):
    """Keys of the files that releases name."""
    texts = [world.s3.get_object(Bucket=BUCKET, Key=f"{prefix}/releases/{name}.json")["Body"].read() for name in releases]
    files = [file for text in texts for table in json.loads(text)["tables"].values() for file in table["files"]]
    return {f"{prefix}/{file['path']}" for file in files}


def refused(world):
    """A store that cannot keep the promise is refused before anything is made."""
    for unheard in ({"if-none-match"}, {"if-match"}):
        world.proxy.unheard = unheard
        failed(world.run("run", pipeline(world, "deaf", "lake/deaf")), 4, f"s3://{BUCKET}/lake/deaf", "ignores conditions of puts")
        assert not (world.folder / "deaf/out/time_driven/release.json").exists() and not keys(world, "lake/deaf")
    world.proxy.unheard = set()
    path = pipeline(world, "nowhere", "lake/nowhere")
    path.write_text(path.read_text().replace(f"s3://{BUCKET}/", "s3://no-such-bucket/"))
    failed(world.run("run", path), 4, "there is no bucket 'no-such-bucket'")
    world.s3.put_object(Bucket=BUCKET, Key="lake/foreign/release.json", Body=b"{}")
    failed(world.run("run", pipeline(world, "foreign", "lake/foreign")), 4, f"s3://{BUCKET}/lake/foreign/release.json")
    print("refused: stores that ignore either condition, a missing bucket, a foreign release.json")


def cut_connections(world):
    """Each request is made again; cut for good after the commit in the out folder, the next run sends the rest."""
    for cut in CUTS:
        world.proxy.fault = FirstAttempts(cut)
        path = pipeline(world, f"cut-{cut}", f"lake/cut-{cut}")
        succeeded(world.run("run", path))
        is_whole(world, f"lake/cut-{cut}", local(world, f"cut-{cut}"))
        print(f"cut {cut}: {world.proxy.fault.cuts} connections cut, published whole")

    def from_here(request):
        return "before" if request.method == "PUT" and "/tables/" in request.path and len(puts(world)) > 20 else None

    world.proxy.log.clear()
    world.proxy.fault = from_here
    path = pipeline(world, "cut-off", "lake/cut-off")
    failed(world.run("run", path), 7, "cannot be reached", "is complete in", "run again to publish it there")
    assert f"lake/cut-off/release.json" not in keys(world, "lake/cut-off")
    release = local(world, "cut-off")
    world.proxy.fault = lambda request: None
    assert "unchanged" in succeeded(world.run("run", path)).stdout
    is_whole(world, "lake/cut-off", release)
    print("cut off: exit code 7, nothing shown; the next run sends what is missing")


def unknown_outcomes(world):
    """The put that commits arrives, and no answer to it: it is read back."""
    def lose(request):
        return "after" if request.method == "PUT" and request.path.endswith("/release.json") else None

    world.proxy.fault = lose
    path = pipeline(world, "unknown", "lake/unknown")
    succeeded(world.run("run", path))
    world.proxy.fault = lambda request: None
    is_whole(world, "lake/unknown", local(world, "unknown"))
    print("unknown outcome: read back")


def racing(world, rounds=2, writers=8):
    """Of writers that began with the same release one wins, and the others say so."""
    paths = [pipeline(world, f"racer-{writer}", "lake/race") for writer in range(writers)]
    for round_ in range(rounds):
        command = lambda path: [world.abacus, "run", str(path), "--republish"]
        runs = [
            subprocess.Popen(command(path), env=world.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for path in paths
        ]
        ended = [(run.communicate(), run.returncode) for run in runs]
        winners = [path for path, (_, code) in zip(paths, ended) if code == 0]
        shown = remote(world, "lake/race")["release"]
        for (_, stderr), code in ended:
            assert code in (0, 7), (code, stderr)
            assert code == 0 or "another run has published release" in stderr, stderr
        # Runs that began after another had committed go on from its release, so several may win one after another.
        of_winners = {local(world, path.parts[-3])["release"]: path.parts[-3] for path in winners}
        assert shown in of_winners, (shown, of_winners)
        is_whole(world, "lake/race", local(world, of_winners[shown]))
        print(f"race {round_}: {len(winners)} of {writers} runs published, one after another, the rest say so")


if __name__ == "__main__":
    main()
