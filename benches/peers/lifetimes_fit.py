"""Fits BG/NBD or Pareto/NBD with the Python package lifetimes and prints what it took as one line of JSON.

Reads one line per customer, `purchases,last_purchase_days,age_days`. Runs in the environment of
requirements_lifetimes.txt; `lifetimes_run.py` calls it beside abacus.
"""

import argparse
import json
import resource
import sys
import time

import lifetimes
import numpy
import pandas
from lifetimes import BetaGeoFitter, ParetoNBDFitter

DAYS_PER_WEEK = 7.0


def main():
    options = parse(sys.argv[1:])
    customers = pandas.read_csv(options.file)
    # The clock starts with the customers in memory, libraries loaded, and stops with the parameters.
    start, cpu = time.perf_counter(), time.process_time()
    rows = counted(customers) if options.rows == "counted" else customers.assign(customers=1)
    purchases, weights = rows["purchases"], rows["customers"]
    recency, age = rows["last_purchase_days"] / DAYS_PER_WEEK, rows["age_days"] / DAYS_PER_WEEK
    fitter = FITTERS[options.model]().fit(purchases, recency, age, weights=weights)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {
        "engine": f"lifetimes {lifetimes.__version__}",
        "model": options.model,
        "rows": options.rows,
        "fitted_rows": len(rows),
        "customers": len(customers),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_mib": round(peak, 1),
        "parameters": [float(value) for value in fitter.params_],
        "log_likelihood": log_likelihood(options.model, fitter, purchases, recency, age, weights),
    }
    json.dump(report, sys.stdout)
    print()


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--model", choices=sorted(FITTERS), default="bg/nbd")
    # The package takes weights: one row per distinct history is the faster formulation, where anybody thinks of it.
    parser.add_argument("--rows", choices=["customers", "counted"], default="customers")
    return parser.parse_args(arguments)


def counted(customers):
    """One row per distinct history with its number of customers."""
    columns = ["purchases", "last_purchase_days", "age_days"]
    return customers.groupby(columns).size().reset_index(name="customers")


def log_likelihood(model, fitter, purchases, recency, age, weights):
    """In weeks; the package fits on a time scale of its own and reports a mean on that."""
    x, last, total, count = (numpy.asarray(column) for column in (purchases, recency, age, weights))
    parameters = numpy.asarray(fitter.params_)
    if model == "bg/nbd":
        mean = BetaGeoFitter._negative_log_likelihood(numpy.log(parameters), x, last, total, count, 0.0)
        return float(-mean * count.sum())
    return float((count * ParetoNBDFitter._conditional_log_likelihood(parameters, x, last, total)).sum())


FITTERS = {"bg/nbd": BetaGeoFitter, "pareto/nbd": ParetoNBDFitter}

if __name__ == "__main__":
    main()
