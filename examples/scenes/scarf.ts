/** A local motion: hair and scarf of a wanderer blow in the wind. */

import { seeded } from "../../core/base/seeded.ts";
import { ridge, ridgeLine, streaks } from "./_landscape.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { path, type Scene, still } from "./_scene.ts";
import { curve, many, picture, type Point, polygon } from "./_svg.ts";

const size = { width: 480, height: 832 };
const SUN: Point = [250, 330];
/** The nape of the neck, where the scarf begins. */
const NECK: Point = [206, 470];

/** Points along the middle of the scarf, from the neck to its end. */
const SCARF: readonly Point[] = [
  [212, 474],
  [250, 462],
  [292, 474],
  [336, 458],
  [382, 430],
  [424, 428],
  [462, 404],
];
const HAIR: readonly Point[] = [
  [204, 432],
  [238, 424],
  [270, 432],
  [302, 418],
  [330, 396],
];

function svg(): string {
  const { width, height } = size;
  const range = (
    seed: number,
    y: number,
    tall: number,
    peaks: number,
    id: string,
  ) =>
    ridge(
      ridgeLine(seed, { width, y, height: tall, peaks }),
      height,
      `url(#${id})`,
    );
  const fog = (y: number, opacity: number) =>
    `<ellipse cx="240" cy="${y}" rx="400" ry="26" fill="#ffe3c4" opacity="${opacity}" filter="url(#wide)"/>`;
  return picture(size, {
    defs: [
      linear(
        "sky",
        "0 #123a4d, 0.28 #3f7f86, 0.46 #e9b98a, 0.6 #f28f6b, 1 #c0566a",
      ),
      radial("sun", "0 #fff6d8/0.9, 0.3 #ffd897/0.55, 1 #ffb070/0"),
      linear("disc", "0 #fff8e6, 1 #ffdb9a"),
      linear("m0", "0 #d98577, 0.5 #f3b48a"),
      linear("m1", "0 #9a566f, 0.55 #d98a7b"),
      linear("m2", "0 #5a3a63, 0.6 #a8626f"),
      linear("cliff", "0 #2b1f43, 1 #120f28"),
      linear("coat", "0 #2c2f58, 1 #14132f", {
        from: [1, 0],
        to: [0, 1],
      }),
      linear("scarf", "0 #a82638, 0.45 #e8493f, 1 #ff8a5c", {
        to: [1, 0],
      }),
      linear("fold", "0 #7c1730/0.8, 1 #c6313b/0.2", {
        to: [1, 0],
      }),
      linear("hair", "0 #1a1228, 0.6 #4a2432, 1 #a0503f", {
        to: [1, 0],
      }),
      blur("wide", 12),
      blur("soft", 3),
    ],
    body: [
      `<rect width="${width}" height="${height}" fill="url(#sky)"/>`,
      sky(),
      glow(SUN, 320, "sun"),
      `<circle cx="${SUN[0]}" cy="${
        SUN[1]
      }" r="112" fill="url(#disc)" opacity="0.96"/>`,
      band(300),
      band(348),
      band(384),
      range(5, 470, 84, 4, "m0"),
      fog(478, 0.5),
      range(16, 540, 96, 3, "m1"),
      fog(556, 0.5),
      range(27, 636, 100, 3, "m2"),
      fog(650, 0.38),
      cliff(),
      ribbon(SCARF.map(([x, y]): Point => [x - 6, y + 16]), 13, "#8f1d33"),
      figure(),
      hair(),
      ribbon(SCARF, 17, "url(#scarf)"),
      folds(),
      `<path d="${
        curve([[180, 470], [196, 458], [216, 458], [234, 470], [222, 486], [
          196,
          487,
        ]], true)
      }" fill="#c9353d"/>`,
      `<path d="${
        curve([[182, 474], [204, 479], [232, 472]])
      }" fill="none" stroke="#8f1d33" stroke-width="2.4"/>`,
      `<path d="${
        curve([[186, 464], [206, 468], [226, 462]])
      }" fill="none" stroke="#ff9a72" stroke-width="1.6" opacity="0.7"/>`,
      grass(),
      petals(),
    ],
  });
}

function sky(): string {
  return streaks(3, {
    count: 12,
    width: size.width,
    y: [40, 240],
    rx: [60, 130],
    ry: [2.5, 7],
    opacity: [0.1, 0.22],
    fills: ["#ffe9cb"],
  });
}

function band(y: number): string {
  return `<path d="M110,${y}Q250,${y - 8} 400,${y}Q250,${
    y + 9
  } 110,${y}Z" fill="#f6b98b" opacity="0.5" filter="url(#soft)"/>`;
}

function cliff(): string {
  const top: Point[] = [
    [-20, 690],
    [40, 684],
    [90, 690],
    [130, 700],
    [190, 704],
    [250, 702],
    [292, 708],
    [322, 722],
    [330, 752],
    [352, 780],
    [356, 812],
    [380, 850],
    [-20, 850],
  ];
  return `<path d="${polygon(top)}" fill="url(#cliff)"/>
    <path d="M130,700L190,704L250,702L292,708L322,722" stroke="#f2a074" stroke-width="2.2" opacity="0.55" fill="none"/>
    <path d="${
    polygon([[292, 708], [322, 722], [330, 752], [300, 740]])
  }" fill="#6d3b56" opacity="0.5"/>
    <path d="${
    polygon([[250, 702], [300, 740], [290, 790], [240, 752]])
  }" fill="#3d2a50" opacity="0.6"/>
    <path d="${
    polygon([[120, 700], [200, 740], [150, 800], [70, 760]])
  }" fill="#33244a" opacity="0.5"/>`;
}

/** Head, coat and legs, seen from behind. */
function figure(): string {
  const coat = curve([
    [206, 470],
    [240, 480],
    [254, 512],
    [258, 560],
    [268, 620],
    [290, 668],
    [236, 676],
    [206, 672],
    [170, 680],
    [148, 674],
    [156, 610],
    [160, 556],
    [158, 512],
    [172, 480],
  ], true);
  return `<g>
    <path d="M182,660L180,702L196,704L200,664ZM214,664L218,704L234,703L234,660Z" fill="#100d24"/>
    <path d="M176,700Q188,694 200,706H174ZM214,704Q226,696 240,706H214Z" fill="#0b0919"/>
    <path d="${coat}" fill="url(#coat)"/>
    <path d="M206,488Q210,580 200,674" stroke="#0d0c24" stroke-width="2" fill="none" opacity="0.7"/>
    <path d="M160,560Q206,574 258,560" stroke="#0d0c24" stroke-width="5" fill="none" opacity="0.75"/>
    <path d="M172,482Q146,520 150,590Q156,598 166,592Q164,540 182,506Z" fill="#1c1c42"/>
    <path d="M240,482Q268,520 262,592Q256,598 248,592Q248,540 232,506Z" fill="#23244c"/>
    <path d="M240,480Q256,500 258,560Q262,620 290,668" stroke="#f4a37a" stroke-width="2" fill="none" opacity="0.75"/>
    <path d="M196,440H218V470H196Z" fill="#b26f5c"/>
    <ellipse cx="206" cy="428" rx="27" ry="31" fill="#1c1329"/>
    <path d="M222,402Q240,420 231,446" stroke="#f4a37a" stroke-width="1.8" fill="none" opacity="0.7"/>
  </g>`;
}

/** A band along points, narrowing a little, with a swallow-tailed end. */
function ribbon(points: readonly Point[], half: number, fill: string): string {
  const [top, bottom]: [Point[], Point[]] = [[], []];
  points.forEach(([x, y], i) => {
    const before = points[Math.max(0, i - 1)]!;
    const after = points[Math.min(points.length - 1, i + 1)]!;
    const long = Math.hypot(after[0] - before[0], after[1] - before[1]);
    const w = half * (0.62 + 0.42 * Math.sin(i * 1.3 + 0.8) ** 2) / long;
    const [nx, ny] = [-(after[1] - before[1]) * w, (after[0] - before[0]) * w];
    top.push([x - nx, y - ny]);
    bottom.unshift([x + nx, y + ny]);
  });
  const end = points[points.length - 1]!;
  const back = curve(bottom).replace(/^M/, "L");
  return `<path d="${curve(top)}L${end[0] - 14},${
    end[1] + 8
  }${back}Z" fill="${fill}"/>`;
}

function folds(): string {
  const line = (shift: number, from: number, to: number) =>
    `<path d="${
      curve(
        SCARF.slice(from, to).map(([x, y], i): Point => [
          x,
          y + shift * (1 - 0.2 * i),
        ]),
      )
    }" fill="none" stroke="url(#fold)" stroke-width="2.4" stroke-linecap="round"/>`;
  return line(5, 0, 5) + line(-4, 2, 7) + line(9, 3, 6) +
    `<path d="${
      curve(SCARF.slice(1).map(([x, y]): Point => [x, y - 9]))
    }" fill="none" stroke="#ffc29a" stroke-width="1.6" opacity="0.65"/>`;
}

function hair(): string {
  const random = seeded(8);
  const lock = (lift: number, width: number) => {
    const points = HAIR.map(([x, y], i): Point => [
      x + random() * 6,
      y + lift * (0.4 + 0.28 * i) + (random() - 0.5) * 7,
    ]);
    const tip = points[points.length - 1]!;
    const under = points.slice(0, -1).map(([x, y], i): Point => [
      x,
      y + width * (1 - 0.18 * i),
    ]).reverse();
    return `<path d="${curve([...points, tip])}${
      curve([tip, ...under]).replace(/^M/, "L")
    }Z" fill="url(#hair)" opacity="0.96"/>`;
  };
  return lock(-16, 22) + lock(2, 26) + lock(17, 20) + lock(-4, 12) +
    `<path d="${
      curve(HAIR.map(([x, y], i): Point => [x, y - 14 + i * 1.5]))
    }" fill="none" stroke="#ffb987" stroke-width="1.2" opacity="0.6"/>`;
}

function grass(): string {
  const random = seeded(19);
  return many(90, () => {
    const x = random() * 320;
    const y = 688 + Math.min(1, x / 190) * 15 + random() * 6;
    const tall = 6 + random() * 15;
    return `<path d="M${x.toFixed(1)},${y.toFixed(1)}q${
      (2 + random() * 5).toFixed(1)
    },${(-tall * 0.7).toFixed(1)} ${(6 + random() * 9).toFixed(1)},${
      (-tall).toFixed(1)
    }" stroke="${
      random() < 0.25 ? "#c9745f" : "#1a1433"
    }" stroke-width="1.3" fill="none" opacity="0.9"/>`;
  });
}

function petals(): string {
  const random = seeded(42);
  return many(26, () => {
    const [x, y] = [random() * 470, 360 + random() * 380];
    return `<ellipse cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" rx="${
      (1.6 + random() * 2.6).toFixed(1)
    }" ry="1.3" transform="rotate(${(random() * 180).toFixed(0)} ${
      x.toFixed(0)
    } ${y.toFixed(0)})" fill="#ffd9b8" opacity="${
      (0.35 + random() * 0.55).toFixed(2)
    }"/>`;
  });
}

/** A wave that runs along a ribbon and grows towards its end. */
function wave(points: readonly Point[], reach: number, from: number) {
  return points.slice(from).map((at, i) => {
    const along = (i + from) / (points.length - 1);
    const start = 5.2 * along;
    return path(at, (t) => {
      const turn = 2 * Math.PI * 2.5 * t;
      return [
        reach * 0.3 * along * (Math.cos(turn - start) - Math.cos(start)),
        reach * along * (Math.sin(turn - start) + Math.sin(start)),
      ];
    });
  });
}

export const scarfScene: Scene = {
  name: "scarf",
  size,
  svg,
  tracks: [
    ...wave(SCARF, 26, 2),
    ...wave(HAIR, 15, 2),
    still([NECK[0], NECK[1] - 60]), // the back of the head
    still([178, 520]),
    still([236, 540]),
    still([200, 660]),
    still([SUN[0] + 70, SUN[1] - 90]),
    still([60, 470]),
    still([420, 640]),
  ],
  prompt:
    "A lone wanderer in a long dark coat stands on a cliff, seen from behind, looking over a sea of fog towards a huge pale sun between layered mountains. The long red scarf and the dark hair wave in a strong wind from the left while the wanderer and the landscape stay still. Petals drift through the air. Painterly illustration in teal and coral, static camera.",
};
