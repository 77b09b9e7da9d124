"""Spec of autograd.

Functions cannot pass to the implementation, so the probes build them from numbers: polynomials, maps `A @ t + B @ t**2`
and cubics, whose derivatives are known in closed form. NumPy computes every expected value from these, in float64.
"""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.polynomial import polynomial

from harness.spec import (
    assert_own_memory,
    assert_tensor,
    assert_unchanged,
    assert_value,
    literal,
    shapes,
    showing,
    tensors,
    vectors,
)

CAREFUL = st.sampled_from([torch.float32, torch.float64])
COEFFICIENTS = st.lists(st.sampled_from([0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0]), min_size=1, max_size=4)
MODES = ("no_grad", "inference", "detach")


@cache  # composite strategies ask for the same ones in every example
def numbers(**options):
    """Tensors of float32, with elements whose products are exact, or of float64, with elements that only it holds."""
    return tensors(**{"dtype": CAREFUL, **options}).map(
        lambda x: (x * 1.1).round(decimals=3) if x.dtype is torch.float64 else x
    )


def small(shape, dtype):
    """The same with numbers that stay small when they are multiplied, some of them with gaps in memory."""
    return numbers(shape=shape, dtype=dtype, min_value=-2, max_value=2, noncontiguous=True)


def expected(values, like, shape=None):
    """What NumPy computed in float64, as a tensor of the dtype and shape of another."""
    values = np.asarray(values, dtype=np.float64)
    return torch.from_numpy(values.reshape(like.shape if shape is None else shape).copy()).to(like.dtype)


def near(like):
    """How far off a value may be: in float64 so little that float32 on the way to it shows."""
    return {"rtol": 1e-11, "atol": 1e-11} if like.dtype is torch.float64 else {"rtol": 1.3e-6, "atol": 1e-5}


def rounded(like):
    """The same for values that float32 has to round on the way."""
    return near(like) if like.dtype is torch.float64 else {"rtol": 1e-4, "atol": 1e-4}


def wide(x):
    """A tensor's numbers as a float64 array."""
    return x.numpy().astype(np.float64)


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    with showing(shown):
        return getattr(impl.probes, probe)(*args)


def polynomial_text(coefficients):
    """The function that the probes build of coefficients, as a learner can paste it."""
    terms = []
    for power, coefficient in enumerate(coefficients):
        factor = "" if coefficient == 1 and power else f"{coefficient:g}"
        variable = ("", "t", f"t**{power}")[min(power, 2)]
        if coefficient or not power:
            terms.append(" * ".join(part for part in (factor, variable) if part))
    if len(terms) > 1 and terms[0] == "0":
        del terms[0]
    return f"lambda t: {' + '.join(terms if any('t' in term for term in terms) else ['0 * t', *terms])}"


def map_text(linear, squared, x, shape):
    """The function f that the probes build of two matrices, likewise."""
    flat = "t" if x.dim() == 1 else "t.reshape(-1)"
    y = f"A @ {flat} + B @ {flat}**2"
    f = y if len(shape) == 1 else f"({y}).reshape({tuple(shape)})"
    return f"A, B = {literal(linear)}, {literal(squared)}\nf = lambda t: {f}"


def tracked_text(x):
    """A leaf with the values of x, likewise."""
    return f"{literal(x)}.requires_grad_()"


def assert_left_alone(evidence, **arguments):
    """Passes if no argument has changed or got a mark of autograd's, and the result lies in none of them."""
    for name, (argument, before) in arguments.items():
        assert_unchanged(argument, before, name)
        state = evidence[name]
        assert not state["requires_grad"], f"{name} requires grad after the call, and did not before: leave it alone"
        assert state["grad"] is None, f"{name} has a .grad after the call, and had none before: leave it alone"
        for result in evidence["result"] if isinstance(evidence["result"], tuple) else (evidence["result"],):
            if isinstance(result, torch.Tensor):
                assert_own_memory(result, argument, name)


# what f uses besides x

CALLS = {
    "gradient": "gradient(lambda t: p * t**2, x)",
    "gradients_per_batch": "gradients_per_batch(lambda w, b: (p * b * w).sum(), x.requires_grad_(), [v, 2 * v])",
    "vector_jacobian": "vector_jacobian(lambda t: p * t**2, x, v)",
    "jacobian": "jacobian(lambda t: p * t**2, x)",
    "hessian_vector": "hessian_vector(lambda t: (p * t**3).sum(), x, v)",
    "intermediate_gradient": "intermediate_gradient(lambda t: p * t**2, lambda h: (p * h).sum(), x)",
}


def check_parameter(impl, exercise, right):
    """Has a function differentiated that uses a leaf p besides x, and sees that p is left alone.

    The expected result is a function of x, v and p, in float64.
    """
    for p, x, v, old in (3.0, [0.5, -2.0], [1.0, 4.0], 7.0), (-2.0, [1.5, 300.0], [-1.0, 2.0], -0.5):
        x, v = torch.tensor(x), torch.tensor(v)
        text = f"p = torch.tensor({p}, requires_grad=True)\np.grad = torch.tensor({old})\nx, v = {literal((x, v))}\n"
        shown = f"{text}{CALLS[exercise]}"
        evidence = ask(
            impl, "with_parameter", exercise, torch.tensor(p), torch.tensor(old), x, v, shown=lambda shown=shown: shown
        )
        values = right(wide(x), wide(v), p)
        if isinstance(values, tuple | list):
            assert_value(evidence["result"], type(values)(expected(value, x) for value in values), **near(x))
        else:
            assert_tensor(evidence["result"], expected(values, x, values.shape), **near(x))
        assert not evidence["requires_grad"], "the result requires grad, and should not"
        with showing(lambda shown=shown: f"{shown}\np.grad"):
            assert_value(evidence["p.grad"], torch.tensor(old))


# gradient


def check_gradient(impl, coefficients, x, derivative):
    """Asks for the derivative of a polynomial and compares it; gives what else was seen, and x as it was before."""
    before = x.clone()
    evidence = ask(
        impl,
        "gradient",
        coefficients,
        x,
        shown=lambda: f"gradient({polynomial_text(coefficients)}, {literal(before)})",
    )
    assert_tensor(evidence["result"], expected(derivative, before), **near(x))
    return evidence, before


@pytest.mark.exercise("gradient")
@pytest.mark.parametrize("x", [[0.5, -2.0, 3.0], [[300.0, -4096.0]]])
def test_slope_of_the_square(impl, x):
    """The derivative of t² is 2·x at every element x."""
    x = torch.tensor(x)
    check_gradient(impl, [0.0, 0.0, 1.0], x, 2 * wide(x))


@pytest.mark.exercise("gradient")
@pytest.mark.parametrize("x", [[0.5, -2.0, 3.0], [[300.0, -4096.0]]])
def test_slope_of_a_quadratic(impl, x):
    """The derivative of 3·t² + 2·t + 1 is 6·x + 2 at every element x."""
    x = torch.tensor(x)
    check_gradient(impl, [1.0, 2.0, 3.0], x, 6 * wide(x) + 2)


@pytest.mark.exercise("gradient")
@given(coefficients=COEFFICIENTS, x=numbers(shape=shapes(min_side=0), noncontiguous=True))
def test_slope_of_any_polynomial(impl, coefficients, x):
    """The derivative comes element by element, whatever `f`, in the shape and dtype of `x`, and `x` is left alone."""
    derivative = polynomial.polyval(wide(x), polynomial.polyder(coefficients))
    evidence, before = check_gradient(impl, coefficients, x, np.broadcast_to(derivative, x.shape))
    assert_left_alone(evidence, x=(x, before))


@pytest.mark.exercise("gradient")
@given(data=st.data(), coefficients=COEFFICIENTS, factor=st.sampled_from([2.0, -3.0]))
def test_slope_at_an_x_that_requires_grad(impl, data, coefficients, factor):
    """An `x` that requires grad already keeps its `.grad`, and the derivative is the same as without."""
    shape = data.draw(shapes(max_dims=2))
    x, old = data.draw(tensors(shape=shape)), data.draw(tensors(shape=shape))
    slope = polynomial.polyder(coefficients)
    evidence = ask(
        impl,
        "gradient_of_tracked",
        coefficients,
        x,
        old,
        factor,
        shown=lambda: f"gradient({polynomial_text(coefficients)}, {tracked_text(x)})",
    )
    assert_tensor(evidence["at leaf"], expected(polynomial.polyval(wide(x), slope), x))
    assert evidence["leaf"]["requires_grad"], "x required grad before the call, and does not after it"
    assert_value(evidence["leaf"]["grad"], old)
    with showing(lambda: f"gradient({polynomial_text(coefficients)}, {factor} * {tracked_text(x)})"):
        at_computed = expected(polynomial.polyval(factor * wide(x), slope), x)
        assert_tensor(evidence["at computed"], at_computed, rtol=1e-5, atol=1e-3)
        assert evidence["computed requires_grad"], "x was the result of a computation, and has lost its history"
        assert_value(evidence["leaf after both"]["grad"], old)


@pytest.mark.exercise("gradient")
def test_gradient_beside_a_parameter(impl):
    """The result does not require grad, and the `.grad` of a tensor that `f` uses besides `x` does not change."""
    check_parameter(impl, "gradient", lambda x, _v, p: 2 * p * x)


# evaluate


def check_evaluation(impl, coefficients, x, mode, recording):
    """Has a polynomial evaluated and compares the value; gives what else was seen."""
    caller = "" if recording else "with torch.no_grad():\n    "
    evidence = ask(
        impl,
        "evaluate",
        coefficients,
        x,
        mode,
        recording,
        shown=lambda: f"{caller}evaluate({polynomial_text(coefficients)}, {tracked_text(x)}, {mode!r})",
    )
    values = polynomial.polyval(wide(x), coefficients)
    assert_tensor(evidence["result"], expected(np.broadcast_to(values, x.shape), x), **near(x))
    assert evidence["result requires_grad"] is False, f"the result still requires grad in mode {mode!r}"
    return evidence


@pytest.mark.exercise("evaluate")
@given(coefficients=COEFFICIENTS, x=numbers(noncontiguous=True), recording=st.booleans())
@example(coefficients=[0.0, 2.0], x=torch.tensor([300.0]), recording=True)
@example(coefficients=[1.0], x=torch.zeros(0, 3), recording=True)
def test_no_grad_mode(impl, coefficients, x, recording):
    """In mode "no_grad", `f` runs without recording, and gives an ordinary tensor."""
    evidence = check_evaluation(impl, coefficients, x, "no_grad", recording)
    assert not evidence["recording inside"], "recording was on while f ran"
    assert not evidence["inference inside"], "f ran in inference mode: nobody may train on such a result later"
    assert not evidence["result is inference"], "the result is an inference tensor: nobody may train on it later"


@pytest.mark.exercise("evaluate")
@given(coefficients=COEFFICIENTS, x=numbers(), recording=st.booleans())
def test_inference_mode(impl, coefficients, x, recording):
    """In mode "inference", `f` runs in inference mode, and gives an inference tensor."""
    evidence = check_evaluation(impl, coefficients, x, "inference", recording)
    assert evidence["inference inside"], "f did not run in inference mode"
    assert evidence["result is inference"], "the result is not an inference tensor"


@pytest.mark.exercise("evaluate")
@given(coefficients=COEFFICIENTS, x=numbers(), recording=st.booleans())
def test_detach_mode(impl, coefficients, x, recording):
    """In mode "detach", `f` runs with recording, whatever the caller has set, and only the result is cut off."""
    evidence = check_evaluation(impl, coefficients, x, "detach", recording)
    assert evidence["recording inside"], "recording was off while f ran"
    assert not evidence["result is inference"], "the result is an inference tensor, and should be an ordinary one"
    assert evidence["kept requires_grad"], "what f computed and kept for itself has lost its history"


@pytest.mark.exercise("evaluate")
@given(coefficients=COEFFICIENTS, x=tensors(), mode=st.sampled_from(MODES), recording=st.booleans())
def test_surroundings_of_an_evaluation(impl, coefficients, x, mode, recording):
    """`f` is called once, with `x` itself, and recording is afterwards on or off as it was before."""
    evidence = check_evaluation(impl, coefficients, x, mode, recording)
    assert evidence["calls"] == 1, f"f was called {evidence['calls']} times, and should be called once"
    assert evidence["argument is x"], "f was called with another tensor than x"
    assert evidence["recording after"] is recording, f"recording was {_on(recording)} before, and is not afterwards"
    assert not evidence["inference after"], "inference mode is still on after the call"
    assert evidence["x requires_grad"], "x required grad before the call, and does not after it"
    assert_unchanged(evidence["x"], x, "x")


@pytest.mark.exercise("evaluate")
@given(x=vectors(), mode=st.sampled_from(MODES), recording=st.booleans(), message=st.sampled_from(["too hot", "dry"]))
def test_evaluation_that_raises(impl, x, mode, recording, message):
    """What `f` raises goes to the caller, and recording is on or off as it was before."""
    evidence = ask(
        impl,
        "evaluate_raising",
        x,
        mode,
        recording,
        message,
        shown=lambda: f"evaluate(a function that raises ArithmeticError, {literal(x)}, {mode!r})",
    )
    assert evidence["raised"] == message, "the function raised ArithmeticError, and it did not reach the caller"
    assert evidence["recording after"] is recording, f"recording was {_on(recording)} before, and is not afterwards"
    assert not evidence["inference after"], "inference mode is still on after the call"


@pytest.mark.exercise("evaluate")
@pytest.mark.parametrize("mode", ["", "train", "inference_mode", "No_Grad", "no_grad "])
def test_unknown_mode(impl, mode):
    """A mode that is none of the three raises ValueError before `f` is called."""
    x = torch.ones(2)
    evidence = ask(
        impl, "evaluate_counting", x, mode, shown=lambda: f"evaluate(lambda t: t * 2, {literal(x)}, {mode!r})"
    )
    assert evidence["raised"] == "ValueError", f"mode {mode!r} should raise ValueError, and raised {evidence['raised']}"
    assert evidence["calls"] == 0, "f was called, although the mode is none of the three"


def _on(recording):
    return "on" if recording else "off"


# gradients_per_batch


@st.composite
def batch_problems(draw):
    """Parameters, batches of rows for them, an old gradient or None."""
    dtype = draw(CAREFUL)
    n = draw(st.integers(1, 3))
    count = draw(st.integers(1, 3))
    batches = [draw(small((draw(st.integers(1, 3)), n), dtype)) for _ in range(count)]
    return draw(small((n,), dtype)), batches, draw(st.none() | small((n,), dtype))


def batches_text(w, batches, old, then="{}"):
    """The call for a problem, and what stands before and after it, as a learner can paste it."""
    call = f"gradients_per_batch(lambda w, batch: ((batch @ w - 1) ** 2).sum(), w, {literal(batches)})"
    earlier = "" if old is None else f"w.grad = {literal(old)}\n"
    return f"w = {tracked_text(w)}\n{earlier}{then.format(call)}"


def check_batches(impl, w, batches, old, push, *, then):
    """What was seen, and each batch's gradient as NumPy finds it: 2·Bᵀ(B·w − 1)."""
    before = [batch.clone() for batch in batches]
    evidence = ask(
        impl,
        "gradients_per_batch",
        w,
        batches,
        old,
        push,
        shown=lambda: batches_text(w, before, old, then),
    )
    for number, (batch, copy) in enumerate(zip(batches, before, strict=True)):
        assert_unchanged(batch, copy, f"batches[{number}]")
    return evidence, [expected(2 * wide(b).T @ (wide(b) @ wide(w) - 1), w) for b in before]


@pytest.mark.exercise("gradients_per_batch")
@given(problem=batch_problems(), push=st.sampled_from([1.0, -5.0]))
@example(problem=(torch.ones(2), [torch.zeros(0, 2)], None), push=1.0)
def test_each_batch_has_its_own_gradient(impl, problem, push):
    """The list holds each batch's own gradient, in order, and keeps it when `w.grad` is changed later."""
    w, *_ = problem
    evidence, right = check_batches(impl, *problem, push, then="{}")
    assert_value(evidence["gradients"], right, **near(w))
    then = f"gradients = {{}}\nw.grad += {push}\ngradients"
    with showing(lambda: batches_text(*problem, then)):
        assert_value(evidence["gradients later"], right, **near(w))


@pytest.mark.exercise("gradients_per_batch")
@given(problem=batch_problems())
def test_the_sum_stays_in_grad(impl, problem):
    """Afterwards `w.grad` is the sum of the batches' gradients, without anything from before the call."""
    w, *_ = problem
    evidence, right = check_batches(impl, *problem, 1.0, then="{}\nw.grad")
    assert_tensor(evidence["w.grad"], torch.stack(right).double().sum(0).to(w.dtype), **near(w))
    assert evidence["w requires_grad"], "w required grad before the call, and does not after it"
    assert_unchanged(evidence["w"], w, "w")


@pytest.mark.exercise("gradients_per_batch")
@pytest.mark.parametrize("sizes", [(8192.0, 1.0), (1.0, 8192.0), (4.0, 8192.0, 0.5)])
def test_unlike_batches(impl, sizes):
    """A small gradient is right to its last digit beside a large one."""
    w, batches = torch.tensor([0.5, -1.0]), [size * torch.tensor([[1.0, 3.0]]) for size in sizes]
    evidence, right = check_batches(impl, w, batches, None, 1.0, then="{}")
    assert_value(evidence["gradients"], right, **near(w))


@pytest.mark.exercise("gradients_per_batch")
def test_gradients_lie_in_memory_of_their_own(impl):
    """A gradient shares no memory with `w` or a batch, even if it has the same values."""
    w, batches = torch.tensor([2.0]), [torch.tensor([[1.0]]), torch.tensor([[0.75]])]  # the gradients: [2.0], [0.75]
    evidence, right = check_batches(impl, w, batches, None, 1.0, then="{}")
    assert_value(evidence["gradients later"], right, **near(w))
    for gradient in evidence["gradients later"]:
        assert_own_memory(gradient, evidence["w"], "w")
        for number, batch in enumerate(batches):
            assert_own_memory(gradient, batch, f"batches[{number}]")


@pytest.mark.exercise("gradients_per_batch")
def test_gradients_per_batch_beside_a_parameter(impl):
    """No gradient in the list requires grad, and the `.grad` of another tensor that `loss` uses does not change."""
    check_parameter(impl, "gradients_per_batch", lambda _x, v, p: [p * v, 2 * p * v])


# vector_jacobian, jacobian


@st.composite
def maps(draw, inputs=shapes(max_dims=2, max_side=3), outputs=shapes(max_dims=2, max_side=3), dtype=CAREFUL):  # noqa: B008
    """A map t ↦ A·t + B·t², a point x for it, and a tensor v in the shape of its result."""
    kind = draw(dtype)
    x, v = draw(small(inputs, kind)), draw(small(outputs, kind))
    sides = v.numel(), x.numel()
    return draw(small(sides, kind)), draw(small(sides, kind)), x, v


def jacobian_of(linear, squared, x):
    """The Jacobian of t ↦ A·t + B·t² at x, in float64."""
    return wide(linear) + 2 * wide(squared) * wide(x).reshape(1, -1)


@pytest.mark.exercise("vector_jacobian")
@given(problem=maps())
@example(problem=(torch.zeros(3, 0), torch.zeros(3, 0), torch.zeros(0, 2), torch.ones(3)))
def test_vector_times_jacobian(impl, problem):
    """Element j of the result is the sum of v_i · ∂f_i/∂x_j over all i, and `x` and `v` stay as they are."""
    linear, squared, x, v = problem
    x_before, v_before = x.clone(), v.clone()
    evidence = ask(
        impl,
        "vector_jacobian",
        *problem,
        shown=lambda: (
            f"{map_text(linear, squared, x_before, v.shape)}\n"
            f"vector_jacobian(f, {literal(x_before)}, {literal(v_before)})"
        ),
    )
    right = wide(v_before).reshape(-1) @ jacobian_of(linear, squared, x_before)
    assert_tensor(evidence["result"], expected(right, x_before), **near(x))
    assert_left_alone(evidence, x=(x, x_before), v=(v, v_before))


@pytest.mark.exercise("jacobian")
@given(problem=maps(inputs=shapes(min_dims=1, max_dims=1), outputs=shapes(min_dims=1, max_dims=1)))
def test_jacobian_has_a_row_for_each_output(impl, problem):
    """Element (i, j) of the result is ∂f_i/∂x_j: a row for each output, a column for each input; `x` stays as it is."""
    linear, squared, x, v = problem
    before = x.clone()
    evidence = ask(
        impl,
        "jacobian",
        linear,
        squared,
        x,
        shown=lambda: f"{map_text(linear, squared, before, v.shape)}\njacobian(f, {literal(before)})",
    )
    assert_tensor(evidence["result"], expected(jacobian_of(linear, squared, before), linear), **near(x))
    assert_left_alone(evidence, x=(x, before))


@pytest.mark.exercise("vector_jacobian")
def test_vector_jacobian_beside_a_parameter(impl):
    """The result does not require grad, and the `.grad` of a tensor that `f` uses besides `x` does not change."""
    check_parameter(impl, "vector_jacobian", lambda x, v, p: 2 * p * x * v)


@pytest.mark.exercise("jacobian")
def test_jacobian_beside_a_parameter(impl):
    """The result does not require grad, and the `.grad` of a tensor that `f` uses besides `x` does not change."""
    check_parameter(impl, "jacobian", lambda x, _v, p: np.diag(2 * p * x))


# hessian_vector


@st.composite
def cubics(draw):
    """A cubic Σ c_i·t_i³ + Σ M_ij·t_i·t_j, a point x, and a vector v."""
    kind, n = draw(CAREFUL), draw(st.integers(1, 4))
    return tuple(draw(small(shape, kind)) for shape in ((n,), (n, n), (n,), (n,)))


@pytest.mark.exercise("hessian_vector")
@given(problem=cubics())
def test_hessian_times_vector(impl, problem):
    """Element i of the result is the sum of ∂²f/∂x_i∂x_j · v_j over j; it does not require grad, nor does `x`."""
    cubes, pairs, x, v = problem
    x_before, v_before = x.clone(), v.clone()
    evidence = ask(
        impl,
        "hessian_vector",
        *problem,
        shown=lambda: (
            f"c, M = {literal(cubes)}, {literal(pairs)}\n"
            "f = lambda t: c @ t**3 + t @ (M @ t)\n"
            f"hessian_vector(f, {literal(x_before)}, {literal(v_before)})"
        ),
    )
    hessian = np.diag(6 * wide(cubes) * wide(x_before)) + wide(pairs) + wide(pairs).T
    assert_tensor(evidence["result"], expected(hessian @ wide(v_before), x_before), **near(x))
    assert not evidence["requires_grad"], "the result requires grad: the second backward pass was recorded, too"
    assert_left_alone(evidence, x=(x, x_before), v=(v, v_before))


@pytest.mark.exercise("hessian_vector")
def test_hessian_vector_beside_a_parameter(impl):
    """The result does not require grad, and the `.grad` of a tensor that `f` uses besides `x` does not change."""
    check_parameter(impl, "hessian_vector", lambda x, v, p: 6 * p * x * v)


# Softplus

BETAS = st.sampled_from([1.0, 2.0, 0.5, 3.0])


def ask_softplus(impl, probe, *args, shown):
    """Calls a probe that needs a Function."""
    evidence = ask(impl, probe, *args, shown=shown)
    assert not isinstance(evidence, str), "Softplus should be a subclass of torch.autograd.Function"
    return evidence


def softplus_values(impl, x, beta):
    """What `Softplus.apply` gives for an x that does not require grad."""
    before = x.clone()
    return ask_softplus(impl, "softplus", x, beta, shown=lambda: f"Softplus.apply({literal(before)}, {beta})")


def sigmoid(z):
    """1 / (1 + exp(-z)) for float64 arrays, without overflow."""
    return np.exp(-np.logaddexp(0, -z))


def ask_gradients(impl, x, beta, upstream, second_upstream, *, then=""):
    """Values, gradient and second derivative of Softplus, weighed by what arrives from further up."""
    before = upstream.clone()
    evidence = ask_softplus(
        impl,
        "softplus_gradients",
        x,
        beta,
        upstream,
        second_upstream,
        shown=lambda: (
            f"x = {tracked_text(x)}\ny = Softplus.apply(x, {beta})\n"
            f"torch.autograd.grad(y, x, {literal(before)}, create_graph=True){then}"
        ),
    )
    assert_unchanged(upstream, before, "upstream")
    return evidence


@st.composite
def softplus_problems(draw):
    """A point, and two tensors of its shape to weigh first and second derivatives with."""
    shape, kind = draw(shapes(max_dims=2)), draw(CAREFUL)
    return tuple(draw(numbers(shape=shape, dtype=kind, noncontiguous=True)) for _ in range(3))


@pytest.mark.exercise("Softplus")
@given(x=numbers(shape=shapes(min_side=0), noncontiguous=True), beta=BETAS)
def test_values_of_softplus(impl, x, beta):
    """Each value is log(1 + exp(beta·x)) / beta, in the shape and dtype of `x`, and `x` is left alone."""
    before = x.clone()
    result = softplus_values(impl, x, beta)
    assert_tensor(result, expected(np.logaddexp(beta * wide(before), 0) / beta, x))
    assert_unchanged(x, before, "x")
    assert_own_memory(result, x, "x")


@pytest.mark.exercise("Softplus")
@given(
    x=tensors(shape=shapes(max_dims=1), dtype=CAREFUL, elements=st.sampled_from([0.0, 1000.0, -1000.0, 1e30, -1e30])),
    beta=BETAS,
)
def test_softplus_of_large_numbers(impl, x, beta):
    """Values and gradients are right where exp(beta·x) is infinite or zero."""
    assert_tensor(softplus_values(impl, x, beta), expected(np.logaddexp(beta * wide(x), 0) / beta, x))
    ones = torch.ones_like(x)
    evidence = ask_gradients(impl, x, beta, ones, ones)
    assert_tensor(evidence["gradient"], expected(sigmoid(beta * wide(x)), x))
    with showing(
        lambda: (
            f"x = {tracked_text(x)}\ny = Softplus.apply(x, {beta})\n"
            "(slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)\ntorch.autograd.grad(slope.sum(), x)"
        )
    ):
        s = sigmoid(beta * wide(x))
        if evidence["second"] is not None:  # another test says that it should be there
            assert_tensor(evidence["second"], expected(beta * s * (1 - s), x))


@pytest.mark.exercise("Softplus")
@given(
    x=tensors(shape=shapes(max_dims=1), dtype=CAREFUL, elements=st.sampled_from([-5.0, -10.0, -18.0, -20.0])),
    beta=BETAS,
)
def test_softplus_of_small_values(impl, x, beta):
    """Values and gradients have all their digits where exp(beta·x) is small beside 1."""
    digits = {"rtol": 1e-5 if x.dtype is torch.float32 else 1e-11, "atol": 0}
    assert_tensor(softplus_values(impl, x, beta), expected(np.logaddexp(beta * wide(x), 0) / beta, x), **digits)
    ones = torch.ones_like(x)
    evidence = ask_gradients(impl, x, beta, ones, ones)
    assert_tensor(evidence["gradient"], expected(sigmoid(beta * wide(x)), x), **digits)


@pytest.mark.exercise("Softplus")
@given(problem=softplus_problems(), beta=BETAS)
def test_gradient_of_softplus(impl, problem, beta):
    """The gradient is the one that arrives times the derivative of Softplus at `x`."""
    x, upstream, second_upstream = problem
    evidence = ask_gradients(impl, x, beta, upstream, second_upstream)
    assert_tensor(evidence["gradient"], expected(wide(upstream) * sigmoid(beta * wide(x)), x))


@pytest.mark.exercise("Softplus")
@given(x=tensors(shape=shapes(max_dims=1), dtype=torch.float64), beta=BETAS)
def test_softplus_passes_gradcheck(impl, x, beta):
    """The gradient agrees with small steps of your own values, (f(x+h) − f(x−h)) / 2h, as `gradcheck` takes them."""
    h = 1e-5
    above, below = softplus_values(impl, x + h, beta), softplus_values(impl, x - h, beta)
    evidence = ask_gradients(impl, x, beta, torch.ones_like(x), torch.ones_like(x))
    with showing(lambda: f"torch.autograd.gradcheck(lambda t: Softplus.apply(t, {beta}), {tracked_text(x)})"):
        assert_tensor(evidence["gradient"], (above - below) / (2 * h), rtol=1e-5, atol=1e-7)


@pytest.mark.exercise("Softplus")
@given(problem=softplus_problems(), beta=BETAS)
def test_second_derivative_of_softplus(impl, problem, beta):
    """The gradient can be differentiated once more, and what comes out is the second derivative."""
    x, upstream, second_upstream = problem
    then = "\n# and the gradient of what this gives"
    evidence = ask_gradients(impl, x, beta, upstream, second_upstream, then=then)
    assert evidence["second"] is not None, (
        "the gradient cannot be differentiated: to torch it does not depend on x; "
        "compute it in backward from what was saved of forward's inputs"
    )
    s = sigmoid(beta * wide(x))
    right = wide(second_upstream) * wide(upstream) * beta * s * (1 - s)
    assert_tensor(evidence["second"], expected(right, x), rtol=1e-5, atol=1e-4 if x.dtype is torch.float32 else 1e-7)


@pytest.mark.exercise("Softplus")
@given(x=vectors(dtype=torch.float64), betas=st.permutations([1.0, 2.0, 0.5]))
def test_several_calls_of_softplus(impl, x, betas):
    """Each backward pass uses the `beta` of its own call, although other calls came in between."""
    evidence = ask_softplus(
        impl,
        "softplus_twice",
        x,
        betas,
        shown=lambda: (
            f"x = {tracked_text(x)}\nys = [Softplus.apply(x, beta) for beta in {betas}]\n"
            f"[torch.autograd.grad(y.sum(), x) for y in ys]"
        ),
    )
    assert_value(evidence, {f"beta {beta}": expected(sigmoid(beta * wide(x)), x) for beta in betas})


@pytest.mark.exercise("Softplus")
@given(x=vectors(dtype=torch.float64), beta=BETAS, change=st.sampled_from([1.0, -2.0]))
def test_softplus_of_an_x_that_changed(impl, x, beta, change):
    """A change of `x` before the backward pass raises an error, or has no effect; it never gives a wrong gradient."""
    evidence = ask_softplus(
        impl,
        "softplus_of_changed",
        x,
        beta,
        change,
        shown=lambda: (
            f"leaf = {tracked_text(x)}\nx = leaf * 1\ny = Softplus.apply(x, {beta})\n"
            f"x.detach().add_({change})\ny.sum().backward()\nleaf.grad"
        ),
    )
    if evidence["error"] is None:
        assert_tensor(evidence["gradient"], expected(sigmoid(beta * wide(x)), x))


# intermediate_gradient


@pytest.mark.exercise("intermediate_gradient")
@given(problem=maps())
@example(problem=(torch.zeros(3, 0), torch.zeros(3, 0), torch.zeros(0, 2), torch.ones(3)))
def test_gradients_at_h_and_at_x(impl, problem):
    """The result is the gradient with respect to h = f(x), then the one with respect to `x`, which stays as it is."""
    linear, squared, x, weights = problem
    before = x.clone()
    evidence = ask(
        impl,
        "intermediate_gradient",
        linear,
        squared,
        weights,
        x,
        shown=lambda: (
            f"{map_text(linear, squared, before, weights.shape)}\n"
            f"g = lambda h: ({literal(weights)} * h**2).sum()\n"
            f"intermediate_gradient(f, g, {literal(before)})"
        ),
    )
    t = wide(before).reshape(-1)
    at_h = 2 * wide(weights).reshape(-1) * (wide(linear) @ t + wide(squared) @ t**2)
    at_x = at_h @ jacobian_of(linear, squared, before)
    assert_value(evidence["result"], (expected(at_h, weights), expected(at_x, before)), **rounded(x))
    assert_left_alone(evidence, x=(x, before))


@pytest.mark.exercise("intermediate_gradient")
def test_intermediate_gradient_beside_a_parameter(impl):
    """Neither result requires grad, and the `.grad` of a tensor that `f` or `g` uses besides does not change."""
    check_parameter(impl, "intermediate_gradient", lambda x, _v, p: (p + 0 * x, 2 * p**2 * x))


# clip_gradient


@st.composite
def clipping_problems(draw):
    """Two tensors of one shape, a limit, and the gradients that are to arrive in two or three passes."""
    shape, kind = draw(shapes(max_dims=2, max_side=3)), draw(CAREFUL)
    x, side = draw(numbers(shape=shape, dtype=kind)), draw(numbers(shape=shape, dtype=kind))
    upstreams = draw(st.lists(numbers(shape=shape, dtype=kind), min_size=2, max_size=3))
    return x, side, draw(st.sampled_from([1.0, 0.5, 3.0])), upstreams


def check_clipping(impl, x, side, limit, upstreams, *, then=""):
    """Runs the backward passes, and gives what was seen."""
    evidence = ask(
        impl,
        "clip_gradient",
        x,
        side,
        limit,
        upstreams,
        shown=lambda: (
            f"x, side = {tracked_text(x)}, {tracked_text(side)}\nbeside = 3 * side\nh = 2 * x + side**2\n"
            f"arrived, handle = clip_gradient(h, {limit})\n"
            + "\n".join(
                f"v = {literal(upstream)}\ntorch.autograd.grad(h + beside, (x, side), v, retain_graph=True)\nv.zero_()"
                for upstream in upstreams[:-1]
            )
            + then
        ),
    )
    parts = evidence["result"]
    assert len(parts) == 2 and parts[0] == "list", f"the result should be a list and a handle, and is {parts}"
    return evidence


def clipped(upstream, limit):
    """What goes on of a gradient that arrives."""
    return np.clip(wide(upstream), -limit, limit)


@pytest.mark.exercise("clip_gradient")
@given(problem=clipping_problems())
def test_what_goes_on_from_h_is_clipped(impl, problem):
    """What h was computed from gets the clipped gradient, at every pass, until the handle is removed."""
    x, _, limit, upstreams = problem
    evidence = check_clipping(impl, *problem)
    assert_value(
        evidence["x"][:-1], [expected(2 * clipped(upstream, limit), x) for upstream in upstreams[:-1]], **near(x)
    )
    after = evidence["x"][-1]
    with showing(lambda: f"handle.remove()\ntorch.autograd.grad(h + beside, x, {literal(upstreams[-1])})[0]"):
        assert_tensor(after, 2 * upstreams[-1])


@pytest.mark.exercise("clip_gradient")
@given(problem=clipping_problems())
def test_gradients_arrive_in_the_list(impl, problem):
    """The list holds one gradient for each pass, as it arrived, whatever happens to it later, until the removal."""
    *_, upstreams = problem
    evidence = check_clipping(impl, *problem, then="\narrived")
    assert_value(evidence["arrived"], upstreams[:-1])
    assert_value(evidence["arrived before"], [])


@pytest.mark.exercise("clip_gradient")
@given(problem=clipping_problems())
def test_other_ways_are_not_clipped(impl, problem):
    """Tensors that get the same gradient by another way than through h get all of it, and h stays as it is."""
    _, side, limit, upstreams = problem
    evidence = check_clipping(impl, *problem)
    through = [clipped(upstream, limit) for upstream in upstreams[:-1]] + [wide(upstreams[-1])]
    right = [
        expected(2 * wide(side) * passed + 3 * wide(upstream), side)
        for passed, upstream in zip(through, upstreams, strict=True)
    ]
    assert_value(evidence["side"], right)
    assert_unchanged(evidence["h"], evidence["h before"], "h")
    assert evidence["h requires_grad"], "h has lost its history"
    assert not evidence["h retains grad"], "h keeps a .grad from now on: leave it alone"


# fit_linear


@st.composite
def fitting_problems(draw):
    """Rows, targets, a number of steps and a learning rate."""
    kind, m, n = draw(CAREFUL), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    rate = draw(st.sampled_from([0.05, 0.01, 0.1]))
    return draw(small((m, n), kind)), draw(small((m,), kind)), draw(st.integers(0, 4)), rate


def descend(x, y, steps, rate):
    """Gradient descent in float64, with the gradients of the mean squared error in closed form."""
    x, y = wide(x), wide(y)
    weights, bias, losses = np.zeros(x.shape[1]), 0.0, []
    for _ in range(steps):
        residuals = x @ weights + bias - y
        losses.append(float(np.mean(residuals**2)))
        weights, bias = weights - rate * 2 * x.T @ residuals / len(y), bias - rate * 2 * np.mean(residuals)
    return weights, bias, losses


def fit(impl, x, y, steps, rate):
    """Has a line fitted, and gives what was seen."""
    before = x.clone(), y.clone()
    evidence = ask(
        impl,
        "fit_linear",
        x,
        y,
        steps,
        rate,
        shown=lambda: f"fit_linear({literal(before[0])}, {literal(before[1])}, {steps}, {rate})",
    )
    result = evidence["result"]
    assert isinstance(result, tuple) and len(result) == 3, "the result should be a tuple: weights, bias, losses"
    return evidence


@pytest.mark.exercise("fit_linear")
@given(problem=fitting_problems())
def test_steps_of_gradient_descent(impl, problem):
    """Weights and bias are where so many steps of gradient descent on the mean squared error take them from zero."""
    x, y, *_ = problem
    before = x.clone(), y.clone()
    evidence = fit(impl, *problem)
    weights, bias, _ = descend(*before, *problem[2:])
    assert_tensor(evidence["result"][0], expected(weights, x, (x.shape[1],)), **rounded(x))
    assert_tensor(evidence["result"][1], expected(bias, x, ()), **rounded(x))
    assert evidence["requires_grad"] == [False, False], "weights or bias still require grad: detach them"
    assert_left_alone(evidence, x=(x, before[0]), y=(y, before[1]))


@pytest.mark.exercise("fit_linear")
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_losses_of_gradient_descent(impl, steps):
    """The list holds the mean squared error before each step, as Python floats."""
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.0, -1.5]], dtype=torch.float64)
    y = torch.tensor([1.0, -200.0, 0.5], dtype=torch.float64)
    _, _, losses = descend(x, y, steps, 0.1)
    assert_value(fit(impl, x, y, steps, 0.1)["result"][2], losses, **near(x))


@pytest.mark.exercise("fit_linear")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_fit_finds_the_least_squares(impl, n):
    """After many steps, weights and bias are those of the least squares."""
    points = np.linspace(-1.5, 1.5, 12)
    columns = np.stack([points, points**2 - 0.75, np.cos(5 * points) + points], axis=1)[:, :n]
    x = np.linalg.qr(columns - columns.mean(axis=0))[0] * np.sqrt(len(points))  # so that descent is quick
    y = 3 * points - 2 + np.sin(7 * points)
    solution, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(len(y))]), y, rcond=None)
    weights, bias, _ = fit(impl, torch.from_numpy(x.copy()), torch.from_numpy(y), 40, 0.25)["result"]
    assert_tensor(weights, torch.from_numpy(solution[:-1]), rtol=1e-6, atol=1e-6)
    assert_tensor(bias, torch.tensor(solution[-1], dtype=torch.float64), rtol=1e-6, atol=1e-6)
