"""Arbitrary-precision values of MBG/CNBD-k, by the printed likelihood, tails of negative binomial laws and a
hypergeometric function.

    python3 benches/clv/regular_reference.py [points] > regular.csv      (mpmath 1.3; 200 points take some minutes)

Per point: k, r, alpha, a, b, x, t_x, T (days), horizon (days), discount rate per day; then the log-likelihood (without what the
gaps add), P(alive), expected purchases within the horizon, DERT and the probability of no purchase within the horizon.
"""

import random
import sys

from mpmath import exp, hyp2f1, log, loggamma, mp, mpf, quad, rf


def log_uniform(draw, low, high):
    return float(f"{low * (high / low) ** draw.random():.6g}")


def point(draw):
    k = draw.choice((1, 2, 3, 4, 7, 12))
    parameters = [log_uniform(draw, *limits) for limits in ((0.1, 10), (0.5, 50), (0.1, 10), (0.2, 20))]
    age = draw.randint(1, 1500)
    x = 0 if draw.random() < 0.15 else int(200 ** draw.random())
    last = 0 if x == 0 else (age if draw.random() < 0.1 else draw.randint(1, age))
    return k, parameters, x, last, age, draw.choice((1, 7, 30, 91, 365)), log_uniform(draw, 5e-5, 2e-3)


def survive(a, b, tosses):
    return rf(b, tosses) / rf(a + b, tosses)


def alive_phases(k, r, alpha, a, b, x, last, age):
    """The density of x purchases and j events since the last, none of them a purchase: equation (8) of the paper, by j."""
    front = r * log(alpha) + log(survive(a, b, x + 1))
    return [exp(front + log(rf(r, k * x + j)) - loggamma(j + 1) - (r + k * x + j) * log(alpha + age)) * (age - last) ** j
            for j in range(k)]


def lapsed(k, r, alpha, a, b, x, last):
    return exp(r * log(alpha) + log(rf(r, k * x)) - (r + k * x) * log(alpha + last)) * survive(a, b, x) * a / (a + b + x)


def ahead(k, j, shape, reach, a, b, t):
    """Sum over m of P(m - 1 tosses survived) P(at least mk - j events), events by a negative binomial law."""
    stay, share = (reach / (reach + t)) ** shape, t / (reach + t)
    total, below, term, event, tosses, survived = mpf(0), mpf(0), stay, 0, 0, mpf(1)
    while True:
        for _ in range(k - j if tosses == 0 else k):
            below += term
            term *= (shape + event) / (event + 1) * share
            event += 1
        more = survived * (1 - below)
        total += more
        if more < mpf(10) ** -30:
            return total
        survived *= (b + tosses) / (a + b + tosses)
        tosses += 1


def residual(k, j, shape, reach, a, b, delta):
    """E[phi^(k-j) 2F1(b, 1; a + b; phi^k)], phi = rate/(rate + delta), over rates in logarithms."""
    def at(u):
        y = exp(u)
        phi = y / (y + delta * reach)
        density = exp(shape * u - y - loggamma(shape))
        return density * phi ** (k - j) * hyp2f1(b, 1, a + b, phi ** k)
    centre, width = log(shape + mpf(1) / 2), 1 / shape ** mpf("0.5")
    left = 50 / (shape + k - j) + 6 * width
    stops = [centre - left, centre - left / 3, centre - width, centre, centre + width]
    mp.dps = 20
    value = quad(at, [*stops, log(shape + 60 + 12 * shape ** mpf("0.5"))])
    mp.dps = 40
    return value


def values(k, parameters, x, last, age, days, per_day):
    r, alpha, a, b = map(mpf, parameters)
    last, age, t, delta = mpf(last) / 7, mpf(age) / 7, mpf(days) / 7, mpf(per_day) * 7
    phases, gone = alive_phases(k, r, alpha, a, b, x, last, age), lapsed(k, r, alpha, a, b, x, last)
    likelihood = sum(phases) + gone
    law = lambda j: (k, j, r + k * x + j, alpha + age, a, b + x + 1)
    purchases = sum(phase * ahead(*law(j), t) for j, phase in enumerate(phases)) / likelihood
    forever = sum(phase * residual(*law(j), delta) for j, phase in enumerate(phases) if phase > 0) / likelihood
    later = sum(alive_phases(k, r, alpha, a, b, x, last, age + t)) + gone
    return log(likelihood), sum(phases) / likelihood, purchases, forever, later / likelihood


def main():
    draw = random.Random(2021)
    mp.dps = 40
    print("k,r,alpha,a,b,x,last,age,days,discount,log_likelihood,alive,ahead,residual,no_purchase")
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        k, parameters, *history = at = point(draw)
        shown = [mp.nstr(value, 18, min_fixed=0, max_fixed=0) for value in values(*at)]
        print(",".join(map(str, [k, *parameters, *history, *shown])), flush=True)


main()
