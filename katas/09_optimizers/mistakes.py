"""Wrong answers that people really give, each with what a teacher would say about it."""

import torch
from torch import nn


def sgd_step__another_tensor(params, grads, lr, weight_decay=0.0, maximize=False):
    """You gave the name in your loop a new tensor, and left the parameter as it was.

    `p = p - step` makes another tensor; `p -= step` changes the one that your caller holds.
    """
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p = p - lr * ((-g if maximize else g) + weight_decay * p)


def sgd_step__into_the_list(params, grads, lr, weight_decay=0.0, maximize=False):
    """You put new tensors into the list.

    The model holds the old ones, and does not learn. Change the tensors themselves, in place.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                params[i] = p - lr * ((-g if maximize else g) + weight_decay * p)


def sgd_step__grows_the_weights(params, grads, lr, weight_decay=0.0, maximize=False):
    """With `maximize` you turned the sign of the decay round, too, so that the weights grow.

    Only the gradient's sign changes: turn it round first, then add the decay.
    """
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p += (lr if maximize else -lr) * (g + weight_decay * p)


def sgd_step__zeros_for_none(params, grads, lr, weight_decay=0.0, maximize=False):
    """You took a missing gradient for zeros, and the parameter decayed.

    Without a gradient a parameter is passed over entirely.
    """
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            g = torch.zeros_like(p) if g is None else g
            p -= lr * ((-g if maximize else g) + weight_decay * p)


def sgd_step__changes_the_gradient(params, grads, lr, weight_decay=0.0, maximize=False):
    """You added the decay to the gradient in place, so that your caller's gradient is another one afterwards.

    `g.add(…)`, without the underscore, makes a new tensor.
    """
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                if maximize:
                    g.neg_()
                p -= lr * g.add_(p, alpha=weight_decay)


def sgd_step__recorded(params, grads, lr, weight_decay=0.0, maximize=False):
    """You changed a leaf that requires grad while torch was recording.

    A step belongs under `with torch.no_grad():`.
    """
    for p, g in zip(params, grads, strict=True):
        if g is not None:
            p -= lr * ((-g if maximize else g) + weight_decay * p)


sgd_step__recorded.raises = RuntimeError


def momentum_step__dampens_the_first(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You dampened the first gradient, too.

    A parameter's first velocity is its whole first gradient; only what is added later is dampened.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                state[i] = momentum * state.get(i, 0.0) + (1 - dampening) * (g + weight_decay * p)
                p -= lr * state[i]


def momentum_step__keeps_the_gradient(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You kept the gradient itself as the first velocity.

    It belongs to autograd, and the next backward pass writes into it. Keep a tensor of your own: `g.clone()`.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope = g + weight_decay * p if weight_decay else g
                state[i] = momentum * state[i] + (1 - dampening) * slope if i in state else slope
                p -= lr * state[i]


def momentum_step__lr_in_the_velocity(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You put the learning rate into the velocity.

    That agrees with torch as long as lr stays the same. Keep the velocity without it, and multiply in the end.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope = lr * (g + weight_decay * p)
                state[i] = momentum * state[i] + (1 - dampening) * slope if i in state else slope
                p -= state[i]


def momentum_step__decay_beside(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You let the weights decay beside the velocity instead of through it.

    In SGD the decay is added to the gradient before all else.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                state[i] = momentum * state[i] + (1 - dampening) * g if i in state else g.clone()
                p -= lr * (state[i] + weight_decay * p)


def momentum_step__by_id(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You know a parameter again by its `id`, which is another one as soon as the run goes on with other tensors.

    Its place in `params` stays the same.
    """
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                slope, i = g + weight_decay * p, id(p)
                state[i] = momentum * state[i] + (1 - dampening) * slope if i in state else slope
                p -= lr * state[i]


def momentum_step__rolls_on(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You took a missing gradient for zeros: the parameter rolls on, and its velocity fades.

    Without a gradient a parameter is passed over entirely, and so is what is remembered of it.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is None and i not in state:
                continue
            slope = torch.zeros_like(p) if g is None else g + weight_decay * p
            state[i] = momentum * state[i] + (1 - dampening) * slope if i in state else slope
            p -= lr * state[i]


def momentum_step__rests_on_zeros(params, grads, state, lr, momentum, dampening=0.0, weight_decay=0.0):
    """You passed over gradients of zeros.

    Only None is passed over. With a gradient of zeros the parameter rolls on and decays, and its velocity fades.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None and g.any():
                slope = g + weight_decay * p
                state[i] = momentum * state[i] + (1 - dampening) * slope if i in state else slope
                p -= lr * state[i]


def nesterov_step__looks_back(params, grads, state, lr, momentum, weight_decay=0.0):
    """You looked ahead along the old velocity.

    First the velocity takes in the gradient; it is the new one that is added, times momentum.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, old = g + weight_decay * p, state.get(i, torch.zeros_like(p))
                state[i] = momentum * old + slope
                p -= lr * (slope + momentum * old)


def nesterov_step__keeps_the_mixture(params, grads, state, lr, momentum, weight_decay=0.0):
    """You kept what you moved by as the velocity.

    The look ahead is for this step only: the velocity that is kept is the same as without it.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope = g + weight_decay * p
                state[i] = slope + momentum * (momentum * state.get(i, torch.zeros_like(p)) + slope)
                p -= lr * state[i]


def nesterov_step__does_not_look(params, grads, state, lr, momentum, weight_decay=0.0):
    """You moved by the velocity alone, which is ordinary momentum.

    Nesterov's step goes along gradient + momentum · velocity.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                state[i] = momentum * state.get(i, 0.0) + g + weight_decay * p
                p -= lr * state[i]


def nesterov_step__forgets_the_decay(params, grads, state, lr, momentum, weight_decay=0.0):
    """You added the decay to the velocity, but not to the gradient that you add to it in the end.

    Both are to be the gradient with the decay.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                state[i] = momentum * state.get(i, 0.0) + g + weight_decay * p
                p -= lr * (g + momentum * state[i])


def rmsprop_step__eps_in_the_root(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """You added eps under the root.

    Torch adds it to the root, where it is smaller by far.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 0.0, "m": 0.0, "v": 0.0})
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                spread = memory["s"] - memory["m"] ** 2 if centered else memory["s"]
                memory["v"] = momentum * memory["v"] + slope / (spread + eps).sqrt()
                p -= lr * memory["v"]


def rmsprop_step__keeps_the_variance(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """You subtracted the square of the mean in place, from the mean square that you keep.

    The variance is for this step only.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 0.0, "m": 0.0, "v": 0.0})
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                if centered:
                    memory["s"] -= memory["m"] ** 2
                memory["v"] = momentum * memory["v"] + slope / (memory["s"].clamp(min=0).sqrt() + eps)
                p -= lr * memory["v"]


def rmsprop_step__lr_in_the_velocity(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """You put the learning rate into the velocity.

    That agrees with torch as long as lr stays the same. Keep the velocity without it, and multiply in the end.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 0.0, "m": 0.0, "v": 0.0})
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                spread = memory["s"] - memory["m"] ** 2 if centered else memory["s"]
                memory["v"] = momentum * memory["v"] + lr * slope / (spread.sqrt() + eps)
                p -= memory["v"]


def rmsprop_step__shares_exchanged(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """You gave the share alpha to what is new.

    alpha is the share of the old mean that stays; what is new gets 1 − alpha.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 0.0, "m": 0.0, "v": 0.0})
                memory["s"] = (1 - alpha) * memory["s"] + alpha * slope**2
                memory["m"] = (1 - alpha) * memory["m"] + alpha * slope
                spread = memory["s"] - memory["m"] ** 2 if centered else memory["s"]
                memory["v"] = momentum * memory["v"] + slope / (spread.sqrt() + eps)
                p -= lr * memory["v"]


def rmsprop_step__corrected(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """You corrected the bias of the mean square, as Adam does.

    RMSprop does not: its first steps are longer than the later ones.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"t": 0, "s": 0.0, "m": 0.0, "v": 0.0})
                memory["t"] += 1
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                share = 1 - alpha ** memory["t"]
                spread = memory["s"] / share
                if centered:
                    spread = (spread - (memory["m"] / share) ** 2).clamp(min=0)
                memory["v"] = momentum * memory["v"] + slope / (spread.sqrt() + eps)
                p -= lr * memory["v"]


def rmsprop_step__square_starts_at_one(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """Your mean square starts at one, as in some other libraries.

    In torch it starts at zero, so that the first steps are the largest.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 1.0, "m": 0.0, "v": 0.0})
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                spread = memory["s"] - memory["m"] ** 2 if centered else memory["s"]
                memory["v"] = momentum * memory["v"] + slope / (spread.sqrt() + eps)
                p -= lr * memory["v"]


def rmsprop_step__momentum_of_raw_gradients(
    params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False
):
    """Your velocity collects the raw gradients, and is divided afterwards.

    Divide each gradient first: the velocity is one of divided gradients.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"s": 0.0, "m": 0.0, "v": 0.0})
                memory["s"] = alpha * memory["s"] + (1 - alpha) * slope**2
                memory["m"] = alpha * memory["m"] + (1 - alpha) * slope
                spread = memory["s"] - memory["m"] ** 2 if centered else memory["s"]
                memory["v"] = momentum * memory["v"] + slope
                p -= lr * memory["v"] / (spread.sqrt() + eps)


def _adam(p, slope, memory, lr, betas, eps):
    """A step of Adam."""
    memory["t"] = memory.get("t", 0) + 1
    memory["m"] = betas[0] * memory.get("m", 0.0) + (1 - betas[0]) * slope
    memory["s"] = betas[1] * memory.get("s", 0.0) + (1 - betas[1]) * slope**2
    mean, square = memory["m"] / (1 - betas[0] ** memory["t"]), memory["s"] / (1 - betas[1] ** memory["t"])
    p -= lr * mean / (square.sqrt() + eps)


def adam_step__not_corrected(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """You used the means as they are.

    They start from zero and are too small at first: divide them by 1 − beta**step.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"m": 0.0, "s": 0.0})
                memory["m"] = betas[0] * memory["m"] + (1 - betas[0]) * slope
                memory["s"] = betas[1] * memory["s"] + (1 - betas[1]) * slope**2
                p -= lr * memory["m"] / (memory["s"].sqrt() + eps)


def adam_step__eps_before_the_correction(
    params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0
):
    """You added eps to the root of the mean square before correcting it, so that eps is corrected, too.

    Correct first, take the root, and add eps last.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"t": 0, "m": 0.0, "s": 0.0})
                memory["t"] += 1
                memory["m"] = betas[0] * memory["m"] + (1 - betas[0]) * slope
                memory["s"] = betas[1] * memory["s"] + (1 - betas[1]) * slope**2
                shares = 1 - betas[0] ** memory["t"], 1 - betas[1] ** memory["t"]
                p -= lr * shares[1] ** 0.5 / shares[0] * memory["m"] / (memory["s"].sqrt() + eps)


def adam_step__keeps_the_corrected(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """You kept the corrected means, so that the next step corrects them once more.

    The correction is for this step only.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                slope, memory = g + weight_decay * p, state.setdefault(i, {"t": 0, "m": 0.0, "s": 0.0})
                memory["t"] += 1
                memory["m"] = (betas[0] * memory["m"] + (1 - betas[0]) * slope) / (1 - betas[0] ** memory["t"])
                memory["s"] = (betas[1] * memory["s"] + (1 - betas[1]) * slope**2) / (1 - betas[1] ** memory["t"])
                p -= lr * memory["m"] / (memory["s"].sqrt() + eps)


def adam_step__one_count(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """You count the steps once for all parameters.

    One that gets its first gradient later is corrected by too little: count for each parameter.
    """
    with torch.no_grad():
        state["t"] = state.get("t", 0) + 1
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                memory = state.setdefault(i, {})
                memory["t"] = state["t"] - 1
                _adam(p, g + weight_decay * p, memory, lr, betas, eps)


def adam_step__decoupled(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """You shrank the parameter itself, as AdamW does.

    Adam adds the decay to the gradient, from where it goes into both means.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                p *= 1 - lr * weight_decay
                _adam(p, g, state.setdefault(i, {}), lr, betas, eps)


def adamw_step__as_in_adam(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """You added the decay to the gradient, where it is divided with it.

    That is Adam. AdamW multiplies the parameter by 1 − lr · weight_decay, and leaves the gradient alone.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                _adam(p, g + weight_decay * p, state.setdefault(i, {}), lr, betas, eps)


def adamw_step__without_lr(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """You shrank the parameter by weight_decay without the learning rate.

    In torch the decay follows the schedule: the factor is 1 − lr · weight_decay.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                p *= 1 - weight_decay
                _adam(p, g, state.setdefault(i, {}), lr, betas, eps)


def adamw_step__decays_afterwards(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """You let the parameter decay after its step, so that the step decays with it.

    Multiply first, then move.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                _adam(p, g, state.setdefault(i, {}), lr, betas, eps)
                p *= 1 - lr * weight_decay


def adamw_step__eps_before_the_correction(
    params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    """You added eps before the correction, which then makes it larger in the first steps.

    First divide the mean square by 1 − beta2**step, then take the root, then add eps.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if g is not None:
                p *= 1 - lr * weight_decay
                memory = state.setdefault(i, {"t": 0, "m": 0.0, "s": 0.0})
                memory["t"] += 1
                memory["m"] = betas[0] * memory["m"] + (1 - betas[0]) * g
                memory["s"] = betas[1] * memory["s"] + (1 - betas[1]) * g**2
                rate = lr * (1 - betas[1] ** memory["t"]) ** 0.5 / (1 - betas[0] ** memory["t"])
                p -= rate * memory["m"] / (memory["s"].sqrt() + eps)


def adamw_step__decays_all(params, grads, state, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """You let parameters decay that have no gradient.

    They are passed over entirely, the decay included.
    """
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            p *= 1 - lr * weight_decay
            if g is not None:
                _adam(p, g, state.setdefault(i, {}), lr, betas, eps)


def _split(params, decays, weight_decay):
    """Two groups, by a list of truths."""
    pairs = list(zip(params, decays, strict=True))
    return [
        {"params": [p for p, yes in pairs if yes], "weight_decay": weight_decay},
        {"params": [p for p, yes in pairs if not yes], "weight_decay": 0.0},
    ]


def parameter_groups__by_name(model, weight_decay):
    """You went by names.

    A BatchNorm's scale is called `weight`, and a layer may be called anything: go by dimensions and by classes.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decays = ["bias" not in name and "norm" not in name.lower() for name, _ in named]
    return _split([p for _, p in named], decays, weight_decay)


def parameter_groups__dimensions_only(model, weight_decay):
    """You went by dimensions alone, and let the norms decay whose scale is a matrix.

    A LayerNorm or RMSNorm over several dimensions has a scale of as many: leave these out by their class.
    """
    params = [p for p in model.parameters() if p.requires_grad]
    return _split(params, [p.ndim >= 2 for p in params], weight_decay)


def parameter_groups__biases_only(model, weight_decay):
    """You spared the biases and the norms, but not what else has fewer than two dimensions.

    A single number, or a free vector, is no matrix that could grow.
    """
    norms = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.BatchNorm1d)
    spared = {id(p) for m in model.modules() if isinstance(m, norms) for p in m.parameters()}
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decays = [id(p) not in spared and not (name.endswith("bias") and p.ndim < 2) for name, p in named]
    return _split([p for _, p in named], decays, weight_decay)


def parameter_groups__frozen_too(model, weight_decay):
    """You handed over parameters that do not require grad.

    Somebody froze them. Leave them out.
    """
    spared = {id(p) for m in model.modules() if isinstance(m, nn.LayerNorm | nn.RMSNorm) for p in m.parameters()}
    params = list(model.parameters())
    return _split(params, [p.ndim >= 2 and id(p) not in spared for p in params], weight_decay)


def parameter_groups__shared_twice(model, weight_decay):
    """You collected the parameters module by module, and have one twice that two of them share.

    Its optimizer would move it twice, or refuse it. `model.parameters()` gives it once.
    """
    pairs = [
        (p, p.ndim >= 2 and not isinstance(module, nn.LayerNorm | nn.RMSNorm))
        for module in model.modules()
        for p in module.parameters(recurse=False)
        if p.requires_grad
    ]
    return _split([p for p, _ in pairs], [yes for _, yes in pairs], weight_decay)


def parameter_groups__first_owner(model, weight_decay):
    """You judged a shared parameter by the first module that has it.

    It does not decay if any of those that share it is a norm. Collect the parameters of all norms first.
    """
    decays = {}
    for module in model.modules():
        for p in module.parameters(recurse=False):
            decays.setdefault(p, p.ndim >= 2 and not isinstance(module, nn.LayerNorm | nn.RMSNorm))
    params = [p for p in model.parameters() if p.requires_grad]
    return _split(params, [decays[p] for p in params], weight_decay)


def parameter_groups__children_only(model, weight_decay):
    """You looked for norms among the model's children only.

    They may lie deeper, or be the model itself: `model.modules()` gives all.
    """
    spared = {id(p) for m in model.children() if isinstance(m, nn.LayerNorm | nn.RMSNorm) for p in m.parameters()}
    params = [p for p in model.parameters() if p.requires_grad]
    return _split(params, [p.ndim >= 2 and id(p) not in spared for p in params], weight_decay)


class _Careful(torch.optim.Optimizer):
    """Checks its options."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        if min(lr, eps, weight_decay, *betas) < 0 or max(betas) >= 1:
            raise ValueError("an option is out of range")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def _move(self, memories=None):
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p *= 1 - group["lr"] * group["weight_decay"]
                        memory = self.state[p] if memories is None else memories.setdefault(p, {})
                        _adam(p, p.grad, memory, group["lr"], group["betas"], group["eps"])


class AdamW__count_on_self(_Careful):
    """You count the steps on the optimizer itself, where neither `state_dict()` nor a later group finds them.

    Keep the count in `self.state[p]`, for each parameter.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.count = 0

    def step(self, closure=None):
        """Does one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.state[p]["t"] = self.count
        self.count += 1
        self._move()
        return loss


class AdamW__state_of_its_own(_Careful):
    """You remember in a dict of your own what belongs into `self.state`.

    `state_dict()` does not see it, and the resumed run starts with empty means.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.memories = {}

    def step(self, closure=None):
        """Does one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._move(self.memories)
        return loss


class AdamW__options_of_init(_Careful):
    """You used the options that the optimizer was made with.

    Groups have their own, and schedulers change those: read `group["lr"]` and the others in each step.
    """

    def step(self, closure=None):
        """Does one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p *= 1 - self.defaults["lr"] * self.defaults["weight_decay"]
                        _adam(p, p.grad, self.state[p], *(self.defaults[name] for name in ("lr", "betas", "eps")))
        return loss


class AdamW__closure_not_recorded(_Careful):
    """You called the closure where nothing is recorded, so that its backward pass has nothing to go through.

    Call it under `torch.enable_grad()`.
    """

    raises = RuntimeError

    @torch.no_grad()
    def step(self, closure=None):
        """Does one step."""
        loss = closure() if closure is not None else None
        self._move()
        return loss


class AdamW__loss_kept(_Careful):
    """You called the closure, and did not return its loss."""

    def step(self, closure=None):
        """Does one step."""
        if closure is not None:
            with torch.enable_grad():
                closure()
        self._move()


class AdamW__loss_as_number(_Careful):
    """You returned the loss as a number.

    What the closure returned is for the caller, as it is.
    """

    def step(self, closure=None):
        """Does one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = float(closure())
        self._move()
        return loss


class AdamW__closure_too_late(_Careful):
    """You moved first, by the old gradients, and called the closure then.

    The closure computes the gradients that this step is to go by.
    """

    def step(self, closure=None):
        """Does one step."""
        self._move()
        if closure is None:
            return None
        with torch.enable_grad():
            return closure()


class AdamW__takes_anything(_Careful):
    """You checked no option, and a learning rate below 0 climbs instead of descending.

    Raise ValueError for options out of range.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        torch.optim.Optimizer.__init__(
            self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def step(self, closure=None):
        """Does one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._move()
        return loss
