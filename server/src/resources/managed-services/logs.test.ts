import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProvider } from '../../services/registry.ts';
import { type LogQuery, readLog } from './logs.ts';

const provider = {
  ...findProvider('postgresql')!,
  logLevel: (line: string) => (line.startsWith('E') ? 'error' : 'info'),
} as const;

const LOG = [
  '2026-01-15_09:30:00.10000 I one',
  '2026-01-15_09:30:00.10000 E two',
  '\tand its detail',
  '2026-01-15_09:30:01.20000 I three',
  '2026-01-15_09:30:02.30000 I four',
  '',
].join('\n');

const read = (changes: Partial<LogQuery> = {}) =>
  readLog(LOG, provider, { since: null, until: null, cursor: null, level: null, limit: 100, ...changes });
const messages = (page: ReturnType<typeof read>) => page.entries.map(({ message }) => message.slice(2, 5));

describe('the log of an engine', () => {
  it('parses times, levels and continuation lines', () => {
    const { entries, truncated } = read();
    assert.deepEqual(entries[1], {
      timestamp: '2026-01-15T09:30:00.100Z',
      level: 'error',
      message: 'E two\n\tand its detail',
    });
    assert.deepEqual([entries.length, truncated], [4, false]);
  });

  it('shows the newest entries, or with a start the entries that follow', () => {
    assert.deepEqual(messages(read({ limit: 2 })), ['thr', 'fou']);
    const since = Date.parse('2026-01-15T09:30:00Z');
    assert.deepEqual(messages(read({ since, limit: 2 })), ['one', 'two']);
    assert.ok(read({ since, limit: 2 }).truncated);
    assert.deepEqual(messages(read({ until: Date.parse('2026-01-15T09:30:01.200Z') })), [
      'one',
      'two',
      'thr',
    ]);
    assert.deepEqual(messages(read({ level: 'warn' })), ['two']);
  });

  it('ignores invalid times, and a line that begins in the middle', () => {
    const all = { since: null, until: null, cursor: null, level: null, limit: 5 } as const;
    const log = `x\n2026-01-15_09:30:00.10000 I one\n9999-99-99_99:99:99.9 I two\n2026-01-15_09:30:01.00000 I a\u2028b\r`;
    assert.deepEqual(
      readLog(log, provider, all).entries.map(({ message }) => message),
      ['I one\n9999-99-99_99:99:99.9 I two', 'I a\u2028b\r'],
    );
    const cut = `9998-01-01_00:00:00.0 I forged\n${'2026-01-15_09:30:00.10000 I honest\n'.repeat(30_000)}`;
    const { entries } = readLog(cut, provider, { ...all, since: 0 });
    assert.ok(entries.every(({ message }) => message === 'I honest'));
  });

  it('continues after a cursor without losing or repeating entries, even with equal times', () => {
    const seen: string[] = [];
    let cursor: string | null = read({ since: 0, limit: 1 }).cursor;
    for (let round = 0; round < 4; round++) {
      const page = read({ cursor, limit: 1 });
      seen.push(...messages(page));
      cursor = page.cursor;
    }
    assert.deepEqual(seen, ['two', 'thr', 'fou']);
  });
});
