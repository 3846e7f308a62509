/**
 * The picture on the stage: drawn by WebGL2 through the motion preview's
 * mesh; `plain_layer.ts` does it where the browser has no WebGL2.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { Size, View } from "../../model/view.ts";
import type { ShownPicture } from "../pictures.ts";
import { say, sayError } from "../state.ts";

/** One drawing of the picture. */
export interface PicturePass {
  /** Where each place of the picture comes from; undefined: from itself. */
  readonly mesh?: MotionMesh | undefined;
  /** 1 covers what is below it. */
  readonly opacity: number;
}

/** Draws the picture into a canvas. */
export interface PictureLayer {
  /** The picture of the next drawings. */
  setPicture(picture: ShownPicture | undefined): void;
  /** Draws one pass above the other. `size` is the stage's, in CSS px. */
  draw(
    passes: readonly PicturePass[],
    place: { readonly view: View; readonly size: Size; readonly ratio: number },
  ): void;
}

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in vec2 source;
uniform vec4 rectangle;
out vec2 uv;
void main() {
  gl_Position = vec4(rectangle.xy + place * rectangle.zw, 0.0, 1.0);
  uv = source;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform float opacity;
in vec2 uv;
out vec4 colour;
void main() {
  colour = texture(picture, uv) * opacity;
}`;

const PLAIN: MotionMesh = {
  columns: 1,
  rows: 1,
  source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
};

/**
 * Takes a canvas that has no context yet. `onChange` is called when what was
 * drawn has to be drawn again.
 */
export async function createPictureLayer(
  canvas: HTMLCanvasElement,
  onChange: () => void,
): Promise<PictureLayer> {
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    powerPreference: "low-power",
  });
  if (gl) return new WebglLayer(gl, onChange);
  say("This browser has no WebGL2: the preview is slower and less sharp");
  const { PlainLayer } = await import("../later.ts");
  return new PlainLayer(canvas, { onFrame: onChange, onError: sayError });
}

class WebglLayer implements PictureLayer {
  readonly #gl: WebGL2RenderingContext;
  #picture: ShownPicture | undefined;
  #loaded: ShownPicture | undefined;
  #scene: Scene | undefined;

  constructor(gl: WebGL2RenderingContext, onRestored: () => void) {
    this.#gl = gl;
    const { canvas } = gl;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#scene = undefined;
      this.#loaded = undefined;
    });
    canvas.addEventListener("webglcontextrestored", onRestored);
  }

  setPicture(picture: ShownPicture | undefined): void {
    this.#picture = picture;
  }

  draw(
    passes: readonly PicturePass[],
    { view, size, ratio }: { view: View; size: Size; ratio: number },
  ): void {
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    this.#scene ??= createScene(gl);
    const { rectangle, opacity } = this.#scene;
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (gl.canvas.width !== width) gl.canvas.width = width;
    if (gl.canvas.height !== height) gl.canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const picture = this.#picture;
    if (!picture) return;
    if (this.#loaded !== picture) {
      upload(gl, picture.bitmap);
      this.#loaded = picture;
    }
    gl.uniform4f(
      rectangle,
      2 * view.x / size.width - 1,
      1 - 2 * view.y / size.height,
      2 * view.scale * picture.width / size.width,
      -2 * view.scale * picture.height / size.height,
    );
    for (const pass of passes) {
      const mesh = pass.mesh ?? PLAIN;
      const count = this.#scene.setGrid(mesh);
      gl.uniform1f(opacity, pass.opacity);
      gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
    }
  }
}

interface Scene {
  readonly rectangle: WebGLUniformLocation | null;
  readonly opacity: WebGLUniformLocation | null;
  /** Makes a mesh the next one to be drawn; answers its number of indices. */
  setGrid(mesh: MotionMesh): number;
}

function createScene(gl: WebGL2RenderingContext): Scene {
  const program = gl.createProgram();
  for (
    const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const
  ) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(
      `Cannot prepare the picture's drawing: ${gl.getProgramInfoLog(program)}`,
    );
  }
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const grids = new Map<
    string,
    { vertices: WebGLVertexArrayObject; count: number; source: WebGLBuffer }
  >();
  return {
    rectangle: gl.getUniformLocation(program, "rectangle"),
    opacity: gl.getUniformLocation(program, "opacity"),
    setGrid(mesh) {
      const key = `${mesh.columns}x${mesh.rows}`;
      let grid = grids.get(key);
      if (!grid) {
        grid = createGrid(gl, mesh);
        grids.set(key, grid);
      }
      gl.bindVertexArray(grid.vertices);
      gl.bindBuffer(gl.ARRAY_BUFFER, grid.source);
      gl.bufferData(gl.ARRAY_BUFFER, mesh.source, gl.DYNAMIC_DRAW);
      return grid.count;
    },
  };
}

function createGrid(
  gl: WebGL2RenderingContext,
  { columns, rows }: MotionMesh,
): { vertices: WebGLVertexArrayObject; count: number; source: WebGLBuffer } {
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  const places = new Float32Array(2 * (columns + 1) * (rows + 1));
  const indices: number[] = [];
  for (let j = 0, k = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++) {
      places[k++] = i / columns;
      places[k++] = j / rows;
      if (i === columns || j === rows) continue;
      const a = j * (columns + 1) + i, b = a + columns + 1;
      indices.push(a, a + 1, b, a + 1, b + 1, b);
    }
  }
  const attribute = (index: number, data?: Float32Array<ArrayBuffer>) => {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    if (data) gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(index);
    gl.vertexAttribPointer(index, 2, gl.FLOAT, false, 0, 0);
    return buffer;
  };
  attribute(0, places);
  const source = attribute(1);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(
    gl.ELEMENT_ARRAY_BUFFER,
    new Uint16Array(indices),
    gl.STATIC_DRAW,
  );
  return { vertices, count: indices.length, source };
}

function upload(gl: WebGL2RenderingContext, bitmap: ImageBitmap): void {
  gl.deleteTexture(gl.getParameter(gl.TEXTURE_BINDING_2D));
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.generateMipmap(gl.TEXTURE_2D);
  const set = (name: number, value: number) =>
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  set(gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  set(gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  set(gl.TEXTURE_WRAP_S, gl.MIRRORED_REPEAT);
  set(gl.TEXTURE_WRAP_T, gl.MIRRORED_REPEAT);
}
