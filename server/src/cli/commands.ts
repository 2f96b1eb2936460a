import { parseArgs } from 'node:util';
import { UsageError } from './failure.ts';

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;
type Values = Record<string, string | boolean | undefined>;

interface Command {
  /** As typed, for example `token create`. */
  name: string;
  usage: string;
  help: string;
  options: Options;
  /** How many words may follow the name. */
  words: [min: number, max: number];
  /** Resolves to the exit status. Imports its code when it is called, so that each command loads only what it needs. */
  run(words: string[], values: Values): Promise<number>;
}

const text = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Runs a script of the checkout with the words and options of its command. */
async function runScript(file: string, words: string[], values: Values): Promise<number> {
  const flags = Object.keys(values).map((name) => `--${name}`);
  return (await import('./script.ts')).runScript(file, [...flags, ...words]);
}

const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    usage: 'start',
    help: 'Install what is missing, start everything and serve until Ctrl-C or SIGTERM.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./start.ts')).start(),
  },
  {
    name: 'doctor',
    usage: 'doctor [--json]',
    help: 'Check every part of this install and say how to repair what is wrong.',
    options: { json: { type: 'boolean' } },
    words: [0, 0],
    run: async (_, values) => (await import('./doctor.ts')).doctor({ json: values.json === true }),
  },
  {
    name: 'destroy',
    usage: 'destroy [--yes]',
    help: 'Remove this install with all its instances and data.',
    options: { yes: { type: 'boolean' } },
    words: [0, 0],
    run: async (_, values) => (await import('./destroy.ts')).destroy({ yes: values.yes === true }),
  },
  {
    name: 'image list',
    usage: 'image list',
    help: 'List the images and whether each can be used here.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./image.ts')).imageList(),
  },
  {
    name: 'image build',
    usage: 'image build [NAME]',
    help: 'Build an image anew with the latest packages (default: debian-12).',
    options: {},
    words: [0, 1],
    run: async ([name]) => (await import('./image.ts')).imageBuild(name ?? 'debian-12'),
  },
  {
    name: 'storage enable',
    usage: 'storage enable',
    help: 'Make the object storage now, and not with the first bucket.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./storage.ts')).storageEnable(),
  },
  {
    name: 'token create',
    usage: 'token create --name NAME [--scopes LIST] [--expires WHEN] [--user EMAIL]',
    help:
      'Make an API token. Scopes: default (reads), editor, admin, or a list such as vps:read,vps:write. ' +
      'WHEN: 30d, 12h or a date.',
    options: {
      name: { type: 'string' },
      scopes: { type: 'string' },
      expires: { type: 'string' },
      user: { type: 'string' },
    },
    words: [0, 0],
    run: async (_, values) =>
      (await import('./token.ts')).tokenCreate({
        name: text(values.name),
        scopes: text(values.scopes),
        expires: text(values.expires),
        user: text(values.user),
      }),
  },
  {
    name: 'token list',
    usage: 'token list',
    help: 'List the API tokens (never their secrets).',
    options: {},
    words: [0, 0],
    run: async () => (await import('./token.ts')).tokenList(),
  },
  {
    name: 'token revoke',
    usage: 'token revoke ID',
    help: 'Revoke an API token; it stops working within a second.',
    options: {},
    words: [1, 1],
    run: async ([id]) => (await import('./token.ts')).tokenRevoke(id ?? ''),
  },
  {
    name: 'operator grant',
    usage: 'operator grant EMAIL',
    help: 'Let an account use the API of operators: accounts, quotas, plans, and the audit log of the install.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./operator.ts')).setOperator(email ?? '', true),
  },
  {
    name: 'operator revoke',
    usage: 'operator revoke EMAIL',
    help: 'Take that right away; it counts within a second.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./operator.ts')).setOperator(email ?? '', false),
  },
  {
    name: 'operator list',
    usage: 'operator list',
    help: 'List the accounts that are operators.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./operator.ts')).listOperators(),
  },
  {
    name: 'audit verify',
    usage: 'audit verify [--since ENTRY:HASH]',
    help: 'Check that no entry of the audit log was changed, removed or inserted, and that it goes on from the one noted earlier.',
    options: { since: { type: 'string' } },
    words: [0, 0],
    run: async (_, values) => (await import('./audit.ts')).auditVerify({ since: text(values.since) }),
  },
  {
    name: 'audit export',
    usage: 'audit export [--since ENTRY]',
    help: 'Print the audit log of the install, one entry as JSON on each line.',
    options: { since: { type: 'string' } },
    words: [0, 0],
    run: async (_, values) => (await import('./audit.ts')).auditExport({ since: text(values.since) }),
  },
  {
    name: 'account list',
    usage: 'account list',
    help: 'List the accounts: id, address, name, tier, state, and what they sign in with.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./account.ts')).accountList(),
  },
  {
    name: 'account create',
    usage: 'account create EMAIL [--name NAME]',
    help: 'Open an account, and print a link to set its password with.',
    options: { name: { type: 'string' } },
    words: [1, 1],
    run: async ([email], values) =>
      (await import('./account.ts')).accountCreate(email ?? '', text(values.name)),
  },
  {
    name: 'account link',
    usage: 'account link EMAIL',
    help: 'Print a link to set a new password of an account with.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./account.ts')).accountLink(email ?? ''),
  },
  {
    name: 'account disable',
    usage: 'account disable EMAIL',
    help: 'End the sessions of an account, and accept neither sign-ins nor tokens of it.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./account.ts')).accountDisable(email ?? ''),
  },
  {
    name: 'account enable',
    usage: 'account enable EMAIL',
    help: 'Undo account disable.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./account.ts')).accountEnable(email ?? ''),
  },
  {
    name: 'account reset-two-factor',
    usage: 'account reset-two-factor EMAIL',
    help: 'Ask the account for no codes any more, where the phone and the recovery codes are lost.',
    options: {},
    words: [1, 1],
    run: async ([email]) => (await import('./account.ts')).accountResetTwoFactor(email ?? ''),
  },
  {
    name: 'upgrade-database',
    usage: 'upgrade-database',
    help: 'Move the data to the PostgreSQL of this Debian, after an upgrade of Debian. Danube must be stopped.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./upgrade-database.ts')).upgradeDatabase(),
  },
  {
    name: 'install-service',
    usage: 'install-service [--print]',
    help: 'Have systemd start Danube at boot. --print only shows the unit.',
    options: { print: { type: 'boolean' } },
    words: [0, 0],
    run: async (_, values) => (await import('./service.ts')).installService({ print: values.print === true }),
  },
  {
    name: 'uninstall-service',
    usage: 'uninstall-service',
    help: 'Undo install-service. Instances and data stay.',
    options: {},
    words: [0, 0],
    run: async () => (await import('./service.ts')).uninstallService(),
  },
  {
    name: 'test',
    usage: 'test [--fast | --exhaustive] [PART-OF-A-FILE-NAME ...]',
    help: 'Run the test suite, or only the named files. --fast skips tests that need Incus; --exhaustive runs every case.',
    options: { fast: { type: 'boolean' }, exhaustive: { type: 'boolean' } },
    words: [0, Number.POSITIVE_INFINITY],
    run: (words, values) => runScript('scripts/test.ts', words, values),
  },
  {
    name: 'screenshots',
    usage: 'screenshots [PART-OF-A-PAGE-NAME ...]',
    help: 'Take pictures of the dashboard, in both themes, on a wide and on a narrow screen.',
    options: {},
    words: [0, Number.POSITIVE_INFINITY],
    run: (words, values) => runScript('scripts/screenshots.ts', words, values),
  },
  {
    name: 'bench',
    usage: 'bench [--write] [real|list|simulated ...]',
    help: 'Run the benchmarks. --write updates the figures in docs/benchmarks.md.',
    options: { write: { type: 'boolean' } },
    words: [0, Number.POSITIVE_INFINITY],
    run: (words, values) => runScript('bench/run.ts', words, values),
  },
  {
    name: 'conformance clients',
    usage: 'conformance clients [NAME ...]',
    help: 'Generate clients with openapi-generator, and let them use a server with simulated instances.',
    options: {},
    words: [0, Number.POSITIVE_INFINITY],
    run: (words, values) => runScript('scripts/conformance/clients.ts', words, values),
  },
  {
    name: 'conformance schemathesis',
    usage: 'conformance schemathesis [OPERATION ...]',
    help: 'Let Schemathesis compare a server with simulated instances with the OpenAPI document.',
    options: {},
    words: [0, Number.POSITIVE_INFINITY],
    run: (words, values) => runScript('scripts/conformance/schemathesis.ts', words, values),
  },
  {
    name: 'dependencies',
    usage: 'dependencies',
    help: 'Check the dependencies: versions, hashes, licenses, install scripts, known vulnerabilities.',
    options: {},
    words: [0, 0],
    run: (words, values) => runScript('scripts/audit.ts', words, values),
  },
  {
    name: 'generate',
    usage: 'generate [--check]',
    help: 'Regenerate the generated files (OpenAPI document, client, database types).',
    options: { check: { type: 'boolean' } },
    words: [0, 0],
    run: (words, values) => runScript('scripts/generate.ts', words, values),
  },
];

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
