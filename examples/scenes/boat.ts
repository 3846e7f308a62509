/** Object motion: a paper boat drifts across a moonlit lake. */

import { seeded } from "../../core/base/seeded.ts";
import { fir, ridge, ridgeLine, stars } from "./_landscape.ts";
import { blur, glow, linear, radial } from "./_light.ts";
import { ease, path, type Scene, still } from "./_scene.ts";
import { curve, many, picture, type Point, polygon } from "./_svg.ts";

const size = { width: 832, height: 480 };
const HORIZON = 262;
const MOON: Point = [560, 112];
const BOAT: Point = [250, 378];
const BOAT_SIZE = 0.84;

function svg(): string {
  const { width, height } = size;
  const random = seeded(11);
  const far = ridgeLine(41, { width, y: 246, height: 84, peaks: 6 });
  const middle = ridgeLine(8, { width, y: 258, height: 56, peaks: 5 });
  const near = ridgeLine(22, { width, y: 264, height: 22, peaks: 4 });
  const glitter = Array.from({ length: 90 }, () => {
    const t = random() ** 0.8;
    const y = HORIZON + 4 + t * (height - HORIZON - 10);
    const spread = 14 + t * 62;
    const x = MOON[0] + (random() + random() - 1) * spread;
    const long = 5 + t * 34 * random();
    return `<rect x="${(x - long / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${
      long.toFixed(1)
    }" height="${(0.9 + t * 1.9).toFixed(1)}" rx="1.2"
      fill="#ffe9c2" opacity="${(0.25 + 0.6 * random()).toFixed(2)}"/>`;
  });
  const ripples = Array.from({ length: 70 }, () => {
    const t = random();
    const y = HORIZON + 8 + t * t * (height - HORIZON);
    const long = 20 + t * 120 * random();
    return `<rect x="${(random() * width - 40).toFixed(1)}" y="${
      y.toFixed(1)
    }" width="${long.toFixed(1)}" height="${(0.8 + t * 1.4).toFixed(1)}" rx="1"
      fill="${random() < 0.5 ? "#f2b6a0" : "#0f1636"}" opacity="${
      (0.06 + 0.16 * random()).toFixed(2)
    }"/>`;
  });
  return picture(size, {
    defs: [
      linear("sky", "0 #10163a, 0.45 #3b2f66, 0.78 #a3557c, 1 #f0a080"),
      linear("lake", "0 #d98a83, 0.12 #80507f, 0.45 #332f63, 1 #0e1434"),
      radial("moonlight", "0 #ffe7bd/0.75, 0.35 #ffc79a/0.28, 1 #ffb48c/0"),
      radial("moon", "0 #fffaf0, 0.8 #ffeccb, 1 #ffdcae"),
      radial("lamp", "0 #ffd27a/0.95, 0.3 #ffb45c/0.4, 1 #ff9a3c/0"),
      linear("far", "0 #8a5584, 1 #d0818a"),
      linear("middle", "0 #553c72, 1 #8c567f"),
      linear("near", "0 #2a2552, 1 #3f2f60"),
      linear("haze", "0 #f4b298/0, 0.6 #f4b298/0.55, 1 #f4b298/0"),
      linear("hullLeft", "0 #fff6e4, 1 #e9c3ae"),
      linear("hullRight", "0 #d9b4ac, 1 #9a7896"),
      linear("sailLeft", "0 #ffffff, 1 #ffe0bd"),
      linear("sailRight", "0 #e3c4bd, 1 #c59a9e"),
      linear("mirror", "0 #ffe3c8/0.55, 1 #ffe3c8/0"),
      blur("soft", 2.2),
      blur("wide", 9),
    ],
    body: [
      `<rect width="${width}" height="${HORIZON + 4}" fill="url(#sky)"/>`,
      stars(5, { width, height: 190, count: 130 }),
      glow(MOON, 230, "moonlight"),
      `<circle cx="${MOON[0]}" cy="${MOON[1]}" r="46" fill="url(#moon)"/>`,
      `<g fill="#f2cfa6" opacity="0.55"><circle cx="545" cy="100" r="9"/><circle cx="573" cy="126" r="12"/><circle cx="575" cy="90" r="5"/><circle cx="543" cy="132" r="5"/></g>`,
      cloud(120, 96, 1.2, 0.35),
      cloud(690, 72, 0.9, 0.3),
      cloud(420, 190, 1.5, 0.25),
      ridge(far, HORIZON + 2, "url(#far)"),
      `<rect y="200" width="${width}" height="64" fill="url(#haze)" opacity="0.6"/>`,
      ridge(middle, HORIZON + 2, "url(#middle)"),
      `<rect y="222" width="${width}" height="44" fill="url(#haze)" opacity="0.5"/>`,
      ridge(near, HORIZON + 2, "url(#near)"),
      pines(31, HORIZON - 2),
      `<rect y="${HORIZON}" width="${width}" height="${
        height - HORIZON
      }" fill="url(#lake)"/>`,
      `<g transform="translate(0 ${
        2 * HORIZON
      }) scale(1 -1)" opacity="0.4" filter="url(#soft)">${
        ridge(near, HORIZON, "#241f4c")
      }</g>`,
      `<rect y="${
        HORIZON - 3
      }" width="${width}" height="7" fill="#ffd9b5" opacity="0.35" filter="url(#soft)"/>`,
      `<ellipse cx="${MOON[0]}" cy="${
        HORIZON + 70
      }" rx="60" ry="120" fill="url(#moonlight)" opacity="0.5"/>`,
      ...ripples,
      ...glitter,
      boat(),
      reeds(),
      fireflies(),
    ],
  });
}

function cloud(x: number, y: number, scale: number, opacity: number): string {
  return `<g transform="translate(${x} ${y}) scale(${scale})" opacity="${opacity}" fill="#f3a995" filter="url(#wide)">
    <ellipse rx="95" ry="7"/><ellipse cx="40" cy="-8" rx="50" ry="7"/><ellipse cx="-50" cy="8" rx="60" ry="5"/></g>`;
}

function pines(seed: number, y: number): string {
  const random = seeded(seed);
  return many(190, () => {
    const x = random() ** (random() < 0.5 ? 2.2 : 0.4) * size.width;
    const tall = 5 + random() ** 2 * 17;
    return fir({ x, y, tall, spread: 0.22, foot: 5, fill: "#1e1c45" });
  });
}

function boat(): string {
  const hull: Point[] = [[-92, -24], [0, 2], [92, -24], [50, 30], [-50, 30]];
  const left: Point[] = [[-92, -24], [0, 2], [0, 30], [-50, 30]];
  return `<g transform="translate(${BOAT[0]} ${BOAT[1]}) scale(${BOAT_SIZE})">
    <g transform="translate(0 62) scale(1 -0.85)" opacity="0.5" filter="url(#soft)">
      <path d="${polygon(hull)}" fill="url(#mirror)"/>
      <path d="${polygon([[0, -88], [44, 0], [-44, 0]])}" fill="url(#mirror)"/>
    </g>
    <ellipse cy="33" rx="86" ry="7" fill="#0b1030" opacity="0.55" filter="url(#soft)"/>
    <circle cx="0" cy="-14" r="120" fill="url(#lamp)" opacity="0.5"/>
    <path d="${polygon([[0, -88], [0, 4], [-46, -8]])}" fill="url(#sailLeft)"/>
    <path d="${polygon([[0, -88], [46, -8], [0, 4]])}" fill="url(#sailRight)"/>
    <path d="${polygon(hull)}" fill="url(#hullRight)"/>
    <path d="${polygon(left)}" fill="url(#hullLeft)"/>
    <path d="M-92,-24L0,2L92,-24" fill="none" stroke="#fffaf0" stroke-width="1.6" opacity="0.9"/>
    <path d="M0,2V30" stroke="#7d5f80" stroke-width="1" opacity="0.5"/>
    <path d="M-50,30L-8,5M50,30L8,5" stroke="#7d5f80" stroke-width="0.8" opacity="0.35"/>
    <path d="${
    curve([[-120, 38], [-70, 34], [0, 36], [70, 34], [122, 38]])
  }" fill="none" stroke="#ffe3c8" stroke-width="1.6" opacity="0.5"/>
    <path d="${
    curve([[-150, 48], [-80, 44], [0, 47], [90, 44], [150, 48]])
  }" fill="none" stroke="#ffe3c8" stroke-width="1.1" opacity="0.3"/>
  </g>`;
}

function reeds(): string {
  const random = seeded(77);
  const blade = (x: number, reach: number) => {
    const lean = (random() - 0.5) * 60;
    const top: Point = [x + lean, size.height - reach];
    const w = 1.6 + random() * 2;
    const head = random() < 0.35
      ? `<ellipse cx="${top[0].toFixed(1)}" cy="${
        (top[1] + 12).toFixed(1)
      }" rx="3.4" ry="13" transform="rotate(${(lean / 3).toFixed(1)} ${
        top[0].toFixed(1)
      } ${(top[1] + 12).toFixed(1)})" fill="#151233"/>`
      : "";
    return `<path d="M${x - w},490Q${x},${size.height - reach * 0.5} ${
      top[0]
    },${top[1]}Q${x + w * 2},${size.height - reach * 0.5} ${
      x + w
    },490Z" fill="#0d0f2b"/>${head}`;
  };
  return many(17, () => blade(random() * 120 - 20, 40 + random() * 120)) +
    many(20, () => blade(716 + random() * 140, 40 + random() * 150));
}

function fireflies(): string {
  const random = seeded(4);
  return many(16, () => {
    const right = random() < 0.6;
    const x = right ? 660 + random() * 165 : random() * 150;
    const y = 290 + random() * 160;
    return `<circle cx="${x.toFixed(1)}" cy="${
      y.toFixed(1)
    }" r="9" fill="url(#lamp)" opacity="0.5"/><circle cx="${
      x.toFixed(1)
    }" cy="${y.toFixed(1)}" r="1.4" fill="#fff0c0"/>`;
  });
}

const drift = ([x, y]: Point) =>
  path(
    [BOAT[0] + x * BOAT_SIZE, BOAT[1] + y * BOAT_SIZE],
    (t) => [150 * ease(t), 3 * Math.sin(t * 4 * Math.PI)],
  );

export const boatScene: Scene = {
  name: "boat",
  size,
  svg,
  tracks: [
    drift([0, -92]), // the tip of the sail
    drift([0, -40]),
    drift([-84, -18]), // stern
    drift([84, -18]), // bow
    drift([-46, 26]),
    drift([46, 26]),
    drift([0, 100]), // its mirror image
    still(MOON),
    ...[60, 160, 210, 260, 310, 360, 410, 460, 620, 770].map((x) =>
      still([x, 258])
    ),
    still([50, 430]),
    still([780, 420]),
  ],
  prompt:
    "A small white paper boat drifts slowly from left to right across a calm mountain lake at dusk, leaving soft ripples behind it. A full moon stands above layered violet mountains, its light glitters on the water, and fireflies glow among the dark reeds in the foreground. Quiet, dreamlike illustration, the camera stands still.",
};
