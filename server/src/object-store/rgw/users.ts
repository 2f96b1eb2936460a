import type { RgwContext } from './context.ts';
import { installPrefix } from './names.ts';

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
