import assert from "node:assert/strict";
import { acceptsValue, describeValues } from "../base/setting.ts";
import {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  type ControlValues,
  controlValuesIn,
} from "./control_values.ts";
import { createControl } from "./create_control.ts";
import {
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
  assert.equal(findStray(moved), undefined);
  assert.deepEqual(
    findStray(withControlDefaults({ topk: 3 }, { control: "none" })),
    { key: "topk", owner: "ati" },
  );
  assert.deepEqual(
    controlValuesIn({ ...defaults, image: "a.jpg" } as ControlValues),
    defaults,
  );
});
