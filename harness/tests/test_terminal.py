"""Tests of `harness.reports.terminal`: what a learner reads."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.model import ExerciseVerdict, Failure, Finding, Kata, Location, Outcome, Verdict
from harness.reports import next_steps, terminal
from harness.reports.screen import say
from harness.reports.terminal import Surroundings
from harness.tests.tiny_kata import TOML, make_kata

LONG_TOML = TOML + "".join(
    TOML[TOML.index("[[exercise]]") : TOML.rindex("[[exercise]]")].replace('"double"', f'"exercise_{n}"')
    for n in range(8)
)
MISMATCH = Failure(
    message="never shown",
    call="double(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[5.0, 6.0], [7.0, 8.0]]), scale=[0.5, 1.5])",
    expected="tensor([[2., 4.],\n        [6., 8.]])",
    got="tensor([[1., 2.],\n        [3., 4.]])",
    difference="the element at [0, 0] is 1.0, and should be 2.0, which is off by half of what was expected",
)


@pytest.fixture
def kata(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_kata(tmp_path / "katas" / "03_tiny_things")


def judged(name: str, came_to: str, failure: Failure | None = None, **more: Any) -> ExerciseVerdict:
    outcome = Outcome(came_to)
    finding = None
    if failure is not None or outcome not in (Outcome.PASSED, Outcome.SKIPPED):
        finding = Finding(
            topic="tiny_things",
            exercise=name,
            implementation="learner",
            test="test_x",
            sentence=f"What a test of {name}\nlooks at.",
            outcome=outcome,
            seconds=0.1,
            failure=failure,
        )
    return ExerciseVerdict(
        exercise=name, outcome=outcome, points=0, possible=1, seconds=0.1, **{"finding": finding} | more
    )


def screen(
    monkeypatch: pytest.MonkeyPatch,
    kata: Kata,
    *exercises: ExerciseVerdict,
    width: int = 80,
    implementation: str = "learner",
    **around: Any,
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    verdict = Verdict(topic=kata.topic, implementation=implementation, exercises=exercises)
    defaults: dict[str, Any] = {"file": kata.stub, "statement": lambda name: f"The statement of {name}."}
    stream = io.StringIO()
    say(*terminal.render(verdict, kata, Surroundings(**defaults | around), width), stream=stream)
    return stream.getvalue()


def test_a_mismatch_at_eighty_columns(monkeypatch, kata):
    """Counts, a line an exercise, then the call, what was expected, what came, what differs, and the next step."""
    text = screen(monkeypatch, kata, judged("double", "failed", MISMATCH), judged("join_words", "todo"))
    assert text == (
        "03 Tiny things · 0 of 2 passed, 1 failed, 1 to do\n"
        "\n"
        "  ✗ double      failed\n"
        "  ○ join_words  to do\n"
        "\n"
        "✗ double  The statement of double.\n"
        "  What a test of double looks at.\n"
        "\n"
        "    >>> double(tensor([[1.0, 2.0], [3.0, 4.0]]),\n"
        "            tensor([[5.0, 6.0], [7.0, 8.0]]), scale=[0.5, 1.5])\n"
        "    expected  tensor([[2., 4.],\n"
        "                      [6., 8.]])\n"
        "    got       tensor([[1., 2.],\n"
        "                      [3., 4.]])\n"
        "    differs   the element at [0, 0] is 1.0, and should be 2.0, which is off by\n"
        "              half of what was expected\n"
        "\n"
        "  hint   kata hint tiny_things.double\n"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_every_width_holds(monkeypatch, kata, width):
    """No line is wider than the terminal."""
    text = screen(monkeypatch, kata, judged("double", "failed", MISMATCH), judged("join_words", "todo"), width=width)
    assert max(map(len, text.splitlines())) <= width


def test_ten_exercises_are_one_screen(monkeypatch, tmp_path):
    """Many exercises stand in two columns, so that a failure still fits below them; a narrow terminal gets one."""
    kata = make_kata(tmp_path / "katas" / "03_tiny_things", toml=LONG_TOML)
    verdicts = [judged("double", "failed", MISMATCH), *(judged(e.name, "passed") for e in kata.exercises[1:9])]
    text = screen(monkeypatch, kata, *verdicts)
    assert len(text.splitlines()) <= 24
    assert "  ✗ double      failed                    ✓ exercise_3  passed\n" in text
    assert "  ✓ exercise_2  passed\n" in text
    assert "  ✗ double      failed\n" in screen(monkeypatch, kata, *verdicts, width=40)


def test_an_exception_shows_the_learners_line(monkeypatch, kata):
    """Message, file, line and code; the path is one that can be clicked from the working folder."""
    failure = Failure(
        message="TypeError: no",
        call="double(1)",
        location=Location(file="tiny_things.py", line=7, code="    return number @ 2\n"),
    )
    text = screen(monkeypatch, kata, judged("double", "failed", failure))
    assert (
        "    >>> double(1)\n"
        "    TypeError: no\n"
        "    at        katas/03_tiny_things/tiny_things.py:7\n"
        "              return number @ 2\n"
    ) in text


def test_a_single_failure_is_not_said_twice(monkeypatch, kata):
    """Where one exercise was judged and failed, there is no table of one line."""
    text = screen(monkeypatch, kata, judged("double", "failed", MISMATCH))
    assert text.startswith("03 Tiny things · 0 of 1 passed, 1 failed\n\n✗ double  The statement of double.\n")


def test_a_difference_is_not_always_known(monkeypatch, kata):
    """Expected and got stand alone where nothing more can be said."""
    text = screen(monkeypatch, kata, judged("double", "failed", Failure(message="no", expected="1", got="2")))
    assert "    expected  1\n    got       2\n\n" in text


def test_pytests_own_words_are_left_out(monkeypatch, kata):
    """Of a failed assertion only the sentence is shown."""
    failure = Failure(message="the ids are floats\nassert torch.float32 == torch.int64\n +  where torch.float32 = …")
    text = screen(monkeypatch, kata, judged("double", "failed", failure))
    assert "the ids are floats" in text
    assert "assert" not in text and "where" not in text


def test_a_message_without_lines_is_no_problem(monkeypatch, kata):
    """An empty message, or no finding at all, still gives a screen."""
    assert "hint" in screen(monkeypatch, kata, judged("double", "failed", Failure(message="")))
    unjudged = screen(monkeypatch, kata, judged("double", "error", finding=None), judged("join_words", "passed"))
    assert "No test has judged it" in unjudged
    no_failure = judged("double", "error")
    assert "What a test of double looks at." in screen(monkeypatch, kata, no_failure, judged("join_words", "passed"))


def test_a_recognised_mistake_is_explained(monkeypatch, kata):
    """The teacher's sentence stands under the failure."""
    verdict = judged("double", "failed", MISMATCH, mistake="You squared\nthe number.")
    assert "\n  You squared the number.\n" in screen(monkeypatch, kata, verdict)


def test_a_file_that_cannot_be_used_is_said_once(monkeypatch, kata):
    """A syntax error is no failure of each exercise."""
    failure = Failure(message="tiny_things.py:3 is not valid Python: invalid syntax\n    def x(:")
    text = screen(monkeypatch, kata, judged("double", "error", failure), judged("join_words", "error", failure))
    assert text == (
        "03 Tiny things · 0 of 2 passed, 2 errors\n"
        "\n"
        "    tiny_things.py:3 is not valid Python: invalid syntax\n"
        "        def x(:\n"
        "\n"
        "Mend this first. Then:\n"
        "  check  kata check tiny_things\n"
    )
    foreign = screen(monkeypatch, kata, judged("double", "error", failure), own=False)
    assert "Mend" not in foreign


def test_blocked_skipped_and_late_exercises_say_why(monkeypatch, kata):
    """Every outcome has a word, and what is needed to understand it."""
    text = screen(
        monkeypatch,
        kata,
        judged("double", "timeout", Failure(message="did not return within 10 s")),
        judged("join_words", "blocked", blocked_by=("double",)),
        judged("third", "skipped", skipped=("there is no CUDA device",)),
        judged("fourth", "passed", skipped=("needs the network",)),
        judged("fifth", "skipped"),
    )
    assert "1 of 5 passed, 1 timed out, 1 blocked, 2 skipped" in text
    assert "  ✗ double      timed out\n" in text
    assert "  ⊘ join_words  blocked by double\n" in text
    assert "  – third       skipped: there is no CUDA device\n" in text
    assert "  ✓ fourth      passed  in part: needs the network\n" in text
    assert "  – fifth       skipped\n" in text
    assert "did not return within 10 s" in text


def test_to_do_names_what_to_write_and_where(monkeypatch, kata):
    """Without a failure the first exercise to do is next, with its line in the file."""
    text = screen(monkeypatch, kata, judged("double", "passed"), judged("join_words", "todo"))
    line = kata.stub.read_text().splitlines().index('    raise NotImplementedError("join_words")') + 1
    assert text.endswith(
        "Next: join_words  The statement of join_words.\n"
        "\n"
        f"  edit   katas/03_tiny_things/tiny_things.py:{line}\n"
        "  check  kata check tiny_things\n"
        "  hint   kata hint tiny_things.join_words\n"
    )


def test_a_single_exercise_leads_to_the_next(monkeypatch, kata):
    """Whoever passes one exercise is told which one comes then."""
    text = screen(monkeypatch, kata, judged("double", "passed"), then="join_words")
    assert "Right.\nNext: join_words  The statement of join_words.\n" in text


def test_a_whole_kata_leads_to_the_next(monkeypatch, kata):
    """A few words of praise, the next kata, its lesson and its command."""
    after = replace(kata, number=5, topic="small_words", title="Small words", summary="You can write.")
    both = judged("double", "passed"), judged("join_words", "passed")
    text = screen(monkeypatch, kata, *both, after=after, lesson=Path("05/README.md"))
    assert text.endswith(
        "Well done: Tiny things is complete.\n"
        "Next: 05 Small words. You can write.\n"
        "\n"
        "  read   05/README.md\n"
        "  check  kata check small_words\n"
    )
    assert "That was the last one." in screen(monkeypatch, kata, *both)
    assert "read" not in screen(monkeypatch, kata, *both, after=after)


def test_somebody_elses_code_gets_no_advice(monkeypatch, kata):
    """A solution or a submission is named, and neither hints nor next steps are offered."""
    passed = screen(monkeypatch, kata, judged("double", "passed"), implementation="solution", own=False)
    assert passed == "03 Tiny things · 1 of 1 passed · solution\n\n  ✓ double  passed\n"
    failed = screen(monkeypatch, kata, judged("double", "failed", MISMATCH), implementation="x.py", own=False)
    to_do = screen(monkeypatch, kata, judged("double", "todo"), implementation="x.py", own=False)
    assert "hint" not in failed + to_do
    assert "check" not in failed + to_do


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("passed", "passed"), "✓ 03 tiny_things: 2 of 2 passed\n"),
        (("passed", "todo"), "○ 03 tiny_things: 1 of 2 passed, 1 to do\n"),
        (("error", "failed"), "! 03 tiny_things: 0 of 2 passed, 1 failed, 1 error\n"),
    ],
)
def test_many_katas_have_a_line_each(kata, outcomes, expected):
    """The gravest sign, and the counts."""
    verdict = Verdict(
        topic=kata.topic,
        implementation="learner",
        exercises=tuple(
            judged(name, outcome) for name, outcome in zip(("double", "join_words"), outcomes, strict=True)
        ),
    )
    stream = io.StringIO()
    say(*terminal.brief(verdict, kata), stream=stream)
    assert stream.getvalue() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n\ndef f():\n    raise NotImplementedError\n", 4),
        (
            "class f:\n    def a(self):\n        raise E\n    def b(self):\n        raise NotImplementedError('f')\n",
            5,
        ),
        ("\n\nasync def f(): return 1\n", 3),
        ("def g(): raise\n", 1),
        ("def f(:\n", 1),
    ],
)
def test_the_line_to_edit(tmp_path, text, expected):
    """The first thing to write, or else the definition, or else the file's beginning."""
    file = tmp_path / "x.py"
    file.write_text(text)
    assert next_steps.line_to_edit(file, "f") == expected
    assert next_steps.line_to_edit(tmp_path / "none.py", "f") == 1


def test_paths_are_short_where_they_can_be(tmp_path, monkeypatch):
    """Inside the working folder from there, elsewhere in full."""
    monkeypatch.chdir(tmp_path)
    assert next_steps.shown(tmp_path / "a" / "b.py") == str(Path("a") / "b.py")
    assert next_steps.shown(tmp_path.parent / "b.py") == str(tmp_path.parent / "b.py")


def test_all_that_is_wrong_is_explained_on_request(monkeypatch, kata):
    """The first failure in full, with the way to the others, or all of them."""
    wrong = judged("double", "failed", MISMATCH), judged("join_words", "error", Failure(message="ValueError: no"))
    text = screen(monkeypatch, kata, *wrong)
    assert "ValueError" not in text
    assert "  all    kata check tiny_things --all-failures\n" in text
    text = screen(monkeypatch, kata, *wrong, all_failures=True)
    assert (
        text.index("The statement of double.") < text.index("The statement of join_words.") < text.index("ValueError")
    )
    assert "--all-failures" not in text
    assert "--all-failures" not in screen(monkeypatch, kata, *wrong, own=False)


TALL = Failure(
    message="never shown",
    call="\n".join(f"a_{number} = torch.tensor([{number}.0, 2.0, 3.0, 4.0, 5.0])" for number in range(14))
    + "\ndouble(a_0)",
    expected="\n".join(f"[{number}, {number}]" for number in range(9)),
    got="\n".join(f"[{number}, 0]" for number in range(9)),
    difference="1 of 9 elements differs",
    location=Location(file="tiny_things.py", line=3, code="return a_0"),
    printed="one\ntwo\nthree",
)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 20), (120, 40), (80, 17)])
def test_a_tall_screen_fits_the_terminal(monkeypatch, tmp_path, width, height):
    """What can be done without goes first: the table, the middle of a long session; name, values and diagnosis stay."""
    kata = make_kata(tmp_path / "katas" / "03_tiny_things", toml=LONG_TOML)
    monkeypatch.setenv("COLUMNS", str(width))
    failed = judged("double", "failed", TALL, mistake="You squared the number.")
    verdicts = failed, *(judged(each.name, "passed") for each in kata.exercises[1:])
    verdict = Verdict(topic=kata.topic, implementation="learner", exercises=verdicts)
    around = Surroundings(file=kata.stub, statement=lambda name: f"The statement of {name}.")
    lines = terminal.render(verdict, kata, around, width, height)
    stream = io.StringIO()
    say(*lines, stream=stream)
    text = stream.getvalue()
    assert len(text.splitlines()) <= height
    for part in ("✗ double", "double(a_0)", "expected  [0, 0]", "got       [0, 0]", "1 of 9 elements", "You squared"):
        assert part in text
    assert len(terminal.render(verdict, kata, around, width)) > len(lines) or height == 40
