"""MBG/CNBD-k fitted to a real history by scipy, row by row of customers and with derivatives by differences.

    python3 benches/clv/regular_fit.py QUERY UNTIL     (duckdb, numpy, scipy)

QUERY selects the distinct pairs (customer, day) of purchases, UNTIL is the first day that is not seen. Prints k, r, alpha, a, b and
the log-likelihood for each k, of times in weeks and with what the gaps add. Nothing here is taken from the program.
"""

import datetime
import sys

import duckdb
import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, logsumexp


def histories(query, until):
    day = datetime.date.fromisoformat(until).toordinal()
    rows = sorted((key, date.toordinal()) for key, date in duckdb.sql(query).fetchall() if date.toordinal() < day)
    customers, gaps = {}, 0.0
    for key, date in rows:
        if key in customers:
            gaps += np.log((date - customers[key][-1]) / 7)
        customers.setdefault(key, []).append(date)
    x = np.array([len(days) - 1 for days in customers.values()], float)
    last = np.array([days[-1] - days[0] for days in customers.values()], float) / 7
    age = np.array([day - 1 - days[0] for days in customers.values()], float) / 7
    return x, last, age, gaps


def log_likelihood(k, parameters, x, last, age, gaps):
    r, alpha, a, b = np.exp(parameters)
    events = r + k * x
    with np.errstate(divide="ignore"):
        idle = np.log(age - last)
    phases = [gammaln(events + j) - gammaln(j + 1) - (events + j) * np.log(alpha + age) + (j * idle if j else 0) for j in range(k)]
    survived = logsumexp(phases, axis=0) + betaln(a, b + x + 1)
    lapsed = gammaln(events) - events * np.log(alpha + last) + betaln(a + 1, b + x)
    each = np.logaddexp(survived, lapsed) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    return each.sum() + (k - 1) * gaps - x.sum() * gammaln(k)


def main():
    data = histories(*sys.argv[1:3])
    print(f"{len(data[0])} customers, {data[0].sum():.0f} repeat purchases")
    start = np.zeros(4)
    for k in range(1, 13):
        found = start
        for method in ("Nelder-Mead", "BFGS", "Nelder-Mead"):
            options = {"maxiter": 4000, **({"xatol": 1e-9, "fatol": 1e-10} if method == "Nelder-Mead" else {"gtol": 1e-7})}
            found = minimize(lambda p: -log_likelihood(k, p, *data), found, method=method, options=options).x
        start = found + [0, np.log((k + 1) / k), 0, 0]
        print(k, *(f"{value:.7g}" for value in np.exp(found)), f"{log_likelihood(k, found, *data):.6f}", flush=True)


main()
