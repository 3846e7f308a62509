/** Pan: the camera turns over the dunes, everything moves to the left. */

import { seeded } from "../../core/base/seeded.ts";
import { stars, streaks } from "./_landscape.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { ease, path, type Scene } from "./_scene.ts";
import { curve, many, picture, type Point } from "./_svg.ts";

const size = { width: 832, height: 480 };
const SUN: Point = [300, 232];

function svg(): string {
  const { width } = size;
  return picture(size, {
    defs: [
      linear(
        "sky",
        "0 #1d2550, 0.3 #6a3f77, 0.6 #d9636c, 0.85 #f7a468, 1 #fdd08c",
      ),
      radial("sun", "0 #fff1c9/0.95, 0.3 #ffce8a/0.5, 1 #ff9f6b/0"),
      linear("disc", "0 #fff7df, 1 #ffcf7d"),
      linear("planet", "0 #f3b7a0, 0.55 #b5607d/0.75, 1 #6a3f77/0.1", {
        from: [0, 0.2],
        to: [1, 0.9],
      }),
      linear("d0", "0 #d97b6c, 1 #b65b66"),
      linear("d1l", "0 #ffb570, 1 #d5665c"),
      linear("d1d", "0 #8a3f62, 1 #5a2b58"),
      linear("d2l", "0 #ffa25f, 1 #b74a58"),
      linear("d2d", "0 #6d2f5c, 1 #3c1d4d"),
      linear("d3l", "0 #f2824f, 1 #7c2f55"),
      linear("d3d", "0 #482252, 1 #1f1238"),
      blur("soft", 2),
      blur("wide", 9),
    ],
    body: [
      `<rect width="${width}" height="330" fill="url(#sky)"/>`,
      stars(12, { width, height: 170, count: 110 }),
      `<circle cx="584" cy="110" r="60" fill="url(#planet)"/>`,
      `<g transform="translate(584 110) rotate(-18)"><path d="M-104,0A104,22 0 0 0 104,0A104,15 0 0 1 -104,0Z" fill="#ffd0a8" opacity="0.85"/><path d="M-112,-1A114,28 0 0 0 112,-1A112,25 0 0 1 -112,-1Z" fill="#f2a58f" opacity="0.55"/></g>`,
      glow(SUN, 260, "sun"),
      `<circle cx="${SUN[0]}" cy="${SUN[1]}" r="54" fill="url(#disc)"/>`,
      clouds(),
      `<path d="${
        curve([
          [-20, 292],
          [90, 276],
          [200, 288],
          [330, 268],
          [470, 284],
          [
            600,
            262,
          ],
          [730, 280],
          [860, 266],
        ])
      }V480H-20Z" fill="url(#d0)"/>`,
      mesas(),
      dune(
        [[-20, 330], [80, 312], [190, 292], [270, 306], [380, 328], [470, 340]],
        [[190, 292], [226, 322], [214, 360], [262, 400]],
        1,
      ),
      dune(
        [[330, 348], [450, 322], [560, 284], [650, 300], [750, 326], [
          860,
          336,
        ]],
        [[560, 284], [598, 318], [580, 360], [640, 410]],
        1,
      ),
      caravan(),
      dune(
        [
          [-20, 402],
          [120, 392],
          [250, 366],
          [390, 336],
          [480, 352],
          [600, 388],
          [
            720,
            404,
          ],
          [860, 400],
        ],
        [[390, 336], [440, 378], [414, 430], [490, 500]],
        2,
      ),
      camp(),
      dune(
        [[-20, 436], [90, 412], [170, 408], [290, 440], [420, 470], [520, 500]],
        [[130, 408], [168, 440], [150, 470], [190, 510]],
        3,
      ),
      dune(
        [[470, 490], [590, 462], [700, 424], [770, 420], [860, 440]],
        [[735, 420], [762, 452], [744, 478], [780, 510]],
        3,
      ),
      palms(),
      dust(),
    ],
  });
}

/**
 * A dune: its line against the sky and the crest that runs down from the top.
 * The side towards the sun is lit, the other lies in shadow.
 */
function dune(
  line: readonly Point[],
  crest: readonly Point[],
  depth: 1 | 2 | 3,
): string {
  const [first, last] = [line[0]!, line[line.length - 1]!];
  const top = crest[0]!;
  const right = [top, ...line.filter(([x]) => x > top[0])];
  const under = crest[crest.length - 1]!;
  const random = seeded(depth * 100 + first[1]);
  const ripples = many(9 * depth, () => {
    const t = random();
    const x = first[0] + (top[0] - first[0]) * (0.1 + 0.75 * random());
    const y = top[1] + 34 + t * 110;
    const long = 20 + random() * 70;
    return `<path d="M${x.toFixed(0)},${y.toFixed(0)}q${
      (long / 2).toFixed(0)
    },${(-5 - random() * 4).toFixed(1)} ${
      long.toFixed(0)
    },-1" stroke="#5a2550" stroke-width="${
      (0.6 + depth * 0.3).toFixed(1)
    }" opacity="0.16" fill="none"/>`;
  });
  const id = `dune${depth}${top[0]}`;
  const body = `${curve(line)}L${last[0]},520L${first[0]},520Z`;
  return `<clipPath id="${id}"><path d="${body}"/></clipPath>
    <path d="${body}" fill="url(#d${depth}l)"/>
    <g clip-path="url(#${id})">${ripples}</g>
    <path clip-path="url(#${id})" d="${curve(right)}L${last[0]},520L${
    under[0]
  },520${
    curve([...crest].reverse()).replace(/^M/, "L")
  }Z" fill="url(#d${depth}d)"/>
    <path d="${curve(line.filter(([x]) => x <= top[0]))}${
    curve(crest).replace(/^M/, "L")
  }" fill="none" stroke="#ffe0a6" stroke-width="${
    (0.7 + depth * 0.35).toFixed(1)
  }" opacity="0.7" clip-path="url(#${id})"/>`;
}

function clouds(): string {
  return streaks(44, {
    count: 15,
    width: size.width,
    y: [70, 170],
    rx: [50, 140],
    ry: [1.6, 5],
    opacity: [0.12, 0.3],
    fills: ["#ffd9a8", "#8a3f6f"],
  });
}

function mesas(): string {
  return `<g fill="#a6506a" opacity="0.85"><path d="M470,290L482,258L496,254L502,240L548,238L556,256L572,262L590,292Z"/><path d="M690,290L700,262L712,260L716,250L744,250L750,264L764,268L776,290Z"/><path d="M30,296L40,268L56,262L60,252L92,252L98,270L116,296Z"/></g>
    <g fill="#f0936f" opacity="0.5"><path d="M470,290L482,258L496,254L502,240L512,240L506,262L496,290Z"/><path d="M690,290L700,262L712,260L716,250L724,250L718,268L710,290Z"/><path d="M98,270L116,296H104L90,252H92Z"/></g>`;
}

/** A camel with its load, walking to the left; 40 px long, feet at y = 0. */
const CAMEL =
  "M-20,-24C-22,-28 -18,-30 -15,-28L-12,-26C-11,-20 -9,-19 -6,-20C-4,-26 2,-30 5,-22C9,-22 13,-20 14,-15L15,-9L14,0H12L12,-8L10,-12L8,-8L8,0H6L5,-11C2,-10 -2,-10 -5,-11L-6,0H-8L-8,-9L-10,-5L-11,0H-13L-12,-10C-14,-14 -15,-20 -16,-24Z";
/** Someone on foot, 22 px tall. */
const WALKER =
  "M-1,-22A3,3 0 1 1 1,-22L4,-17L6,-4H3L4,0H1L0,-5L-2,0H-5L-3,-5H-6L-4,-17Z";

function caravan(): string {
  const shapes: [string, number, number, number][] = [
    [WALKER, 580, 303, 0.72],
    [CAMEL, 608, 308, 0.8],
    [CAMEL, 645, 315, 0.82],
    [CAMEL, 682, 323, 0.84],
    [WALKER, 710, 328, 0.74],
  ];
  return `<g fill="#2a1540">${
    shapes.map(([d, x, y, s]) =>
      `<path transform="translate(${x} ${y}) scale(${s})" d="${d}"/>`
    ).join("")
  }</g>`;
}

function camp(): string {
  return `<g transform="translate(592 396)"><circle cx="30" cy="-8" r="74" fill="url(#sun)" opacity="0.75"/>
    <path d="M-26,0L0,-34L26,0Z" fill="#3a1b49"/><path d="M0,-34L26,0H8Z" fill="#7d3558"/><path d="M-5,0L0,-22L5,0Z" fill="#ffd58a"/>
    <path d="M48,4L66,-22L86,4Z" fill="#33183f"/><path d="M66,-22L86,4H72Z" fill="#6d2f54"/>
    <path d="M34,2Q30,-6 35,-13Q40,-6 37,2Z" fill="#ffe9a8"/></g>`;
}

function palms(): string {
  const one = (x: number, y: number, s: number, lean: number) => {
    const crown: Point = [x + lean, y - 118 * s];
    const leaves = many(9, (i) => {
      const a = Math.PI * (0.96 + (i / 8) * 1.08) + (i % 2 ? 0.1 : -0.06);
      const r = (44 + (i % 3) * 8) * s;
      const [dx, dy] = [Math.cos(a) * r, Math.sin(a) * r * 0.62 + r * 0.34];
      return `<path d="M${crown[0]},${crown[1]}q${(dx * 0.5).toFixed(1)},${
        (dy - r * 0.46).toFixed(1)
      } ${dx.toFixed(1)},${dy.toFixed(1)}q${(-dx * 0.42).toFixed(1)},${
        (-dy * 0.25 - r * 0.2).toFixed(1)
      } ${(-dx).toFixed(1)},${(-dy).toFixed(1)}Z"/>`;
    });
    return `<g fill="#170c2c"><path d="M${x - 5 * s},${y}Q${
      x + lean * 0.3 - 4 * s
    },${y - 60 * s} ${crown[0] - 2 * s},${crown[1]}h${4 * s}Q${
      x + lean * 0.3 + 4 * s
    },${y - 60 * s} ${x + 6 * s},${y}Z"/>${leaves}</g>`;
  };
  return one(62, 500, 1.75, 26) + one(28, 500, 1.2, -16);
}

function dust(): string {
  const random = seeded(71);
  return many(
    40,
    () =>
      `<circle cx="${(random() * 832).toFixed(0)}" cy="${
        (300 + random() * 170).toFixed(0)
      }" r="${(0.6 + random() * 1.3).toFixed(1)}" fill="#ffe2b0" opacity="${
        (0.2 + 0.5 * random()).toFixed(2)
      }"/>`,
  );
}

/** What is near passes faster than what is far. */
const passes = (at: Point, px: number) => path(at, (t) => [-px * ease(t), 0]);

export const dunesScene: Scene = {
  name: "dunes",
  size,
  svg,
  tracks: [
    passes([584, 110], 112),
    passes(SUN, 112),
    passes([90, 130], 112),
    passes([420, 60], 112),
    passes([525, 262], 118),
    passes([730, 268], 118),
    passes([190, 292], 128),
    passes([608, 300], 128),
    passes([682, 314], 128),
    passes([390, 336], 138),
    passes([592, 380], 138),
    passes([240, 410], 144),
    passes([88, 300], 148),
    passes([735, 430], 148),
    passes([560, 450], 146),
  ],
  prompt:
    "The camera pans slowly to the right across a vast desert at sunset. Golden dunes with sharp crests and violet shadows, a small caravan of camels on a ridge, tents with a campfire, palm trees in the foreground, and a huge ringed planet in the starry evening sky. Everything glides evenly to the left, near dunes a little faster than far ones. Epic, warm illustration.",
};
