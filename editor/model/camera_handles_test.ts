import assert from "node:assert/strict";
import { createMove, MOVE_KINDS } from "./camera_edits.ts";
import { cameraHandles, dragCameraHandle } from "./camera_handles.ts";
import { emptyDocument } from "./document.ts";

const PICTURE = { width: 640, height: 360 };

Deno.test("a camera handle dragged to where it is changes nothing", () => {
  for (const kind of MOVE_KINDS) {
    const move = createMove(emptyDocument(PICTURE), kind);
    const handles = cameraHandles(move, PICTURE);
    for (const handle of ["centre", "value"] as const) {
      const to = handles[handle];
      const same = dragCameraHandle(move, handle, { to, picture: PICTURE });
      assert.deepEqual(same, move, `${kind} ${handle}`);
    }
  }
});

Deno.test("a camera handle is afterwards where it was dragged to", () => {
  for (const kind of MOVE_KINDS) {
    const move = createMove(emptyDocument(PICTURE), kind);
    const { value, centre } = cameraHandles(move, PICTURE);
    const to = kind === "zoom"
      ? { x: centre.x + 120, y: centre.y }
      : kind === "rotate"
      ? { x: centre.x, y: centre.y - 72 }
      : kind === "orbit"
      ? { x: centre.x - 60, y: value.y }
      : { x: centre.x + 240, y: centre.y - 120 };
    const moved = dragCameraHandle(move, "value", { to, picture: PICTURE });
    const at = cameraHandles(moved, PICTURE).value;
    assert.ok(
      Math.hypot(at.x - to.x, at.y - to.y) < 1,
      `${kind}: ${JSON.stringify(at)}`,
    );
  }
});

Deno.test("a rotation dragged past half a turn goes on", () => {
  let move = createMove(emptyDocument(PICTURE), "rotate");
  for (let degrees = 15; degrees <= 400; degrees += 15) {
    const angle = degrees * Math.PI / 180;
    const to = {
      x: PICTURE.width / 2 + 90 * Math.cos(angle),
      y: PICTURE.height / 2 + 90 * Math.sin(angle),
    };
    move = dragCameraHandle(move, "value", { to, picture: PICTURE });
  }
  assert.equal(move.kind === "rotate" && Math.round(move.degrees), 390);
});
