/** Several objects: three balloons over the mountains, each on its own way. */

import { seeded } from "../../core/base/seeded.ts";
import { fir, ridge, ridgeLine } from "./_landscape.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { ease, path, type Scene, still } from "./_scene.ts";
import { curve, many, picture, type Point } from "./_svg.ts";

const size = { width: 832, height: 480 };
const SUN: Point = [610, 252];

/** A balloon: where the middle of its envelope is, its size and its colours. */
interface Balloon {
  readonly at: Point;
  readonly scale: number;
  readonly colors: readonly [string, string];
  /** Where it has gone after five seconds, px. */
  readonly goes: Point;
}

const BALLOONS: readonly Balloon[] = [
  {
    at: [236, 176],
    scale: 1.12,
    colors: ["#e8574f", "#fbe3bd"],
    goes: [34, -56],
  },
  {
    at: [656, 132],
    scale: 0.66,
    colors: ["#20707c", "#f6b65e"],
    goes: [-60, 24],
  },
  {
    at: [462, 236],
    scale: 0.4,
    colors: ["#f2a24e", "#8a3d62"],
    goes: [10, -66],
  },
];

function svg(): string {
  const { width, height } = size;
  // From the back to the front: its seed, its valleys, its summits.
  const ranges = ([
    [14, 318, 92, 6, "url(#range0)"],
    [29, 352, 78, 5, "url(#range1)"],
    [33, 392, 70, 4, "url(#range2)"],
    [47, 432, 58, 3, "url(#range3)"],
    [52, 468, 26, 3, "#16333f"],
  ] as const).map(([seed, y, summit, peaks, fill]) =>
    ridge(ridgeLine(seed, { width, y, height: summit, peaks }), height, fill)
  );
  const mist = (y: number, opacity: number) =>
    `<ellipse cx="${
      200 + (y * 7) % 430
    }" cy="${y}" rx="460" ry="26" fill="#ffe6c4" opacity="${opacity}" filter="url(#wide)"/>`;
  return picture(size, {
    defs: [
      linear(
        "sky",
        "0 #2f7f8f, 0.34 #8fbfae, 0.58 #f7d9a6, 0.78 #f4a078, 1 #e57b70",
      ),
      radial(
        "sun",
        "0 #fffdf0/1, 0.16 #fff3cf/0.95, 0.34 #ffdc9d/0.45, 1 #ffc27e/0",
      ),
      linear("range0", "0 #c98b86, 0.6 #f1b58e"),
      linear("range1", "0 #93677c, 0.7 #d3917f"),
      linear("range2", "0 #5b5570, 0.8 #a4737c"),
      linear("range3", "0 #27465a, 1 #4b5a6d"),
      radial(
        "shade",
        "0 #fff8e0/0.55, 0.45 #fff2d0/0.05, 0.75 #3a1438/0.22, 1 #2a0f33/0.5",
        { center: [0.68, 0.34], radius: 0.75 },
      ),
      radial("flame", "0 #fff1b8/0.95, 0.5 #ffbf5e/0.5, 1 #ff9a3c/0"),
      linear("basket", "0 #8a5a3b, 1 #51301f"),
      blur("wide", 14),
      blur("cloud", 6),
    ],
    body: [
      `<rect width="${width}" height="${height}" fill="url(#sky)"/>`,
      clouds(),
      glow(SUN, 210, "sun"),
      rays(),
      ranges[0]!,
      mist(300, 0.5),
      balloon(BALLOONS[2]!),
      ranges[1]!,
      mist(346, 0.42),
      ranges[2]!,
      mist(392, 0.3),
      ranges[3]!,
      mist(438, 0.16),
      ranges[4]!,
      trees(),
      balloon(BALLOONS[1]!),
      balloon(BALLOONS[0]!),
      birds(),
    ],
  });
}

function rays(): string {
  return many(9, (i) => {
    const angle = Math.PI * (1.08 + i * 0.105);
    const reach = 640;
    const tip = (a: number) =>
      `${(SUN[0] + reach * Math.cos(a)).toFixed(0)},${
        (SUN[1] + reach * Math.sin(a)).toFixed(0)
      }`;
    return `<path d="M${SUN[0]},${SUN[1]}L${tip(angle)}L${
      tip(angle + 0.045)
    }Z" fill="#fff3cf" opacity="0.055"/>`;
  });
}

function clouds(): string {
  const random = seeded(9);
  return many(11, () => {
    const [x, y] = [random() * 832, 24 + random() * 170];
    const puffs = many(
      6,
      (i) =>
        `<ellipse cx="${((i - 2.5) * 24 + random() * 14).toFixed(0)}" cy="${
          (random() * -12).toFixed(0)
        }" rx="${(18 + random() * 30).toFixed(0)}" ry="${
          (4 + random() * 8).toFixed(0)
        }"/>`,
    );
    return `<g transform="translate(${x.toFixed(0)} ${y.toFixed(0)}) scale(${
      (0.7 + random() * 0.9).toFixed(2)
    })" fill="#fff4dd" opacity="${
      (0.16 + random() * 0.3).toFixed(2)
    }" filter="url(#cloud)">${puffs}</g>`;
  });
}

function trees(): string {
  const random = seeded(61);
  return many(120, () => {
    const x = random() * 850 - 10;
    const tall = 10 + random() ** 2 * 34;
    const y = 462 + random() * 24;
    const fill = random() < 0.5 ? "#0f2733" : "#143240";
    return fir({ x, y, tall, spread: 0.24, foot: 8, fill });
  });
}

function birds(): string {
  const one = (x: number, y: number, s: number) =>
    `<path transform="translate(${x} ${y}) scale(${s})" d="M-9,-4Q-4,-6 0,0Q4,-6 9,-4Q4,-4.5 0,2Q-4,-4.5 -9,-4Z" fill="#24344a" opacity="0.75"/>`;
  return [
    one(512, 92, 0.9),
    one(534, 84, 0.75),
    one(548, 99, 0.65),
    one(492, 106, 0.6),
    one(570, 90, 0.55),
  ].join("");
}

/** Envelope, ropes and basket; the envelope's middle is the origin, 100 px across. */
function balloon({ at, scale, colors: [dark, light] }: Balloon): string {
  const id = `clip${at[0]}`;
  const envelope = curve([
    [0, -54],
    [31, -46],
    [51, -18],
    [49, 10],
    [33, 36],
    [14, 58],
    [0, 60],
    [-14, 58],
    [-33, 36],
    [-49, 10],
    [-51, -18],
    [-31, -46],
  ], true);
  // Gores: nested lenses, seen from the side.
  const gores = [52, 40, 27, 13].map((half, i) =>
    `<path d="M0,-55C${half * 1.3},-42 ${half * 1.42},16 ${half * 0.26},60L${
      -half * 0.26
    },60C${-half * 1.42},16 ${-half * 1.3},-42 0,-55Z" fill="${
      i % 2 ? light : dark
    }"/>`
  ).join("");
  return `<g transform="translate(${at[0]} ${at[1]}) scale(${scale})">
    <clipPath id="${id}"><path d="${envelope}"/></clipPath>
    <g stroke="#4b3040" stroke-width="0.9" opacity="0.9"><path d="M-13,58L-8,84M13,58L8,84M-5,60L-4,84M5,60L4,84" fill="none"/></g>
    <circle cx="0" cy="66" r="20" fill="url(#flame)"/>
    <g clip-path="url(#${id})"><path d="${envelope}" fill="${light}"/>${gores}
      <path d="M-60,-4Q0,14 60,-4V6Q0,24 -60,6Z" fill="#fff6e2" opacity="0.75"/>
      <path d="M-60,11Q0,29 60,11V14Q0,32 -60,14Z" fill="#fff6e2" opacity="0.55"/>
      <rect x="-60" y="-60" width="120" height="125" fill="url(#shade)"/></g>
    <path d="M-14,57Q0,63 14,57L11,62Q0,66 -11,62Z" fill="${dark}"/>
    <path d="M-10,84H10L8,99Q0,101 -8,99Z" fill="url(#basket)"/>
    <path d="M-10.5,83H10.5V86.5H-10.5Z" fill="#b98252"/>
  </g>`;
}

const fly = ({ at, scale, goes }: Balloon, part: Point) =>
  path(
    [at[0] + part[0] * scale, at[1] + part[1] * scale],
    (t) => [
      goes[0] * ease(t) + 5 * scale * Math.sin(t * 7),
      goes[1] * ease(t) + 3 * scale * Math.sin(t * 9),
    ],
  );

export const balloonsScene: Scene = {
  name: "balloons",
  size,
  svg,
  tracks: [
    ...BALLOONS.flatMap((balloon) => [
      fly(balloon, [0, -50]),
      fly(balloon, [-44, -8]),
      fly(balloon, [44, -8]),
      fly(balloon, [0, 92]),
    ]),
    still([50, 310]),
    still([150, 330]),
    still([320, 330]),
    still([470, 340]),
    still([610, 232]),
    still([560, 290]),
    still([660, 290]),
    still([784, 250]),
  ],
  prompt:
    "Three hot-air balloons float above misty layered mountains at sunrise. The large red and cream balloon in front rises gently to the right, the teal one drifts down to the left, and a small orange one far away climbs straight up. Golden sunbeams, soft clouds, birds in the distance. Warm storybook illustration, static camera.",
};
