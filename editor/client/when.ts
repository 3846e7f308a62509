/**
 * Times as a person reads them.
 *
 * @module
 */

/**
 * "Today, 14:05", "Yesterday, 9:30", else the date and the time; in the
 * browser's language.
 */
export function formatWhen(ms: number, now: number = Date.now()): string {
  const date = new Date(ms);
  const time = date.toLocaleTimeString(undefined, { timeStyle: "short" });
  const days = Math.round((startOfDay(now) - startOfDay(ms)) / 86_400_000);
  if (days === 0) return `Today, ${time}`;
  if (days === 1) return `Yesterday, ${time}`;
  return `${
    date.toLocaleDateString(undefined, { dateStyle: "medium" })
  }, ${time}`;
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}
