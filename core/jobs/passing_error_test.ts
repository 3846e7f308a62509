import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { fileError } from "../files/file_error.ts";
import { mayPass } from "./passing_error.ts";

Deno.test("mayPass() knows full disks and lost GPUs, under any wrapper", () => {
  const full = Object.assign(new Error("No space left"), { code: "ENOSPC" });
  const passing: unknown[] = [
    full,
    fileError("write", "a.mp4", full),
    new Error("the item failed", { cause: new Error("x", { cause: full }) }),
    new Error("CUDA failure 719: unspecified launch failure"),
    new Error("webgpu: Device lost: the driver was reset"),
    new Error("VK_ERROR_DEVICE_LOST"),
    new Error("Available memory is small: failed to allocate 4 GB"),
  ];
  for (const error of passing) assert.ok(mayPass(error), String(error));
  const lasting: unknown[] = [
    new FormatError("Cannot read a.pth"),
    Object.assign(new Error("no"), { code: "ENOENT" }),
    Object.assign(new Error("no"), { code: "EACCES" }),
    new RangeError("Cannot use the tracks"),
    "ENOSPC",
    undefined,
  ];
  for (const error of lasting) assert.ok(!mayPass(error), String(error));
  const circle = new Error("a");
  circle.cause = circle;
  assert.ok(!mayPass(circle));
});
