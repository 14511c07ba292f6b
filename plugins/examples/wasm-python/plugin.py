import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.actions import Error
from wit_world.imports import files, storage, types

LAST = "notes/last"
PIECE = 1 << 20
count = 0


def greet(input):
    """A greeting that repeats what it was told."""
    return {"greeting": "Hello from Python!", "you_said": input}


def keep(input):
    """Keeps a note."""
    storage.set(LAST, types.Value_Json(json.dumps(input)))
    return True


def show(input):
    """The note that was kept."""
    note = storage.get(LAST)
    return json.loads(note.value) if isinstance(note, types.Value_Json) else None


def lines(path):
    """How many lines a file has."""
    if not isinstance(path, str):
        # A value of another type that is handed to Ringfence would end the instance.
        raise TypeError("give the path as a text")
    offset, found = 0, 0
    while True:
        piece = files.read(path, offset, PIECE)
        found += piece.content.count(b"\n")
        offset += len(piece.content)
        if piece.end:
            return found


def calls(input):
    """How often this instance was called."""
    global count
    count += 1
    return count


ALL = {action.__name__: action for action in (greet, keep, show, lines, calls)}


class Actions(exports.Actions):
    def list(self):
        return list(ALL)

    def call(self, action, input):
        try:
            return json.dumps(ALL[action](json.loads(input)))
        except Err as refused:
            # What Ringfence refuses arrives as `Err` with the failure as its value.
            raise Err(Error(refused.value.code, refused.value.message)) from None
        except Exception as error:
            # Any other exception that leaves this class would end the instance.
            raise Err(Error(type(error).__name__, str(error))) from None
