"""Numbers of many digits that carry their derivatives by the intercepts.

An intercept b_k is added to logit k of every sample. A `Number` is a value and its derivatives by b_1, .., b_K at
b = 0; sums, products and the functions below follow the rules of the calculus, so that a loss written once gives its
gradient to all digits. The functions lose no digits where they are close to zero.
"""

import mpmath

mpmath.mp.dps = 60


class Number:
    def __init__(self, value, slopes):
        self.value, self.slopes = mpmath.mpf(value), slopes

    def constant(self):
        """The same value, held constant in the gradient."""
        return Number(self.value, [mpmath.mpf(0)] * len(self.slopes))

    def through(self, value, slope):
        """f(x) with its derivatives, of f(x) and f'(x)."""
        return Number(value, [slope * own for own in self.slopes])

    def __add__(self, other):
        if not isinstance(other, Number):
            return Number(self.value + other, self.slopes)
        return Number(self.value + other.value, [a + b for a, b in zip(self.slopes, other.slopes)])

    def __mul__(self, other):
        if not isinstance(other, Number):
            return self.through(self.value * other, other)
        slopes = [a * other.value + self.value * b for a, b in zip(self.slopes, other.slopes)]
        return Number(self.value * other.value, slopes)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        if not isinstance(other, Number):
            return self * (1 / mpmath.mpf(other))
        return self * other.through(1 / other.value, -1 / other.value**2)

    def __pow__(self, exponent):
        """x^G of a positive x and a constant G."""
        return self.through(self.value**exponent, exponent * self.value ** (exponent - 1))

    __radd__, __rmul__ = __add__, __mul__


def logits_of(row):
    """The logits of one sample: the derivative of logit k is one by intercept k and zero by the others."""
    classes = len(row)
    return [Number(value, [mpmath.mpf(other == k) for other in range(classes)]) for k, value in enumerate(row)]


def exp(x):
    return x.through(mpmath.exp(x.value), mpmath.exp(x.value))


def softplus(x):
    """s(x) = log(1 + exp(x)), s' = sigma."""
    return x.through(mpmath.log1p(mpmath.exp(x.value)), 1 / (1 + mpmath.exp(-x.value)))


def sigmoid(x):
    """sigma(x) = 1 / (1 + exp(-x)), sigma' = sigma(x) sigma(-x)."""
    positive, negative = 1 / (1 + mpmath.exp(-x.value)), 1 / (1 + mpmath.exp(x.value))
    return x.through(positive, positive * negative)


def shortfall(u):
    """1 - exp(-u) of a positive u, which is 1 - p if u = -log p."""
    return u.through(-mpmath.expm1(-u.value), mpmath.exp(-u.value))


def cross_entropy(z, k):
    """-log softmax(z)_k = log(1 + sum_{j != k} exp(z_j - z_k))."""
    rest = sum(exp(other - z[k]) for j, other in enumerate(z) if j != k)
    return rest.through(mpmath.log1p(rest.value), 1 / (1 + rest.value))


def softmax(z):
    """exp(z_k) / sum_j exp(z_j)."""
    return [exp(-cross_entropy(z, k)) for k in range(len(z))]
