import { parseArgs } from 'node:util';
import type { Command, Values } from './command.ts';
import { COMMANDS } from './commands.ts';
import { UsageError } from './failure.ts';

/** The text of `danube help`. */
export function helpText(): string {
  const lines = COMMANDS.map(({ usage, help }) => `  ${usage}\n      ${help}`);
  return [
    'Usage: npm run danube -- COMMAND   (or: bin/danube.mjs COMMAND)',
    '',
    ...lines,
    '',
    'Settings are environment variables: see docs/configuration.md.',
    '',
  ].join('\n');
}

/** Runs one command line and resolves to its exit status. Throws {@link UsageError} for an invalid one. */
export async function runCommand(args: string[]): Promise<number> {
  const [first = 'help', second] = args;
  if (first === 'help' || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(helpText());
    return 0;
  }
  const command = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (!command) throw unknownCommand(first, second);
  const { values, positionals } = parse(command, args.slice(command.name.split(' ').length));
  return command.run(positionals, values);
}

function unknownCommand(first: string, second = ''): UsageError {
  const longer = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  const wrong = longer.length > 0 && second !== '' ? `${first} ${second}` : first;
  const there = longer.length > 0 ? ` There are: ${longer.join(', ')}.` : '';
  return new UsageError(`There is no command "${wrong}".${there}`);
}

function parse(command: Command, args: string[]): { values: Values; positionals: string[] } {
  const [min, max] = command.words;
  const wrong = (what: string) => new UsageError(`${what}.\n  Usage: danube ${command.usage}`);
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args, options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    // The rest of the message is advice for other programs.
    throw wrong((error as Error).message.split(/\.\s|\.?$/m)[0]!);
  }
  const { length } = parsed.positionals;
  if (length > max) throw wrong(`"${parsed.positionals[max]}" is one word too many`);
  if (length < min) throw wrong('A word is missing');
  return { values: parsed.values as Values, positionals: parsed.positionals };
}
