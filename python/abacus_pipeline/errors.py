"""What went wrong, by the exit code of the program."""


class AbacusError(Exception):
    """A command that failed, or a release that cannot be read."""

    #: Whether the same command may succeed later although nobody mends anything.
    retry = False

    def __init__(self, messages: list[str], exit_code: int, stderr: str = ""):
        """`messages` are what a person is told, `stderr` is all that the program said."""
        super().__init__("\n".join(messages))
        self.messages = messages
        self.exit_code = exit_code
        self.stderr = stderr

    def __reduce__(self):
        # Process pools and schedulers hand errors on pickled.
        return type(self), (self.messages, self.exit_code, self.stderr)


class InternalError(AbacusError):
    """Exit code 1, a fault of abacus; or a signal ended the program, with its negative number as exit code."""


class DefinitionError(AbacusError):
    """Exit code 2: the pipeline file or the options are wrong."""


class CheckFailed(AbacusError):
    """Exit code 3: a check failed, and nothing was published."""


class InputError(AbacusError):
    """Exit code 4: an input cannot be read or changed while it was read, or an output folder cannot be made."""

    retry = True


class NoReleaseError(InputError):
    """Exit code 4 of `abacus`: there is no release, or not the one that was asked for."""


class LockedError(AbacusError):
    """Exit code 5: another run holds the lock."""

    retry = True


class PermissionDenied(AbacusError):
    """Exit code 6: a right is missing, or the file system is read-only."""


class StoreError(AbacusError):
    """Exit code 7: the release was made, and the object store that it is published to as well did not take it."""

    retry = True


class ResourceError(AbacusError):
    """Exit code 8: out of disk, memory or open files."""

    retry = True


_BY_EXIT_CODE = {
    2: DefinitionError,
    3: CheckFailed,
    4: InputError,
    5: LockedError,
    6: PermissionDenied,
    7: StoreError,
    8: ResourceError,
}


def error_of(exit_code: int) -> type[AbacusError]:
    """The class of errors of an exit code."""
    return _BY_EXIT_CODE.get(exit_code, InternalError)
