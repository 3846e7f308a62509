/**
 * Progress of several items: bars on a terminal, plain lines elsewhere. The
 * only file that imports cli-progress.
 *
 * @module
 */

// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "npm:cli-progress@3.12.0";

/** Shows how far items are. */
export interface Progress {
  /** A step of an item. Shown on a terminal only. */
  step(
    item: string,
    progress: {
      stage: string;
      done: number;
      total: number;
      seconds?: number;
      secondsLeft?: number;
    },
  ): void;
  /** Takes the item's bar away, if it has one. */
  end(item: string): void;
  /** A line that stays, above the bars. */
  line(text: string): void;
  /** Takes all bars away; no more calls after it. */
  stop(): void;
}

/** Bars when `terminal`, else lines only. Lines go to `print`. */
export function createProgress(
  options: { terminal: boolean; print: (line: string) => void },
): Progress {
  return options.terminal
    ? createBars(options.print)
    : { step() {}, end() {}, line: options.print, stop() {} };
}

function createBars(print: (line: string) => void): Progress {
  /** There only while a bar is: it keeps a timer and moves the cursor. */
  let bars: cliProgress.MultiBar | undefined;
  const shown = new Map<
    string,
    {
      bar: cliProgress.SingleBar;
      stage: string;
      since: number;
      /** What the work itself last said about its pace. */
      pace: string | undefined;
    }
  >();
  const stop = () => {
    bars?.update(); // writes the lines that wait
    bars?.stop();
    bars = undefined;
    shown.clear();
  };
  return {
    step(item, { stage, done, total, seconds: perStep, secondsLeft }) {
      const now = performance.now();
      bars ??= new cliProgress.MultiBar(OPTIONS);
      let entry = shown.get(item);
      if (!entry) {
        const bar = bars.create(total, 0, { item, stage, left: "" });
        shown.set(item, entry = { bar, stage, since: now, pace: undefined });
      }
      if (entry.stage !== stage) {
        entry.stage = stage;
        entry.since = now;
        entry.pace = undefined;
      }
      if (perStep !== undefined && secondsLeft !== undefined) {
        entry.pace = `, ${perStep.toFixed(1)} s each, ${
          Math.ceil(secondsLeft)
        } s left`;
      }
      entry.bar.setTotal(total);
      const seconds = (now - entry.since) / 1000 / done * (total - done);
      const left = entry.pace ??
        (done < total && Number.isFinite(seconds)
          ? `, ${Math.ceil(seconds)} s left`
          : "");
      entry.bar.update(done, { item, stage, left });
    },
    end(item) {
      const entry = shown.get(item);
      if (!entry) return;
      shown.delete(item);
      if (shown.size === 0) stop();
      else bars?.remove(entry.bar);
    },
    line(text) {
      if (bars) bars.log(`${text}\n`);
      else print(text);
    },
    stop,
  };
}

const OPTIONS: cliProgress.Options = {
  format: "{item} {bar} {stage} {value}/{total}{left}",
  barCompleteChar: "━",
  barIncompleteChar: "─",
  barsize: 30,
  hideCursor: true,
  clearOnComplete: true,
  emptyOnZero: true,
  gracefulExit: false, // Ctrl-C is the tool's business
  fps: 10,
};
