import { ApiError } from '../api/client.ts';
import { currentTeam } from '../api/team.ts';

/** Saves the table of a month. Not by a link, which would not name the team. Throws an {@link ApiError}. */
export async function saveCsv(
  path: '/billing/export' | '/operator/billing/export',
  month: string,
): Promise<void> {
  const team = currentTeam();
  const response = await fetch(`/api/v1${path}?month=${month}`, {
    headers: team === null ? {} : { 'x-team-id': String(team) },
    credentials: 'same-origin',
  });
  if (!response.ok) throw new ApiError(response.status, await response.json(), null);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = `costs-${month}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
