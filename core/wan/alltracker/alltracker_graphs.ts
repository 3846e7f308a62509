/**
 * AllTracker as four graphs: the encoder of a frame, the look-up of a frame,
 * the update of a window of frames, and the motion at full size.
 *
 * Mirrors `Net` in aharley/alltracker (nets/alltracker.py, nets/blocks.py).
 * There the correlations of a whole window are kept at once (2.5 GB at
 * 768x448); here they are made again for each frame in each iteration, in
 * parts. There the motion of every pixel is made; here that of some cells.
 *
 * @module
 */

import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../../onnx/graph/graph_target.ts";
import {
  attention,
  conv,
  gemm,
  layerNorm,
  linear,
} from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import type { Component } from "../networks.ts";
import { basicEncoder, convNext } from "./_encoders.ts";
import { lookUp } from "./_look_up.ts";
import { convNextBlock, EPS, inParts, relu } from "./_operators.ts";
import { type AllTrackerConfig, CELL, HEADS } from "./layout.ts";

/** AllTracker, as its graphs need it. */
export type AllTrackerComponent = Pick<
  Component<"allTracker">,
  "tensors" | "config"
>;

/** The size of the features, an eighth of the working size. */
export interface CellSize {
  /** Rows of cells. */
  readonly rows: number;
  /** Columns of cells. */
  readonly columns: number;
}

/**
 * Float32 everywhere. Attention over a window of 16 is written out: the fused
 * operator is made for long sequences.
 */
const TARGET: GraphTarget = {
  compute: "float32",
  attention: "manual",
  float8: "cast",
};

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

function builder(name: string, { tensors }: AllTrackerComponent): GraphBuilder {
  return new GraphBuilder(name, { weights: tensors, target: TARGET });
}

/**
 * The encoder. Input: `frame` float32 `[1, 3, 8 rows, 8 columns]`, RGB from 0 to
 * 255. Output: `features` float32 `[1, features, rows, columns]`.
 */
export function buildAllTrackerEncoder(
  component: AllTrackerComponent,
  { rows, columns }: CellSize,
): BuiltGraph {
  const g = builder("AllTracker's encoder", component);
  const frame = g.input("frame", "float32", [
    1,
    3,
    CELL * rows,
    CELL * columns,
  ]);
  const perColor = (values: readonly number[]) =>
    g.constant("float32", [1, 3, 1, 1], values);
  const image = frame.div(255).sub(perColor(MEAN)).div(perColor(DEVIATION));
  const { encoder } = component.config;
  g.output(
    "features",
    encoder.kind === "convnext"
      ? convNext(image, encoder)
      : basicEncoder(image, encoder),
  );
  return g.build();
}

/**
 * What the motion of one frame so far finds there. Inputs, all float32:
 * `anchor`, the features of the first frame, and `features`, those of the frame,
 * `[1, features, rows, columns]`; `flow` `[1, 2, rows, columns]` in cells.
 * Output: `motion` `[1, hidden, rows, columns]`.
 */
export function buildAllTrackerLookUp(
  component: AllTrackerComponent,
  { rows, columns }: CellSize,
): BuiltGraph {
  const g = builder("AllTracker's look-up", component);
  const { features } = component.config;
  const shape = [1, features, rows, columns];
  const anchor = g.input("anchor", "float32", shape);
  const other = g.input("features", "float32", shape);
  const flow = g.input("flow", "float32", [1, 2, rows, columns]);
  const layer = (x: Value, name: string, pad: number) =>
    relu(conv(x, `update_block.motion_encoder.${name}`, {
      pads: [pad, pad, pad, pad],
    }));
  const found = layer(
    layer(lookUp(anchor, other, flow), "convc1", 0),
    "convc2",
    1,
  );
  const moved = layer(layer(flow, "convf1", 2), "convf2", 1);
  const joined = layer(concat([found, moved], 1), "conv", 1);
  g.output("motion", concat([joined, flow], 1));
  return g.build();
}

/** The name of the input of `buildAllTrackerUpdate` for a frame of the window. */
export function motionInput(frame: number): string {
  return `motion.${frame}`;
}

/**
 * One refinement of a window. Inputs, all float32: `anchor` as in the look-up;
 * `state` `[window, dim, rows, columns]`; `flow` and `visconf`
 * `[window, 2, rows, columns]`; `motion.0`, `motion.1` and so on, the look-up of
 * each frame. Outputs: `state`, `flow` and `visconf` for the next refinement,
 * under the names `next_state`, `next_flow`, `next_visconf`.
 */
export function buildAllTrackerUpdate(
  component: AllTrackerComponent,
  { rows, columns }: CellSize,
): BuiltGraph {
  const g = builder("AllTracker's update", component);
  const { window, dim, features, hidden, blocks } = component.config;
  const anchor = g.input("anchor", "float32", [1, features, rows, columns]);
  const state = g.input("state", "float32", [window, dim, rows, columns]);
  const pairs = [window, 2, rows, columns];
  const flow = g.input("flow", "float32", pairs);
  const visconf = g.input("visconf", "float32", pairs);
  const motions = Array.from(
    { length: window },
    (_, t) => g.input(motionInput(t), "float32", [1, hidden, rows, columns]),
  );
  const context = anchor.slice(1, features - dim, features);
  const time = g.weight("time_emb", { shape: [window, dim, 1, 1] });
  const inputs = 2 * dim + hidden + 2;
  let x = inParts(window, inputs * rows * columns, (from, to) =>
    conv(
      concat([
        state.slice(0, from, to),
        context.add(time.slice(0, from, to)),
        concat(motions.slice(from, to), 0),
        visconf.slice(0, from, to),
      ], 1),
      "update_block.compressor",
    ));
  for (let i = 0; i < blocks; i++) {
    x = overTime(x, `update_block.refine.${2 * i}`);
    x = convNextBlock(x, `update_block.refine.${2 * i + 1}`);
  }
  const next = conv(x, "update_block.final_conv");
  g.output("next_state", next);
  g.output("next_flow", flow.add(head(next, "flow_head", component.config)));
  g.output(
    "next_visconf",
    visconf.add(head(next, "visconf_head", component.config)),
  );
  return g.build();
}

/** The block over time: attention of each cell to itself in all frames. */
function overTime(x: Value, name: string): Value {
  const g = x.graph;
  const [window, width, rows, columns] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const scale = g.weight(`${name}.layer_scale`, { shape: [width] });
  const cells = rows * columns;
  const tokens = x.transpose([2, 3, 0, 1]).reshape([cells, window, width]);
  const norm = (value: Value) => layerNorm(value, { eps: EPS });
  const mixed = inParts(cells, 4 * window * width, (from, to) => {
    const part = tokens.slice(0, from, to);
    const normed = norm(part);
    const [k, v] = linear(normed, `${name}.block.attn.to_kv`).chunk(2, 2);
    const attended = attention(
      linear(normed, `${name}.block.attn.to_q`),
      k!,
      v!,
      { heads: HEADS },
    );
    const y = part.add(linear(attended, `${name}.block.attn.to_out`));
    const z = y.add(linear(
      linear(norm(y), `${name}.block.mlp.fc1`).gelu("tanh"),
      `${name}.block.mlp.fc2`,
    ));
    // The block's result has its input in it, and is added to it once more.
    return part.add(z.mul(scale));
  });
  return mixed.reshape([rows, columns, window, width])
    .transpose([2, 3, 0, 1]);
}

function head(x: Value, name: string, config: AllTrackerConfig): Value {
  const [window, , rows, columns] = x.shape as [number, number, number, number];
  const pads = [1, 1, 1, 1];
  return inParts(window, config.head * rows * columns, (from, to) => {
    const inner = relu(conv(x.slice(0, from, to), `${name}.0`, { pads }));
    return conv(inner, `${name}.2`, { pads });
  });
}

/**
 * Flow, visibility, and confidence of the 64 pixels of some cells, each a blend
 * of the nine cells around it. Inputs: `state`, `flow` and `visconf` as the
 * update makes them; `neighbors` int64 `[9 count]`, the index of the nine cells
 * around each one, row by row, in the map with a border of one cell. Output:
 * `pixels` float32 `[window * count, 64, 4]`: x, y of the flow in px, logits of
 * visible and of confident.
 */
export function buildAllTrackerPixels(
  component: AllTrackerComponent,
  { rows, columns, count }: CellSize & { readonly count: number },
): BuiltGraph {
  const g = builder("AllTracker's motion at full size", component);
  const { window, dim, head: width } = component.config;
  const input = (name: string, channels: number) =>
    g.input(name, "float32", [window, channels, rows, columns]);
  const state = input("state", dim);
  const coarse = concat([input("flow", 2), input("visconf", 2)], 1);
  const neighbors = g.input("neighbors", "int64", [9 * count]);
  /** `[window, c, rows, columns]` to `[window, c, count, 9]`. */
  const around = (x: Value) =>
    x.pad([[2, 1, 1], [3, 1, 1]])
      .reshape([window, x.shape[1]!, (rows + 2) * (columns + 2)])
      .gather(neighbors, 2)
      .reshape([window, x.shape[1]!, count, 9]);
  const patches = around(state).transpose([0, 2, 1, 3])
    .reshape([window * count, 9 * dim]);
  const weight = g.weight("upsample_weight.0.weight", {
    shape: [width, 9 * dim],
  });
  const bias = g.weight("upsample_weight.0.bias");
  const inner = relu(gemm(patches, weight, { bias }));
  const shares = linear(inner, "upsample_weight.2").mul(0.25)
    .reshape([window * count, 9, CELL * CELL]).softmax(1);
  const values = around(coarse).mul(CELL).transpose([0, 2, 3, 1])
    .reshape([window * count, 9, 4]);
  g.output("pixels", shares.transpose([0, 2, 1]).matmul(values));
  return g.build();
}
