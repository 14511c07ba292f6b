"""GuardDog on each folder that is named on a line of the standard input: the folder,
how many of its rules match, and its score, from 0 to 10."""

import json
import logging
import sys

logging.disable(logging.CRITICAL)
from guarddog.scanners.npm_package_scanner import NPMPackageScanner
from guarddog.scanners.pypi_package_scanner import PypiPackageScanner

scanners = {"javascript": NPMPackageScanner(), "python": PypiPackageScanner()}
for line in sys.stdin:
    language, folder = line.rstrip("\n").split("\t")
    found = scanners[language].scan_local(folder)
    rules = [name for name, value in found["results"].items() if value]
    score = found["risk_score"].get("score", 0)
    print(json.dumps([folder, len(rules), score]), flush=True)
