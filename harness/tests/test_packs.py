"""Third-party packs: found by their entry points, loaded one by one, and named where they are broken."""

from __future__ import annotations

import itertools
import subprocess
import sys
from textwrap import dedent

import pytest

from harness import PROJECT
from harness.catalogue import hookspecs, manager
from harness.errors import SourceError

HEADER = """\
from pathlib import Path
from types import ModuleType
from harness import Implementation, Pack, Requirement, hookimpl
from harness.errors import SourceError

"""
_serial = itertools.count()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a distribution on the path, with one module and an entry point of the given name."""

    def install(name, source, *, entry=None):
        module = f"{name}_module_{next(_serial)}"
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / f"{module}.py").write_text(HEADER + dedent(source), encoding="utf-8")
        info = tmp_path / f"{name}_dist-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{PROJECT}]\n{entry or name} = {module}\n", encoding="utf-8")
        return module

    return install


@pytest.fixture
def use(packs, monkeypatch):
    """Puts packs of `packs/` on the path, and forgets their modules afterwards."""

    def use(*names):
        for name in names:
            monkeypatch.syspath_prepend(packs[name])
        return manager.load()

    yield use
    for name in [name for name in sys.modules if name.partition(".")[0] in packs]:
        del sys.modules[name]


def test_every_hook_is_documented_and_built_in():
    """A hook says what it promises, and the built-in plugin uses it."""
    plugins, problems = manager.make_manager()
    assert problems == ()
    hooks = [name for name in vars(hookspecs) if name.startswith("kata_")]
    assert hooks == ["kata_packs", "kata_requirements", "kata_implementation"]
    for name in hooks:
        assert vars(hookspecs)[name].__doc__
        assert getattr(plugins.hook, name).get_hookimpls()


def test_a_good_pack_brings_all_it_has(use):
    """A pack's katas, requirements and words for `--impl` stand beside the built-in ones."""
    harness = use("good_pack")
    assert harness.all_problems == ()
    kata = harness.catalogue.find("scaling")
    assert (kata.pack, kata.number) == ("good pack", 40)
    assert [requirement.name for requirement in harness.requirements] == ["oven", "gpu", "slow_download"]
    assert harness.implementation("echo:", kata).load().scale(5) == 5
    assert harness.implementation("solution", kata).load().scale(5) == 10.0
    other = next(kata for kata in harness.catalogue.katas if kata.topic != "scaling")
    with pytest.raises(SourceError, match="echo: does not exist"):
        harness.implementation("echo:", other)


def test_a_broken_pack_is_named_and_the_others_work(use):
    """A pack that raises when it is imported is left out, with its distribution and what to do."""
    harness = use("broken_pack", "good_pack")
    assert harness.problems == (
        "the pack 'broken_pack' of torch-katas-broken-pack was left out: ImportError: the oven is not installed. "
        "Mend broken_pack, or uninstall torch-katas-broken-pack.",
    )
    assert harness.catalogue.find("scaling").pack == "good pack"


def test_a_duplicate_topic_is_refused_by_both_names(use):
    """Of two katas with one topic the second is left out, and the message names both packs and folders."""
    harness = use("good_pack", "duplicate_pack")
    (problem,) = harness.problems
    for part in ("good pack", "40_scaling", "duplicate pack", "41_scaling", "rename one of them or uninstall its pack"):
        assert part in problem
    assert [kata.topic for kata in harness.catalogue.katas].count("scaling") == 1


def test_the_built_in_katas_come_first(install):
    """A pack cannot take the place of a built-in kata."""
    harness = manager.load()
    kata = harness.catalogue.katas[0]
    folders = f"katas=Path({str(kata.folder.parent)!r}), solutions=Path({str(kata.solution.parent)!r})"
    install("usurper", f"@hookimpl\ndef kata_packs():\n    return [Pack(name='usurper', {folders})]")
    harness = manager.load()
    assert {kata.pack for kata in harness.catalogue.katas} == {"torch-katas"}
    assert all("usurper" in problem for problem in harness.problems)
    assert len(harness.problems) == len(harness.catalogue.katas)


LEFT_OUT = {
    "exits": ("import sys\nsys.exit(3)", "was left out: SystemExit: 3. Mend a_module"),
    "misspelt": ("@hookimpl\ndef kata_pack():\n    return []", "unknown hook 'kata_pack' in plugin"),
    "arguments": (
        "@hookimpl\ndef kata_packs():\n    return []\n@hookimpl\ndef kata_implementation(topic):\n    pass",
        "hook 'kata_implementation'",
    ),
    "unmarked": ("def kata_packs():\n    return []", "brings nothing: no function of a_module"),
    "raises": ("@hookimpl\ndef kata_packs():\n    1 / 0", "kata_packs raised ZeroDivisionError: division by zero"),
    "raises late": ("@hookimpl\ndef kata_packs():\n    yield 1 / 0", "kata_packs raised ZeroDivisionError"),
    "none": (
        "@hookimpl\ndef kata_packs():\n    pass",
        "kata_packs raised TypeError: 'NoneType' object is not iterable",
    ),
    "nonsense": (
        "@hookimpl\ndef kata_packs():\n    return ['katas']",
        "kata_packs must give harness.model.Pack objects",
    ),
    "text": (
        "@hookimpl\ndef kata_packs():\n    return [Pack(name='a', katas='a', solutions='b')]",
        "its folders must be given as pathlib.Path",
    ),
    "folder": (
        "@hookimpl\ndef kata_packs():\n    return [Pack(name='a', katas=Path('no such'), solutions=Path('no such'))]",
        "No such file or directory",
    ),
    "requirements": ("@hookimpl\ndef kata_requirements():\n    1 / 0", "kata_requirements raised ZeroDivisionError"),
    "no requirement": (
        "@hookimpl\ndef kata_requirements():\n    return ['gpu']",
        "kata_requirements must give harness.catalogue.requirements.Requirement objects",
    ),
    "odd requirement": (
        "@hookimpl\ndef kata_requirements():\n    return [Requirement(name='two words', help='a')]",
        "a requirement of the pack 'a' was left out: 'two words' is no name",
    ),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_pack_that_is_wrong_takes_nothing_down(use, install, name):
    """Whatever is wrong with a pack, the message lays it at its door, and the other packs work as before."""
    source, said = LEFT_OUT[name]
    install("a", source)
    harness = use("good_pack")
    (problem,) = harness.all_problems
    assert said in problem
    assert "'a'" in problem or name == "folder"
    assert harness.catalogue.find("scaling").pack == "good pack"
    assert [requirement.name for requirement in harness.requirements] == ["oven", "gpu", "slow_download"]
    if name in ("misspelt", "arguments"):
        assert harness.problems[0].endswith("or uninstall a-dist.")
        assert "harness/catalogue/hookspecs.py" in harness.problems[0]
        assert harness.manager.get_plugin("a") is None
        assert "a" not in {hook.plugin_name for hook in harness.manager.hook.kata_packs.get_hookimpls()}


def test_two_packs_of_one_name(use, install):
    """The second of two entry points with the same name is left out; the first one stays."""
    install("a", "@hookimpl\ndef kata_packs():\n    return []", entry="good_pack")
    harness = use("good_pack")
    (problem,) = harness.problems
    assert "the pack 'good_pack' of " in problem
    assert "was left out: ValueError" in problem
    assert harness.manager.get_plugin("good_pack") is not None


def test_a_person_who_interrupts_is_heard(install):
    """A pack that is interrupted while it loads is not merely left out."""
    install("a", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        manager.load()


def test_a_pack_may_replace_a_requirement(install):
    """Of two requirements with one name the third party's holds."""
    install("a", "@hookimpl\ndef kata_requirements():\n    return [Requirement(name='gpu', help='two devices')]")
    assert [(r.name, r.help) for r in manager.load().requirements] == [
        ("gpu", "two devices"),
        ("slow_download", "a download from the internet"),
    ]


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("1 / 0", "raised ZeroDivisionError: division by zero"),
        ("return 'a.py'", "gave 'a.py', which is no harness.model"),
    ],
)
def test_a_pack_without_a_sensible_answer_is_passed_over(install, kata, does, said):
    """Where a pack cannot say what `--impl` means, there is a warning, and the next one is asked."""
    install("a", f"@hookimpl\ndef kata_implementation(reference):\n    {does}")
    with pytest.warns(
        UserWarning, match="the pack 'a' was passed over for --impl solution: kata_implementation"
    ) as seen:
        found = manager.load().implementation("solution", kata)
    assert said in str(seen[0].message)
    assert found.label == "solution"


def test_a_pack_may_refuse_a_reference(install, kata):
    """A pack whose reference leads nowhere says so itself."""
    install(
        "a",
        "@hookimpl\ndef kata_implementation(reference, kata):\n    raise SourceError(f'no {kata.topic} on the moon')",
    )
    with pytest.raises(SourceError, match="no tiny_things on the moon"):
        manager.load().implementation("moon:", kata)


def test_without_any_answer_there_is_none(kata):
    """Even without the built-in plugin, a reference that nobody knows is an error that can be read."""
    harness = manager.load()
    harness.manager.unregister(name="harness.runner.loading")
    with pytest.raises(SourceError, match="--impl solution means nothing here"):
        harness.implementation("solution", kata)


def test_a_pack_imports_all_that_it_needs_from_the_package():
    code = (
        "import sys, harness\n"
        "names = {name: getattr(harness, name) for name in harness.__all__}\n"
        "from harness.catalogue import hookspecs\n"
        "assert names['Pack'].__module__ == 'harness.model'\n"
        "assert 'torch' not in sys.modules and not hasattr(harness, 'Parcel')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
