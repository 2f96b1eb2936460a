import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Polls until the condition is true. After two minutes, it fails and shows the messages so far. */
export async function until(
  what: string,
  condition: () => boolean,
  messages: readonly string[],
): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`It never came: ${what}. ${messages.join(' | ')}`);
    await delay(5);
  }
}
