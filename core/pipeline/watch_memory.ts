/**
 * The peak memory of a generation.
 *
 * @module
 */

/** Watches memory until it is stopped. */
export interface MemoryWatch {
  /** Stops watching; returns the peak values, in bytes. */
  stop(): Promise<{ host: number; device?: number }>;
}

/** The interval between measurements, in milliseconds. */
const HOST_PERIOD = 200;
const DEVICE_PERIOD = 1000;

/**
 * Watches the memory of this process, including memory-mapped weights, and with
 * `gpu` that of the GPU as reported by `nvidia-smi`. The latter only if running
 * `nvidia-smi` is already permitted (the permission is never requested), and it
 * includes the memory of other programs.
 */
export function watchMemory(options: { gpu?: number } = {}): MemoryWatch {
  let host = 0;
  let device: number | undefined;
  const look = () => {
    host = Math.max(host, Deno.memoryUsage().rss);
  };
  look();
  const timers = [setInterval(look, HOST_PERIOD)];
  let measured: Promise<void> = Promise.resolve();
  const { gpu } = options;
  if (gpu !== undefined) {
    const measure = async () => {
      const used = await deviceMemory(gpu);
      if (used !== undefined) device = Math.max(device ?? 0, used);
    };
    measured = measure();
    timers.push(setInterval(() => {
      measured = measured.then(measure);
    }, DEVICE_PERIOD));
  }
  return {
    async stop() {
      timers.forEach(clearInterval);
      look();
      await measured;
      return { host, ...(device !== undefined && { device }) };
    },
  };
}

/** Bytes in use on a GPU; undefined if unknown. */
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
    return undefined; // no such program
  }
}
