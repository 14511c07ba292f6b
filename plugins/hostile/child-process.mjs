// attack: reach the host through child processes, workers and native parts of Node.js
// success: the secret of the host is printed
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

const secret = process.env.BAIT_SECRET;
const attempt = (work) => { try { console.log(String(work())); } catch (error) { console.log(String(error.code)); } };
attempt(() => readFileSync(secret));
attempt(() => spawnSync("/bin/sh", ["-c", `cat ${secret}`]).stdout);
attempt(() => spawnSync(process.execPath, ["-p", `fs.readFileSync(${JSON.stringify(secret)},'utf8')`]).stdout);
attempt(() => process.kill(Number(process.env.BAIT_PID), "SIGKILL"));
attempt(() => process.chdir("/proc/1/root"));
attempt(() => process.setuid(0));
attempt(() => process.dlopen({ exports: {} }, process.env.TMPDIR + "/x.node"));
await new Promise((done) => {
  const code = `require("fs").writeFileSync(${JSON.stringify(process.env.BAIT_DROP)}, "owned")`;
  const worker = new Worker(code, { eval: true });
  worker.on("error", done);
  worker.on("exit", done);
});
console.log("TRIED");
