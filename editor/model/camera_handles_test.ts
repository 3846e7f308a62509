import assert from "node:assert/strict";
import { createMove, MOVE_KINDS } from "./camera_edits.ts";
import { cameraHandles, dragCameraHandle } from "./camera_handles.ts";
import { emptyDocument } from "./document.ts";

const IMAGE = { width: 640, height: 360 };

Deno.test("a camera handle dragged to where it is changes nothing", () => {
  for (const kind of MOVE_KINDS) {
    const move = createMove(emptyDocument(IMAGE), kind);
    const handles = cameraHandles(move, IMAGE);
    for (const handle of ["center", "value"] as const) {
      const to = handles[handle];
      const same = dragCameraHandle(move, handle, { to, image: IMAGE });
      assert.deepEqual(same, move, `${kind} ${handle}`);
    }
  }
});

Deno.test("a camera handle is afterwards where it was dragged to", () => {
  for (const kind of MOVE_KINDS) {
    const move = createMove(emptyDocument(IMAGE), kind);
    const { value, center } = cameraHandles(move, IMAGE);
    const to = kind === "zoom"
      ? { x: center.x + 120, y: center.y }
      : kind === "rotate"
      ? { x: center.x, y: center.y - 72 }
      : kind === "orbit"
      ? { x: center.x - 60, y: value.y }
      : { x: center.x + 240, y: center.y - 120 };
    const moved = dragCameraHandle(move, "value", { to, image: IMAGE });
    const at = cameraHandles(moved, IMAGE).value;
    assert.ok(
      Math.hypot(at.x - to.x, at.y - to.y) < 1,
      `${kind}: ${JSON.stringify(at)}`,
    );
  }
});

Deno.test("a rotation dragged past half a turn continues", () => {
  let move = createMove(emptyDocument(IMAGE), "rotate");
  for (let degrees = 15; degrees <= 400; degrees += 15) {
    const angle = degrees * Math.PI / 180;
    const to = {
      x: IMAGE.width / 2 + 90 * Math.cos(angle),
      y: IMAGE.height / 2 + 90 * Math.sin(angle),
    };
    move = dragCameraHandle(move, "value", { to, image: IMAGE });
  }
  assert.equal(move.kind === "rotate" && Math.round(move.degrees), 390);
});
