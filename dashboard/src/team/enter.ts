import { api } from '../api/client.ts';
import { chooseTeam, switchTeam } from '../api/team.ts';

/** How often, and after which pause in milliseconds, the server is asked whether it knows the new member. */
const ATTEMPTS = 10;
const PAUSE_MS = 300;

/** Goes on in a team that the account has just become a member of: servers learn of that within a second. */
export async function enterTeam(id: number): Promise<void> {
  chooseTeam(id);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { response } = await api.GET('/team');
    if (response.status !== 403) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  switchTeam(id);
}
