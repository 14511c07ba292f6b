# The part of Ringfence that runs beside plugin code in CPython 3.8 and later.
#
# It speaks the session protocol (newline-delimited JSON-RPC 2.0) on descriptor
# 3, loads the plugin's entry and runs its actions. It shares a process with
# plugin code, so the host believes nothing that comes from here.
#
# A cold start is what a user waits for, so nothing is imported that a plain
# interpreter has not loaded already; asyncio, traceback and inspect come in
# only when a plugin needs them.
#
# One thread reads the descriptor; the main thread loads the plugin and runs
# calls (signals and event loops want the main thread); calls that come while it
# is busy get threads of their own.

import sys
import os
import _thread

DESCRIPTOR = 3
PROTOCOL = 1
METHOD_NOT_FOUND = -32601
PLUGIN_FAILED = -32000
MAX_MESSAGE = 4 * 1024
MAX_STACK = 12 * 1024
# The host refuses more requests at once than this.
MAX_REQUESTS = 64
# Most bytes of a file, and most names or events, that the host gives at once.
MAX_READ = 1024 * 1024
MAX_LIST = 1000
# Seconds between two looks for events: each is a call that counts.
POLL_INTERVAL = 0.25


def _plain_json():
    import json

    encoder = json.JSONEncoder(
        ensure_ascii=True, allow_nan=False, separators=(",", ":")
    )
    return json.loads, encoder.encode


def _fast_json():
    """The C parts of the json package without its Python parts, whose import
    (regular expressions, enum) costs several times the rest of this file."""
    import _json

    class Context:
        strict = True
        object_hook = None
        object_pairs_hook = None
        parse_float = float
        parse_int = int
        parse_constant = float
        memo = {}

    scan = _json.make_scanner(Context())

    def loads(text):
        value, end = scan(text, 0)
        if text[end:].strip():
            raise ValueError("text after JSON")
        return value

    def unknown(value):
        raise TypeError(
            "an object of type %s is not JSON" % type(value).__name__
        )

    def dumps(value):
        encode = _json.make_encoder(
            {}, unknown, _json.encode_basestring_ascii, None,
            ":", ",", False, False, False,
        )
        return "".join(encode(value, 0))

    probe = {"a": [1, -2.5, "\u00e9\n", None, True, {}]}
    if loads(dumps(probe)) != probe:
        raise ValueError("unexpected json accelerator")
    return loads, dumps


try:
    _loads, _dumps = _fast_json()
except Exception:  # another interpreter, or another form of a private module
    _loads, _dumps = _plain_json()


class RingfenceError(Exception):
    """A request to the host was denied or failed."""

    def __init__(self, message, data=None):
        Exception.__init__(self, message)
        data = data if isinstance(data, dict) else {}
        self.message = message
        self.code = data.get("code") or "failed"
        self.kind = data.get("kind")
        self.object = data.get("object")
        self.withheld_by = data.get("withheldBy")
        self.repair = data.get("repair")


def _bounded(text, most):
    return text if len(text) <= most else text[:most]


def _describe(error):
    try:
        return str(error)
    except BaseException:
        return "an error that cannot be shown"


def _failure(error, code=PLUGIN_FAILED, stack=True):
    data = {"name": _bounded(type(error).__name__, 128)}
    if stack:
        try:
            import traceback

            lines = traceback.format_exception(
                type(error), error, error.__traceback__
            )
            data["stack"] = _bounded("".join(lines), MAX_STACK)
        except BaseException:
            pass
    if isinstance(error, RingfenceError):
        data["code"] = str(error.code)
    return {
        "code": code,
        "message": _bounded(_describe(error), MAX_MESSAGE),
        "data": data,
    }


class _Waiter:
    __slots__ = ("lock", "number", "reply")

    def __init__(self):
        self.lock = _thread.allocate_lock()
        self.lock.acquire()
        self.number = None
        self.reply = None


class _Connection:
    """The descriptor, shared by all threads."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._write_lock = _thread.allocate_lock()
        self._lock = _thread.allocate_lock()
        self._waiters = {}
        self._next = 1
        self._queue = []
        self._closed = False

    def send(self, message):
        message["jsonrpc"] = "2.0"
        data = (_dumps(message) + "\n").encode("ascii")
        with self._write_lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view):]

    def reply(self, call, result):
        try:
            self.send({"id": call, "result": result})
        except (TypeError, ValueError, RecursionError) as error:
            problem = TypeError("the result is not JSON: %s" % _describe(error))
            self.send({"id": call, "error": _failure(problem, stack=False)})

    def request(self, method, **params):
        """A request whose absent parameters are left out."""
        return self.call(
            method, {k: v for k, v in params.items() if v is not _ABSENT}
        )

    def call(self, method, params=None):
        """One request by its name, for methods that have no function here."""
        waiter = _Waiter()
        with self._lock:
            if self._closed:
                raise RingfenceError("the host has gone", {"code": "gone"})
            if len(self._waiters) < MAX_REQUESTS:
                self._number(waiter)
            else:
                self._queue.append(waiter)
        if waiter.number is None:
            waiter.lock.acquire()
        if waiter.reply is None:
            message = {"id": waiter.number, "method": method}
            if params is not None:
                message["params"] = params
            try:
                self.send(message)
            except BaseException:
                self._forget(waiter.number)
                raise
            waiter.lock.acquire()
        error = waiter.reply.get("error")
        if error is not None:
            raise RingfenceError(error.get("message", ""), error.get("data"))
        return waiter.reply.get("result")

    def _number(self, waiter):
        waiter.number = self._next
        self._next += 1
        self._waiters[waiter.number] = waiter

    def _forget(self, number):
        """Ends a request and gives its place to the next in the queue."""
        with self._lock:
            waiter = self._waiters.pop(number, None)
            following = None
            if waiter is not None and self._queue:
                following = self._queue.pop(0)
                self._number(following)
        if following is not None:
            following.lock.release()
        return waiter

    def receive(self, message):
        waiter = self._forget(message.get("id"))
        if waiter is not None:
            waiter.reply = message
            waiter.lock.release()

    def close(self):
        gone = {"error": {"message": "the host has gone", "data": {"code": "gone"}}}
        with self._lock:
            self._closed = True
            waiters = list(self._waiters.values()) + self._queue
            self._waiters, self._queue = {}, []
        for waiter in waiters:
            waiter.reply = gone
            try:
                waiter.lock.release()
            except RuntimeError:  # woken a moment ago to take its place
                pass


_ABSENT = object()
_connection = _Connection(DESCRIPTOR)
_request = _connection.request


# ---- answers of the broker as an author wants them ----


def _from_bytes(value):
    """Bytes travel as {"base64": "..."}, wherever a text could stand as well."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        import binascii

        text = binascii.b2a_base64(value, newline=False).decode("ascii")
        return {"base64": text}
    return value


def _to_bytes(value):
    if isinstance(value, dict) and len(value) == 1:
        text = value.get("base64")
        if isinstance(text, str):
            import binascii

            return binascii.a2b_base64(text)
    return value


def _look_up(method, **params):
    """The value of the answer; None when there is nothing of that name."""
    try:
        return _request(method, **params)["value"]
    except RingfenceError as error:
        if error.code == "not_found":
            return None
        raise


def _pages(method, member, name_of, after, most, **params):
    """All pages of a list, or the first `most` entries."""
    found = []
    while True:
        left = _ABSENT if most is None else min(most - len(found), MAX_LIST)
        answer = _request(method, after=after, max=left, **params)
        page = answer[member]
        found.extend(page)
        if not answer["more"] or not page or (most is not None and len(found) >= most):
            return found
        after = name_of(page[-1])


# ---- the module `ringfence` ----


class _Storage:
    """Needs storage.read or storage.write of the key."""

    def get(self, key):
        return _to_bytes(_look_up("storage.get", key=key))

    def set(self, key, value):
        _request("storage.set", key=key, value=_from_bytes(value))

    def delete(self, key):
        return _request("storage.delete", key=key)["deleted"]

    def list(self, prefix="", after=_ABSENT, max=None):
        return _pages(
            "storage.list", "keys", lambda key: key, after, max, prefix=prefix
        )


class _Files:
    """Needs files.read, files.write or files.delete of the path."""

    def read(self, path, offset=0, max=None, encoding="text"):
        """A whole file, or `max` bytes from `offset`, though each answer has a
        limit."""
        if encoding not in ("text", "base64", "bytes"):
            raise ValueError("encoding is text, base64 or bytes")
        wire = _ABSENT if encoding == "text" else "base64"
        pieces = []
        length = 0
        while True:
            answer = _request(
                "files.read",
                path=str(path),
                offset=offset + length,
                max=_ABSENT if max is None else min(max - length, MAX_READ),
                encoding=wire,
            )
            content = answer["content"]
            # A piece may end within a character; then it comes as bytes.
            piece = (
                content.encode("utf-8")
                if isinstance(content, str)
                else _to_bytes(content)
            )
            pieces.append(piece)
            length += len(piece)
            if answer["end"] or not piece or (max is not None and length >= max):
                break
        data = b"".join(pieces)
        if encoding == "bytes":
            return data
        if encoding == "base64":
            return _from_bytes(data)["base64"]
        return data.decode("utf-8")

    def write(self, path, content, mode=_ABSENT):
        answer = _request(
            "files.write", path=str(path), content=_from_bytes(content), mode=mode
        )
        return answer["written"]

    def list(self, path, after=_ABSENT, max=None):
        return _pages(
            "files.list", "entries", lambda entry: entry["name"], after, max,
            path=str(path),
        )

    def stat(self, path):
        try:
            return _request("files.stat", path=str(path))
        except RingfenceError as error:
            if error.code == "not_found":
                return None
            raise

    def mkdir(self, path):
        _request("files.mkdir", path=str(path))

    def delete(self, path):
        _request("files.delete", path=str(path))


class _Http:
    """Needs network.request of the place. Redirects are answers like any other."""

    def fetch(self, url, method=_ABSENT, headers=_ABSENT, body=_ABSENT, timeout=_ABSENT, max=_ABSENT):
        if body is not _ABSENT:
            body = _from_bytes(body)
        if timeout is not _ABSENT:
            timeout = int(timeout * 1000)
        said = {"method": method, "headers": headers, "body": body, "timeoutMs": timeout, "max": max}
        said = {name: value for name, value in said.items() if value is not _ABSENT}
        answer = _connection.call("http.fetch", {"url": url, **said})
        answer["body"] = _to_bytes(answer["body"])
        return answer


class Subscription:
    """Events wait at the host until they are fetched: `for event in ...`,
    `async for event in ...` or `poll()`."""

    def __init__(self, subject, interval, timeout):
        self.subject = subject
        self.interval = interval
        self.timeout = timeout
        self.dropped = 0
        self.more = False
        self.ended = False
        self._waiting = []
        self._rest = False
        self._number = _request("events.subscribe", subject=subject)["subscription"]

    def poll(self, max=_ABSENT):
        answer = _request("events.poll", subscription=self._number, max=max)
        self.dropped += answer["dropped"]
        self.more = answer["more"]
        return answer["events"]

    def unsubscribe(self):
        if self.ended:
            return False
        self.ended = True
        return _request("events.unsubscribe", subscription=self._number)["ended"]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        try:
            self.unsubscribe()
        except RingfenceError:
            pass  # the host has gone, or no call is left; it ends with the run

    def _next(self):
        import time

        quiet = 0
        while not self._waiting and not self.ended:
            if self._rest:
                pause = self.interval
                if self.timeout is not None:
                    pause = min(pause, self.timeout - quiet)
                if pause <= 0:
                    break
                time.sleep(pause)
                quiet += pause
            self._waiting = self.poll()
            self._rest = not self.more
        return self._waiting.pop(0) if self._waiting else _ABSENT

    def __iter__(self):
        return self

    def __next__(self):
        event = self._next()
        if event is _ABSENT:
            raise StopIteration
        return event

    def __aiter__(self):
        return self

    async def __anext__(self):
        import asyncio

        loop = asyncio.get_running_loop()
        event = await loop.run_in_executor(None, self._next)
        if event is _ABSENT:
            raise StopAsyncIteration
        return event


class _Events:
    """Needs events.publish or events.subscribe of the subject."""

    def publish(self, subject, payload=None):
        _request("events.publish", subject=subject, payload=payload)

    def subscribe(self, subject, interval=POLL_INTERVAL, timeout=None):
        return Subscription(subject, interval, timeout)


class _Environment:
    """Needs environment.read of the variable."""

    def get(self, name):
        return _look_up("environment.get", name=name)


class _Config:
    """Needs config.read or config.write of the key; `initial` needs nothing."""

    initial = {}

    def get(self, key):
        return _look_up("config.get", key=key)

    def set(self, key, value):
        _request("config.set", key=key, value=value)


class _Process:
    """Needs process.execute of the program, which runs in a jail of its own."""

    def execute(self, program, args=(), stdin=_ABSENT):
        answer = _request(
            "process.execute",
            program=program,
            args=list(args),
            stdin=_from_bytes(stdin),
        )
        answer["stdout"] = _to_bytes(answer["stdout"])
        answer["stderr"] = _to_bytes(answer["stderr"])
        return answer


class _Host:
    """Needs host.call of `service/method`."""

    def call(self, service, method, params=_ABSENT):
        message = {"service": service, "method": method}
        if params is not _ABSENT:
            message["params"] = params
        return _connection.call("host.call", message)


class _Log:
    """Lines for whoever runs the plugin."""

    def _send(self, level, message):
        _connection.send(
            {"method": "log", "params": {"level": level, "message": str(message)}}
        )

    def debug(self, message):
        self._send("debug", message)

    def info(self, message):
        self._send("info", message)

    def warning(self, message):
        self._send("warning", message)

    def error(self, message):
        self._send("error", message)


class _Asynchronous:
    """`await ringfence.aio.storage.get(key)`: the same calls on a worker thread,
    so that an event loop goes on meanwhile."""

    def __init__(self, target):
        self._target = target

    def __getattr__(self, name):
        value = getattr(self._target, name)
        if not callable(value):
            return _Asynchronous(value)

        async def call(*args, **kwargs):
            import asyncio

            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                None, lambda: value(*args, **kwargs)
            )

        return call


class BasePlugin:
    """Base of plugins that are a class. Public methods are actions."""

    def __init__(self, context=None):
        self.ringfence = context

    def initialize(self):
        """Called once before the first action."""

    def cleanup(self):
        """Called when the host ends the session in good order."""


class BaseAgentPlugin(BasePlugin):
    """Base of plugins of type `agent`."""


class BaseWorkflowPlugin(BasePlugin):
    """Base of plugins of type `workflow`."""


class BaseHookPlugin(BasePlugin):
    """Base of plugins of type `hook`."""


_BASES = (BasePlugin, BaseAgentPlugin, BaseWorkflowPlugin, BaseHookPlugin)

ringfence = type(sys)("ringfence")
ringfence.__doc__ = "The world, as far as the grants go."
ringfence.plugin = ""
ringfence.call = _connection.call
ringfence.storage = _Storage()
ringfence.files = _Files()
ringfence.events = _Events()
ringfence.environment = _Environment()
ringfence.config = _Config()
ringfence.process = _Process()
ringfence.http = _Http()
ringfence.host = _Host()
ringfence.log = _Log()
ringfence.aio = _Asynchronous(ringfence)
ringfence.RingfenceError = RingfenceError
for _base in _BASES:
    setattr(ringfence, _base.__name__, _base)
    _base.__module__ = "ringfence"
RingfenceError.__module__ = "ringfence"
sys.modules["ringfence"] = ringfence

_actions = {}
_instance = None


# ---- loading ----


def _load(entry, module=None):
    if module:
        # One of a package, which may import its neighbours by `from . import`;
        # the host has put the folder above it on the search path.
        __import__(module)
        return sys.modules[module]
    folder, file = os.path.split(entry)
    # In the place of the runner's own folder, as if the entry were the script.
    sys.path.insert(0, folder)
    name = file[:-3] if file.endswith(".py") else file
    if name in sys.modules or not name.isidentifier():
        name = "ringfence_plugin"
    try:
        # importlib.util loads a dozen modules more than its frozen core.
        import _frozen_importlib
        import _frozen_importlib_external

        loader = _frozen_importlib_external.SourceFileLoader(name, entry)
        spec = _frozen_importlib_external.spec_from_file_location(
            name, entry, loader=loader
        )
        module = _frozen_importlib.module_from_spec(spec)
    except (ImportError, AttributeError):
        import importlib.util

        spec = importlib.util.spec_from_file_location(name, entry)
        module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _methods(target):
    found = {}
    for name in dir(target):
        if name.startswith("_") or name in ("initialize", "cleanup"):
            continue
        # Properties must not run merely because somebody looked.
        if isinstance(getattr(type(target), name, None), property):
            continue
        value = getattr(target, name)
        if callable(value) and not isinstance(value, type):
            found[name] = value
    return found


def _collect(module, class_name, declared):
    global _instance
    if class_name:
        try:
            source = getattr(module, class_name)
        except AttributeError:
            raise LookupError("the entry has nothing called %s" % class_name)
        if isinstance(source, type):
            _instance = _call_flexibly(source, (ringfence,))
            return _methods(_instance)
        return {"default": source, "run": source} if callable(source) else _methods(source)
    listed = getattr(module, "ACTIONS", None)
    if isinstance(listed, dict):
        return {str(name): run for name, run in listed.items() if callable(run)}
    found = {}
    plugin_class = None
    for name, value in list(vars(module).items()):
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            if issubclass(value, BasePlugin):
                plugin_class = value
        elif callable(value):
            found[name] = value
    for name in declared:
        # Imported from elsewhere, but the manifest names it.
        value = getattr(module, name, None)
        if callable(value) and not isinstance(value, type):
            found.setdefault(name, value)
    if plugin_class is not None and not found:
        _instance = _call_flexibly(plugin_class, (ringfence,))
        return _methods(_instance)
    return found


def _positional(function):
    """How many positional arguments a callable takes; 2 when it takes any."""
    bound = 0
    target = function
    if isinstance(target, type):
        target, bound = target.__init__, 1
    elif hasattr(target, "__func__"):
        target, bound = target.__func__, 1
    # Wrappers of functools say what they wrap.
    while hasattr(target, "__wrapped__"):
        target = target.__wrapped__
    code = getattr(target, "__code__", None)
    if code is not None:
        if code.co_flags & 0x04:  # *args
            return 2
        return max(code.co_argcount - bound, 0)
    try:
        import inspect

        kinds = inspect.Parameter
        count = 0
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind == kinds.VAR_POSITIONAL:
                return 2
            if parameter.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD):
                count += 1
        return count
    except (TypeError, ValueError):
        return 0 if isinstance(function, type) else 2


def _call_flexibly(function, args):
    return function(*args[: _positional(function)])


def _finish(result):
    """Runs a coroutine to its end; anything else is a result already."""
    if hasattr(result, "__await__"):
        import asyncio

        async def wait():
            return await result

        return asyncio.run(wait())
    return result


# ---- messages of the host ----


def _initialize(number, params):
    global _actions
    try:
        if params.get("protocol") != PROTOCOL:
            raise RuntimeError(
                "the host speaks version %s of the protocol, this runner %s"
                % (params.get("protocol"), PROTOCOL)
            )
        ringfence.plugin = params.get("plugin") or ""
        ringfence.config.initial = params.get("config")
        sys.path[:0] = params.get("search_paths") or []
        _actions = _collect(
            _load(params["entry"], params.get("module")),
            params.get("class"),
            params.get("actions") or (),
        )
        if _instance is not None and hasattr(_instance, "initialize"):
            _finish(_call_flexibly(_instance.initialize, (ringfence,)))
        names = [name for name in _actions if 0 < len(name) <= 128][:256]
        _connection.send(
            {"id": number, "result": {"protocol": PROTOCOL, "actions": names}}
        )
    except Exception as error:
        _connection.send({"id": number, "error": _failure(error)})


def _call(number, params):
    name = params.get("action")
    try:
        action = _actions.get(name)
        if action is None:
            known = ", ".join(_actions) or "none"
            missing = LookupError("there is no action %s; there are: %s" % (name, known))
            _connection.send(
                {"id": number, "error": _failure(missing, METHOD_NOT_FOUND, False)}
            )
            return
        result = _finish(_call_flexibly(action, (params.get("input"), ringfence)))
        _connection.reply(number, result)
    except SystemExit:
        # As with any program: the process ends, and the host sees that.
        raise
    except BaseException as error:
        _connection.send({"id": number, "error": _failure(error)})


class _Inbox:
    """Work for the main thread; a further thread is started when it is busy."""

    def __init__(self):
        self._lock = _thread.allocate_lock()
        self._wake = _thread.allocate_lock()
        self._wake.acquire()
        self._left = _thread.allocate_lock()
        self._left.acquire()
        self._idle = True
        self._stopping = False
        self._job = None

    def put(self, function, *args):
        with self._lock:
            if self._idle:
                self._idle = False
                self._job = (function, args)
                self._wake.release()
                return
        _thread.start_new_thread(_run_or_exit, (function, args))

    def stop(self, seconds):
        """Ends the main thread's loop; False when it is still busy then."""
        with self._lock:
            self._stopping = True
            if self._idle:
                self._idle = False
                self._job = None
                self._wake.release()
        return self._left.acquire(True, seconds)

    def run(self):
        while True:
            self._wake.acquire()
            job = self._job
            if job is not None:
                function, args = job
                function(*args)
            with self._lock:
                self._idle = not self._stopping
                if self._stopping:
                    self._left.release()
                    return


def _run_or_exit(function, args):
    try:
        function(*args)
    except SystemExit as error:
        # In the main thread this would end the process.
        code = error.code
        _flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def _read(inbox):
    held = []
    try:
        while True:
            chunk = os.read(DESCRIPTOR, 65536)
            if not chunk:
                break
            lines = chunk.split(b"\n")
            for line in lines[:-1]:
                held.append(line)
                message = _loads(b"".join(held).decode("utf-8"))
                held = []
                method = message.get("method")
                if method is None:
                    _connection.receive(message)
                elif method == "call":
                    inbox.put(_call, message["id"], message.get("params") or {})
                elif method == "initialize":
                    inbox.put(_initialize, message["id"], message.get("params") or {})
            if lines[-1]:
                held.append(lines[-1])
    except OSError:
        pass
    _connection.close()
    if not inbox.stop(0.2):
        # Plugin code is still busy and nobody waits for it.
        _flush()
        os._exit(0)


def _main():
    os.set_inheritable(DESCRIPTOR, False)
    if sys.flags.no_site:
        # `-S` saves two thirds of the start of a python with site-packages; the
        # two names of `site` that programs use are put back.
        import builtins

        builtins.exit = builtins.quit = sys.exit
    # What was printed before an answer is seen before it, and is not lost when
    # the jail is ended: a pipe is written in blocks otherwise.
    if sys.stdout is not None:
        sys.stdout.reconfigure(line_buffering=True)
    inbox = _Inbox()
    _thread.start_new_thread(_read, (inbox,))
    inbox.run()
    if _instance is not None and hasattr(_instance, "cleanup"):
        _finish(_call_flexibly(_instance.cleanup, (ringfence,)))


if __name__ == "__main__":
    _main()
