import assert from "node:assert/strict";
import { acceptsValue, describeValues } from "../base/setting.ts";
import { checkAtiSteps } from "./ati/ati_control.ts";
import {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  type ControlValues,
  controlValuesIn,
} from "./control_values.ts";
import { createControl } from "./create_control.ts";
import {
  checkClock,
  chosenClock,
  clockNotes,
} from "./time_to_move/dual_clock.ts";
import {
  describeIdleMotion,
  describeSteering,
  describeStray,
  findStray,
  resolveSteering,
  withControlDefaults,
} from "./resolve_control.ts";

Deno.test("every setting is listed under its own name and accepts its default", () => {
  for (const key of CONTROL_KEYS) {
    const setting = CONTROL_SETTINGS[key];
    assert.equal(setting.name, key);
    if (!("default" in setting)) continue;
    assert.ok(acceptsValue(setting, setting.default), key);
    assert.ok(!acceptsValue(setting, {}), key);
  }
  assert.equal(
    describeValues(CONTROL_SETTINGS.topk),
    "a whole number from 1 to 100",
  );
  assert.ok(!acceptsValue(CONTROL_SETTINGS.topk, 1.5));
  assert.ok(!acceptsValue(CONTROL_SETTINGS.motion_end, 1.01));
});

Deno.test("what the settings describe is what the methods do by default", () => {
  const inputs = { step: 0, steps: 4, branch: "unconditional" } as const;
  for (const control of CONTROL_SETTINGS.control.choices) {
    const own = CONTROL_KEYS.filter((key) => {
      const setting = CONTROL_SETTINGS[key];
      return "owner" in setting && setting.owner === control;
    });
    const values = Object.fromEntries(own.map((key) => {
      const setting = CONTROL_SETTINGS[key];
      return [key, "default" in setting ? setting.default : undefined];
    }));
    const [plain, spelled] = [{ control }, { control, ...values }].map(
      (values) => createControl(resolveSteering(values).control),
    );
    assert.equal(plain!.method, control);
    assert.equal(plain!.hasMotion(inputs), spelled!.hasMotion(inputs));
    assert.equal(plain!.flowShift(832 * 480), control === "wan-move" ? 3 : 5);
    assert.equal(plain!.flowShift(832 * 481), 5);
  }
});

Deno.test("an entry's values win over the defaults, which act on their own method only", () => {
  const defaults: ControlValues = { temperature: 150, topk: 1 };
  assert.deepEqual(
    resolveSteering(withControlDefaults({ topk: 3 }, defaults)).control,
    { method: "ati", temperature: 150, topk: 3 },
  );
  const moved = withControlDefaults(
    { control: "wan-move", motion_strength: 0.5 },
    defaults,
  );
  assert.deepEqual(resolveSteering(moved).control, {
    method: "wan-move",
    strength: 0.5,
  });
  assert.deepEqual(findStray(moved), []);
  assert.deepEqual(
    findStray(withControlDefaults({ topk: 3 }, { control: "none" })),
    [{ key: "topk", owner: "ati" }],
  );
  assert.deepEqual(
    controlValuesIn({ ...defaults, image: "a.jpg" } as ControlValues),
    defaults,
  );
});

Deno.test("Time-to-Move goes with every control, and a signal switches it on", () => {
  for (const control of CONTROL_SETTINGS.control.choices) {
    const { timeToMove } = resolveSteering({ control, time_to_move: "camera" });
    assert.deepEqual(timeToMove, { mode: "camera" });
  }
  const defaults: ControlValues = {
    motion_signal: "a.mp4",
    motion_mask: "b.mp4",
    tweak: 2,
  };
  assert.deepEqual(resolveSteering(defaults).timeToMove, {
    mode: "object",
    tweak: 2,
    signal: "a.mp4",
    mask: "b.mp4",
  });
  // A signal of an entry's own does not get the mask of another.
  assert.deepEqual(
    resolveSteering(withControlDefaults({ motion_signal: "c" }, defaults))
      .timeToMove,
    { mode: "object", tweak: 2, signal: "c" },
  );
  const off = withControlDefaults({ time_to_move: "off" }, defaults);
  assert.deepEqual(off, { time_to_move: "off" });
  assert.equal(resolveSteering(off).timeToMove, undefined);
  const [stray] = findStray({ time_to_move: "off", tstrong: 3 });
  assert.equal(
    describeStray(stray!, {}, (key) => key),
    "tstrong has no effect without time_to_move",
  );
});

Deno.test("attention guidance goes with every control, and 0 is none", () => {
  for (const control of CONTROL_SETTINGS.control.choices) {
    const { nag } = resolveSteering({ control, nag_scale: 11, nag_tau: 3 });
    assert.deepEqual(nag, { scale: 11, tau: 3 });
  }
  assert.equal(resolveSteering({ nag_scale: 0 }).nag, undefined);
  const [stray] = findStray({ nag_alpha: 0.5 });
  assert.equal(
    describeStray(stray!, {}, (key) => key),
    "nag_alpha has no effect without nag_scale",
  );
  // An entry that switches it off is not told what the others' limit is.
  assert.deepEqual(
    withControlDefaults({ nag_scale: 0 }, { nag_scale: 11, nag_tau: 3 }),
    { nag_scale: 0 },
  );
  assert.equal(
    describeSteering(resolveSteering({ nag_scale: 11 })),
    "control ati; NAG, scale 11",
  );
});

Deno.test("a choice is described in one line", () => {
  assert.equal(
    describeSteering(resolveSteering({
      control: "wan-move",
      motion_strength: 0.5,
      motion_signal: "cut",
      tweak: 2,
    })),
    "control wan-move, strength 0.5; Time-to-Move object, tweak 2, signal cut",
  );
  assert.equal(describeSteering(resolveSteering({})), "control ati");
});

Deno.test("clocks that are not said fit around those that are", () => {
  const of = (choice: { tweak?: number; tstrong?: number }, steps = 50) => {
    const clock = chosenClock({ mode: "object", ...choice }, steps);
    checkClock(clock, steps);
    return [clock.tweak, clock.tstrong];
  };
  assert.deepEqual(of({}), [3, 7]);
  assert.deepEqual(of({ tweak: 10 }), [10, 11]);
  assert.deepEqual(of({ tstrong: 1 }), [1, 1]);
  assert.deepEqual(of({ tweak: -1 }), [-1, 7]);
  assert.deepEqual(of({ tweak: 3 }, 4), [3, 3]);
  assert.deepEqual(of({}, 1), [0, 0]);
  assert.deepEqual(clockNotes({ tweak: 3, tstrong: 7 }, 50), []);
  assert.match(clockNotes({ tweak: 0, tstrong: 1 }, 4)[0]!, /4 steps.*in 1/);
});

Deno.test("motion that acts in no step of any run is found, one step is enough", () => {
  const idle = (values: ControlValues) =>
    describeIdleMotion(values, (key, value) => `--${key} ${value}`);
  assert.equal(
    idle({ motion_start: 0.6, motion_end: 0.5 }),
    "--motion_start 0.6 is after --motion_end 0.5: the motion would act in no step",
  );
  assert.match(
    idle({ motion_start: 1 })!,
    /^--motion_start 1 is the run's end/,
  );
  for (
    const values of [
      {},
      { motion_start: 0, motion_end: 0 },
      { motion_start: 0.5, motion_end: 0.5 },
      { motion_start: 0.99 },
      { motion_start: 1, control: "wan-move" } as const,
    ]
  ) assert.equal(idle(values), undefined);
  const check = (motionStart: number, motionEnd: number, steps: number) =>
    checkAtiSteps({ method: "ati", motionStart, motionEnd }, steps);
  check(0, 0, 1);
  check(0.5, 0.5, 40);
  assert.throws(() => check(0.5, 0.5, 7), /none of 7 steps is between them/);
  assert.throws(
    () => check(0.9, 1, 4),
    /motionStart 0.9 and motionEnd 1: none/,
  );
  assert.throws(() => check(0.6, 0.5, 40), RangeError);
});
