/** Output of set-up for the operator: plain lines, and a progress line on a real terminal. */
export interface Terminal {
  line(text: string): void;
  /**
   * Runs one step of set-up. A step that takes under a second prints nothing; a longer one prints its title, progress
   * and duration.
   */
  step<T>(title: string, work: (report: (message: string) => void) => Promise<T>): Promise<T>;
}

const QUIET_MS = 1000;
const PLAIN_INTERVAL_MS = 10_000;

export function createTerminal(out: NodeJS.WriteStream = process.stderr): Terminal {
  const live = out.isTTY === true;
  return {
    line: (text) => void out.write(`${text}\n`),
    async step(title, work) {
      const began = Date.now();
      const elapsed = (): string => `${((Date.now() - began) / 1000).toFixed(0)} s`;
      let message = '';
      let shown = false;
      let printedAt = 0;
      const print = (): void => {
        if (Date.now() - began < QUIET_MS) return;
        const text = `  … ${title}${message ? `: ${message}` : ''} (${elapsed()})`;
        if (live) {
          out.write(`\r\x1b[2K${text.slice(0, (out.columns || 100) - 1)}`);
        } else if (!shown || Date.now() - printedAt >= PLAIN_INTERVAL_MS) {
          out.write(`${text}\n`);
          printedAt = Date.now();
        }
        shown = true;
      };
      const timer = setInterval(print, live ? 200 : QUIET_MS);
      const finish = (mark: string): void => {
        clearInterval(timer);
        if (!shown && mark === '✓') return;
        out.write(`${live ? '\r\x1b[2K' : ''}  ${mark} ${title} (${elapsed()})\n`);
      };
      try {
        const result = await work((text) => {
          message = text;
        });
        finish('✓');
        return result;
      } catch (error) {
        finish('✗');
        throw error;
      }
    },
  };
}
