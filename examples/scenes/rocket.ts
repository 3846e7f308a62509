/** Camera and object together: a rocket climbs while the camera tilts up. */

import { seeded } from "../../core/base/seeded.ts";
import { stars, streaks } from "./_landscape.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { path, type Scene } from "./_scene.ts";
import { curve, many, type Point, svgDocument } from "./_svg.ts";

const size = { width: 480, height: 832 };
/** The center of the rocket's body. */
const ROCKET: Point = [232, 410];

/** Around the rocket and its flame, clockwise from the antenna. */
const OUTLINE: readonly Point[] = [
  [-3, -177],
  [3, -177],
  [3, -150],
  [17, -130],
  [28, -105],
  [34, -80],
  [40.5, -45],
  [43, -10],
  [41, 25],
  [39, 36],
  [58, 52.5],
  [73, 72.5],
  [82, 97.5],
  [84.5, 127],
  [68, 110],
  [48, 97.5],
  [30, 93],
  [26, 107],
  [30, 130],
  [26, 170],
  [15, 212],
  [0, 255],
  [-15, 212],
  [-26, 170],
  [-30, 130],
  [-26, 107],
  [-30, 93],
  [-48, 98.5],
  [-67, 110],
  [-83.5, 127],
  [-82, 100],
  [-74.5, 75],
  [-59.5, 50],
  [-39, 35],
  [-41, 10],
  [-42.5, -10],
  [-40.5, -45],
  [-34, -80],
  [-29, -102.5],
  [-17, -127.5],
  [-3, -150],
];

function svg(): string {
  const { width, height } = size;
  return svgDocument(size, {
    defs: [
      linear(
        "sky",
        "0 #0b1234, 0.35 #2a2a66, 0.62 #7d4383, 0.8 #e0736f, 1 #fbb472",
      ),
      radial("planet", "0 #ffe3c0, 0.5 #f0a07c, 0.85 #a8527a, 1 #5c3575", {
        center: [0.32, 0.3],
        radius: 0.8,
      }),
      radial("halo", "0 #ffcf9c/0.5, 0.5 #ff9f84/0.16, 1 #ff9f84/0"),
      radial(
        "fire",
        "0 #fffbe0/1, 0.25 #ffe28a/0.85, 0.6 #ff9a4c/0.35, 1 #ff7a4c/0",
      ),
      linear("flame", "0 #ffffff, 0.25 #fff2a8, 0.6 #ffb14e, 1 #f2604f/0"),
      linear("body", "0 #fffaf0, 0.45 #f1ddd2, 0.75 #c7a3b2, 1 #7d608c", {
        to: [1, 0],
      }),
      linear("red", "0 #ff7a5c, 0.5 #e2473f, 1 #8a2450", {
        to: [1, 0],
      }),
      linear("glass", "0 #bff1ee, 1 #1f6f86"),
      linear("hill", "0 #3a2557, 1 #150f2e"),
      linear("puffTop", "0 #fff3df, 0.5 #ffc9a0, 1 #d97a80"),
      linear("puffLow", "0 #f6a98c, 1 #6d3f78"),
      blur("soft", 2.4),
      blur("wide", 9),
    ],
    body: [
      `<rect width="${width}" height="${height}" fill="url(#sky)"/>`,
      stars(23, { width, height: 520, count: 190 }),
      `<circle cx="392" cy="160" r="150" fill="url(#halo)"/>`,
      `<circle cx="392" cy="160" r="54" fill="url(#planet)"/>`,
      `<g fill="#ffd9b5" opacity="0.25" transform="translate(20 10)"><ellipse cx="358" cy="138" rx="30" ry="4"/><ellipse cx="372" cy="160" rx="38" ry="3.4"/><ellipse cx="352" cy="122" rx="17" ry="2.6"/></g>`,
      `<path d="M92,85A11.5,11.5 0 1 0 103,100A9.5,9.5 0 0 1 92,85Z" fill="#f1d5c6" opacity="0.9"/>`,
      clouds(),
      horizon(),
      tower(),
      glow([ROCKET[0], 720], 300, "fire"),
      column(),
      smoke(),
      rocket(),
    ],
  });
}

function clouds(): string {
  return streaks(31, {
    count: 13,
    width: size.width,
    y: [330, 300],
    rx: [40, 110],
    ry: [2, 7],
    opacity: [0.18, 0.3],
    fills: ["#ffc4a0", "#5a3a7c"],
  });
}

function horizon(): string {
  return `<path d="${
    curve([[-20, 702], [70, 672], [150, 694], [250, 680], [350, 660], [
      430,
      684,
    ], [
      500,
      668,
    ]])
  }V840H-20Z" fill="#a2557c"/>
    <path d="${
    curve([[-20, 740], [90, 718], [200, 738], [330, 716], [500, 732]])
  }V840H-20Z" fill="url(#hill)"/>`;
}

/** The launch tower. */
function tower(): string {
  const [x, top, foot, w] = [388, 500, 790, 32];
  const braces = many(8, (i) => {
    const y = top + i * 36;
    return `M${x},${y}L${x + w},${y + 36}M${x + w},${y}L${x},${
      y + 36
    }M${x},${y}H${x + w}`;
  });
  return `<g stroke="#241a45" fill="none"><path d="M${x},${top}V${foot}M${
    x + w
  },${top}V${foot}" stroke-width="5"/><path d="${braces}" stroke-width="2.6"/>
    <path d="M${x + w / 2},${top}V${top - 44}" stroke-width="3"/></g>
    <circle cx="${x + w / 2}" cy="${
    top - 46
  }" r="3.6" fill="#ff8a6c"/><circle cx="${x + w / 2}" cy="${
    top - 46
  }" r="26" fill="url(#halo)"/>
    <path d="M${x},${top}V${foot}" stroke="#ffb37e" stroke-width="1.6" opacity="0.75"/>`;
}

function column(): string {
  const [x] = ROCKET;
  return `<path d="M${x - 12},540C${x - 20},620 ${x - 34},700 ${x - 70},790H${
    x + 70
  }C${x + 34},700 ${x + 20},620 ${
    x + 12
  },540Z" fill="#ffe9c8" opacity="0.85" filter="url(#soft)"/>
    <path d="M${x - 6},540C${x - 9},620 ${x - 16},700 ${x - 30},790H${x + 30}C${
    x + 16
  },700 ${x + 9},620 ${
    x + 6
  },540Z" fill="#ffffff" opacity="0.8" filter="url(#soft)"/>`;
}

function smoke(): string {
  const random = seeded(18);
  return many(74, (i) => {
    const t = i / 73; // from the back to the front
    const spread = 70 + t * 200;
    const x = ROCKET[0] + (random() + random() - 1) * spread;
    const reach = 1 - Math.min(1, Math.abs(x - ROCKET[0]) / 300);
    const y = 782 - reach * (64 - 54 * t) + random() * 26 + t * 26;
    const r = 18 + random() * 26 + t * 14;
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="${
      r.toFixed(0)
    }" fill="url(#${
      random() < 0.32 + 0.34 * t ? "puffLow" : "puffTop"
    })" opacity="${(0.7 + 0.28 * random()).toFixed(2)}"/>`;
  });
}

function rocket(): string {
  const [x, y] = ROCKET;
  const hull =
    "M0,-150C34,-112 44,-52 42,6C41,44 34,74 26,92H-26C-34,74 -41,44 -42,6C-44,-52 -34,-112 0,-150Z";
  return `<g transform="translate(${x} ${y})">
    <circle cy="130" r="150" fill="url(#fire)"/>
    <path d="M-22,102C-34,150 -18,196 0,262C18,196 34,150 22,102Z" fill="url(#flame)"/>
    <path d="M-11,102C-17,136 -8,162 0,200C8,162 17,136 11,102Z" fill="#ffffff" opacity="0.9"/>
    <path d="M-38,34C-72,52 -86,88 -84,128C-70,108 -50,98 -28,94Z" fill="#e2473f"/>
    <path d="M-38,34C-72,52 -86,88 -84,128C-76,92 -62,66 -40,52Z" fill="#ff8f6c"/>
    <path d="M38,34C72,52 86,88 84,128C70,108 50,98 28,94Z" fill="#a12d4f"/>
    <path d="M-20,92H20L25,106H-25Z" fill="#3b2a55"/><path d="M-20,92H-4L-8,106H-25Z" fill="#6b5580"/>
    <path d="${hull}" fill="url(#body)"/>
    <clipPath id="hull"><path d="${hull}"/></clipPath>
    <g clip-path="url(#hull)"><path d="M-60,-160H60V-88Q0,-70 -60,-88Z" fill="url(#red)"/>
      <path d="M-60,56Q0,74 60,56V72Q0,90 -60,72Z" fill="url(#red)"/>
      <path d="M-60,-84Q0,-66 60,-84V-80Q0,-62 -60,-80Z" fill="#7d608c" opacity="0.5"/>
      <path d="M-34,-118C-40,-60 -38,20 -24,92H-40V-118Z" fill="#ffffff" opacity="0.45"/></g>
    <circle cy="-26" r="21" fill="#e2473f"/><circle cy="-26" r="15.5" fill="url(#glass)"/>
    <path d="M-10,-32A12,12 0 0 1 3,-38" stroke="#ffffff" stroke-width="3" fill="none" stroke-linecap="round" opacity="0.9"/>
    <circle cy="26" r="10" fill="#e2473f"/><circle cy="26" r="6.8" fill="url(#glass)"/>
    <path d="M-5,40C-9,72 -7,104 0,132C7,104 9,72 5,40Z" fill="url(#red)"/>
    <path d="M0,-150V-172" stroke="#ffd9b5" stroke-width="2.4"/><circle cy="-173" r="3" fill="#ffd9b5"/>
  </g>`;
}

/** The rocket accelerates. */
const climbs = (part: Point) =>
  path(
    [ROCKET[0] + part[0], ROCKET[1] + part[1]],
    (t) => [1.2 * Math.sin(t * 40), -112 * t ** 1.8],
  );
/** The background, which the tilting camera moves down. */
const sinks = (at: Point) => path(at, (t) => [0, 88 * t ** 1.5]);

export const rocketScene: Scene = {
  name: "rocket",
  size,
  svg,
  tracks: [
    climbs([0, -168]),
    climbs([0, -140]),
    climbs([26, -86]),
    climbs([-40, -30]),
    climbs([40, -30]),
    climbs([-82, 118]),
    climbs([82, 118]),
    climbs([0, 100]),
    // The planet keeps its shape: its center and two points of its edge.
    sinks([398, 160]),
    sinks([354, 176]),
    sinks([400, 209]),
    sinks([95, 97]),
    sinks([40, 300]),
    sinks([450, 380]),
    sinks([404, 520]),
    sinks([404, 640]),
    sinks([50, 600]),
    sinks([60, 780]),
    sinks([420, 780]),
    sinks([232, 770]),
  ],
  objects: [{
    name: "Rocket and flame",
    tracks: [0, 1, 2, 3, 4, 5, 6, 7],
    outline: [
      OUTLINE.map(([x, y]) => ({ x: ROCKET[0] + x, y: ROCKET[1] + y })),
    ],
  }],
  prompt:
    "A retro red and white rocket lifts off at dusk on a bright column of fire and climbs faster and faster, while the camera tilts up to follow it. The launch tower, the billowing clouds of smoke and the evening sky with a large planet sink out of the picture below. Stars come into view. Vivid, cinematic illustration in coral and deep violet.",
};
