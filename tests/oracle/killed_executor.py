"""Runs the job of a request on two executors of Spark, each a process, and kills one of them: killed_executor.py FOLDER MOMENT.

MOMENT is `map` (some of the tasks that read sources are done), `shuffle` (some of a stage between two shuffles) or `write`
(some of the tasks that write a grain). It fails if that moment never came, if no executor was lost, or if the job failed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

MOMENTS = {
    "map": lambda stage: stage["inputBytes"] > 0 and stage["shuffleReadBytes"] == 0,
    "shuffle": lambda stage: stage["shuffleReadBytes"] > 0 and stage["shuffleWriteBytes"] > 0,
    "write": lambda stage: stage["outputBytes"] > 0,
}


def main(folder, moment):
    with tempfile.TemporaryDirectory() as work, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        arguments = [
            "--master local-cluster[2,1,1024]", f"--conf spark.ui.port={port}", "--conf spark.port.maxRetries=0",
            "--conf spark.driver.bindAddress=127.0.0.1", "--conf spark.driver.host=127.0.0.1", "pyspark-shell",
        ]
        environment = os.environ | {"PYSPARK_SUBMIT_ARGS": " ".join(arguments), "SPARK_WORKER_DIR": work, "SPARK_LOCAL_IP": "127.0.0.1"}
        job = subprocess.Popen([sys.executable, str(Path(folder) / "job.py")], env=environment)
        try:
            seen = watch(job, f"http://127.0.0.1:{port}/api/v1/applications", MOMENTS[moment])
        finally:
            if job.poll() is None:
                job.kill()
    assert job.returncode == 0, f"the job ended with {job.returncode}"
    assert seen.get("killed"), f"the moment '{moment}' never came"
    assert seen["lost"] > 0, "no executor was lost"
    print(f"{moment}: killed in stage {seen['killed']}; {seen['lost']} executor lost, {seen['failed']} tasks failed, "
          f"{seen['again']} stages ran again")


def watch(job, api, is_moment):
    """Follows the job to its end; kills an executor at the first moment."""
    seen = {"lost": 0, "failed": 0, "again": 0}
    while job.poll() is None:
        try:
            application = asked(api)[0]["id"]
            stages = asked(f"{api}/{application}/stages")
            executors = asked(f"{api}/{application}/allexecutors")
        except (urllib.error.URLError, IndexError, ConnectionError, json.JSONDecodeError, TimeoutError):
            time.sleep(0.05)
            continue
        seen["lost"] = max(seen["lost"], sum(not executor["isActive"] for executor in executors))
        seen["failed"] = max(seen["failed"], sum(stage["numFailedTasks"] for stage in stages))
        seen["again"] = max(seen["again"], sum(stage["attemptId"] > 0 for stage in stages))
        for stage in stages:
            is_under_way = stage["status"] == "ACTIVE" and 0 < stage["numCompleteTasks"] < stage["numTasks"]
            if "killed" not in seen and is_under_way and is_moment(stage):
                os.kill(executor_processes(application)[0], signal.SIGKILL)
                seen["killed"] = f"{stage['stageId']} after {stage['numCompleteTasks']} of {stage['numTasks']} tasks"
        time.sleep(0.02)
    return seen


def asked(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def executor_processes(application):
    """The processes of an application's executors, by their command lines."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if application.encode() in command and any(word.endswith(b"CoarseGrainedExecutorBackend") for word in command):
                found.append(int(process.name))
    return sorted(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
