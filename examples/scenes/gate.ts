/** Zoom by circle points: the camera walks along a forest path towards a gate. */

import { seeded } from "../../core/base/seeded.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { ease, path, type Scene } from "./_scene.ts";
import { curve, many, picture, type Point } from "./_svg.ts";

const size = { width: 832, height: 480 };
/** Where the path leads: the middle of the gate, and of the zoom. */
const GATE: Point = [430, 232];

function svg(): string {
  const { width, height } = size;
  const layers = [
    { far: 0.1, fill: "#7fae9a", ground: 296 },
    { far: 0.25, fill: "#4f8a80", ground: 306 },
    { far: 0.45, fill: "#2d6868", ground: 326 },
    { far: 0.7, fill: "#184a52", ground: 362 },
    { far: 1, fill: "#0b2a36", ground: 430 },
  ];
  return picture(size, {
    defs: [
      radial(
        "air",
        "0 #fff7d6, 0.16 #ffe9b0, 0.34 #c9dcae, 0.6 #5f9d90, 1 #16404c",
        { center: [0.517, 0.47], radius: 0.62 },
      ),
      radial(
        "light",
        "0 #fffbe6/1, 0.25 #fff0b8/0.7, 0.6 #ffe29a/0.2, 1 #ffe29a/0",
      ),
      radial("lamp", "0 #ffd27a/0.95, 0.3 #ffac4c/0.4, 1 #ff9a3c/0"),
      linear("path", "0 #fff0c4, 0.25 #e0c38d, 0.7 #8a7a5e, 1 #3d4a46"),
      linear("moss", "0 #8fb58a, 0.35 #3f7a66, 1 #0c2c33"),
      linear("stone", "0 #7e8d86, 1 #3a5a5a"),
      linear("ray", "0 #fff3c0/0.42, 1 #fff3c0/0"),
      blur("soft", 3),
      blur("wide", 10),
    ],
    body: [
      `<rect width="${width}" height="${height}" fill="url(#air)"/>`,
      trunks(layers[0]!, 91),
      `<rect width="${width}" height="${height}" fill="#eaf0c4" opacity="0.18"/>`,
      trunks(layers[1]!, 92),
      `<path d="M0,330Q200,296 430,290Q640,296 832,326V480H0Z" fill="url(#moss)"/>`,
      way(),
      gate(),
      glow(GATE, 190, "light"),
      trunks(layers[2]!, 93),
      ferns(7, 40, 0.45, "#2d6f62"),
      rays(),
      trunks(layers[3]!, 94),
      ferns(8, 52, 0.75, "#18524f"),
      lanterns(),
      trunks(layers[4]!, 95),
      canopy(),
      ferns(9, 46, 1.25, "#082430"),
      motes(),
    ],
  });
}

interface Layer {
  readonly far: number;
  readonly fill: string;
  readonly ground: number;
}

/** Trunks of one distance, on both sides of the path. */
function trunks({ far, fill, ground }: Layer, seed: number): string {
  const random = seeded(seed);
  const free = 40 + far * 250; // half the width of the gap
  const count = Math.round(20 - far * 14);
  return many(count, (i) => {
    const side = i % 2 ? 1 : -1;
    const x = GATE[0] +
      side * (free + (i / count) * (440 - free * 0.75) + random() * 34);
    const w = (5 + far * 40) * (0.7 + random() * 0.6);
    const foot = ground + random() * 14 + far * 30;
    const lean = (random() - 0.5) * 18 * far + side * far * 10;
    const trunk = curve([
      [x + lean - w * 0.34, -20],
      [x + lean * 0.4 - w * 0.4, foot * 0.5],
      [x - w * 0.5, foot - w * 0.5],
      [x - w * 1.15, foot + w * 0.2],
      [x, foot + w * 0.28],
      [x + w * 1.15, foot + w * 0.2],
      [x + w * 0.5, foot - w * 0.5],
      [x + lean * 0.4 + w * 0.4, foot * 0.5],
      [x + lean + w * 0.34, -20],
    ], true);
    const branch = `<path d="M${x.toFixed(0)},${
      (70 + random() * 110).toFixed(0)
    }q${(-side * (20 + 50 * far)).toFixed(0)},-16 ${
      (-side * (34 + 86 * far)).toFixed(0)
    },${(-44 - random() * 34).toFixed(0)}" stroke="${fill}" stroke-width="${
      (1.5 + far * 7).toFixed(1)
    }" fill="none" stroke-linecap="round"/>`;
    // The side that looks at the gate catches its light.
    const edge = x - side * w * 0.4;
    return `<path d="${trunk}" fill="${fill}"/>${branch}<path d="M${
      (edge + lean * 0.7).toFixed(1)
    },-10Q${(edge + lean * 0.3).toFixed(1)},${(foot * 0.5).toFixed(0)} ${
      (x - side * w * 0.5).toFixed(1)
    },${(foot - w * 0.5).toFixed(0)}" stroke="#ffe9ae" stroke-width="${
      (0.8 + far * 2.2).toFixed(1)
    }" opacity="${(0.5 - far * 0.2).toFixed(2)}" fill="none"/>`;
  });
}

function way(): string {
  const [x, y] = [GATE[0], 288];
  const random = seeded(15);
  const stones = many(44, () => {
    const t = random() ** 0.7;
    const across = (random() - 0.5) * (30 + t * 330);
    const px = x + across + Math.sin(t * 3) * 26 * t;
    return `<ellipse cx="${px.toFixed(0)}" cy="${
      (y + 6 + t * 190).toFixed(0)
    }" rx="${(2 + t * 24).toFixed(1)}" ry="${
      (0.8 + t * 5.5).toFixed(1)
    }" fill="${random() < 0.5 ? "#fff2cc" : "#5d5c4c"}" opacity="${
      (0.12 + 0.2 * random()).toFixed(2)
    }"/>`;
  });
  return `<path d="M${x - 24},${y}C${x - 40},340 ${x - 90},400 ${x - 250},490H${
    x + 280
  }C${x + 120},410 ${x + 54},340 ${x + 24},${y}Z" fill="url(#path)"/>${stones}`;
}

/** A round gate of stone, with a short stair. */
function gate(): string {
  const [x, y] = GATE;
  const random = seeded(2);
  const blocks = many(22, (i) => {
    const a = Math.PI * (0.78 + (i / 21) * 1.44);
    return `<rect x="-7.4" y="-66" width="14.8" height="17" rx="2.4" transform="translate(${x} ${y}) rotate(${
      (a * 180 / Math.PI + 90).toFixed(1)
    })" fill="${
      ["#6f857f", "#5d7672", "#809389", "#536c6b"][Math.floor(random() * 4)]
    }" stroke="#2f5152" stroke-width="0.8"/>`;
  });
  return `<circle cx="${x}" cy="${y}" r="50" fill="#fff8dc"/>
    <circle cx="${x}" cy="${y}" r="36" fill="#ffffff" opacity="0.85" filter="url(#soft)"/>
    <path d="M${x - 48},${y + 14}Q${x - 20},${y - 6} ${x},${y + 8}T${x + 48},${
    y + 6
  }V${y + 50}H${x - 48}Z" fill="#ffe2a0" opacity="0.5"/>
    <path d="M${x - 78},296Q${x - 66},262 ${x - 52},250L${x - 40},${y + 54}L${
    x - 40
  },296Z M${x + 78},296Q${x + 66},262 ${x + 52},250L${x + 40},${
    y + 54
  }V296Z" fill="url(#stone)"/>
    ${blocks}
    <path d="M${x - 36},${y + 42}H${x + 36}L${x + 42},${y + 50}H${
    x - 42
  }Z" fill="#c9c19c"/><path d="M${x - 42},${y + 50}H${x + 42}L${x + 50},${
    y + 60
  }H${x - 50}Z" fill="#a7a585"/>`;
}

function rays(): string {
  const beams = [[300, 40, -70], [368, 26, -30], [452, 30, 24], [540, 44, 84]];
  return beams.map(([x, w, lean]) =>
    `<path d="M${x},-10h${w}L${x! + w! * 2.2 + lean!},400H${
      x! + lean! - w! * 0.8
    }Z" fill="url(#ray)" opacity="0.5" filter="url(#soft)"/>`
  ).join("");
}

function lanterns(): string {
  const one = (x: number, y: number, s: number) =>
    `<g transform="translate(${x} ${y}) scale(${s})"><circle cy="-22" r="58" fill="url(#lamp)" opacity="0.75"/><path d="M-2.5,-12H2.5V44H-2.5Z" fill="#0d2f38"/><path d="M-10,-34H10L7,-12H-7Z" fill="#ffd98c"/><path d="M-13,-34L0,-44L13,-34Z" fill="#0d2f38"/><path d="M-10,-34L-7,-12M10,-34L7,-12M0,-34V-12" stroke="#0d2f38" stroke-width="1.6"/><path d="M-8,-12H8V-9H-8Z" fill="#0d2f38"/></g>`;
  return one(318, 352, 0.8) + one(548, 350, 0.78) + one(226, 398, 1.25) +
    one(650, 400, 1.28);
}

function ferns(
  seed: number,
  count: number,
  scale: number,
  fill: string,
): string {
  const random = seeded(seed);
  const base = 306 + scale * 132;
  return many(count, () => {
    const side = random() < 0.5 ? -1 : 1;
    const gap = 50 + scale * 165;
    const x = GATE[0] + side * (gap + random() * (440 - gap * 0.6));
    const y = base + random() * 26 * scale;
    return many(5, (i) => {
      const bend = (i - 2) * 13 * scale + (random() - 0.5) * 8;
      const tall = (22 + random() * 22) * scale * (1 - Math.abs(i - 2) * 0.14);
      return `<path d="M${(x - 2 * scale).toFixed(1)},${y.toFixed(1)}Q${
        (x + bend * 0.3).toFixed(1)
      },${(y - tall).toFixed(1)} ${(x + bend).toFixed(1)},${
        (y - tall * 0.86).toFixed(1)
      }Q${(x + bend * 0.5).toFixed(1)},${(y - tall * 0.6).toFixed(1)} ${
        (x + 2 * scale).toFixed(1)
      },${y.toFixed(1)}Z" fill="${fill}"/>`;
    });
  });
}

function canopy(): string {
  const random = seeded(33);
  return many(150, () => {
    const x = random() * 860 - 14;
    const middle = Math.abs(x - GATE[0]) / 430;
    const y = random() * (16 + 84 * middle ** 1.6);
    const r = 8 + random() * 22;
    return `<ellipse cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" rx="${
      r.toFixed(0)
    }" ry="${(r * 0.55).toFixed(0)}" transform="rotate(${
      (random() * 70 - 35).toFixed(0)
    } ${x.toFixed(0)} ${y.toFixed(0)})" fill="${
      ["#0a2833", "#0f3640", "#164851", "#0c2f3a"][Math.floor(random() * 4)]
    }"/>`;
  });
}

function motes(): string {
  const random = seeded(6);
  return many(60, () => {
    const [x, y] = [170 + random() * 520, 70 + random() * 340];
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="${
      (0.8 + random() * 1.7).toFixed(1)
    }" fill="#fff3c4" opacity="${(0.3 + 0.6 * random()).toFixed(2)}"/>`;
  });
}

/** Points on a circle around the gate; the circle grows `factor` times. */
function circle(count: number, radius: number, factor: number) {
  return Array.from({ length: count }, (_, i) => {
    const angle = 2 * Math.PI * (i + 0.5) / count;
    const ray: Point = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return path(
      [GATE[0] + ray[0], GATE[1] + ray[1]],
      (t) => [ray[0] * (factor - 1) * ease(t), ray[1] * (factor - 1) * ease(t)],
    );
  });
}

export const gateScene: Scene = {
  name: "gate",
  size,
  svg,
  tracks: [...circle(6, 62, 1.9), ...circle(10, 180, 1.9)],
  prompt:
    "The camera moves slowly forward along a stone path through a tall misty forest, towards a round moss-covered stone gate that glows with warm light. Lanterns stand on both sides of the path, sunbeams fall through the leaves, and dust floats in the air. The trees pass by on the left and right. Enchanted, painterly illustration in green and gold.",
};
