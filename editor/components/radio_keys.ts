/**
 * The keys of a group of radio buttons that are buttons.
 *
 * @module
 */

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

/**
 * The arrow keys choose the next one or the one before, as in every group of
 * radio buttons; Tab leaves the group. For `onKeyDown` of `role="radiogroup"`.
 */
export function walkRadios(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const group = event.currentTarget as HTMLElement;
  const radios = [
    ...group.querySelectorAll<HTMLElement>("[role=radio]:enabled"),
  ];
  const at = radios.indexOf(event.target as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  const next = radios[(at + step + radios.length) % radios.length]!;
  next.click();
  next.focus();
}
