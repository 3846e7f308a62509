/**
 * The depth sources of `tracks camera`.
 *
 * @module
 */

import { memorySource } from "../../core/base/byte_source.ts";
import { type NpyArray, readNpy } from "../../core/formats/npy.ts";
import { FormatError, quote, withHint } from "../../core/base/errors.ts";
import { readFileBytes } from "../../core/files/files.ts";
import { decodeGray } from "../../core/media/gray_image.ts";
import {
  type DepthKind,
  depthMap,
  type DepthValues,
} from "../../core/tracks/camera/depth_map.ts";
import {
  flatDepth,
  floorDepth,
  type SceneDepth,
} from "../../core/tracks/camera/scene_depth.ts";
import { openNpz } from "../../core/formats/npz.ts";
import { UsageError } from "../shared/tool.ts";

/** How a depth source is understood. */
export interface DepthFlags {
  /** What the numbers of a map are. */
  readonly kind?: DepthKind | undefined;
  /** The depths of its nearest and farthest number. */
  readonly range?: readonly [near: number, far: number] | undefined;
  /** The array of a `.npz`. */
  readonly array?: string | undefined;
}

/** A depth source, and in a sentence how it was understood. */
export interface NamedDepth {
  /** The scene. */
  readonly depth: SceneDepth;
  /** For the user. */
  readonly note: string;
}

/** 256 MiB: a map of 64 megapixels in float32. */
const MAX_DEPTH_BYTES = 256 * 1024 * 1024;

/** The arrays of a `.npz` that are taken when none is named, and their kinds. */
const ARRAY_NAMES: readonly (readonly [name: string, kind: DepthKind])[] = [
  ["depth", "metric"],
  ["depth_map", "metric"],
  ["depths", "metric"],
  ["metric_depth", "metric"],
  ["inverse_depth", "inverse"],
  ["disparity", "inverse"],
  ["disp", "inverse"],
  ["inverse", "inverse"],
];

/** The depth of an image from the text that follows `--depth`. */
export async function readDepth(
  source: string,
  image: { readonly width: number; readonly height: number },
  flags: DepthFlags,
): Promise<NamedDepth> {
  const horizon = /^plane:horizon=(-?\d*\.?\d+)$/.exec(source)?.[1];
  if (source === "flat" || horizon !== undefined) {
    for (const [name, value] of Object.entries(flags)) {
      if (value === undefined) continue;
      throw new UsageError(
        `Cannot use --depth-${name} with --depth ${source}, expected a depth map`,
      );
    }
    return horizon === undefined
      ? { depth: flatDepth(), note: "Depth: flat, everything equally far." }
      : {
        depth: floorDepth(image, { horizon: Number(horizon) }),
        note: `Depth: a floor with its horizon at y = ${
          (Number(horizon) * image.height).toFixed(1)
        } px, infinitely far above it.`,
      };
  }
  if (source.startsWith("plane:")) {
    throw new UsageError(
      withHint(
        `Cannot use depth ${
          quote(source)
        }, expected flat, plane:horizon=H or a depth map`,
        "The horizon is a share of the height: plane:horizon=0.4.",
      ),
    );
  }
  const bytes = await readFileBytes(source);
  const { values, usual, what } = await readValues(bytes, source, flags);
  const kind = flags.kind ?? usual;
  const depth = depthMap(values, image, {
    name: source,
    kind,
    ...flags.range && { range: flags.range },
  });
  const sense = kind === "inverse"
    ? "inverse depth (large is near)"
    : "depth (large is far)";
  return {
    depth,
    note: `Depth: ${what}, ${values.width}x${values.height}, taken as ${sense}${
      flags.kind
        ? "."
        : `; --depth-kind ${
          kind === "inverse" ? "metric" : "inverse"
        } for the opposite.`
    }`,
  };
}

async function readValues(
  bytes: Uint8Array,
  name: string,
  flags: DepthFlags,
): Promise<{ values: DepthValues; usual: DepthKind; what: string }> {
  const [first, second, third] = bytes;
  if (first === 0x93 && second === 0x4e) {
    const values = planeOf(readNpy(memorySource(bytes, name)), name);
    return { values, usual: "metric", what: "an array" };
  }
  if (first === 0x50 && second === 0x4b) {
    const npz = openNpz(bytes, { name, limit: MAX_DEPTH_BYTES });
    const known = ARRAY_NAMES.find(([array]) => npz.names.includes(array));
    const array = flags.array ?? known?.[0] ??
      (npz.names.length === 1 ? npz.names[0] : undefined);
    if (array === undefined) {
      throw new UsageError(
        withHint(
          `Cannot take depth from ${quote(name)}: it has the arrays ${
            npz.names.map(quote).join(", ")
          }, expected one named "depth"`,
          "Say which with --depth-array NAME.",
        ),
      );
    }
    const kind = ARRAY_NAMES.find(([known]) => known === array)?.[1];
    return {
      values: planeOf(await npz.array(array), name),
      usual: kind ?? "metric",
      what: `the array ${quote(array)}`,
    };
  }
  if (first === 0x76 && second === 0x2f && third === 0x31) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(name)
        }: it is an OpenEXR image, expected a gray .png, .npy or .npz`,
        "Save the depth channel as .npy (float32), or as a 16-bit gray PNG.",
      ),
      { offset: 0 },
    );
  }
  const image = await decodeGray(bytes, { name });
  return {
    values: image,
    usual: "inverse",
    what: `a ${image.bits}-bit image`,
  };
}

/** The one plane of an array, (H, W) with axes of 1 around it. */
function planeOf(array: NpyArray, name: string): DepthValues {
  const axes = array.dims.filter((length) => length !== 1);
  const [height, width] = axes.length === 2 ? axes : array.dims;
  if (
    axes.length > 2 || height === undefined || width === undefined ||
    array.descr === "|b1"
  ) {
    throw new FormatError(
      `Cannot take depth from ${quote(name)}: its shape is (${
        array.dims.join(", ")
      }) of ${array.descr}, expected numbers of shape (H, W)`,
    );
  }
  const { data } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return { width, height, data: Float64Array.from(data, Number) };
  }
  return { width, height, data };
}
