import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { Terminal, TerminalEvents, TerminalSize, Terminals } from '../contract/terminal.ts';
import type { SimCore, SimShell } from './core.ts';

export const simTerminals = (core: SimCore): Terminals => ({
  openTerminal: (ref, size, events) =>
    core.verb('openTerminal', ref, () => {
      const { power, generation } = core.need(ref);
      if (power !== 'running') throw new DataPlaneError('invalid', 'The instance does not run.');
      return openShell(core, ref, generation, size, events);
    }),
});

/** Lines that are written before the shell looks whether it was paused. */
const BATCH = 200;

/** A shell that echoes what is typed, and knows `stty size`, `seq COUNT` and `exit STATUS`. */
function openShell(
  core: SimCore,
  ref: InstanceRef,
  generation: number,
  opened: TerminalSize,
  events: TerminalEvents,
): Terminal {
  let size = opened;
  let typed = '';
  let paused = false;
  const due: Iterator<string>[] = [];
  let writing = false;

  const end = (status: number | null): void => {
    if (core.shells.delete(shell)) events.ended(status);
  };
  const shell: SimShell = { ref, generation, end: () => end(null) };
  core.shells.add(shell);

  /** Writes what is due, a batch at a time, as long as it is not paused. */
  const pump = (): void => {
    writing = false;
    const [first] = due;
    if (!first || paused || !core.shells.has(shell)) return;
    let text = '';
    for (let count = 0; count < BATCH; count++) {
      const next = first.next();
      if (next.done) {
        due.shift();
        break;
      }
      text += next.value;
    }
    if (text !== '') events.output(Buffer.from(text));
    schedule();
  };
  const schedule = (): void => {
    if (writing) return;
    writing = true;
    setImmediate(pump);
  };
  const write = (lines: Iterable<string>): void => {
    due.push(lines[Symbol.iterator]());
    schedule();
  };
  const run = (line: string): void => {
    const [command = '', argument = ''] = line.trim().split(/\s+/);
    if (command === 'exit') {
      end(Number(argument) || 0);
      return;
    }
    if (command === 'stty') write([`${size.rows} ${size.columns}\r\n`]);
    else if (command === 'seq') write(numbers(Number(argument)));
    else if (command !== '') write([`${command}: command not found\r\n`]);
    write([PROMPT]);
  };

  write([PROMPT]);
  return {
    async write(data) {
      for (const key of data.toString()) {
        write([key === '\r' ? '\r\n' : key]);
        if (key !== '\r') typed += key;
        else {
          const line = typed;
          typed = '';
          run(line);
        }
      }
    },
    resize(wanted) {
      size = wanted;
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      schedule();
    },
    close: () => end(null),
  };
}

const PROMPT = 'root@simulated:~# ';

function* numbers(count: number): Generator<string> {
  for (let number = 1; number <= count; number++) yield `${number}\r\n`;
}
