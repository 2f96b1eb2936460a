import { orNull } from './client.ts';
import type { RgwContext } from './context.ts';
import { installPrefix } from './names.ts';
import { POLICY } from './policies.ts';
import { first, textOf } from './xml.ts';

/** Names of all users of this install. */
export async function listUsers({ client, installId }: RgwContext): Promise<string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  for (;;) {
    const page = await (await client()).admin<{ keys: string[]; truncated: boolean; marker?: string }>(
      'GET',
      'metadata/user',
      { 'max-entries': 1000, marker },
    );
    names.push(...page.keys);
    if (!page.truncated || !page.marker) break;
    marker = page.marker;
  }
  return names.filter((name) => name.startsWith(installPrefix(installId)));
}

/** What the user may do; null where nothing says so, or there is no such user. */
export async function readUserPolicy({ client }: RgwContext, uid: string): Promise<string | null> {
  const answer = await orNull((await client()).iam('GetUserPolicy', { UserName: uid, PolicyName: POLICY }));
  const result = answer && first(answer, 'GetUserPolicyResult');
  return (result && textOf(result, 'PolicyDocument')) ?? null;
}
