/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The examples, for a user without an image. One that is opened comes
 * into the project as if the person had brought it: the image is added, its
 * tracks are imported, its prompt is entered.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { addTracks } from "../../model/edits.ts";
import type { Example } from "../../server/examples.ts";
import { request } from "../api.ts";
import { ask } from "../exchange.ts";
import { edit, editorDocument, imageId, say, sayError } from "../state.ts";

/** A row of images to begin with; nothing where there are none. */
export function Examples({ onFiles }: {
  /** Adds images to the project, and opens the last of them. */
  readonly onFiles: (files: readonly File[]) => Promise<void>;
}) {
  const examples = useSignal<readonly Example[]>([]);
  const opening = useSignal(false);
  useEffect(() => {
    request("GET", "api/examples").then(async (response) => {
      examples.value = await response.json();
    }).catch(sayError);
  }, []);
  if (examples.value.length === 0) return null;
  return (
    <>
      <p class="hint">or open an example, with its tracks and its prompt</p>
      <div class="examples" role="group" aria-label="Examples">
        {examples.value.map((example) => (
          <button
            key={example.name}
            type="button"
            aria-label={`Open the example ${example.name}`}
            title={example.prompt}
            disabled={opening.value}
            onClick={() => {
              opening.value = true;
              open(example, onFiles).catch(sayError).finally(() =>
                opening.value = false
              );
            }}
          >
            <img src={urlOf(example, "image")} alt="" draggable={false} />
          </button>
        ))}
      </div>
    </>
  );
}

function urlOf({ name }: Example, part: "image" | "tracks"): string {
  return `api/examples/${name}/${part}`;
}

async function open(
  example: Example,
  onFiles: (files: readonly File[]) => Promise<void>,
): Promise<void> {
  const { name, prompt } = example;
  const [image, tracks] = await Promise.all(
    (["image", "tracks"] as const).map(async (part) =>
      await (await request("GET", urlOf(example, part))).blob()
    ),
  );
  await onFiles([new File([image!], `${name}.jpg`, { type: image!.type })]);
  // The error was shown already.
  if (imageId.value === undefined) return;
  const found = await ask("importTracks", {
    bytes: new Uint8Array(await tracks!.arrayBuffer()),
    name: `${name}.pth`,
    document: editorDocument.value,
    length: "pad",
  });
  edit((document) => ({ ...addTracks(document, found.tracks), prompt }));
  // The button that had the focus is gone.
  document.querySelector<HTMLElement>(".stage")?.focus();
  say(`Opened the example “${name}”: press Play to see it move`);
}
