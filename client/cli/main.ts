import { readFile } from 'node:fs/promises';
import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { OpenApi } from './commands.ts';
import { EXIT } from './failure.ts';
import { run } from './run.ts';

/** Asks on the terminal without showing what is typed; otherwise takes the first line of standard input. */
async function ask(question: string): Promise<string> {
  if (!stdin.isTTY) return (await buffer(stdin)).toString().split('\n', 1)[0]!;
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

const document = JSON.parse(
  await readFile(new URL('../../openapi/v1.json', import.meta.url), 'utf8'),
) as OpenApi;
// Who reads the output may have enough of it, such as `head`.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.refused));
process.exitCode = await run(process.argv.slice(2), document, {
  env: process.env,
  input: () => buffer(stdin),
  ask,
  isTTY: stdout.isTTY,
  out: (text) => stdout.write(text),
  err: (text) => process.stderr.write(text),
});
