/**
 * The image layer of browsers with WebGL2: draws the image through the motion
 * preview's mesh.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { Size, View } from "../../model/view.ts";
import type { ShownImage } from "../images.ts";
import type { ImageLayer, ImagePass } from "./image_layer.ts";

const VERTEX = `#version 300 es
layout(location = 0) in vec2 position;
layout(location = 1) in vec2 source;
uniform vec4 rectangle;
out vec2 uv;
void main() {
  gl_Position = vec4(rectangle.xy + position * rectangle.zw, 0.0, 1.0);
  uv = source;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D image;
uniform float opacity;
in vec2 uv;
out vec4 color;
void main() {
  color = texture(image, uv) * opacity;
}`;

const PLAIN: MotionMesh = {
  columns: 1,
  rows: 1,
  source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
};

/** Draws by WebGL2. */
export class WebglLayer implements ImageLayer {
  readonly #gl: WebGL2RenderingContext;
  #image: ShownImage | undefined;
  #loaded: ShownImage | undefined;
  #scene: Scene | undefined;

  /** `onRestored` is called when a lost context is there again. */
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

  setImage(image: ShownImage | undefined): void {
    this.#image = image;
  }

  draw(
    passes: readonly ImagePass[],
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
    const image = this.#image;
    if (!image) return;
    if (this.#loaded !== image) {
      upload(gl, image.bitmap);
      this.#loaded = image;
    }
    gl.uniform4f(
      rectangle,
      2 * view.x / size.width - 1,
      1 - 2 * view.y / size.height,
      2 * view.scale * image.width / size.width,
      -2 * view.scale * image.height / size.height,
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
      `Cannot prepare the image's drawing: ${gl.getProgramInfoLog(program)}`,
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
  const positions = new Float32Array(2 * (columns + 1) * (rows + 1));
  const indices: number[] = [];
  for (let j = 0, k = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++) {
      positions[k++] = i / columns;
      positions[k++] = j / rows;
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
  attribute(0, positions);
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
