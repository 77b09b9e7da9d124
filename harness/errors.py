"""Everything the harness raises on purpose.

    KataError (an Exception)
    ├── CatalogueError         a pack or a kata.toml is wrong
    ├── SelectionError         no such topic or exercise
    ├── WorkspaceError         a folder cannot be read or written
    ├── SettingError           an environment variable holds what it cannot
    ├── ImplementationError    the code under test cannot be used
    │   ├── SourceError        its file is missing, unreadable, not Python, or fails on import
    │   │   └── NotSubmitted   a folder holds no file for the kata
    │   ├── MissingName        it does not define what the exercise asks for
    │   ├── WrongSignature     it defines it with other parameters
    │   └── ImplementationCrashed  it raised something that ends a program, such as SystemExit
    ├── ToDo                   the learner has not written this exercise yet
    ├── WorkerDied             the process of the implementation ended during a call
    ├── ForbiddenCall          the implementation called what its exercise forbids
    ├── RequirementMissing     a test uses a resource that it has no marker for
    ├── CodecError             a message between judge and worker is malformed, or holds what is not plain data
    │   └── ChannelClosed      the other end of the channel is gone
    ├── RunError               the process that runs a spec died before it could tell
    └── SpecError              a spec breaks the contract between spec and implementation

    LimitExceeded (a BaseException)  a call used more than it may
    ├── DeadlineExceeded       time
    └── MemoryExceeded         memory

The message of each says what is wrong, where, and what to do about it: it is shown to people as it stands.
"""


class KataError(Exception):
    """Base of all errors that the harness raises on purpose."""


class CatalogueError(KataError):
    """A pack or a `kata.toml` is wrong."""


class SelectionError(KataError):
    """No kata or exercise answers to the name that was given."""


class WorkspaceError(KataError):
    """A folder or file of the learner's cannot be read or written."""


class SettingError(KataError):
    """An environment variable holds what it cannot."""


class ImplementationError(KataError):
    """The code under test cannot be used."""


class SourceError(ImplementationError):
    """The file is missing, unreadable, not Python, or fails while it is imported."""


class NotSubmitted(SourceError):  # noqa: N818 - reads as what it says
    """A folder of answers holds no file for the kata."""


class MissingName(ImplementationError):  # noqa: N818 - reads as what it says
    """The implementation does not define the name that the exercise asks for."""


class WrongSignature(ImplementationError):  # noqa: N818
    """The implementation defines the name, but with other parameters than the exercise asks for."""


class ImplementationCrashed(ImplementationError):  # noqa: N818
    """The implementation raised something that ends a program, such as `SystemExit`."""


class ToDo(KataError):  # noqa: N818
    """The learner has not written this exercise yet."""


class WorkerDied(KataError):  # noqa: N818
    """The process of the implementation ended during a call."""


class ForbiddenCall(KataError):  # noqa: N818
    """The implementation called a function that its exercise forbids."""


class RequirementMissing(KataError, RuntimeError):  # noqa: N818
    """A test uses a resource for which it carries no marker."""


class CodecError(KataError):
    """A message between judge and worker is malformed, or holds what is not plain data."""


class ChannelClosed(CodecError):  # noqa: N818
    """The other end of a channel is gone."""


class RunError(KataError):
    """The process that runs a spec died before it could tell what happened."""


class SpecError(KataError):
    """A spec breaks the contract between spec and implementation."""


class LimitExceeded(BaseException):
    """A call into the implementation used more than it may.

    No `Exception`, so that it ends the test at once: Hypothesis would look for smaller arguments, a deadline each.

    Attributes:
        call: the call's text, where it is known. Later calls for the same exercise are not made, and end likewise.
    """

    call: str | None = None


class DeadlineExceeded(LimitExceeded):
    """A call into the implementation did not return in time."""


class MemoryExceeded(LimitExceeded):
    """A call into the implementation wanted more memory than it may have."""


class Alarm(BaseException):
    """Breaks off a call whose time is up. No `Exception`, so that `except Exception` in a loop lets it pass."""


def described(error: BaseException) -> str:
    """Type and message of any exception, even of one that cannot say its message."""
    try:
        message = str(error)
    except Exception:  # somebody's own __str__
        message = "its message cannot be read"
    return f"{type(error).__name__}: {message}" if message else f"{type(error).__name__} (without a message)"


def steers_tests(error: BaseException) -> bool:
    """Whether a tool for tests would take an exception for a word to itself: skip this test, or end the run."""
    tools = ("_pytest", "hypothesis", "unittest")
    return any(kind.__module__.partition(".")[0] in tools for kind in type(error).__mro__)
