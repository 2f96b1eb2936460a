import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { TerminalSize } from '../../dataplane/contract/terminal.ts';
import { Resizes } from './resizes.ts';

describe('sizes that a client asks for', () => {
  it('are passed on at once, twenty in a second at most, and the last one always', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const applied: TerminalSize[] = [];
      const resizes = new Resizes((size) => applied.push(size));
      resizes.ask({ columns: 100, rows: 1 });
      assert.deepEqual(applied, [{ columns: 100, rows: 1 }]);
      for (let step = 0; step < 1000; step += 1) {
        resizes.ask({ columns: 100, rows: step });
        mock.timers.tick(1);
      }
      assert.ok(applied.length <= 21, `${applied.length} sizes`);
      mock.timers.tick(50);
      assert.deepEqual(applied.at(-1), { columns: 100, rows: 999 });
      const before = applied.length;
      mock.timers.tick(1000);
      assert.equal(applied.length, before);
      resizes.ask({ columns: 80, rows: 24 });
      resizes.ask({ columns: 81, rows: 24 });
      resizes.stop();
      mock.timers.tick(1000);
      assert.deepEqual(applied.at(-1), { columns: 80, rows: 24 });
    } finally {
      mock.timers.reset();
    }
  });
});
