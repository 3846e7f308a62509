/**
 * How much memory a generation takes at its height.
 *
 * @module
 */

/** Watches memory until it is stopped. */
export interface MemoryWatch {
  /** Ends the watch; the largest values seen, in bytes. */
  stop(): Promise<{ host: number; device?: number }>;
}

/** How often memory is looked at, in milliseconds. */
const HOST_PERIOD = 200;
const DEVICE_PERIOD = 1000;

/**
 * Watches the memory of this process, weights that are mapped from files
 * included, and with `gpu` that of the GPU as `nvidia-smi` tells it. The
 * latter only if running `nvidia-smi` is permitted already; it is never asked
 * for, and counts what other programs hold as well.
 */
export function watchMemory(options: { gpu?: number } = {}): MemoryWatch {
  let host = 0;
  let device: number | undefined;
  const look = () => {
    host = Math.max(host, Deno.memoryUsage().rss);
  };
  look();
  const timers = [setInterval(look, HOST_PERIOD)];
  let asked: Promise<void> = Promise.resolve();
  const { gpu } = options;
  if (gpu !== undefined) {
    const ask = async () => {
      const used = await deviceMemory(gpu);
      if (used !== undefined) device = Math.max(device ?? 0, used);
    };
    asked = ask();
    timers.push(setInterval(() => {
      asked = asked.then(ask);
    }, DEVICE_PERIOD));
  }
  return {
    async stop() {
      timers.forEach(clearInterval);
      look();
      await asked;
      return { host, ...(device !== undefined && { device }) };
    },
  };
}

/** Bytes in use on a GPU, if there is a way to know. */
async function deviceMemory(gpu: number): Promise<number | undefined> {
  const command = "nvidia-smi";
  const permission = { name: "run", command } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return;
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args: [
        `--id=${gpu}`,
        "--query-gpu=memory.used",
        "--format=csv,noheader,nounits",
      ],
    }).output();
    const mebibytes = Number(new TextDecoder().decode(stdout).trim());
    return success && mebibytes > 0 ? mebibytes * 2 ** 20 : undefined;
  } catch {
    return undefined; // there is no such program
  }
}
