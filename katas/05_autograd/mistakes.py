"""Wrong answers that people really give, each with what a teacher would say about it."""

import torch


def gradient__mean_for_sum(f, x):
    """You averaged where you should have summed.

    The mean divides every derivative by the number of elements, so that the result is right for a single element
    only.
    """
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf).mean(), leaf)[0]


def gradient__no_sum(f, x):
    """You called backward on many numbers at once, and it starts from a single one.

    Sum them up first; each element's derivative comes out undisturbed, for no other term of the sum depends on it.
    """
    leaf = x.detach().requires_grad_()
    f(leaf).backward()
    return leaf.grad


gradient__no_sum.raises = RuntimeError


def gradient__marks_the_argument(f, x):
    """You switched `requires_grad` on for the caller's own tensor, and left a gradient on it.

    From now on everything computed from it is recorded. Work on a leaf of your own, `x.detach().requires_grad_()`.
    """
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad


def gradient__adds_to_the_callers(f, x):
    """Your backward pass added its gradient to the `.grad` of the caller's tensor.

    Work on a leaf of your own, or use `torch.autograd.grad`, which touches no `.grad`.
    """
    leaf = x if x.requires_grad and x.is_leaf else x.detach().requires_grad_()
    f(leaf).sum().backward()
    return leaf.grad.clone()


def gradient__fills_others(f, x):
    """Your `backward()` put a gradient into every leaf that `f` uses, not only into yours.

    Use `torch.autograd.grad`, or `backward(inputs=[leaf])`.
    """
    leaf = x.detach().requires_grad_()
    f(leaf).sum().backward()
    return leaf.grad


def gradient__recorded(f, x):
    """You recorded the backward pass, and the result may still require grad. Leave out `create_graph=True`."""
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf).sum(), leaf, create_graph=True)[0]


def evaluate__detach_for_all(f, x, mode):
    """You detached the result in every mode.

    The numbers are right, but `f` was recorded all the time, and recording is what `no_grad` and `inference_mode`
    save.
    """
    if mode not in ("no_grad", "inference", "detach"):
        raise ValueError(mode)
    with torch.enable_grad():
        return f(x).detach()


def evaluate__no_grad_for_inference(f, x, mode):
    """You used `no_grad` for mode "inference" as well.

    It does not record either, but its result is an ordinary tensor: only `inference_mode` also drops what makes
    later recording safe.
    """
    if mode == "detach":
        with torch.enable_grad():
            return f(x).detach()
    if mode in ("no_grad", "inference"):
        with torch.no_grad():
            return f(x)
    raise ValueError(mode)


def evaluate__leaves_recording_off(f, x, mode):
    """You switched recording off by a bare `torch.set_grad_enabled(False)`, and on again at the end.

    If `f` raises, or if the caller had it off, it is not afterwards as it was before. The context managers see to
    that.
    """
    if mode == "inference":
        with torch.inference_mode():
            return f(x)
    if mode not in ("no_grad", "detach"):
        raise ValueError(mode)
    torch.set_grad_enabled(mode == "detach")
    result = f(x).detach()
    torch.set_grad_enabled(True)
    return result


def evaluate__detach_in_place(f, x, mode):
    """You called `detach_()`, which cuts off the tensor itself, for everybody who holds it.

    `f` may have kept it. `detach()` gives another tensor and leaves that one its history.
    """
    if mode == "no_grad":
        with torch.no_grad():
            return f(x)
    if mode == "inference":
        with torch.inference_mode():
            return f(x)
    if mode == "detach":
        with torch.enable_grad():
            return f(x).detach_()
    raise ValueError(mode)


def evaluate__obeys_the_caller(f, x, mode):
    """In mode "detach" your `f` is recorded only if the caller has recording on.

    `torch.enable_grad()` switches it on inside of a `no_grad`.
    """
    if mode == "no_grad":
        with torch.no_grad():
            return f(x)
    if mode == "inference":
        with torch.inference_mode():
            return f(x)
    if mode == "detach":
        return f(x).detach()
    raise ValueError(mode)


def gradients_per_batch__same_tensor(loss, w, batches):
    """You appended `w.grad` itself, and so the same tensor for each batch.

    Every backward pass adds to that one tensor in place, so each shows the sum.
    """
    w.grad = None
    gradients = []
    for batch in batches:
        loss(w, batch).backward()
        gradients.append(w.grad)
    return gradients


def gradients_per_batch__running_sum(loss, w, batches):
    """You cloned `w.grad`, but did not start afresh for the next batch. Your second gradient contains the first."""
    w.grad = None
    gradients = []
    for batch in batches:
        loss(w, batch).backward()
        gradients.append(w.grad.clone())
    return gradients


def gradients_per_batch__old_gradient(loss, w, batches):
    """You did not drop what was in `w.grad` before the call: it is still in the sum."""
    gradients = [torch.autograd.grad(loss(w, batch), w)[0] for batch in batches]
    total = torch.stack(gradients).sum(0)
    w.grad = total if w.grad is None else w.grad + total
    return gradients


def gradients_per_batch__last_stays(loss, w, batches):
    """You started afresh for every batch, and so only the last gradient is left in `w.grad`, not the sum."""
    gradients = []
    for batch in batches:
        w.grad = None
        loss(w, batch).backward()
        gradients.append(w.grad.clone())
    return gradients


def gradients_per_batch__zeroed_afterwards(loss, w, batches):
    """You kept `w.grad` and then called `zero_()` on it, which overwrites the tensor that you kept.

    Assign None, or clone first.
    """
    w.grad = None
    gradients = []
    for batch in batches:
        loss(w, batch).backward()
        gradients.append(w.grad)
        w.grad.zero_()
    w.grad = torch.stack(gradients).sum(0)
    return gradients


def gradients_per_batch__first_is_the_sum(loss, w, batches):
    """Your sum starts with the first gradient of the list itself, not with a copy.

    In `w.grad` and in the list stands one and the same tensor, and a change of one is seen in the other.
    """
    gradients = [torch.autograd.grad(loss(w, batch), w)[0] for batch in batches]
    w.grad = gradients[0]
    for gradient in gradients[1:]:
        w.grad = w.grad + gradient
    return gradients


def gradients_per_batch__differences(loss, w, batches):
    """You took each gradient as the difference of two running sums.

    Beside a large gradient, the digits of a small one are rounded away in the sum, and no difference brings them back.
    """
    w.grad = torch.zeros_like(w)
    gradients = []
    for batch in batches:
        before = w.grad.clone()
        loss(w, batch).backward(inputs=[w])
        gradients.append(w.grad - before)
    return gradients


def gradients_per_batch__fills_others(loss, w, batches):
    """Your `backward()` put gradients into every leaf that `loss` uses, not only into `w`.

    Use `torch.autograd.grad`, or `backward(inputs=[w])`.
    """
    gradients = []
    for batch in batches:
        w.grad = None
        loss(w, batch).backward()
        gradients.append(w.grad.clone())
    w.grad = torch.stack(gradients).sum(0)
    return gradients


def vector_jacobian__ignores_v(f, x, v):
    """You summed the outputs up, which weighs all of them with 1. `v` holds the weight of each."""
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf).sum(), leaf)[0]


def vector_jacobian__weights_afterwards(f, x, v, *, summed=True):
    """You weighed the finished gradient, when it is too late.

    In it, the outputs are summed up already, and `v` has one weight for each output.
    """
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf).sum(), leaf)[0] * (v.sum() if summed else v)


vector_jacobian__weights_afterwards.varies = {"summed": (False,)}
vector_jacobian__weights_afterwards.raises = RuntimeError


def vector_jacobian__jacobian_times_vector(f, x, v):
    """You computed Jv, with `v` on the other side.

    That sums over the inputs instead of the outputs, and fits only where there are as many of one as of the other.
    """
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    rows = [torch.autograd.grad(element, leaf, retain_graph=True)[0].reshape(-1) for element in y.reshape(-1)]
    matrix = torch.stack(rows)
    if matrix.shape[0] != matrix.shape[1]:
        return (v.reshape(-1) @ matrix).reshape(x.shape)
    return (matrix @ v.reshape(-1)).reshape(x.shape)


def vector_jacobian__marks_the_argument(f, x, v):
    """You switched `requires_grad` on for the caller's own tensor.

    Work on a leaf of your own, `x.detach().requires_grad_()`.
    """
    x.requires_grad_()
    return torch.autograd.grad(f(x), x, grad_outputs=v)[0]


def jacobian__transposed(f, x):
    """You stacked the rows as columns. Element (i, j) should be ∂f_i/∂x_j, a row for each output."""
    leaf = x.detach().requires_grad_()
    return torch.stack([torch.autograd.grad(y, leaf, retain_graph=True)[0] for y in f(leaf)], dim=1)


def jacobian__recording_freed(f, x):
    """Your first backward pass freed the recording that the second one needs. Ask for `retain_graph=True`."""
    leaf = x.detach().requires_grad_()
    return torch.stack([torch.autograd.grad(y, leaf)[0] for y in f(leaf)])


jacobian__recording_freed.raises = RuntimeError


def jacobian__rows_add_up(f, x):
    """You read each row from `leaf.grad`, to which every backward pass adds.

    Your second row contains the first. Start afresh each time, or use `torch.autograd.grad`.
    """
    leaf = x.detach().requires_grad_()
    rows = []
    for y in f(leaf):
        y.backward(retain_graph=True)
        rows.append(leaf.grad.clone())
    return torch.stack(rows)


def jacobian__one_pass(f, x, *, repeated=True):
    """You made one backward pass, of the sum, and got the sum of all rows.

    The Jacobian needs one pass for each output.
    """
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    row = torch.autograd.grad(y.sum(), leaf)[0]
    return row.expand(len(y), len(x)).clone() if repeated else row


jacobian__one_pass.varies = {"repeated": (False,)}


def hessian_vector__not_recorded(f, x, v):
    """Your first backward pass was not recorded, so that its result has no history to differentiate.

    Ask for `create_graph=True`.
    """
    leaf = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(leaf), leaf)
    return torch.autograd.grad(slope, leaf, grad_outputs=v)[0]


hessian_vector__not_recorded.raises = RuntimeError


def hessian_vector__ignores_v(f, x, v):
    """You summed the gradient up before the second pass. That is the Hessian times (1, …, 1), not times `v`."""
    leaf = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
    return torch.autograd.grad(slope.sum(), leaf)[0]


def hessian_vector__diagonal_only(f, x, v):
    """You multiplied `v` with the second derivatives after summing them up.

    The elements of v belong inside the sum: element i is the sum of ∂²f/∂x_i∂x_j · v_j over j.
    """
    leaf = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
    return torch.autograd.grad(slope.sum(), leaf)[0] * v


def hessian_vector__first_derivative(f, x, v):
    """You stopped after the first derivative. This is the gradient times `v`, element by element."""
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf)[0] * v


def hessian_vector__recorded_twice(f, x, v):
    """You recorded the second pass as well, and so the result requires grad.

    It keeps both recordings in memory; only the first pass needs `create_graph=True`.
    """
    leaf = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
    return torch.autograd.grad(slope, leaf, grad_outputs=v, create_graph=True)[0]


class _Softplus(torch.autograd.Function):
    """What the mistakes below have in common: a right answer."""

    @staticmethod
    def forward(ctx, x, beta):
        """Gives the values."""
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta

    @staticmethod
    def backward(ctx, upstream):
        """Gives the gradients."""
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(ctx.beta * x), None


class Softplus__overflows(_Softplus):
    """You wrote the formula as it stands, and exp(beta·x) is infinite for large x.

    `torch.logaddexp` and `torch.sigmoid` compute the same without that detour.
    """

    @staticmethod
    def forward(ctx, x, beta):
        """Gives infinity for large x."""
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.log(1 + torch.exp(beta * x)) / beta

    @staticmethod
    def backward(ctx, upstream):
        """Divides infinity by infinity."""
        (x,) = ctx.saved_tensors
        e = torch.exp(ctx.beta * x)
        return upstream * e / (1 + e), None


class Softplus__small_values_rounded(_Softplus):
    """You avoided the overflow for large x, but in log(1 + exp(beta·x)) the 1 swallows a small exp(beta·x).

    `torch.logaddexp` keeps its digits, and so does `torch.log1p`.
    """

    @staticmethod
    def forward(ctx, x, beta):
        """Rounds small values away."""
        ctx.save_for_backward(x)
        ctx.beta = beta
        z = beta * x
        return torch.where(z > 20, z, torch.log(1 + torch.exp(z))) / beta


class Softplus__second_derivative_nan(_Softplus):
    """Your gradient is finite at large negative x, but exp(-beta·x) is infinite there, and so the second one is NaN.

    `torch.sigmoid` has finite derivatives everywhere.
    """

    @staticmethod
    def backward(ctx, upstream):
        """Divides by infinity."""
        (x,) = ctx.saved_tensors
        return upstream / (1 + torch.exp(-ctx.beta * x)), None


class Softplus__forgets_upstream(_Softplus):
    """Your backward pass gives its own derivative only.

    It is a link in a chain: multiply it with the gradient that arrives.
    """

    @staticmethod
    def backward(ctx, _upstream):
        """Ignores what arrives."""
        (x,) = ctx.saved_tensors
        return torch.sigmoid(ctx.beta * x), None


class Softplus__beta_too_often(_Softplus):
    """Your derivative is beta times too large.

    The factor beta that comes out of the exponent cancels with the division by beta.
    """

    @staticmethod
    def backward(ctx, upstream):
        """Multiplies with beta, which had cancelled."""
        (x,) = ctx.saved_tensors
        return upstream * ctx.beta * torch.sigmoid(ctx.beta * x), None


class Softplus__saves_the_sigmoid(_Softplus):
    """You computed the sigmoid in `forward` and saved it: the second derivative is lost.

    `forward` is not recorded, so to torch this is a constant. Save `x`, and compute the sigmoid in `backward`.
    """

    @staticmethod
    def forward(ctx, x, beta):
        """Saves what it computed."""
        ctx.save_for_backward(torch.sigmoid(beta * x))
        return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta

    @staticmethod
    def backward(ctx, upstream):
        """Uses what was saved."""
        (s,) = ctx.saved_tensors
        return upstream * s, None


class Softplus__plain_attribute(_Softplus):
    """You kept `x` as a plain attribute of `ctx`, where nobody watches it.

    If it is changed in place before the backward pass, the gradient is silently wrong; `ctx.save_for_backward(x)`
    notices.
    """

    @staticmethod
    def forward(ctx, x, beta):
        """Keeps x where nobody watches it."""
        ctx.x, ctx.beta = x, beta
        return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta

    @staticmethod
    def backward(ctx, upstream):
        """Uses x as it is now."""
        return upstream * torch.sigmoid(ctx.beta * ctx.x), None


class Softplus__shared_beta(_Softplus):
    """You kept `beta` on the class, where the next call overwrites it. Each call has a `ctx` of its own for that."""

    beta = 1.0

    @staticmethod
    def forward(ctx, x, beta):
        """Overwrites the beta of all calls."""
        ctx.save_for_backward(x)
        Softplus__shared_beta.beta = beta
        return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta

    @staticmethod
    def backward(ctx, upstream):
        """Uses the beta of the last call."""
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(Softplus__shared_beta.beta * x), None


class Softplus__one_gradient(_Softplus):
    """Your backward pass returns one gradient, and `forward` has two arguments. Return None for `beta`."""

    @staticmethod
    def backward(ctx, upstream):
        """Returns nothing for beta."""
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(ctx.beta * x)


Softplus__one_gradient.raises = RuntimeError


def intermediate_gradient__no_leaf(f, g, x):
    """You read `h.grad`, and only leaves get a `.grad`.

    Ask `torch.autograd.grad` for the gradient with respect to h, or call `h.retain_grad()` before the backward
    pass.
    """
    leaf = x.detach().requires_grad_()
    h = f(leaf)
    g(h).backward()
    return (h.grad if h.is_leaf else None), leaf.grad


def intermediate_gradient__cut(f, g, x):
    """You detached h to make it a leaf. That gives its gradient, but nothing reaches x any more."""
    leaf = x.detach().requires_grad_()
    h = f(leaf).detach().requires_grad_()
    g(h).backward()
    return h.grad, leaf.grad


def intermediate_gradient__other_h(f, g, x):
    """You called `f` twice, and the second result is another tensor with the same numbers.

    The number that g gave was not computed from that one: compute h once and keep it.
    """
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(g(f(leaf)), (f(leaf), leaf))


intermediate_gradient__other_h.raises = RuntimeError


def intermediate_gradient__swapped(f, g, x):
    """Your two gradients stand in the wrong order. The one with respect to h comes first."""
    leaf = x.detach().requires_grad_()
    h = f(leaf)
    return torch.autograd.grad(g(h), (leaf, h))


def intermediate_gradient__only_f(f, g, x):
    """Your second gradient is that of the sum of h, without what g makes of it. Start the backward pass at g(h)."""
    leaf = x.detach().requires_grad_()
    h = f(leaf)
    (at_h,) = torch.autograd.grad(g(h), h, retain_graph=True)
    return at_h, torch.autograd.grad(h.sum(), leaf)[0]


def intermediate_gradient__fills_others(f, g, x):
    """Your `backward()` put gradients into every leaf that `f` and `g` use.

    Use `torch.autograd.grad`, or `backward(inputs=[h, leaf])`.
    """
    leaf = x.detach().requires_grad_()
    h = f(leaf)
    h.retain_grad()
    g(h).backward()
    return h.grad, leaf.grad


def clip_gradient__not_cloned(h, limit):
    """You appended the very tensor that arrived, which may belong to whoever started the pass.

    If it is changed later, your list changes, too: append a clone.
    """
    arrived = []

    def clip(gradient):
        arrived.append(gradient)
        return gradient.clamp(-limit, limit)

    return arrived, h.register_hook(clip)


def clip_gradient__retains(h, limit):
    """You called `h.retain_grad()`. From now on every backward pass leaves a `.grad` on the caller's tensor."""
    h.retain_grad()
    arrived = []

    def clip(gradient):
        arrived.append(gradient.clone())
        return gradient.clamp(-limit, limit)

    return arrived, h.register_hook(clip)


def clip_gradient__in_place(h, limit):
    """Your hook clips its argument in place.

    That tensor may be on its way to others, who now get it clipped, too, and in your list it does not stand as it
    arrived.
    """
    arrived = []

    def clip(gradient):
        arrived.append(gradient.clone())
        return gradient.clamp_(-limit, limit)

    return arrived, h.register_hook(clip)


def clip_gradient__logs_the_clipped(h, limit):
    """Your list holds the clipped gradients. Append what arrives, before you clip it."""
    arrived = []

    def clip(gradient):
        clipped = gradient.clamp(-limit, limit)
        arrived.append(clipped)
        return clipped

    return arrived, h.register_hook(clip)


def clip_gradient__returns_nothing(h, limit):
    """Your hook clips and returns nothing, and so the gradient goes on as it came.

    What a hook returns is what goes on.
    """
    arrived = []

    def clip(gradient):
        arrived.append(gradient.clone())
        gradient.clamp(-limit, limit)

    return arrived, h.register_hook(clip)


def clip_gradient__only_from_above(h, limit):
    """You clipped large gradients only. Those below -limit go on as they came."""
    arrived = []

    def clip(gradient):
        arrived.append(gradient.clone())
        return gradient.clamp(max=limit)

    return arrived, h.register_hook(clip)


def clip_gradient__clips_the_norm(h, limit):
    """You scaled the whole gradient so that its norm is at most `limit`.

    Each element by itself is to be brought into [-limit, limit].
    """
    arrived = []

    def clip(gradient):
        arrived.append(gradient.clone())
        norm = gradient.norm()
        return gradient * (limit / norm) if norm > limit else gradient

    return arrived, h.register_hook(clip)


def clip_gradient__two_hooks(h, limit, *, handle="clips"):
    """You registered two hooks and returned the handle of one. After `remove()` the other still works."""
    arrived = []
    handles = {
        "records": h.register_hook(lambda gradient: arrived.append(gradient.clone())),
        "clips": h.register_hook(lambda gradient: gradient.clamp(-limit, limit)),
    }
    return arrived, handles[handle]


clip_gradient__two_hooks.varies = {"handle": ("records",)}


def fit_linear__never_afresh(x, y, steps, learning_rate):
    """You never dropped the old gradients.

    `backward` adds to them, and each step goes in the direction of all steps so far.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            weights -= learning_rate * weights.grad
            bias -= learning_rate * bias.grad
    return weights.detach(), bias.detach(), losses


def fit_linear__column(x, y, steps, learning_rate):
    """Your predictions are a column, (m, 1), and `y` is (m,).

    Their difference is an (m, m) matrix, every prediction minus every target, and what you fit is the average of
    the targets.
    """
    weights = torch.zeros(x.shape[1], 1, dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
    return weights.detach().squeeze(1), bias.detach(), losses


def fit_linear__sum_for_mean(x, y, steps, learning_rate):
    """You summed the squared differences.

    The mean was asked for; the sum's gradient is m times as large, and so are your steps.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().sum()
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
    return weights.detach(), bias.detach(), losses


def fit_linear__half_the_loss(x, y, steps, learning_rate):
    """You halved the loss, as some books do to be rid of a factor 2.

    The mean squared error has no ½: your losses and your steps are half as large as they should be.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean() / 2
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
    return weights.detach(), bias.detach(), losses


def fit_linear__factor_two_lost(x, y, steps, learning_rate):
    """Your gradient lacks the factor 2 that differentiating a square brings."""
    weights, bias, losses = x.new_zeros(x.shape[1]), x.new_zeros(()), []
    for _ in range(steps):
        missed = x @ weights + bias - y
        losses.append(missed.square().mean().item())
        weights = weights - learning_rate * (missed @ x) / len(x)
        bias = bias - learning_rate * missed.mean()
    return weights, bias, losses


def fit_linear__loss_after_the_step(x, y, steps, learning_rate):
    """You noted the loss after each step, and the loss before it was asked for."""
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
            losses.append((x @ weights + bias - y).square().mean().item())
    return weights.detach(), bias.detach(), losses


def fit_linear__live_losses(x, y, steps, learning_rate):
    """Your list holds live tensors.

    Each keeps the recording of its whole step in memory; `loss.item()` is the number alone.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        losses.append(loss)
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
    return weights.detach(), bias.detach(), losses


def fit_linear__no_longer_a_leaf(x, y, steps, learning_rate):
    """You gave the names `weights` and `bias` to the new values.

    Those are not leaves but results, and get no `.grad` in the next step: change the leaves in place, under
    `torch.no_grad()`.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        losses.append(loss.item())
        loss.backward()
        weights = weights - learning_rate * weights.grad
        bias = bias - learning_rate * bias.grad
    return weights.detach(), bias.detach(), losses


fit_linear__no_longer_a_leaf.raises = TypeError


def fit_linear__still_requires_grad(x, y, steps, learning_rate):
    """Your weights and bias still require grad.

    All that is computed from them later is recorded. Detach what you return.
    """
    weights = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros((), dtype=x.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = (x @ weights + bias - y).square().mean()
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= learning_rate * slopes[0]
            bias -= learning_rate * slopes[1]
    return weights, bias, losses
