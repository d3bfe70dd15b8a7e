"""Writes tables.csv, the values that the tests beside this file hold the crate against.

    python make_tables.py           # writes tables.csv beside this file
    python make_tables.py --check   # says whether tables.csv is what it would write
    python make_tables.py --constants   # prints the constants of src/continuous_bernoulli.rs

Needs Python 3.9 or later and mpmath (1.3). Everything is computed from the definitions, with 1000 digits, so that no
stable form is needed here and none can be shared with the code under test. Arguments are rounded to single precision
first: f32 and f64 are handed exactly the number that the value belongs to.

Columns: function, arguments (separated by blanks), the error allowed in multiples of epsilon times scale, scale, value.
Scale is the value's magnitude, or where terms of both signs are added, the sum of their magnitudes.
"""

import struct
import sys
from pathlib import Path

from mpmath import bernoulli, det, exp, factorial, log, lu_solve, matrix, mp, mpf, nstr, pi, polyroots, polyval, sinh, tanh

mp.dps = 1000

# The errors that the documentation of each function promises, in epsilon.
ALLOWED = {
    "softplus": 2,
    "sigmoid": 4,
    "binary_entropy": 4,
    "exp_m1_minus_x": 6,
    "x_minus_ln_1p": 6,
    "soft_bound": 4,
    "normal_log_prob": 4,
    "normal_entropy": 4,
    "normal_kl": 6,
    "normal_kl_to_standard": 6,
    "normal_reparameterize": 4,
    "isotropic_log_prob": 4,
    "bernoulli_log_prob": 2,
    "bernoulli_log_prob_gradient": 4,
    "bernoulli_entropy": 4,
    "bernoulli_cross_entropy": 4,
    "bernoulli_kl": 8,
    "continuous_log_normalizer": 4,
    "continuous_log_prob": 4,
    "continuous_log_prob_gradient": 4,
    "continuous_mean": 4,
    "continuous_variance": 8,
    "continuous_entropy": 8,
    "continuous_kl": 32,
    "continuous_reparameterize": 4,
    "log_mean_exp": 4,
    "log_sum_exp": 4,
    "effective_sample_size": 4,
    "linear_gaussian_log_marginal": 8,
    "linear_gaussian_posterior_mean": 8,
    "linear_gaussian_posterior_covariance": 8,
    "linear_gaussian_elbo": 8,
}


# Bernoulli and continuous Bernoulli.


def softplus(l):
    return log(1 + exp(l))


def sigmoid(l):
    return 1 / (1 + exp(-l))


def entropy_of(p):
    return -p * log(p) - (1 - p) * log(1 - p)


def bernoulli_kl(lp, lq):
    p, q = sigmoid(lp), sigmoid(lq)
    return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))


def log_partition(l):
    return log((exp(l) - 1) / l) if l else mpf(0)


def continuous_mean(l):
    return 1 / (1 - exp(-l)) - 1 / l if l else mpf(1) / 2


def continuous_variance(l):
    return 1 / l**2 - 1 / (4 * sinh(l / 2) ** 2) if l else mpf(1) / 12


def continuous_kl(lp, lq):
    return log_partition(lq) - log_partition(lp) - continuous_mean(lp) * (lq - lp)


def continuous_quantile(l, u):
    return log(1 + u * (exp(l) - 1)) / l if l else u


# Normal.


def normal_log_prob(m, v, x):
    return -(x - m) ** 2 / (2 * exp(v)) - log(2 * pi * exp(v)) / 2


def normal_kl(mp_, vp, mq, vq):
    return (vq - vp + (exp(vp) + (mp_ - mq) ** 2) / exp(vq) - 1) / 2


# Importance weights.


def log_sum_exp(*w):
    return log(sum(exp(x) for x in w))


def effective_sample_size(*w):
    return sum(exp(x) for x in w) ** 2 / sum(exp(2 * x) for x in w)


# The linear-Gaussian model, from its joint normal distribution of x and z: no identity of the code is used.


def split(arguments):
    """W (3 x 2), b, sigma, x; what is left."""
    w = matrix(3, 2)
    for i in range(6):
        w[i // 2, i % 2] = arguments[i]
    return w, matrix(arguments[6:9]), arguments[9], matrix(arguments[10:13]), arguments[13:]


def marginal_covariance(w, sigma):
    c = w * w.T
    for i in range(3):
        c[i, i] += sigma**2
    return c


def linear_gaussian_log_marginal(*arguments):
    w, b, sigma, x, _ = split(arguments)
    c = marginal_covariance(w, sigma)
    r = x - b
    return -((r.T * lu_solve(c, r))[0] + log(det(c)) + 3 * log(2 * pi)) / 2


def linear_gaussian_posterior(arguments):
    w, b, sigma, x, _ = split(arguments)
    c = marginal_covariance(w, sigma)
    gain = w.T * c**-1  # covariance of z and x, times the inverse of that of x
    covariance = -gain * w
    for i in range(2):
        covariance[i, i] += 1
    return gain * (x - b), covariance


def linear_gaussian_posterior_mean(*arguments):
    return linear_gaussian_posterior(arguments)[0][int(arguments[13])]


def linear_gaussian_posterior_covariance(*arguments):
    return linear_gaussian_posterior(arguments)[1][int(arguments[13]), int(arguments[14])]


def linear_gaussian_elbo(*arguments):
    """ln p(x) - KL(q || posterior), the other of the bound's two forms; q = N(m, diag e^v) follows x."""
    _, _, _, _, (m0, m1, v0, v1) = split(arguments)
    mean, covariance = linear_gaussian_posterior(arguments)
    precision = covariance**-1
    d = matrix([m0, m1]) - mean
    kl = (
        precision[0, 0] * exp(v0) + precision[1, 1] * exp(v1) - 2 + (d.T * precision * d)[0] + log(det(covariance)) - v0 - v1
    ) / 2
    return linear_gaussian_log_marginal(*arguments) - kl


def single(x):
    """The number nearest to x in single precision."""
    return struct.unpack("f", struct.pack("f", x))[0]


def rows():
    """Yields (function, arguments, value, scale or None)."""

    def table(function, f, arguments, scale=None):
        for row in arguments:
            row = row if isinstance(row, tuple) else (row,)
            row = tuple(single(x) for x in row)
            exact = [mpf(x) for x in row]
            yield function, row, f(*exact), scale and scale(*exact)

    def both_signs(*magnitudes):
        return [sign * x for x in magnitudes for sign in (1, -1)]

    logits = [0, *both_signs(1e-30, 1e-6, 1e-4, 1e-3, 1.1e-3, 1e-2, 0.1, 0.5, 1, 1.99, 2, 2.01, 2.5, 5, 17, 20, 50, 80, 1000)]
    yield from table("softplus", softplus, logits)
    yield from table("sigmoid", sigmoid, logits)
    yield from table("binary_entropy", entropy_of, [1e-30, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.9375, 0.999])
    small = [1e-15, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 0.2, 0.3, 0.32, 0.34, 0.49, 0.5, 0.51, 0.9]
    yield from table("exp_m1_minus_x", lambda v: exp(v) - 1 - v, both_signs(*small, 1, 2, 10, 80))
    yield from table("x_minus_ln_1p", lambda u: u - log(1 + u), [*both_signs(*small), -0.999, 1, 2, 10, 1e6, 1e30])
    yield from table(
        "soft_bound",
        lambda v, lo, hi: hi - softplus(hi - (lo + softplus(v - lo))),
        [(v, -30, 20) for v in (0, 0.5, 1000, -1000, 21, -31, -29, 19)] + [(3, -1, 1)],
        lambda v, lo, hi: max(-lo, hi),
    )

    log_vars = [0, *both_signs(1e-6, 1e-4, 1e-3, 1e-2, 0.1, 0.5, 1, 2, 10, 80)]
    yield from table(
        "normal_log_prob",
        normal_log_prob,
        [(0, 0, 0), (0, 0, 1), (1, 2, -1.5), (-3, -4, -2.75), (0.5, 80, 1e10), (0.5, -80, 0.5), (0, -80, 1e-17), (2, 1e-6, 2.25)],
        lambda m, v, x: ((x - m) ** 2 / exp(v) + abs(v) + log(2 * pi)) / 2,
    )
    yield from table("normal_entropy", lambda v: log(2 * pi * exp(1 + v)) / 2, log_vars, lambda v: (1 + abs(v) + log(2 * pi)) / 2)
    yield from table(
        "normal_kl_to_standard",
        lambda m, v: normal_kl(m, v, 0, 0),
        [(m, v) for m in (0, 0.5) for v in log_vars] + [(1, 0), (1, 1), (0.5, -2), (1e-4, 1e-4), (100, 0)],
    )
    yield from table(
        "normal_kl",
        normal_kl,
        [
            (0, 0, 0, 0),
            (1, 0.5, -1, -0.5),
            (0, 1, 0, 1.001),
            (0, 80, 0, 79),
            (0, -80, 0, -79.5),
            (3, -2, 3.5, -2.25),
            (1e-3, 0, 0, 0),
            (0, 40, 1, -40),
            (0, -40, 1, 40),
            (1.5, 0.25, 1.5, 0.25 + 2**-12),
        ],
    )
    yield from table(
        "normal_reparameterize",
        lambda m, v, e: m + exp(v / 2) * e,
        [(0, 0, 1.5), (1, 2, -0.5), (-3, -80, 2), (0, 80, 1), (0.5, 1e-4, 0.25)],
        lambda m, v, e: abs(m) + exp(v / 2) * abs(e),
    )
    yield from table(
        "isotropic_log_prob",  # sigma, three pixels, three means
        lambda s, *p: sum(normal_log_prob(p[i + 3], 2 * log(s), p[i]) for i in range(3)),
        [(0.5, 0, 1, 0.25, 0.125, 0.75, 0.5), (1e-3, 0.5, 0.25, 1, 0.5, 0.25, 1), (10, 0, 1, 1, 1, 0, 0)],
        lambda s, *p: sum(((p[i] - p[i + 3]) / s) ** 2 + abs(2 * log(s)) + log(2 * pi) for i in range(3)) / 2,
    )

    yield from table("bernoulli_log_prob", lambda l, x: x * l - softplus(l), [(l, x) for l in logits for x in (0, 1)])
    yield from table(
        "bernoulli_log_prob_gradient",
        lambda l, x: x - sigmoid(l),
        [(l, x) for l in (0, 1, -1, 17, -17, 80, -80) for x in (0, 1)],
    )
    yield from table("bernoulli_entropy", lambda l: softplus(l) - l * sigmoid(l), logits)
    yield from table(
        "bernoulli_cross_entropy",
        lambda l, t: softplus(l) - t * l,
        [(l, t) for l in (0, 1e-6, 0.5, -2.5, 17, -50, 1000) for t in (0, 0.25, 0.5, 0.875, 1)],
    )
    pairs = [
        (0, 0),
        (0, 1),
        (1, 0),
        (0.5, 0.5 + 2**-20),
        (0.5, 0.5 - 2**-10),
        (0, 1e-6),
        (1e-6, -1e-6),
        (3, 3.5),
        (-3, -3.5),
        (-1, -2),
        (5, 3.99),
        (-1.5, 1.5),
        (1.5, 2.75),
        (2.75, 1.5),
        (-2.25, -4),
        (17, 18),
        (-17, -17.125),
        (20, -20),
        (50, 49),
        (-50, -52),
        (50, 52),
        (80, 79.5),
        (100, 200),
        (-200, -100),
        (1000, 990),
        (1000, -1000),
    ]
    yield from table("bernoulli_kl", bernoulli_kl, pairs)

    yield from table("continuous_log_normalizer", lambda l: log(abs(l) / tanh(abs(l) / 2)) if l else log(mpf(2)), logits)
    yield from table("continuous_mean", continuous_mean, logits)
    yield from table("continuous_variance", continuous_variance, logits)
    yield from table("continuous_entropy", lambda l: log_partition(l) - l * continuous_mean(l), logits)
    yield from table(
        "continuous_log_prob",
        lambda l, x: x * l - log_partition(l),
        [(1, 1), (-2.5, 0.3), (0.01, 0.5), (50, 0)] + [(l, x) for l in logits for x in (0, 0.25, 1)],
        # Near 0 the two terms are those of the odd and the even part, else the distance from the likelier end.
        lambda l, x: abs(l * (x - mpf(1) / 2)) + abs(log_partition(l) - l / 2)
        if abs(l) <= 2
        else abs(l) * (1 - x if l > 0 else x) + abs(log_partition(-abs(l))),
    )
    yield from table(
        "continuous_log_prob_gradient",
        lambda l, x: x - continuous_mean(l),
        [(l, x) for l in logits for x in (0, 0.5, 1)],
        lambda l, x: (1 - x) + 1 - continuous_mean(l) if l > 0 else x + continuous_mean(l),
    )
    yield from table("continuous_kl", continuous_kl, pairs)
    yield from table(
        "continuous_reparameterize",
        continuous_quantile,
        [(l, u) for l in logits for u in (0, 1e-3, 0.25, 0.5, 0.75, 0.999, 1)],
        lambda l, u: mpf(1),
    )

    weights = [(0,), (-3.5,), (-1000, -1000), (0, -1000), (-90, -88, -95), (1000, 999.5), (0.5, 0.25, -0.125, 3, -80)]
    for name, f in (("log_sum_exp", log_sum_exp), ("log_mean_exp", lambda *w: log_sum_exp(*w) - log(len(w)))):
        yield from table(name, f, weights, lambda *w: max(abs(x) for x in w) + log(len(w)) + 1)
    yield from table("effective_sample_size", effective_sample_size, weights)

    orthogonal = (1, 0.5, 0.5, -1, 0, 0, 0.25, -0.5, 1, 0.5, 1.5, -0.25, 0.75)
    oblique = (1, 0.25, -0.5, 0.75, 0.25, 1, 0.125, 0, -0.25, 0.5, 0.875, -0.5, 0.25)
    quiet = (2, -1, 1, 3, 0.5, 0.5, 0, 1, -1, 2**-7, 2, -1, 0.5)
    models = (orthogonal, oblique, quiet)
    magnitude = lambda *a: abs(linear_gaussian_log_marginal(*a)) + 1
    yield from table("linear_gaussian_log_marginal", linear_gaussian_log_marginal, models, magnitude)
    # The noise decides how much the posterior amplifies rounding.
    amplification = lambda *a: 1 + 1 / a[9]
    yield from table(
        "linear_gaussian_posterior_mean", linear_gaussian_posterior_mean, [(*m, i) for m in models for i in (0, 1)], amplification
    )
    yield from table(
        "linear_gaussian_posterior_covariance",
        linear_gaussian_posterior_covariance,
        [(*m, *ij) for m in models for ij in ((0, 0), (0, 1), (1, 1))],
    )
    yield from table(
        "linear_gaussian_elbo",
        linear_gaussian_elbo,
        [(*m, *q) for m in models for q in ((0, 0, 0, 0), (0.5, -0.25, -1, -2), (1, -0.5, -8, -9))],
        lambda *a: abs(linear_gaussian_elbo(*a)) + 1,
    )


def text():
    lines = ["# Written by make_tables.py; not to be edited.", "function,arguments,epsilons,scale,value"]
    for function, arguments, value, scale in rows():
        scale = abs(value) if scale is None else scale
        lines.append(
            ",".join(
                [
                    function,
                    " ".join(repr(x) for x in arguments),
                    str(ALLOWED[function]),
                    nstr(scale, 6, min_fixed=0, max_fixed=0),
                    nstr(value, 25, min_fixed=0, max_fixed=0),
                ]
            )
        )
    return "\n".join(lines) + "\n"


def constants():
    """LOG_SINHC, then GAUSS_LEGENDRE."""
    for n in range(1, 19):
        print(nstr(bernoulli(2 * n) / (2 * n * factorial(2 * n)), 25, min_fixed=0, max_fixed=0))
    legendre = [231, 0, -315, 0, 105, 0, -5]  # 16 P_6
    slope = [c * (6 - i) for i, c in enumerate(legendre[:-1])]
    for root in sorted(polyroots(legendre, maxsteps=500, extraprec=4000)):
        weight = 2 / ((1 - root**2) * (polyval(slope, root) / 16) ** 2)
        node = (root + 1) / 2
        print(nstr(node, 25), nstr(weight / 2 * (1 - node), 25))


if __name__ == "__main__":
    if sys.argv[1:] == ["--constants"]:
        sys.exit(constants())
    path = Path(__file__).with_name("tables.csv")
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if path.read_text() == text() else f"{path} is not what make_tables.py writes")
    path.write_text(text())
