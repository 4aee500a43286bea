"""Purchase models with covariates fitted to CDNOW by scipy, row by row of customers and with derivatives by differences.

    python3 benches/clv/covariate_fit.py CDNOW_SAMPLE.parquet     (duckdb, numpy, scipy)

The covariate is how many CDs a customer bought on the first day: one (the reference), two, or three and more. Seen are the
first 39 weeks. alpha = alpha0 exp(-g1'z); of Pareto/NBD beta = beta0 exp(-g2'z), of BG/NBD and MBG/NBD a = a0 exp(g2'z) and
b = b0 exp(g3'z), after P. Fader and B. Hardie, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models"
(2007). Prints the log-likelihood, the parameters and the standard errors of g. Nothing here is taken from the program.
"""

import sys

import duckdb
import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

QUERY = """
select count(distinct date) - 1, (max(date) - min(date)) / 7.0, (date '1997-09-30' - min(date)) / 7.0,
       (select sum(cds) from '{0}' day where day.customer_id = log.customer_id and day.date = min(log.date))
from '{0}' log where date < date '1997-10-01' group by customer_id order by customer_id
"""


def covered(path):
    rows = np.array(duckdb.sql(QUERY.format(path)).fetchall(), float)
    x, last, age, cds = rows.T
    return x, last, age, np.array([cds == 2, cds >= 3], float)


def beta_geometric(parameters, x, last, age, z, tossed_first):
    r, alpha, a, b = np.exp(parameters[:4])
    alpha, a, b = alpha * np.exp(-(parameters[4:6] @ z)), a * np.exp(parameters[6:8] @ z), b * np.exp(parameters[8:10] @ z)
    tosses = x + tossed_first
    survived = betaln(a, b + tosses) - (r + x) * np.log(alpha + age)
    with np.errstate(divide="ignore"):
        lapsed = np.where(tosses > 0, betaln(a + 1, b + np.maximum(tosses, 1) - 1) - (r + x) * np.log(alpha + last), -np.inf)
    return (np.logaddexp(survived, lapsed) - betaln(a, b) + gammaln(r + x) - gammaln(r) + r * np.log(alpha)).sum()


def pareto(parameters, x, last, age, z):
    r, alpha, s, beta = np.exp(parameters[:4])
    alpha, beta = alpha * np.exp(-(parameters[4:6] @ z)), beta * np.exp(-(parameters[6:8] @ z))
    larger, apart = np.maximum(alpha, beta), np.abs(alpha - beta)
    second = np.where(alpha >= beta, s + 1, r + x)

    def part(t):
        return hyp2f1(r + s + x, second, r + s + x + 1, apart / (larger + t)) / (larger + t) ** (r + s + x)

    lives = 1 / ((alpha + age) ** (r + x) * (beta + age) ** s)
    each = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return (each + np.log(lives + s / (r + s + x) * (part(last) - part(age)))).sum()


MODELS = {
    "bg_nbd": (lambda p, *data: beta_geometric(p, *data, 0), 10),
    "mbg_nbd": (lambda p, *data: beta_geometric(p, *data, 1), 10),
    "pareto_nbd": (pareto, 8),
}


def errors(function, at, step=2e-4):
    size = len(at)
    hessian = np.empty((size, size))
    unit = np.eye(size) * step
    for row in range(size):
        for column in range(size):
            corners = [function(at + left * unit[row] + right * unit[column]) for left, right in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            hessian[row, column] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step * step)
    return np.sqrt(np.diag(np.linalg.inv(-hessian)))


def main():
    data = covered(sys.argv[1])
    print(f"{len(data[0])} customers, {data[0].sum():.0f} repeat purchases, {data[3].sum(axis=1)} of two and of more CDs")
    for name, (log_likelihood, size) in MODELS.items():
        found = np.concatenate([[0, 2, 0, 1], np.zeros(size - 4)])
        for method in ("Nelder-Mead", "BFGS", "Nelder-Mead", "BFGS", "Nelder-Mead"):
            options = {"maxiter": 20000, "maxfev": 40000, "xatol": 1e-9, "fatol": 1e-10, "adaptive": True}
            options = options if method == "Nelder-Mead" else {"gtol": 1e-7}
            found = minimize(lambda p: -log_likelihood(p, *data), found, method=method, options=options).x
        numbers = np.concatenate([np.exp(found[:4]), found[4:]])
        print(name, f"{log_likelihood(found, *data):.6f}", *(f"{value:.6f}" for value in numbers))
        print("  errors of g", *(f"{error:.5f}" for error in errors(lambda p: log_likelihood(p, *data), found)[4:]), flush=True)


main()
