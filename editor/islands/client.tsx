/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The one island: mounts the editor in the page that the server rendered.
 *
 * @module
 */

import { render } from "npm:preact@10.29.8";
import { Editor } from "../client/Editor.tsx";
import { openProject } from "../client/images.ts";

const root = document.querySelector("#editor")!;
root.replaceChildren();
render(<Editor />, root);
void openProject();
