/**
 * The image layer of browsers with WebGL2: draws the image through the motion
 * preview's mesh.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { ShownImage } from "../images.ts";
import type { LayerTexture } from "../../model/layer_texture.ts";
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
uniform sampler2D over;
uniform float opacity;
uniform int kind;
in vec2 uv;
out vec4 color;
void main() {
  color = texture(image, uv);
  if (kind == 4) {
    vec4 fill = texture(over, uv);
    color.rgb = mix(color.rgb, fill.rgb, fill.a);
  } else if (kind == 1) {
    vec2 inside = step(vec2(0.0), uv) * step(uv, vec2(1.0));
    color *= texture(over, uv).r * inside.x * inside.y;
  }
  color *= opacity;
}`;

const PLAIN: MotionMesh = {
  columns: 1,
  rows: 1,
  source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
};

/** Drawn by the CPU: a pass takes 20 ms and more. */
const SLOW = /swiftshader|llvmpipe|basic render/i;
/** So much of the density is left there while the image moves: half the px. */
const COARSE = 0.7;

/** Draws by WebGL2. */
export class WebglLayer implements ImageLayer {
  readonly busy = false;
  readonly #gl: WebGL2RenderingContext;
  #image: ShownImage | undefined;
  #loaded: ShownImage | undefined;
  #scene: Scene | undefined;
  readonly #isSlow: boolean;

  /** `onRestored` is called when a lost context is there again. */
  constructor(gl: WebGL2RenderingContext, onRestored: () => void) {
    this.#gl = gl;
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    this.#isSlow = SLOW.test(
      gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER),
    );
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
    { view, size, ratio, playing }: Parameters<ImageLayer["draw"]>[1],
  ): void {
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    this.#scene ??= createScene(gl);
    const { rectangle, opacity, kind } = this.#scene;
    const density = ratio * (playing && this.#isSlow ? COARSE : 1);
    const width = Math.round(size.width * density);
    const height = Math.round(size.height * density);
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
      gl.uniform1i(kind, pass.texture?.channels ?? 0);
      this.#scene.setTexture(pass.texture);
      gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
    }
  }
}

interface Scene {
  readonly rectangle: WebGLUniformLocation | null;
  readonly opacity: WebGLUniformLocation | null;
  readonly kind: WebGLUniformLocation | null;
  /** Makes a texture the next one to be drawn with. */
  setTexture(texture: LayerTexture | undefined): void;
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
  gl.uniform1i(gl.getUniformLocation(program, "over"), 1);
  const textures = createTextures(gl);
  return {
    kind: gl.getUniformLocation(program, "kind"),
    setTexture: textures,
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

/** Textures that are kept: those of one scene, and some. */
const KEPT_TEXTURES = 24;

/** Binds a texture to the second unit, uploading it where it is new. */
function createTextures(
  gl: WebGL2RenderingContext,
): (texture: LayerTexture | undefined) => void {
  const known = new Map<LayerTexture, WebGLTexture>();
  return (texture) => {
    if (!texture) return;
    gl.activeTexture(gl.TEXTURE1);
    const there = known.get(texture);
    if (there) gl.bindTexture(gl.TEXTURE_2D, there);
    else {
      const made = gl.createTexture();
      known.set(texture, made);
      gl.bindTexture(gl.TEXTURE_2D, made);
      const { width, height, channels, data } = texture;
      const format = channels === 4 ? gl.RGBA : gl.RED;
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      gl.texImage2D(
        gl.TEXTURE_2D,
        0,
        channels === 4 ? gl.RGBA8 : gl.R8,
        width,
        height,
        0,
        format,
        gl.UNSIGNED_BYTE,
        data,
      );
      const set = (name: number, value: number) =>
        gl.texParameteri(gl.TEXTURE_2D, name, value);
      set(gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      set(gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      // As the image: beyond its border it is mirrored.
      const wrap = channels === 4 ? gl.MIRRORED_REPEAT : gl.CLAMP_TO_EDGE;
      set(gl.TEXTURE_WRAP_S, wrap);
      set(gl.TEXTURE_WRAP_T, wrap);
      for (const [old, held] of known) {
        if (known.size <= KEPT_TEXTURES) break;
        known.delete(old);
        gl.deleteTexture(held);
      }
    }
    gl.activeTexture(gl.TEXTURE0);
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
