"""Arbitrary-precision values of the models, by the formulas as printed in the papers and by nothing the program does.

    python3 benches/clv/reference.py [points] > grid.csv      (mpmath 1.3; about 40 minutes for 10,500 points)

Per point: model, four parameters, x, t_x, T (days), horizon (days), discount rate per day; then the log-likelihood,
P(alive), expected purchases within the horizon and DERT. The same points on every machine. DERT of BG/NBD and MBG/NBD, slow this way, is left out but for every twentieth point.
"""

import random
import sys

from mpmath import exp, gamma, hyp2f1, hyperu, log, log1p, loggamma, mp, mpf, quad, sqrt

MODELS = ("bg/nbd", "mbg/nbd", "pareto/nbd")


def log_uniform(draw, low, high):
    return float(f"{low * (high / low) ** draw.random():.6g}")


def point(draw, index):
    """Histories a company may hold, and some it hardly can: x to 5000, T to 10 years."""
    model = MODELS[index % 3]
    parameters = [log_uniform(draw, *limits) for limits in ((0.05, 20), (0.2, 200), (0.05, 20), (0.1, 200))]
    age = draw.randint(1, 3650)
    x = 0 if draw.random() < 0.1 else int(5000 ** draw.random())
    last = 0 if x == 0 else (age if draw.random() < 0.1 else draw.randint(1, age))
    days = draw.choice((1, 30, 91, 365, 1095, 3650))
    return model, parameters, x, last, age, days, log_uniform(draw, 5e-5, 2e-3)


def beta_geometric(r, alpha, a, b, n, x, last, age, t, delta):
    """Fader, Hardie, Lee (2005), equations 6 and 10; n tosses behind the customer; DERT as one integral over p."""
    ln_beta = lambda p, q: loggamma(p) + loggamma(q) - loggamma(p + q)
    ln_nbd = lambda at: loggamma(r + x) - loggamma(r) + r * log(alpha) - (r + x) * log(alpha + at)
    alive = exp(ln_beta(a, b + n) - ln_beta(a, b) + ln_nbd(age))
    lapsed = exp(ln_beta(a + 1, b + n - 1) - ln_beta(a, b) + ln_nbd(last)) if n > 0 else 0
    probability = alive / (alive + lapsed)
    shape, reach, rest = r + x, alpha + age, b + n
    z = t / (reach + t)
    ahead = (a + rest - 1) / (a - 1) * (1 - (1 - z) ** shape * hyp2f1(shape, rest, a + rest - 1, z, maxterms=10**7))
    remains = "" if delta is None else probability * residual(shape, reach, a, rest, delta)
    return log(alive + lapsed), probability, probability * ahead, remains


def residual(shape, reach, a, b, delta):
    """E[(1 - z^k e^z Gamma(1-k, z)) / p], z = delta reach / p, over p ~ Beta(a, b), in log-odds."""
    def at(u):
        p = 1 / (1 + exp(-u))
        z = delta * reach / p
        density = exp(-a * log1p(exp(-u)) - b * log1p(exp(u)) + loggamma(a + b) - loggamma(a) - loggamma(b))
        return density * lapse_free(shape, z) / p
    centre, width = log(a / b), sqrt(1 / a + 1 / b)
    marks = [k * width for k in (1, 2.5, 5, 9, 15)]
    left = [-mark for mark in reversed(marks)]
    far = lambda tail: max(mpf(80) / tail, 25 * width)
    mp.dps = 25
    stops = [-far(a)] + [-far(a) / 4] * (far(a) / 4 > marks[-1]) + left + [mpf(0)] + marks
    stops += [far(b) / 4] * (far(b) / 4 > marks[-1]) + [far(b)]
    return quad(at, [centre + stop for stop in stops])


def lapse_free(k, z):
    """1 - z e^z E_k(z): by series (DLMF 8.19.10), else by the continued fraction of k e^z E_(k+1)(z) (DLMF 8.19.17)."""
    if z < 2 and k < 30:
        series, power = mpf(0), mpf(1)
        for j in range(60):
            series += power / (1 - k + j)
            power *= -z / (j + 1)
        return 1 - z * exp(z) * (gamma(1 - k) * z ** (k - 1) - series)
    value, n = mpf(0), k + 1
    for m in range(int(40 + 250 / sqrt(z)) if k < 30 else 60, 0, -1):
        value = m * (n + m - 1) / (z + n + 2 * m - value)
    return k / (z + n - value)


def pareto(r, alpha, s, beta, x, last, age, t, delta):
    """Fader, Hardie (2005), a note on deriving the Pareto/NBD; DERT of Fader, Hardie, Lee (2005), RFM and CLV."""
    total = r + s + x
    def part(at):
        if alpha >= beta:
            return hyp2f1(total, s + 1, total + 1, (alpha - beta) / (alpha + at), maxterms=10**7) / (alpha + at) ** total
        return hyp2f1(total, r + x, total + 1, (beta - alpha) / (beta + at), maxterms=10**7) / (beta + at) ** total
    alive = 1 / ((alpha + age) ** (r + x) * (beta + age) ** s)
    likelihood = alive + s / total * (part(last) - part(age))
    front = loggamma(r + x) - loggamma(r) + r * log(alpha) + s * log(beta)
    probability = alive / likelihood
    rate, reach = (r + x) / (alpha + age), beta + age
    ahead = rate * reach / (s - 1) * (1 - (reach / (reach + t)) ** (s - 1))
    return (front + log(likelihood), probability, probability * ahead,
            probability * rate * reach * hyperu(1, 2 - s, delta * reach))


def values(with_residual, model, parameters, x, last, age, days, per_day):
    numbers = [mpf(parameter) for parameter in parameters]
    times = [mpf(x), mpf(last) / 7, mpf(age) / 7, mpf(days) / 7, mpf(per_day) * 7 if with_residual else None]
    if model == "pareto/nbd":
        return pareto(*numbers, *times)
    return beta_geometric(*numbers, mpf(x + (model == "mbg/nbd")), *times)


def main():
    draw = random.Random(2005)
    print("model,p1,p2,p3,p4,x,last,age,days,discount,log_likelihood,alive,ahead,residual")
    for index in range(int(sys.argv[1]) if len(sys.argv) > 1 else 10_500):
        model, parameters, *history = at = point(draw, index)
        mp.dps = 50
        found = values(model == "pareto/nbd" or index % 60 < 3, *at)
        shown = [value and mp.nstr(value, 20, min_fixed=0, max_fixed=0) for value in found]
        print(",".join(map(str, [model, *parameters, *history, *shown])), flush=True)


main()
