from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.catalogue.catalogue import Catalogue, load_catalogue, read_kata
from harness.errors import CatalogueError, SelectionError
from harness.model import Kata, Pack
from harness.tests.tiny_kata import TOML, make_kata, pack_of, write_kata


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "katas" / "07_tiny_things"


def problems(folder: Path, toml: str) -> list[str]:
    """What `read_kata` says about this `kata.toml`, without the file's name, which every line begins with."""
    pack = write_kata(folder, toml=toml)
    with pytest.raises(CatalogueError) as caught:
        read_kata(folder, pack)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{folder / 'kata.toml'}") for line in lines)
    return [line.removeprefix(f"{folder / 'kata.toml'}").removeprefix(": ") for line in lines]


def test_a_whole_kata_is_read(folder):
    """Everything in a `kata.toml` arrives in the value type, and the files are where the tree says."""
    kata = make_kata(folder)

    assert (kata.number, kata.topic, kata.pack) == (7, "tiny_things", "tiny")
    assert (kata.title, kata.part) == ("Tiny things", "Foundations")
    assert kata.summary == "You can double a number and join words."
    assert folder.parent.parent / "solutions" / "tiny_things.py" == kata.solution
    double, join_words = kata.exercises
    assert (double.name, double.points, double.difficulty, double.minutes) == ("double", 1, 1, 2)
    assert (
        join_words.name,
        join_words.points,
        join_words.difficulty,
        join_words.minutes,
    ) == ("join_words", 2, 2, 3)
    assert double.hints[0] == "What is two times a number?"
    assert all(path.is_file() for path in (kata.stub, kata.spec, kata.lesson, kata.mistakes, kata.solution))


def test_optional_keys_are_read(folder):
    """`needs`, `forbid` and `capabilities` arrive as tuples of their texts."""
    toml = TOML.replace("capabilities = []", 'capabilities = ["processes", "loopback"]')
    toml = toml.replace("points = 2", 'points = 2\nneeds = ["double"]\nforbid = ["torch.cat", "torch.func.jacrev"]')

    kata = make_kata(folder, toml=toml)

    assert kata.capabilities == ("processes", "loopback")
    assert kata.exercise("join_words").needs == ("double",)
    assert kata.exercise("join_words").forbid == ("torch.cat", "torch.func.jacrev")


def test_equivalent_mutants_have_reasons(folder):
    """A table below an exercise's keys says which wrong answers are none, and why."""
    toml = TOML + '\n[exercise.equivalent]\n1a2b3c4d = "the same number"\nextra_dimension = "none to add"\n'
    kata = make_kata(folder, toml=toml)
    assert kata.exercise("join_words").equivalent == (
        ("1a2b3c4d", "the same number"),
        ("extra_dimension", "none to add"),
    )
    assert kata.exercise("double").equivalent == ()


def test_windows_line_ends_and_byte_order_mark_do_not_matter(folder):
    """A `kata.toml` saved by an editor on Windows is read like any other."""
    pack = write_kata(folder)
    (folder / "kata.toml").write_bytes(b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode())

    assert read_kata(folder, pack).title == "Tiny things"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('title = "Tiny things"', "", ['title: missing; add title = "…"']),
        ('title = "Tiny things"', "title = 3", ["title: is 3; write one line of text in quotes"]),
        ('title = "Tiny things"', 'title = " "', ["title: is ' '; write one line of text in quotes"]),
        ('title = "Tiny things"', 'titel = "T"', ["titel: unknown key; did you mean 'title'?"]),
        ("summary", "summery", ["summery: unknown key; did you mean 'summary'?"]),
        (
            'part = "Foundations"',
            'part = "Foundations"\n"über x" = 1',
            ["'über x': unknown key; known here: title, summary, part, capabilities, exercise"],
        ),
        (
            'title = "Tiny things"',
            'title = "Tiny things"\ntitles = 1',
            ["titles: unknown key; did you mean 'title'?"],
        ),
        (
            "capabilities = []",
            'capabilities = ["process"]',
            ["capabilities: 'process' is unknown; did you mean processes?"],
        ),
        (
            "capabilities = []",
            'capabilities = "compiler"',
            ['capabilities: is \'compiler\'; write a list of texts that are not empty: ["…", "…"]'],
        ),
        (
            "capabilities = []",
            'capabilities = ["compiler", "compiler"]',
            ["capabilities: names 'compiler' more than once; keep one"],
        ),
        (
            "points = 2",
            "points = 2\nequivalent = 3",
            ['exercise join_words: equivalent: is 3; write a table: [exercise.equivalent], and in it 1a2b3c4d = "why"'],
        ),
        (
            "points = 2",
            'points = 2\nequivalent = { 1a2b3c4d = "", 12 = "a", extra_dimension = "a" }',
            [
                "exercise join_words: equivalent.'12': is neither a mutant's id nor an output change's name; "
                "`kata mutate` shows both",
                "exercise join_words: equivalent.'1a2b3c4d': is ''; write one line of text in quotes",
            ],
        ),
        ("points = 2", "points = 0", ["exercise join_words: points: is 0; write a whole number from 1 to 5"]),
        (
            "points = 2",
            "points = true",
            ["exercise join_words: points: is True; write a whole number from 1 to 5"],
        ),
        (
            "points = 2",
            "points = 2.0",
            ["exercise join_words: points: is 2.0; write a whole number from 1 to 5"],
        ),
        ("points = 2", "", ["exercise join_words: points: missing; add points = 1"]),
        ("points = 2", "point = 2", ["exercise join_words: point: unknown key; did you mean 'points'?"]),
        (
            "difficulty = 2",
            "difficulty = 6",
            ["exercise join_words: difficulty: is 6; write a whole number from 1 to 5"],
        ),
        (
            "minutes = 3",
            "minutes = 999",
            ["exercise join_words: minutes: is 999; write a whole number from 1 to 240"],
        ),
        (
            "minutes = 3",
            f"minutes = 0x{'f' * 5000}",
            ["exercise join_words: minutes: is a huge number; write a whole number from 1 to 240"],
        ),
        (
            '  "Add the number to itself.",\n',
            "",
            [
                "exercise double: hints: are 2; write exactly three: "
                "a question, a pointer to the documentation, almost the answer"
            ],
        ),
        (
            '"Add the number to itself."',
            '""',
            None,
        ),
        (
            'name = "double"\n',
            "",
            ['exercise[1].name: missing; add name = "…"'],
        ),
        (
            'name = "double"',
            'name = "two words"',
            ["exercise[1].name: 'two words' is no Python name; write the function's or class's name"],
        ),
        (
            'name = "double"',
            'name = "class"',
            ["exercise class: name: 'class' is no Python name; write the function's or class's name"],
        ),
        (
            'name = "double"',
            'name = "ﬁnd"',
            ["exercise ﬁnd: name: 'ﬁnd' is no Python name; write the function's or class's name"],
        ),
        (
            'name = "double"',
            'name = "_double"',
            ["exercise _double: name: '_double' is reserved for the harness; choose another name"],
        ),
        *(
            (
                'name = "double"',
                f'name = "{name}"',
                [f"exercise {name}: name: {name!r} is reserved for the harness; choose another name"],
            )
            for name in ("folder", "fresh", "kill_after", "probes")
        ),
        (
            'name = "double"',
            'name = "join_words "',
            [
                f"exercise[{n}].name: 'join_words' is the name of more than one exercise; rename all but one"
                for n in (1, 2)
            ],
        ),
        (
            "needs = []",
            'needs = ["joinwords"]',
            ["exercise double: needs: 'joinwords' is no exercise of this kata; did you mean join_words?"],
        ),
        (
            "needs = []",
            'needs = ["xyz"]',
            ["exercise double: needs: 'xyz' is no exercise of this kata; there are: double, join_words"],
        ),
        ("needs = []", 'needs = ["double"]', ["exercise double: needs: names 'double' itself; leave it out"]),
        (
            "forbid = []",
            'forbid = ["softmax"]',
            ["exercise double: forbid: 'softmax' is no dotted name; write it in full: \"torch.softmax\""],
        ),
        (
            "forbid = []",
            "forbid = [1]",
            ['exercise double: forbid: is [1]; write a list of texts that are not empty: ["…", "…"]'],
        ),
    ],
)
def test_a_mistake_is_reported_with_key_and_fix(folder, old, new, expected):
    """Each way to get a key wrong gives one line that names the key, what is wrong and what to write."""
    assert old in TOML
    found = problems(folder, TOML.replace(old, new, 1))

    if expected is None:  # an empty hint: the whole list is shown, shortened
        assert re.fullmatch(
            r"exercise double: hints: is \[.*…?; write a list of texts that are not empty: .*", found[0]
        )
        assert len(found) == 1
    else:
        assert expected == found


def test_all_mistakes_of_a_file_are_reported_at_once(folder):
    """An author mends a file in one go: nothing waits behind the first mistake."""
    toml = TOML.replace("title =", "titel =").replace("points = 1", "points = 9").replace("minutes = 3", "minutes = 0")

    assert problems(folder, toml) == [
        "exercise double: points: is 9; write a whole number from 1 to 5",
        "exercise join_words: minutes: is 0; write a whole number from 1 to 240",
        "titel: unknown key; did you mean 'title'?",
    ]


def test_exercises_that_need_each_other_are_refused(folder):
    """A circle of `needs`, in which all would be blocked for ever, is named."""
    toml = TOML.replace("needs = []", 'needs = ["join_words"]').replace("points = 2", 'points = 2\nneeds = ["double"]')

    assert problems(folder, toml) == ["exercise: double and join_words need each other; break the circle of `needs`"]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("", "exercise: missing; add a table [[exercise]] for each exercise"),
        ("exercise = []", "exercise: is []; write a table [[exercise]] for each exercise"),
        ("exercise = 1", "exercise: is 1; write a table [[exercise]] for each exercise"),
        (
            "[exercise]\nname = 'x'",
            "exercise: is {'name': 'x'}; write a table [[exercise]] for each exercise",
        ),
    ],
)
def test_a_kata_without_exercises_is_refused(folder, tail, expected):
    """Exercises that are missing or written as something else are asked for."""
    assert [expected] == problems(folder, TOML[: TOML.index("[[exercise]]")] + tail)


def test_no_hints_at_all(folder):
    """An empty list of hints is told from a missing one."""
    toml = TOML[: TOML.rindex("hints = [")]
    rule = "write exactly three: a question, a pointer to the documentation, almost the answer"

    assert [f"exercise join_words: hints: are 0; {rule}"] == problems(folder, toml + "hints = []\n")
    assert problems(folder, toml) == ['exercise join_words: hints: missing; add hints = ["…?", "…", "…"]']


def test_syntax_errors_name_the_line(folder):
    """What TOML itself refuses is shown as file:line, where there is a line."""
    (found,) = problems(folder, TOML.replace('part = "Foundations"', "part = Foundations"))
    assert re.fullmatch(r":3: is not valid TOML \(.+\); mend it", found)

    (found,) = problems(folder, "title = ")
    assert found == "is not valid TOML (Invalid value (at end of document)); mend it"


def test_a_file_nested_without_end_is_refused(folder):
    """Brackets that exhaust the parser give a message, not a RecursionError."""
    assert problems(folder, "a = " + "[" * 5000) == ["is nested too deeply; no key needs a list in a list"]
    (found,) = problems(folder, TOML.replace('part = "Foundations"', ".".join(["part"] * 3000) + " = 1"))
    assert found.startswith("part: is {'part': ")


def test_numbers_beyond_pythons_limit_are_refused(folder):
    """A number with too many digits to be read is a problem of the file, not a ValueError."""
    (found,) = problems(folder, f"a = {'9' * 5000}")
    assert found.startswith("is not valid TOML (")


def test_files_that_cannot_be_read(folder):
    """A missing file, a folder in its place and other encodings are told apart."""
    pack = write_kata(folder, toml=None)
    file = folder / "kata.toml"
    with pytest.raises(CatalogueError, match=r"kata.toml: missing; every kata has one \(`kata new`"):
        read_kata(folder, pack)

    file.mkdir()
    with pytest.raises(CatalogueError, match=r"kata.toml: cannot be read \(Is a directory\)"):
        read_kata(folder, pack)

    file.rmdir()
    file.write_bytes(TOML.encode("utf-16"))
    with pytest.raises(CatalogueError, match=r"kata.toml: is not UTF-8 \(byte 0\); save it as UTF-8"):
        read_kata(folder, pack)


@pytest.mark.parametrize("name", ["7_tiny", "07-tiny", "tiny", "07_Tiny", "07_class", "٠٧_tiny"])
def test_folders_must_be_named_by_number_and_topic(tmp_path, name):
    """A folder whose number or topic could not be told is refused."""
    folder = tmp_path / "katas" / name
    with pytest.raises(CatalogueError, match="folder's name is not two digits, _ and a topic; rename it, such as"):
        read_kata(folder, write_kata(folder))


@given(text=st.one_of(st.text(), st.binary(), st.text("[]{}=.\"'\n#1a ")))
@example("a.b = 1\na.c = {}")
def test_anything_is_a_kata_or_a_catalogue_error(tmp_path_factory, text):
    """Whatever stands in a `kata.toml`, reading it gives a kata or a message, never a traceback."""
    folder = tmp_path_factory.mktemp("any") / "katas" / "01_any"
    folder.mkdir(parents=True)
    (folder / "kata.toml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        assert isinstance(read_kata(folder, pack_of(folder)), Kata)
    except CatalogueError as error:
        assert str(folder) in str(error)


values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(['""', '"double"', '"a\\nb"', '"torch.cat"']),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
).map(lambda value: str(value).replace("'", "").replace("True", "true").replace("False", "false"))


@given(
    key=st.sampled_from(["title", "capabilities", "name", "points", "hints", "needs", "forbid", "exercise"]),
    value=values,
    where=st.integers(0, 2),
)
def test_any_value_under_any_key_is_a_kata_or_a_catalogue_error(tmp_path_factory, key, value, where):
    """Whatever a known key is set to, the rest of the kata is still read and the message names the file."""
    folder = tmp_path_factory.mktemp("any") / "katas" / "01_any"
    parts = TOML.split("[[exercise]]\n")
    lines = [line for line in parts[where].splitlines() if not line.startswith(f"{key} = ")]
    parts[where] = "\n".join([f"{key} = {value}", *lines, ""])
    pack = write_kata(folder, toml="[[exercise]]\n".join(parts))
    try:
        assert isinstance(read_kata(folder, pack), Kata)
    except CatalogueError as error:
        assert str(folder) in str(error)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    katas = tmp_path / "katas"
    for name in ("03_tensor_operations", "02_tensor_creation", "05_autograd", "12_devices", "00_start"):
        pack = write_kata(katas / name)
    return load_catalogue([pack])


def test_katas_stand_in_order(catalogue):
    """The catalogue is ordered by number."""
    assert [kata.number for kata in catalogue.katas] == [0, 2, 3, 5, 12]
    assert catalogue.problems == ()


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("3", "tensor_operations"),
        ("03", "tensor_operations"),
        (" 003 ", "tensor_operations"),
        ("0", "start"),
        ("12", "devices"),
        ("03_tensor_operations", "tensor_operations"),
        ("katas/03_tensor_operations/", "tensor_operations"),
        ("03_t", "tensor_operations"),
        ("tensor_operations", "tensor_operations"),
        ("tensor_o", "tensor_operations"),
        ("a", "autograd"),
    ],
)
def test_a_kata_is_found_by_what_people_type(catalogue, text, topic):
    """Number, folder, path, topic and the beginning of a name all lead to the kata."""
    assert topic == catalogue.find(text).topic
    assert (catalogue.find(text), None) == catalogue.select(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tensor", "'tensor' may be 02_tensor_creation or 03_tensor_operations; write more of the name"),
        (
            "tensor_operatoins",
            "there is no kata 'tensor_operatoins'; did you mean tensor_operations or tensor_creation? "
            "(`kata list` shows all)",
        ),
        (
            "9",
            "there is no kata '9'; there are: start, tensor_creation, tensor_operations, autograd, devices "
            "(`kata list` shows all)",
        ),
        (
            "",
            "there is no kata ''; there are: start, tensor_creation, tensor_operations, autograd, devices "
            "(`kata list` shows all)",
        ),
        ("9" * 5000, None),
    ],
)
def test_unknown_and_ambiguous_names_say_what_there_is(catalogue, text, message):
    """A name that leads nowhere, or to several katas, gives the near misses or the candidates."""
    with pytest.raises(SelectionError) as caught:
        catalogue.find(text)
    assert message is None or message == str(caught.value)


def test_an_empty_catalogue_has_nothing_to_suggest():
    """Where there are no katas at all, the message says so."""
    with pytest.raises(SelectionError, match=r"there is no kata '3'; there are: none"):
        Catalogue().find("3")


def test_a_whole_topic_wins_over_a_longer_one(tmp_path):
    """A topic that begins another one's name can still be named."""
    for name in ("01_data", "02_data_loaders"):
        pack = write_kata(tmp_path / "katas" / name)

    assert load_catalogue([pack]).find("data").topic == "data"


def test_an_exercise_is_selected_with_its_kata(catalogue):
    """After a dot stands the exercise, or the beginning of its name."""
    for text in ("3.join_words", "tensor_o.join", "katas/03_tensor_operations.j"):
        kata, exercise = catalogue.select(text)
        assert (kata.topic, exercise.name) == ("tensor_operations", "join_words")


def test_an_exercise_may_be_named_alone(tmp_path, catalogue):
    """Its whole name is enough where one kata has it; where several have, they are named."""
    alone = load_catalogue([write_kata(tmp_path / "alone" / "katas" / "01_x")])
    kata, exercise = alone.select("join_words")
    assert (kata.topic, exercise.name) == ("x", "join_words")
    with pytest.raises(SelectionError, match=r"^there is no kata 'join'"):
        alone.select("join")
    with pytest.raises(SelectionError, match=r"write start\.double or tensor_creation\.double or tensor_operations"):
        catalogue.select("double")


def test_unknown_and_ambiguous_exercises_say_what_there_is(tmp_path):
    """An exercise's name that leads nowhere, or to several, gives the near misses or the candidates."""
    pack = write_kata(tmp_path / "katas" / "01_x", toml=TOML.replace('"double"', '"join_rows"'))
    catalogue = load_catalogue([pack])

    with pytest.raises(SelectionError, match=r"^'x\.join' may be join_rows or join_words; write more of the name$"):
        catalogue.select("x.join")
    with pytest.raises(
        SelectionError, match=r"^x has no exercise 'join_word_s'; did you mean join_words or join_rows\?$"
    ):
        catalogue.select("x.join_word_s")
    with pytest.raises(SelectionError, match=r"^x has no exercise ''; there are: join_rows, join_words$"):
        catalogue.select("x.")
    with pytest.raises(SelectionError, match=r"^there is no kata 'y'"):
        catalogue.select("y.join_rows")


def test_a_spec_leads_to_its_kata(catalogue, tmp_path, monkeypatch):
    """The file that pytest collects, by any path that leads there, is recognised; other files are not."""
    kata = catalogue.find("autograd")
    monkeypatch.chdir(kata.folder)
    (tmp_path / "link").symlink_to(kata.folder)

    for path in (kata.spec, Path("test_autograd.py"), tmp_path / "link" / "test_autograd.py"):
        assert kata is catalogue.of_spec(path)
    assert kata is catalogue.of_folder(Path())
    assert catalogue.of_spec(kata.folder / "test_other.py") is None
    assert catalogue.of_spec(tmp_path / "test_autograd.py") is None
    assert catalogue.of_folder(tmp_path) is None


def test_a_broken_kata_is_left_out_and_named(tmp_path):
    """One kata's typo takes no other kata away, and asking for the broken one shows what is wrong with it."""
    katas = tmp_path / "katas"
    write_kata(katas / "01_good")
    write_kata(katas / "02_bad", toml=TOML.replace("title =", "titel ="))
    pack = write_kata(katas / "03_gone", toml=None)

    catalogue = load_catalogue([pack])

    assert [kata.topic for kata in catalogue.katas] == ["good"]
    assert (
        f"02_bad of pack tiny is left out:\n{katas / '02_bad' / 'kata.toml'}: titel: unknown key; "
        "did you mean 'title'?",
        f"03_gone of pack tiny is left out:\n{katas / '03_gone' / 'kata.toml'}: missing; every kata has one "
        "(`kata new` writes an example)",
    ) == catalogue.problems
    with pytest.raises(SelectionError, match=r"02_bad.kata.toml: titel: unknown key"):
        catalogue.find("bad")
    with pytest.raises(SelectionError, match="missing; every kata has one"):
        catalogue.select("3.double")


def test_what_is_no_kata_is_passed_over(tmp_path):
    """Files and other folders among the katas do no harm; a kata under a wrong name is reported."""
    katas = tmp_path / "katas"
    pack = write_kata(katas / "01_good")
    (katas / "__pycache__").mkdir()
    (katas / "02_notes").write_text("")
    write_kata(katas / "3_three")

    catalogue = load_catalogue([pack])

    assert [kata.topic for kata in catalogue.katas] == ["good"]
    (problem,) = catalogue.problems
    assert "3_three of pack tiny is left out" in problem


@pytest.mark.parametrize("second", ["01_good", "09_good"])
def test_a_topic_belongs_to_one_pack(tmp_path, second):
    """A second kata of the same topic is left out and both are named; the first pack's stays."""
    write_kata(tmp_path / "a" / "katas" / "01_good")
    write_kata(tmp_path / "b" / "katas" / second)
    packs = [pack_of(tmp_path / name / "katas" / "x", name) for name in ("a", "b")]

    catalogue = load_catalogue(packs)

    assert [kata.pack for kata in catalogue.katas] == ["a"]
    assert (
        f"{tmp_path / 'b' / 'katas' / second} of pack b is left out: pack a has the topic good already, in "
        f"{tmp_path / 'a' / 'katas' / '01_good'}; rename one of them or uninstall its pack",
    ) == catalogue.problems


def test_two_packs_may_use_the_same_number(tmp_path):
    """Numbers are for order: two packs need not agree on them, and the number alone is then ambiguous."""
    write_kata(tmp_path / "a" / "katas" / "01_zebra")
    write_kata(tmp_path / "b" / "katas" / "01_ape")
    catalogue = load_catalogue([pack_of(tmp_path / name / "katas" / "x", name) for name in ("a", "b")])

    assert [kata.topic for kata in catalogue.katas] == ["ape", "zebra"]
    with pytest.raises(SelectionError, match="'1' may be 01_ape or 01_zebra"):
        catalogue.find("1")


def test_a_pack_without_its_folder_is_a_problem(tmp_path):
    """A pack whose folder is gone is named, and the other packs stay."""
    good = write_kata(tmp_path / "katas" / "01_good")
    gone = Pack(name="gone", katas=tmp_path / "nowhere", solutions=tmp_path)

    catalogue = load_catalogue([gone, good])

    assert [kata.topic for kata in catalogue.katas] == ["good"]
    assert (
        f"pack gone is left out ({tmp_path / 'nowhere'}: No such file or directory); "
        "mend its folder or install it again",
    ) == catalogue.problems


def test_thirty_two_katas_are_read_in_no_time(tmp_path):
    """Reading the whole catalogue is no part of the time that `kata list` takes."""
    for number in range(32):
        pack = write_kata(tmp_path / "katas" / f"{number:02}_topic{number}")

    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        catalogue = load_catalogue([pack])
        seconds.append(time.perf_counter() - start)

    assert len(catalogue.katas) == 32
    assert min(seconds) < 0.1
