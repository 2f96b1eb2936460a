import { answerOf } from './client.ts';
import { currentTeam } from './team.ts';

/** Saves what `GET path` answers as a file. Not by a link, which could not say for which team. Throws as {@link answerOf} does. */
export async function saveAnswer(
  path: '/audit/export' | '/operator/audit/export' | '/billing/export' | '/operator/billing/export',
  name: string,
  query: Record<string, string> = {},
): Promise<void> {
  const team = currentTeam();
  const response = await fetch(`/api/v1${path}?${new URLSearchParams(query)}`, {
    headers: team === null ? {} : { 'x-team-id': String(team) },
    credentials: 'same-origin',
  });
  const refusal: unknown = response.ok ? undefined : await response.json().catch(() => undefined);
  await answerOf(Promise.resolve({ response, error: refusal }));
  saveFile(await response.blob(), name);
}

/** Has the browser save a file. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
