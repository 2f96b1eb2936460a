/** Output of set-up for the operator: plain lines, and a progress line on a real terminal. */
export interface Terminal {
  line(text: string): void;
  /**
   * Runs one step of set-up; several may run at once. A step that takes under a second prints nothing; a longer one prints
   * its title, progress and duration.
   */
  step<T>(title: string, work: (report: (message: string) => void) => Promise<T>): Promise<T>;
}

const QUIET_MS = 1000;
const LIVE_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 10_000;
const CLEAR = '\r\x1b[2K';

interface Step {
  title: string;
  message: string;
  began: number;
  /** When it was last printed; null: not yet. */
  printedAt: number | null;
}

export function createTerminal(out: NodeJS.WriteStream = process.stderr): Terminal {
  const live = out.isTTY === true;
  const steps = new Set<Step>();
  const line = (text: string): void => void out.write(`${live ? CLEAR : ''}${text}\n`);
  const print = (): void => {
    const now = Date.now();
    const slow = [...steps].filter(({ began }) => now - began >= QUIET_MS);
    // All in one line, which only a terminal can write over.
    if (live && slow.length > 0)
      out.write(
        `${CLEAR}  … ${slow
          .map(tell)
          .join(' · ')
          .slice(0, (out.columns || 100) - 6)}`,
      );
    for (const step of slow) {
      if (!live && now - (step.printedAt ?? 0) >= PLAIN_INTERVAL_MS) line(`  … ${tell(step)}`);
      if (live || now - (step.printedAt ?? 0) >= PLAIN_INTERVAL_MS) step.printedAt = now;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const finish = (step: Step, mark: '✓' | '✗'): void => {
    steps.delete(step);
    if (steps.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    if (step.printedAt !== null || mark === '✗') line(`  ${mark} ${step.title} (${seconds(step)})`);
  };
  return {
    line,
    async step(title, work) {
      const step: Step = { title, message: '', began: Date.now(), printedAt: null };
      steps.add(step);
      timer ??= setInterval(print, live ? LIVE_INTERVAL_MS : QUIET_MS);
      try {
        const result = await work((text) => {
          step.message = text;
        });
        finish(step, '✓');
        return result;
      } catch (error) {
        finish(step, '✗');
        throw error;
      }
    },
  };
}

const seconds = ({ began }: Step): string => `${((Date.now() - began) / 1000).toFixed(0)} s`;

const tell = (step: Step): string =>
  `${step.title}${step.message ? `: ${step.message}` : ''} (${seconds(step)})`;
