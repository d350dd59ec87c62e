"""Right depths, written differently."""

from itertools import accumulate, count

from tests.bank import variant


def refuse(target, k, s):
    if min(target, k, s) < 1 or (k == 1 and target > 1):
        raise ValueError(f"layers of {k} never reach {target}")


@variant
def one_layer_at_a_time(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 1, 1, 0
    while size < target:
        size += (k - 1) * jump
        jump *= s
        depth += 1
    return depth


@variant
def running_sums(target, k, s):
    refuse(target, k, s)
    if target == 1:
        return 0
    fields = accumulate(((k - 1) * s**i for i in count()), initial=1)
    return next(depth for depth, field in enumerate(fields) if field >= target)


@variant
def whole_stack_each_time(target, k, s):
    refuse(target, k, s)
    depth = 0
    while field([{"k": k, "s": s}] * depth) < target:
        depth += 1
    return depth


def field(layers):
    size, jump = 1, 1
    for layer in layers:
        size += (layer["k"] - 1) * jump
        jump *= layer["s"]
    return size


@variant
def geometric_sum_in_integers(target, k, s):
    refuse(target, k, s)
    if s == 1:
        return -(-(target - 1) // max(k - 1, 1))
    depth = 0
    while (k - 1) * (s**depth - 1) // (s - 1) < target - 1:
        depth += 1
    return depth
