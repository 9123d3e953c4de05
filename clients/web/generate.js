// Makes src/contract from broker.proto and what that imports. buf compiles what is below one directory, so that is put
// together first.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const CONTRACT = "../../proto/src/main/proto";
const GOOGLE = "node_modules/google-proto-files";
const INPUT = "build/proto";
const OUTPUT = "src/contract";

const sources = {
  "broker.proto": CONTRACT,
  "google/rpc/error_details.proto": GOOGLE,
  "google/rpc/status.proto": GOOGLE,
};

process.chdir(import.meta.dirname);
rmSync(INPUT, { recursive: true, force: true });
rmSync(OUTPUT, { recursive: true, force: true });
for (const [file, from] of Object.entries(sources)) {
  mkdirSync(dirname(join(INPUT, file)), { recursive: true });
  cpSync(join(from, file), join(INPUT, file));
}
const plugin = {
  local: "node_modules/.bin/protoc-gen-es",
  out: OUTPUT,
  opt: ["target=ts", "import_extension=js"],
};
execFileSync(
  "node_modules/.bin/buf",
  ["generate", INPUT, "--template", JSON.stringify({ version: "v2", plugins: [plugin] })],
  { stdio: "inherit" },
);
