import { readConfig } from '../config.ts';
import { requireSecretKey } from '../host/install.ts';
import { placeEntries, type Verification, verifyChain } from '../identity/audit/chain.ts';
import { exportEntries } from '../identity/audit/read.ts';
import { createSecretBox, type SecretBox } from '../lib/crypto.ts';
import { UsageError } from './failure.ts';
import { withDatabase } from './with-database.ts';

const secretsOf = async (): Promise<SecretBox> =>
  createSecretBox(await requireSecretKey(readConfig(process.env)));

/** `danube audit verify`: exit status 1 where an entry was changed, removed or inserted. */
export async function auditVerify({ since }: { since: string | undefined }): Promise<number> {
  const noted = since === undefined ? undefined : parseHead(since);
  return withDatabase(readConfig(process.env), async (database) => {
    const result = await verifyChain(database, await secretsOf(), noted);
    process.stdout.write(describe(result));
    return result.problems.length === 0 ? 0 : 1;
  });
}

/** `danube audit export`: the log of the whole install, one entry as JSON on each line. */
export async function auditExport({ since = '0' }: { since: string | undefined }): Promise<number> {
  if (!/^\d{1,15}$/.test(since)) throw new UsageError(`--since is "${since}". It takes the id of an entry.`);
  return withDatabase(readConfig(process.env), async (database) => {
    await placeEntries(database, await secretsOf());
    for await (const line of exportEntries(database.db, 'install', Number(since))) process.stdout.write(line);
    return 0;
  });
}

function parseHead(text: string): { position: number; hash: string } {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (!match)
    throw new UsageError(`--since is "${text}". It takes what an earlier verification has printed.`);
  return { position: Number(match[1]), hash: match[2]! };
}

export function describe({ entries, head, problems }: Verification): string {
  const lines =
    problems.length === 0
      ? [`The audit log is whole: ${entries} entries.`]
      : ['The audit log is not as Danube wrote it:', ...problems.map((problem) => `  ${problem}`)];
  const note = head.position === 0 ? [] : [`Last entry: ${head.position}:${head.hash}`];
  return `${[...lines, ...note].join('\n')}\n`;
}
