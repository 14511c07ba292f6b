"""Asks an index for documents, each of them under the first address that has it, and writes
down what came. Whoever reads that believes none of it."""

import concurrent.futures
import json
import os
import ssl
import sys
import urllib.error
import urllib.request

AT_ONCE = 8
SILENCE = 30


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def authorities(given):
    """As pip: the file that is configured, else the one that pip brings."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        given = given or os.environ.get(name)
    if given:
        return given
    try:
        from pip._vendor import certifi

        return certifi.where()
    except Exception:
        return None


def opener(certificates):
    context = ssl.create_default_context(cafile=authorities(certificates))
    handlers = (urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(NoRedirect, *handlers)


def one(opener, folder, number, wanted):
    said = {"status": 404}
    for which, url in enumerate(wanted["urls"]):
        headers = {"Accept": wanted["accept"], "User-Agent": "ringfence"}
        try:
            request = urllib.request.Request(url, headers=headers)
            with opener.open(request, timeout=SILENCE) as answer:
                content = answer.read(wanted["most"] + 1)
                if len(content) > wanted["most"]:
                    return {"error": "it is larger than is read"}
                if answer.status != 200:
                    said = {"status": answer.status}
                    continue
                with open(os.path.join(folder, str(number)), "wb") as file:
                    file.write(content)
                return {"status": 200, "which": which}
        except urllib.error.HTTPError as error:
            said = {"status": error.code}
        except Exception as error:
            return {"error": str(error) or type(error).__name__}
    return said


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    folder = sys.argv[2]
    opened = opener(given["certificates"])
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        said = list(
            pool.map(
                lambda one_of: one(opened, folder, *one_of), list(enumerate(given["wanted"]))
            )
        )
    with open(os.path.join(folder, "said.json"), "w", encoding="utf-8") as file:
        json.dump(said, file)


main()
