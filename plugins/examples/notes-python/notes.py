import ringfence
from ringfence import BaseWorkflowPlugin


class Notes(BaseWorkflowPlugin):
    """Public methods are actions; one object lives as long as the plugin runs."""

    def add(self, input):
        return {"number": self._keep([input["text"]])}

    def list(self):
        return self._all()

    def find(self, input):
        wanted = input["text"].lower()
        return [note for note in self._all() if wanted in note["text"].lower()]

    def load(self, input):
        lines = ringfence.files.read(input["path"]).splitlines()
        lines = [line.strip() for line in lines if line.strip()]
        self._keep(lines)
        return {"loaded": len(lines)}

    def _all(self):
        return ringfence.storage.get("notes") or []

    def _keep(self, texts):
        notes = self._all()
        for text in texts:
            notes.append({"number": len(notes) + 1, "text": text})
        ringfence.storage.set("notes", notes)
        return len(notes)
