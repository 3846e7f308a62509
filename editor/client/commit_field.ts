/**
 * A value that was typed is for what is selected, and for the frame that is
 * shown, while it is typed. What a press on the timeline or a curve selects is
 * selected at once, and a field loses the focus only after that: so it is left
 * before.
 *
 * @module
 */

/** What acts when it is pressed, not when it is clicked. */
const HANDLES = "[role=slider], [data-axis], .grip, .easing-line";

addEventListener("pointerdown", ({ target }) => {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return;
  if (target instanceof Element && target.closest(HANDLES)) field.blur();
}, { capture: true });
