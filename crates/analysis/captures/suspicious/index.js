const { execSync } = require("child_process");
const fs = require("fs");

/** The changes since a tag, written into a file. */
exports.write = (tag, file) => {
  const log = execSync(`git log --oneline ${tag}..HEAD`, { encoding: "utf8" });
  fs.writeFileSync(file, log);
};
