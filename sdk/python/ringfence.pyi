"""Types for authors of plugins that run under Ringfence with runtime `python`.

The module exists only while a plugin runs; nothing has to be installed.
"""

from os import PathLike
from typing import (
    Any,
    AsyncIterator,
    Dict,
    Iterator,
    List,
    Literal,
    Optional,
    Sequence,
    Union,
    overload,
)

Json = Union[None, bool, int, float, str, List[Any], Dict[str, Any]]
Path = Union[str, "PathLike[str]"]

class RingfenceError(Exception):
    """A request to the host was denied or failed."""

    message: str
    code: str
    """Stable word: not_granted, not_recorded, budget, invalid, not_found, failed,
    unknown_method; gone when the host has ended the session."""
    kind: Optional[str]
    """The capability that was needed, such as storage.write."""
    object: Optional[str]
    """On what: a path, key, subject or program."""
    withheld_by: Optional[str]
    """Who withheld it: declared, policy, consent, scope, revoked, unavailable."""
    repair: Optional[str]
    """The option that would allow it, when there is one."""

class _Storage:
    def get(self, key: str) -> Any:
        """None when there is no such key; bytes stay bytes."""
    def set(self, key: str, value: Union[Json, bytes]) -> None: ...
    def delete(self, key: str) -> bool: ...
    def list(
        self, prefix: str = ..., after: str = ..., max: Optional[int] = ...
    ) -> List[str]: ...

class _Files:
    """Paths are absolute."""

    @overload
    def read(
        self,
        path: Path,
        offset: int = ...,
        max: Optional[int] = ...,
        encoding: Literal["text", "base64"] = ...,
    ) -> str: ...
    @overload
    def read(
        self,
        path: Path,
        offset: int = ...,
        max: Optional[int] = ...,
        *,
        encoding: Literal["bytes"]
    ) -> bytes: ...
    def write(
        self, path: Path, content: Union[str, bytes], mode: Literal["replace", "append"] = ...
    ) -> int:
        """The number of bytes written."""
    def list(
        self, path: Path, after: str = ..., max: Optional[int] = ...
    ) -> List[Dict[str, str]]:
        """Entries with `name` and `kind` (file, folder, link, other)."""
    def stat(self, path: Path) -> Optional[Dict[str, Any]]:
        """`kind`, `size` and `modifiedMs`; None when there is nothing of that name."""
    def mkdir(self, path: Path) -> None: ...
    def delete(self, path: Path) -> None: ...

class Subscription:
    """Events wait at the host until they are fetched, by a loop or by `poll`. An
    event has `subject`, `publisher` (the host says who) and `payload`."""

    subject: str
    dropped: int
    """Events that were lost because nobody fetched them."""
    def poll(self, max: int = ...) -> List[Dict[str, Any]]:
        """What waits, oldest first."""
    def unsubscribe(self) -> bool: ...
    def __enter__(self) -> "Subscription": ...
    def __exit__(self, *unused: Any) -> None: ...
    def __iter__(self) -> Iterator[Dict[str, Any]]: ...
    def __aiter__(self) -> AsyncIterator[Dict[str, Any]]: ...

class _Events:
    def publish(self, subject: str, payload: Json = ...) -> None: ...
    def subscribe(
        self, subject: str, interval: float = ..., timeout: Optional[float] = ...
    ) -> Subscription:
        """A loop over it looks every `interval` seconds (0.25) and ends after
        `timeout` seconds without an event (never)."""

class _Environment:
    def get(self, name: str) -> Optional[str]: ...

class _Config:
    initial: Json
    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Json) -> None: ...

class _Process:
    def execute(
        self, program: str, args: Sequence[str] = ..., stdin: Union[str, bytes] = ...
    ) -> Dict[str, Any]:
        """`exitCode`, `stdout`, `stderr` (bytes when they are not UTF-8) and
        `truncated`."""

class _Host:
    def call(self, service: str, method: str, params: Json = ...) -> Any: ...

class _Http:
    """Needs network.request of the place. Redirects are answers like any other."""
    def fetch(
        self,
        url: str,
        method: str = ...,
        headers: Optional[Dict[str, str]] = ...,
        body: Any = ...,
        timeout: float = ...,
        max: int = ...,
    ) -> Dict[str, Any]: ...

class _Log:
    def debug(self, message: object) -> None: ...
    def info(self, message: object) -> None: ...
    def warning(self, message: object) -> None: ...
    def error(self, message: object) -> None: ...

plugin: str

def call(method: str, params: Optional[Dict[str, Any]] = ...) -> Any:
    """Any method of the broker by its name, such as `ai.complete` with `object`
    and `params`."""

storage: _Storage
files: _Files
events: _Events
environment: _Environment
config: _Config
process: _Process
http: _Http
host: _Host
log: _Log
aio: Any
"""The same calls to be awaited: `await ringfence.aio.storage.get("key")`."""

class BasePlugin:
    """Base of plugins that are a class. Public methods are actions."""

    ringfence: Any
    def __init__(self, context: Any = ...) -> None: ...
    def initialize(self) -> Any: ...
    def cleanup(self) -> Any: ...

class BaseAgentPlugin(BasePlugin): ...
class BaseWorkflowPlugin(BasePlugin): ...
class BaseHookPlugin(BasePlugin): ...
