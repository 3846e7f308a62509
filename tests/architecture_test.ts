/**
 * The rules of `core/README.md`: modules import from lower layers only and never
 * in a circle, pure modules use nothing native, and each library is imported by
 * one module.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The layers, lowest first; folders of one layer do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["core/base"],
  ["core/formats", "core/files", "core/sampling", "core/text"],
  ["core/tracks", "core/onnx", "core/hub"],
  ["core/tracking", "core/preview", "core/media", "core/wan"],
  ["core/checkpoint", "core/control"],
  ["core/pipeline"],
  ["core/jobs"],
  ["tools"],
  ["editor"],
  ["mod.ts"],
];

/** Folders that run in a browser: no Deno, no node modules, no native code. */
const PURE = [
  "core/base/",
  "core/formats/",
  "core/sampling/",
  "core/text/",
  "core/tracks/",
  "core/tracking/",
  "core/preview/",
  "core/onnx/graph/",
  "core/control/",
  "core/wan/frames/",
];

/** Plain JavaScript libraries that pure folders use. */
const PLAIN = ["entities", "@huggingface/tokenizers"];

/** Libraries that are used in many files. */
const EVERYWHERE = ["preact", "@preact/signals", "hono", "valibot"];

interface Module {
  readonly path: string;
  readonly code: string;
  /** What it imports: paths from the root, and bare specifiers. */
  readonly imports: readonly string[];
}

/** The product's modules: no tests, benches, or built files. */
function readModules(): Module[] {
  const modules: Module[] = [];
  const visit = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, path))) {
      const below = join(path, name);
      if (isDirectory) visit(below);
      else if (/\.tsx?$/.test(name) && !/_(?:test|bench)\.tsx?$/.test(name)) {
        modules.push(readModule(below));
      }
    }
  };
  for (const folder of ["core", "tools", "editor"]) visit(folder);
  modules.push(readModule("mod.ts"));
  return modules;
}

function readModule(path: string): Module {
  const code = Deno.readTextFileSync(join(ROOT, path))
    .replace(/\/\*\*?[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*/g, "$1");
  const specifiers = [
    ...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g),
  ].map(([, specifier]) => specifier!);
  return {
    path,
    code,
    imports: specifiers.map((specifier) =>
      specifier.startsWith(".")
        ? normalize(join(dirname(path), specifier))
        : specifier
    ),
  };
}

const MODULES = readModules();
const BY_PATH = new Map(MODULES.map((module) => [module.path, module]));

/** The folder of {@linkcode LAYERS} that a module is in. */
function placeOf(path: string): { folder: string; layer: number } {
  for (const [layer, folders] of LAYERS.entries()) {
    const folder = folders.find((name) =>
      path === name || path.startsWith(`${name}/`)
    );
    if (folder !== undefined) return { folder, layer };
  }
  throw new Error(`${path} is in no layer`);
}

Deno.test("modules import from lower layers or their own folder only", () => {
  const upward: string[] = [];
  for (const { path, imports } of MODULES) {
    const from = placeOf(path);
    for (const target of imports) {
      if (!BY_PATH.has(target)) continue;
      const to = placeOf(target);
      if (to.folder !== from.folder && to.layer >= from.layer) {
        upward.push(`${path} -> ${target}`);
      }
    }
  }
  assert.deepEqual(upward, []);
});

Deno.test("no modules import each other in a circle", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      circles.push([...trail.slice(at), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of BY_PATH.get(path)?.imports ?? []) {
      if (BY_PATH.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of MODULES) visit(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("no module imports a folder's mod.ts; the root lists them", () => {
  const importers = MODULES.filter(({ path, imports }) =>
    path !== "mod.ts" && imports.some((target) => /(^|\/)mod\.ts$/.test(target))
  );
  assert.deepEqual(importers.map(({ path }) => path), []);
});

Deno.test("pure modules touch neither Deno nor native code", () => {
  const impure: string[] = [];
  for (const { path, code, imports } of MODULES) {
    if (!PURE.some((folder) => path.startsWith(folder))) continue;
    const [name] = /\bDeno\.\w+/.exec(code) ?? [];
    if (name !== undefined) impure.push(`${path}: ${name}`);
    for (const specifier of imports) {
      if (BY_PATH.has(specifier)) {
        if (!PURE.some((folder) => specifier.startsWith(folder))) {
          impure.push(`${path}: ${specifier}`);
        }
      } else if (!PLAIN.includes(packageOf(specifier) ?? "")) {
        impure.push(`${path}: ${specifier}`);
      }
    }
  }
  assert.deepEqual(impure, []);
});

Deno.test("each library is imported by one module, at one exact version", () => {
  const doors = new Map<string, Set<string>>();
  const versions = new Map<string, Set<string>>();
  for (const { path, imports } of MODULES) {
    for (const specifier of imports) {
      const name = packageOf(specifier);
      if (name === undefined) continue;
      const version = /@(\d+\.\d+\.\d+)(?:\/|$)/.exec(specifier)?.[1];
      assert.ok(version, `${path}: ${specifier} has no exact version`);
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
      doors.set(name, (doors.get(name) ?? new Set()).add(path));
    }
  }
  for (const [name, found] of versions) {
    assert.equal(found.size, 1, `${name}: ${[...found].join(" and ")}`);
  }
  const shared = [...doors].filter(([name, paths]) =>
    paths.size > 1 && !EVERYWHERE.includes(name)
  ).map(([name, paths]) => `${name}: ${[...paths].join(", ")}`);
  assert.deepEqual(shared, []);
});

function packageOf(specifier: string): string | undefined {
  return /^npm:((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
}

Deno.test({
  name: "a script that begins with how to run it can be run so",
  ignore: Deno.build.os === "windows",
  fn: () => {
    const scripts = ["tools", "editor"].flatMap((folder) =>
      [...Deno.readDirSync(join(ROOT, folder))]
        .filter(({ isFile, name }) => isFile && name.endsWith(".ts"))
        .map(({ name }) => join(ROOT, folder, name))
    ).filter((path) => Deno.readTextFileSync(path).startsWith("#!"));
    assert.ok(scripts.length >= 10);
    for (const path of scripts) {
      assert.ok((Deno.statSync(path).mode! & 0o111) !== 0, path);
    }
  },
});
