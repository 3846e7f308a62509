/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The entry of the client: puts the editor into the page.
 *
 * @module
 */

import { render } from "npm:preact@10.29.8";
import { Editor } from "./Editor.tsx";
import { openProject } from "./pictures.ts";

const root = document.querySelector("#editor")!;
root.replaceChildren();
render(<Editor />, root);
void openProject();
