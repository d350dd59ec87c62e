"""Wrong steps of Adam."""

import numpy as np

from tests.bank import mutant


def averages(grad, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad * grad


@mutant("no-bias-correction")
def raw_averages(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    return theta - lr * m / (np.sqrt(v) + eps), m, v


@mutant("one-average-corrected")
def only_m_corrected(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v) + eps), m, v


@mutant("one-average-corrected")
def only_v_corrected(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    return theta - lr * m / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@mutant("step-miscounted")
def one_step_later(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("step-miscounted")
def one_step_earlier(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 ** (t - 1)), v / (1 - beta2 ** (t - 1))
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("corrected-averages-returned")
def overwritten(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    m = m / (1 - beta1**t)
    v = v / (1 - beta2**t)
    return theta - lr * m / (np.sqrt(v) + eps), m, v


def corrected(grad, m, v, t, beta1, beta2):
    m, v = averages(grad, m, v, beta1, beta2)
    return m, v, m / (1 - beta1**t), v / (1 - beta2**t)


@mutant("epsilon-under-the-root")
def eps_inside(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (v_hat + eps) ** 0.5, m, v


@mutant("epsilon-forgotten")
def no_eps(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / v_hat**0.5, m, v


@mutant("root-forgotten")
def no_root(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (v_hat + eps), m, v


@mutant("sizes-for-squares")
def absolute_values(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * abs(grad)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("average-squared")
def squares_of_m(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * m * m
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("betas-exchanged")
def the_other_beta(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta2, beta1)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("summed-not-averaged")
def like_momentum(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + grad, beta2 * v + grad**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("weights-exchanged")
def mostly_new(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = (1 - beta1) * m + beta1 * grad, (1 - beta2) * v + beta2 * grad**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("product-for-power")
def beta_times_t(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 * t), v / (1 - beta2 * t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("uphill")
def plus(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta + lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("results-reordered")
def theta_last(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return m, v, theta - lr * m_hat / (np.sqrt(v_hat) + eps)


@mutant("epsilon-fixed")
def eps_written_out(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


@mutant("epsilon-before-the-correction")
def correction_in_the_rate(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return theta - rate * m / (np.sqrt(v) + eps), m, v


@mutant("epsilon-before-the-correction")
def correction_in_the_rate_by_numpy(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return theta - rate * m / (np.sqrt(v) + eps), m, v


@mutant("step-in-float64")
def root_by_numpy(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    denominator = np.sqrt(v) / np.sqrt(1 - beta2**t) + eps
    return theta - lr / (1 - beta1**t) * m / denominator, m, v


@mutant("power-forgotten")
def always_the_first_correction(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    return theta - lr * (m / (1 - beta1)) / (np.sqrt(v / (1 - beta2)) + eps), m, v


@mutant("one-beta-for-both")
def line_copied(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta1**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("corrected-before-the-update")
def lines_in_another_order(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    m, v = averages(grad, m, v, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("gradient-for-its-average")
def like_rmsprop(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, _, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * grad / (v_hat**0.5 + eps), m, v


@mutant("square-forgotten")
def two_averages_of_the_gradient(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("betas-fixed")
def betas_written_out(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, 0.9, 0.999)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("mutates")
def averages_in_place(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("length")
def v_not_returned(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m


@mutant("step-in-float64")
def corrections_as_arrays(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = averages(grad, m, v, beta1, beta2)
    powers = 1 - np.array([[beta1], [beta2]]) ** t
    m_hat, v_hat = m / powers[0], v / powers[1]
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("dtype")
def gradient_in_float64(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, m_hat, v_hat = corrected(grad.astype(float), m, v, t, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("exception")
def needs_averages(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    if lr < 0 or not 0 < beta1 < 1 or not 0 < beta2 < 1:
        raise ValueError("lr or a beta is out of range")
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("validation")
def counts_entries(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    if not theta.size == grad.size == m.size == v.size:
        raise ValueError("sizes differ")
    if t < 1 or lr < 0 or not (0 <= beta1 < 1 and 0 <= beta2 < 1):
        raise ValueError("t, lr or a beta is out of range")
    m, v, m_hat, v_hat = corrected(grad, m, v, t, beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@mutant("validation")
def starts_at_any_t(theta, grad, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    if not theta.shape == grad.shape == m.shape == v.shape:
        raise ValueError("shapes differ")
    m, v, m_hat, v_hat = corrected(grad, m, v, max(t, 1), beta1, beta2)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v
