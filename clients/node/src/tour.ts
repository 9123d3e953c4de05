import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { BrokerError, Client } from "./index.js";

const USAGE = `Usage: tour [--servers HOST:PORT,...] SUBJECT <LINES

Publishes each line of the input on SUBJECT, prints what a subscription to it from the earliest message on gets meanwhile, and
at the end fetches the first, the middle and the last message that it has published.`;

/** Returns the ids in the order of the lines: each message waits for the one before it. */
async function publish(client: Client, subject: string): Promise<number[]> {
  const ids: number[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const id = await client.publish(subject, line);
    console.log(`published ${id} ${line}`);
    ids.push(id);
  }
  return ids;
}

async function tour(client: Client, subject: string): Promise<void> {
  const stop = new AbortController();
  const received = new EventEmitter();
  let receivedId = 0;

  async function receive(): Promise<never> {
    for await (const message of client.subscribe(subject, "earliest", stop.signal)) {
      console.log(`received ${message.id} ${message.body}`);
      receivedId = message.id;
      received.emit("message");
    }
    throw new Error("a subscription has no end of its own");
  }

  async function publishAndFetch(): Promise<void> {
    const ids = await publish(client, subject);
    const last = ids.at(-1);
    if (last === undefined) {
      return;
    }
    while (receivedId < last) {
      await once(received, "message");
    }
    for (const id of [ids[0], ids[Math.floor(ids.length / 2)], last] as number[]) {
      const message = await client.fetch(subject, id);
      console.log(`fetched ${message.id} ${message.body}`);
    }
  }

  await Promise.race([receive(), publishAndFetch()]);
}

const { values, positionals } = parseArgs({
  options: {
    servers: { type: "string", default: "127.0.0.1:9091,127.0.0.1:9092,127.0.0.1:9093" },
    help: { type: "boolean", short: "h", default: false },
  },
  allowPositionals: true,
});
const [subject] = positionals;
if (values.help || subject === undefined || positionals.length > 1) {
  console.error(USAGE);
  process.exit(2);
}
const client = new Client(values.servers.split(","));
try {
  await tour(client, subject);
  process.exitCode = 0;
} catch (failure) {
  if (!(failure instanceof BrokerError)) {
    throw failure;
  }
  console.error(`error: ${failure.message}`);
  process.exitCode = 1;
} finally {
  client.close();
  // Whatever still waits for the input.
  process.stdin.destroy();
}
