// js-x-ray on each folder that is named on a line of the standard input: the folder, how
// many warnings there are, and how many of them are more than information.
import { AstAnalyser } from "@nodesecure/js-x-ray";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const analyser = new AstAnalyser();
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  let warnings = [];
  for (const name of readdirSync(line, { recursive: true })) {
    if (!/\.([cm]?[jt]s)$/.test(name)) continue;
    try {
      warnings = warnings.concat(analyser.analyse(readFileSync(join(line, name), "utf8")).warnings);
    } catch {
      // It does not read this file; that is nothing found.
    }
  }
  const serious = warnings.filter((one) => one.severity !== "Information");
  console.log(JSON.stringify([line, warnings.length, serious.length]));
}
