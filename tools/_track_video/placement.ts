/**
 * Options that say where in an image the tracks of a video go.
 *
 * @module
 */

import type { Placement } from "../../core/tracking/place_tracks.ts";
import { InvalidArgumentError, UsageError } from "../shared/tool.ts";

type MapPlacement = Extract<Placement, { kind: "map" }>;
type PairsPlacement = Extract<Placement, { kind: "pairs" }>;

const SETTINGS = ["scale", "rotate", "mirror", "dx", "dy"] as const;

/** `scale=1.2,rotate=10,mirror=1,dx=30,dy=-5` as a placement. */
export function parseMap(text: string): MapPlacement {
  const values = new Map<string, number>();
  for (const part of text.split(",")) {
    const [name = "", word = "", more] = part.split("=").map((s) => s.trim());
    const value = word === "" ? NaN : Number(word);
    if (
      more !== undefined || !SETTINGS.some((known) => known === name) ||
      !Number.isFinite(value) || values.has(name)
    ) {
      throw new InvalidArgumentError(
        `expected numbers for some of ${
          SETTINGS.join(", ")
        }, like scale=1.2,dx=30.`,
      );
    }
    values.set(name, value);
  }
  const scale = values.get("scale") ?? 1;
  if (!(scale > 0)) throw new InvalidArgumentError("expected a scale above 0.");
  return {
    kind: "map",
    scale,
    degrees: values.get("rotate") ?? 0,
    mirror: (values.get("mirror") ?? 0) !== 0,
    dx: values.get("dx") ?? 0,
    dy: values.get("dy") ?? 0,
  };
}

/** `x,y:X,Y;x,y:X,Y` as a placement. */
export function parsePairs(text: string): PairsPlacement {
  const pairs = text.split(";").map((pair) => {
    const numbers = pair.split(/[:,]/).map((word) =>
      word.trim() === "" ? NaN : Number(word)
    );
    if (
      !/^[^:]*,[^:]*:[^:]*,[^:]*$/.test(pair) || numbers.length !== 4 ||
      !numbers.every(Number.isFinite)
    ) {
      throw new InvalidArgumentError(
        "expected points of the video and of the image, like 10,20:300,80;90,20:520,80.",
      );
    }
    const [x, y, u, v] = numbers as [number, number, number, number];
    return { from: { x, y }, to: { x: u, y: v } };
  });
  return { kind: "pairs", pairs };
}

/** The one placement that the options name. */
export function placementOf(
  options: {
    image?: string | undefined;
    fit?: "cover" | "contain" | "stretch" | undefined;
    map?: MapPlacement | undefined;
    pairs?: PairsPlacement | undefined;
  },
): Placement {
  const { image, fit, map, pairs } = options;
  const given = [fit, map, pairs].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new UsageError(
      "Cannot use --fit, --map and --pairs together, expected one of them",
    );
  }
  if (image === undefined && (fit !== undefined || pairs !== undefined)) {
    throw new UsageError(
      `Cannot use ${
        fit === undefined ? "--pairs" : "--fit"
      } without an image, expected --image FILE`,
    );
  }
  return map ?? pairs ?? { kind: "fit", fit: fit ?? "cover" };
}
