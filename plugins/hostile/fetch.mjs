// attack: use the network as a JavaScript program would
// success: the host's listener gets a connection
import net from "node:net";
import dgram from "node:dgram";

const quiet = () => {};
const port = Number(process.env.BAIT_TCP);
process.on("uncaughtException", (error) => console.log(String(error)));
await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(300) }).then(() => console.log("GOT fetch"), quiet);
await new Promise((done) => {
  const link = net.connect(port, "127.0.0.1", () => { console.log("GOT connect"); done(); });
  link.on("error", done);
});
await new Promise((done) => {
  try {
    const socket = dgram.createSocket("udp4");
    socket.on("error", done);
    socket.send("owned", Number(process.env.BAIT_UDP), "127.0.0.1", (error) => {
      if (!error) console.log("GOT datagram");
      done();
    });
  } catch (error) {
    console.log(String(error));
    done();
  }
});
await new Promise((done) => {
  const link = net.connect(process.env.BAIT_UNIX, () => { console.log("GOT unix"); done(); });
  link.on("error", done);
});
console.log("TRIED");
process.exit(0);
